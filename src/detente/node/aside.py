"""Entries that came by hand before those that stand before them: kept until these are here.

Nothing that somebody has carried should have to be carried again because of the order in which the
files were opened. What is kept aside is signed by its log's party, by the keys that are known of
it, so that nobody but a party itself can fill its place; it is bounded; and it is nothing else yet:
not folded, not shown, not cosigned, not passed on. When the log reaches it, it goes through the
same door as everything else (``receiving``).
"""

import base64
from collections.abc import Sequence
from typing import Any

import msgspec

from detente.line.abouts import RECALL, RECALLABLE
from detente.node import evidence, restoring
from detente.node.core import Core
from detente.record import Entry, decode_header, strict_json
from detente.record.entry import MAX_BUNDLE_BYTES
from detente.store import aside, changes
from detente.store.aside import Aside
from detente.store.store import Tx

ENTRIES_MAX = 20_000
BYTES_MAX = 64 * 1024 * 1024
"""Kept aside of one log (docs/protocol.md, section 9)."""

PAGE = 64
"""Entries taken from aside at once; of the largest bundles, some 100 MB."""


def keep(
    core: Core,
    tx: Tx,
    line: str,
    party: str,
    entries: Sequence[Entry],
    bundles: Sequence[dict[str, Any]],
) -> int:
    """Keep verified entries of one span that is beyond what is held; how many of them are aside.

    Those that have no room any more are left out, from the first on that has none.
    """
    confront(tx, line, party, entries)
    known = set(aside.indexes(tx, line, party))
    count, held_bytes = aside.kept(tx, line, party)
    rows: list[Aside] = []
    done = 0
    for entry, bundle in zip(entries, bundles, strict=True):
        index = entry.header.index
        if index not in known:
            data = msgspec.json.encode(bundle)
            held_bytes += len(data)
            if count + len(rows) >= ENTRIES_MAX or held_bytes > BYTES_MAX:
                break
            rows.append(Aside(line, party, index, entry.id, data))
        done += 1
    aside.put(tx, rows)
    if rows:
        changes.note(tx, line, "link", [party])
    if rows and party == core.party:
        # We have signed them: our store is older than our log.
        restoring.note(tx, line, party, rows[-1].index + 1)
    return done


def confront(tx: Tx, line: str, party: str, entries: Sequence[Entry]) -> None:
    """Return if none of these entries is another than the one that is aside for its place.

    One that turns out to be by a key that does not sign there proves nothing against its party.
    """
    if not entries:
        return
    offered = {entry.header.index: entry for entry in entries}
    for row in aside.read(tx, line, party, min(offered), len(offered)):
        entry = offered.get(row.index)
        if entry is None or entry.id == row.id:
            continue
        bundle = _bundle(row)
        if bundle["envelope"]["signatures"][0]["keyid"] == entry.envelope.keyid:
            raise evidence.two_entries(bundle, entry)


def reached(tx: Tx, line: str, party: str, size: int) -> None:
    """Forget what is aside of the first ``size`` entries: they are held now."""
    aside.drop(tx, line, party, 0, size)


def following(
    core: Core, line: str, party: str, size: int, most: int = PAGE
) -> list[dict[str, Any]]:
    """The bundles aside that go on where a log of ``size`` entries ends, at most so many."""
    with core.store.read() as tx:
        rows = aside.read(tx, line, party, size, most)
    return [_bundle(row) for at, row in enumerate(rows) if row.index == size + at]


def drop(core: Core, line: str, party: str, index: int) -> None:
    """Give up what turned out not to belong where it was kept for."""
    core.store.write(lambda tx: aside.drop(tx, line, party, index, index + 1))


def forget_left(core: Core, tx: Tx, line: str, party: str) -> None:
    """``party`` has left: nothing of its log follows any more, and if it is us, of nobody's."""
    if aside.drop_all(tx, line, None if party == core.party else party):
        core.overwriting.note_erased()


def forget_recalled(core: Core, line: str, party: str) -> bool:
    """Erase bodies aside that a recall, which is aside too, asks to erase; whether there were any.

    They are missing then, until they are carried here again, with their recall in that place.
    """
    bodies: dict[str, int] = {}
    recalled: set[str] = set()
    with core.store.read() as tx:
        start = 0
        while rows := aside.read(tx, line, party, start, PAGE):
            for row in rows:
                bundle = _bundle(row)
                header = decode_header(base64.b64decode(bundle["envelope"]["payload"]))
                if header.type == RECALL:
                    recalled.add(str(header.about.get("entry", "")))
                elif "body" in bundle and header.type in RECALLABLE:
                    bodies[row.id] = row.index
            start = rows[-1].index + 1
    found = sorted(bodies[one] for one in recalled & bodies.keys())

    def work(tx: Tx) -> None:
        for at in found:
            aside.drop(tx, line, party, at, at + 1)

    if found:
        core.store.write(work)
        core.overwriting.note_erased()
    return bool(found)


def _bundle(row: Aside) -> dict[str, Any]:
    bundle: dict[str, Any] = strict_json.loads(row.bundle, MAX_BUNDLE_BYTES * 2)
    return bundle
