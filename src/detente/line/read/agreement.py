"""Whether a line is in force, and under which terms: protocol section 3."""

from collections.abc import Iterable
from typing import Any

import msgspec

from detente.line.abouts import TermsSigned
from detente.line.founding import Founding
from detente.line.read.members import Signed, missing
from detente.line.terms import Terms, terms_from_wire
from detente.line.view import View, scan
from detente.record.keys import PublicKey


class ProposedTerms(msgspec.Struct, frozen=True, kw_only=True):
    """A version of the terms that somebody has signed and that does not hold (yet).

    ``waits_for`` are those that have to sign still, as far as can be told now.
    """

    version: int
    terms_sha256: str
    signed_by: tuple[str, ...]
    waits_for: tuple[str, ...]
    terms: Terms | None


def in_force(view: View, founding: Founding) -> bool:
    """Whether every founder has joined; whoever is taken in later holds up nobody."""
    return all(view.get("join", party) is not None for party in founding.founders)


def present(view: View, founding: Founding) -> tuple[str, ...]:
    """The members that have not left, sorted; a line with one is a line with nobody to talk to."""
    return tuple(party for party in founding.members if view.get("leave", party) is None)


def joined(view: View) -> tuple[str, ...]:
    """The parties that have joined."""
    return tuple(party for party, _ in view.scan("join"))


def terms(view: View, founding: Founding) -> Terms:
    """The terms that hold: the newest version that every member has signed on the same bytes.

    Who has left need not have signed. A signature cannot be taken back. Should every member have
    signed two texts of one version, the one with the smaller hash holds.
    """
    return _held(view, founding)[-1]


def witness_keys(view: View, founding: Founding) -> dict[str, tuple[PublicKey, ...]]:
    """The keys of every witness that terms which hold or held have named, the newest first."""
    found: dict[str, tuple[PublicKey, ...]] = {}
    for version in reversed(_held(view, founding)):
        for witness in version.witnesses:
            known = found.get(witness.name, ())
            found[witness.name] = known if witness.public in known else (*known, witness.public)
    return found


def _held(view: View, founding: Founding) -> list[Terms]:
    """The terms that held, one version after the other, up to those that hold."""
    held = [founding.terms]
    while True:
        agreed = [
            proposed.terms
            for proposed in _signed(view, founding, held[-1].version + 1)
            if proposed.terms is not None and not proposed.waits_for
        ]
        if not agreed:
            return held
        held.append(agreed[0])


def completes(view: View, founding: Founding, party: str, signed: TermsSigned) -> bool:
    """Whether all have signed these terms, and ``party`` has just once: it may have been the last.

    Asked when its signature has been folded, and before any other is.
    """
    signatures = [
        doc
        for _, doc in scan(view, "terms", f"{signed.version:07d}/")
        if doc["terms_sha256"] == signed.terms_sha256
    ]
    once = [doc["party"] for doc in signatures].count(party) == 1
    return once and not missing(view, founding, _signers(signatures))


def completes_by_leaving(view: View, founding: Founding, party: str) -> bool:
    """Whether some terms were waiting for the signature of ``party`` alone, which has just left."""
    signed: dict[tuple[int, str], list[dict[str, Any]]] = {}
    for key, doc in scan(view, "terms"):
        text = (int(key.partition("/")[0]), doc["terms_sha256"])
        signed.setdefault(text, []).append(doc)
    return any(
        party not in signers and not missing(view, founding, signers)
        for signers in map(_signers, signed.values())
    )


def proposed_terms(view: View, founding: Founding) -> list[ProposedTerms]:
    """Versions after the one that holds, each with who has signed it."""
    current = terms(view, founding).version
    versions = sorted({int(key.partition("/")[0]) for key, _ in view.scan("terms")})
    return [
        proposed
        for version in versions
        if version > current
        for proposed in _signed(view, founding, version)
    ]


def _signers(signatures: Iterable[dict[str, Any]]) -> Signed:
    """Who has signed, with the parties taken in that its first signature knew of."""
    signed: dict[str, list[str]] = {}
    for doc in signatures:
        signed.setdefault(doc["party"], doc["knew"])
    return signed


def _signed(view: View, founding: Founding, version: int) -> list[ProposedTerms]:
    """Every text of one version that was signed, sorted by hash."""
    signed: dict[str, list[dict[str, Any]]] = {}
    texts: dict[str, Terms] = {}
    for _, doc in scan(view, "terms", f"{version:07d}/"):
        digest = doc["terms_sha256"]
        signed.setdefault(digest, []).append(doc)
        if doc["content"] is not None and digest not in texts:
            texts[digest] = terms_from_wire(doc["content"])
    return [
        ProposedTerms(
            version=version,
            terms_sha256=digest,
            signed_by=tuple(sorted({doc["party"] for doc in signed[digest]})),
            waits_for=tuple(sorted(missing(view, founding, _signers(signed[digest])))),
            terms=texts.get(digest),
        )
        for digest in sorted(signed)
    ]
