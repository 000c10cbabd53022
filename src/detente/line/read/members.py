"""Who is a party of the line: its founders, and whoever they have taken in since.

What all have to sign (new terms, taking a party in) binds whoever was there when it was signed. Who
that was is told by the signatures themselves: each names in its header's ``seen`` the logs that its
writer held. So it is a function of the set of entries, and what was once agreed stays agreed,
whatever arrives later: protocol section 3.
"""

from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any

import msgspec

from detente.line.founding import Founding
from detente.line.view import View, load, scan
from detente.record.card import OpenCard, open_card
from detente.record.reading import decode_base64

Signed = Mapping[str, Iterable[str]]
"""By signer, the parties taken in whose logs the writer of its signature had seen."""


class Admission(msgspec.Struct, frozen=True, kw_only=True):
    """A party that at least one other would take in, under one card.

    ``card`` is None where it cannot be read here. ``waits_for`` are those that have to sign still,
    as far as can be told now; there are none once it is ``admitted``.
    """

    party: str
    card_sha256: str
    card: OpenCard | None
    signed_by: tuple[str, ...]
    waits_for: tuple[str, ...]
    admitted: bool


def missing(view: View, founding: Founding, signed: Signed) -> set[str]:
    """Who has to sign still, for all to have signed; empty once they have.

    Every founder has to, and every party taken in that a signature of one who has to had seen.
    Nobody has to who has left; but one founder, at least, has signed.
    """
    asked: set[str] = set()
    open_, needed = set(founding.founders), set(founding.founders)
    while open_:
        one = open_.pop()
        asked.add(one)
        if one in signed:
            needed |= set(signed[one])
            open_ |= needed - asked
    still = {one for one in needed - set(signed) if view.get("leave", one) is None}
    founded = any(one in signed for one in founding.founders)
    return still if still or founded else set(founding.founders)


def admissions(view: View, founding: Founding) -> list[Admission]:
    """Every party that somebody would take in or that was taken in, by name and card."""
    signed: dict[tuple[str, str], dict[str, dict[str, Any]]] = {}
    for key, row in scan(view, "admit"):
        party, digest, _ = key.split("/", 2)
        signed.setdefault((party, digest), {})[row["party"]] = row
    return [_admission(view, founding, *of, rows) for of, rows in sorted(signed.items())]


def admitted(view: View, founding: Founding) -> dict[str, OpenCard]:
    """The parties taken in since the founding, each with the card that its log begins under."""
    return {
        one.party: one.card
        for one in admissions(view, founding)
        if one.admitted and one.card is not None
    }


def owes_for(view: View, founding: Founding, party: str, writer: str, index: int) -> bool:
    """Whether something may be owed by ``party`` for an entry: it was said to that party too.

    To a party taken in later, nothing was said until the writer had seen its log.
    """
    if party in founding.founders:
        return True
    met = load(view, "met", f"{writer}/{party}")
    return met is not None and index >= int(met["index"])


@lru_cache(maxsize=256)
def _opened(card: str) -> OpenCard:
    # Verified when it was folded, and asked for whenever somebody calls.
    return open_card(decode_base64(card, "card"))


def _admission(
    view: View, founding: Founding, party: str, digest: str, rows: Mapping[str, dict[str, Any]]
) -> Admission:
    content = next((row["content"] for row in rows.values() if row["content"]), None)
    waits_for = missing(view, founding, {one: row["knew"] for one, row in rows.items()})
    return Admission(
        party=party,
        card_sha256=digest,
        card=None if content is None else _opened(content["card"]),
        signed_by=tuple(sorted(rows)),
        waits_for=tuple(sorted(waits_for)),
        admitted=content is not None and not waits_for,
    )
