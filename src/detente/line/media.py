"""Sealed media against the record: is a file the one that both sides of a visit have sealed?

Pure, over a line's state: a node asks it before it signs, and ``detente media verify`` asks it of
an exported record, where there is no node. docs/protocol.md, section 10, "Sealed media".
"""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from detente.errors import RecordError, SignatureError
from detente.line.keychain import KeyChain
from detente.line.read.visits import Seal, Visit, visit
from detente.line.view import View
from detente.record.keys import PublicKey
from detente.record.media import Manifest, SealedMedia, check_signature


class Difference(NamedTuple):
    """Something in which a file is not what the record says; ``party``: by whose statement."""

    party: str | None
    what: str


def visit_of(view: View, line: str, manifest: Manifest) -> Visit:
    """The visit that a manifest is of, found to be between its two parties.

    Raises RecordError if it is of another line, visit, or of other parties.
    """
    if manifest.line != line:
        raise RecordError(
            f"is of another line: {manifest.line[:16]}…, not {line[:16]}…",
            where="manifest",
            remedy="compare it with the record of its own line",
        )
    found = visit(view, manifest.visit)
    if found is None:
        raise RecordError(
            f"is of a visit that this record has not: {manifest.visit[:16]}…",
            where="manifest",
            remedy="exchange the record first, so that the notice of the visit is held",
        )
    if set(manifest.parties) != set(found.sides):
        raise RecordError(
            f"is sealed for {' and '.join(sorted(manifest.parties))}, and the visit is of "
            f"{found.guest} to {found.host}",
            where="manifest",
            remedy="refuse it; the guest and the host of the visit seal it",
        )
    return found


def key_then(visit: Visit, found: SealedMedia, party: str, keys: KeyChain) -> PublicKey:
    """The key that ``party`` must have signed a manifest with.

    That of its ``visit.seal`` entry for this very manifest; before that is held, its newest.
    """
    seal = seal_of(visit, found.manifest.item, party)
    if seal is None or seal.manifest_sha256 != found.manifest_sha256:
        return keys.newest
    return keys.at(seal.index)


def seal_of(visit: Visit, item: str, party: str) -> Seal | None:
    """The seal of a party on an item, or None."""
    return next((one.seals.get(party) for one in visit.items if one.name == item), None)


def differences(
    view: View,
    line: str,
    keys: Mapping[str, KeyChain],
    found: SealedMedia,
    sealed_sha256: str,
) -> list[Difference]:
    """In what a file is not the one that both have sealed; empty if it is.

    ``sealed_sha256`` is of what stands before the file's manifest, as it was read.
    """
    differing = []
    if sealed_sha256 != found.manifest.sealed_sha256:
        differing.append(
            Difference(
                None,
                "its sealed content is not what its manifest names: SHA-256 "
                f"{sealed_sha256}, not {found.manifest.sealed_sha256}",
            )
        )
    try:
        visit = visit_of(view, line, found.manifest)
    except RecordError as error:
        return [*differing, Difference(None, error.message)]
    for party in sorted(visit.sides):
        differing += (Difference(party, what) for what in _by(visit, found, party, keys[party]))
    return differing


def _by(visit: Visit, found: SealedMedia, party: str, keys: KeyChain) -> Iterator[str]:
    manifest = found.manifest
    seal = seal_of(visit, manifest.item, party)
    if seal is None:
        yield f"{party} has not sealed {manifest.item} on this record"
        return
    entry = f"{party} (entry {seal.index})"
    stated = (
        ("manifest", seal.manifest_sha256, found.manifest_sha256),
        ("content", seal.content_sha256, manifest.content_sha256),
        ("size in bytes", seal.size_bytes, manifest.size_bytes),
    )
    for what, sealed, here in stated:
        if sealed != here:
            yield f"{entry} sealed the {what} {sealed}, and this file has {here}"
    try:
        check_signature(found, party, key_then(visit, found, party, keys))
    except SignatureError as error:
        yield error.message


def told_of(view: View, line: str, head: tuple[str, str, str]) -> str | None:
    """What the record says of the item that a file begins with, where its end cannot be read.

    ``head`` is its line, visit and item. None where the record tells of no such item.
    """
    found = visit(view, head[1]) if head[0] == line else None
    seals = [] if found is None else [seal_of(found, head[2], one) for one in found.sides]
    named = [
        f"{seal.party} (entry {seal.index}) sealed {head[2]} with the manifest "
        f"{seal.manifest_sha256}"
        for seal in seals
        if seal is not None
    ]
    return " and ".join(named) or None
