"""What must never happen, and how it is looked for. ``ending`` adds what must come true in the end.

**At every message**, on the bytes that leave a node:

1. Nothing private leaves: no title, no officer's name.
2. A genuine checkpoint of an honest party covers what its officers were told is on the record, and
   never more or other than that. (Unless it is *split*, ``truth``.)
3. An honest node cosigns only what it holds, and one root per log and size.
4. No request makes a node fail: no answer has a status of 500 or more.
5. Who has left a line gets, from every honest node that holds its ``line.leave``, the answer that a
   stranger gets, byte for byte, and no request. So does who is being taken in, from every node that
   does not hold all signatures for it.
6. Salt and body of a recalled entry leave no honest node that holds the recall.

**After every step**, on every node that had a part in it:

7. What it held it holds; a log never shrinks and no entry changes (but by a restored backup).
8. Every entry it holds of an honest party is the one that party's officers were told of, in its
   place. An own log holds exactly what its officers were told of, what the node writes by itself,
   and, after a power failure, what nobody was told of any more.
9. No entry of its own gives away what is private, or what it has committed to and not opened.
10. After a ``line.leave`` a log does not go on, and who wrote it takes nothing more.
11. After a restore in which the node's marks stayed, nothing is written in the place of what was
    forgotten; where they were restored as well, nothing once it was shown a checkpoint of it.

**Now and then, and at the end**:

12. The node's own verification finds nothing that nobody did.
13. Whoever had received a recalled entry and has not said to have erased it is shown as holding it;
    only who has said so is shown as having erased it. Read from the raw entries and cosignatures.
14. Every entry that nobody recalled has its body and salt, and every one that was recalled has
    none, also not in the bytes of the store's files once the node has said so.
15. Cosigned sizes only rise; nobody is accused of a fork who did not sign two histories.
16. Of a hostile party's log no node keeps more than its quota and a tenth a day.

What a witness must never do, and what nobody may show of it (17, 18), stands in ``witness`` and
``witness_calls``.
"""

import base64
import hashlib
import json
import sqlite3
from collections import defaultdict
from contextlib import closing
from typing import Any, NamedTuple

from bench.simulation.disk import DATABASE, WAL
from bench.simulation.station import Station
from bench.simulation.truth import (
    BY_ITSELF,
    SECRET,
    Truth,
    about_of,
    check,
    header_bytes,
    header_of,
    leaf_of,
    type_of,
)

STRANGER = {"error": "not-found", "message": "no such line"}
"""What a stranger is told, apart from what to do about it."""


class Recalled(NamedTuple):
    """One recall by an honest party."""

    party: str
    entry: str
    """The id of the recall."""
    at: int
    """Its place in its log."""
    recalled: str
    recalled_at: int


class Safety:
    """The invariants of one run."""

    def __init__(self, truth: Truth, newcomer: str | None) -> None:
        """``newcomer`` is being taken in by the others, and knows only that."""
        self._truth = truth
        self._newcomer = newcomer
        self._salts: dict[tuple[str, int], tuple[bytes, bytes]] = {}
        self._taken: dict[str, dict[str, int]] = {}

    # --- messages ---------------------------------------------------------------------------------

    def sent(self, station: Station, to: str, content: bytes | None, status: int | None) -> None:
        """Bytes leave an honest node: a request, or an answer with its ``status``."""
        name = station.party
        check(SECRET not in (content or b""), f"{name} sends out what is private: {content!r}")
        if station.knows_left(to) or (to == self._newcomer and not self._taken_in(station)):
            check(status is not None, f"{name} calls {to}, which is not on the line")
            said = json.loads(content or b"{}")
            told = {what: said.get(what) for what in STRANGER}
            check(
                status == 404 and told == STRANGER,
                f"{name} answers {to}, which is not on the line, with {status}: {content!r}",
            )
        for recall in self._recalls_held(station):
            # By its salt, which is its own: the same may be said again.
            salt, _ = self._salts.get((recall.party, recall.recalled_at), (b"", b""))
            check(
                not salt or base64.b64encode(salt) not in (content or b""),
                f"{name} sends to {to} what {recall.party} has recalled",
            )

    def _taken_in(self, station: Station) -> bool:
        """Whether a node holds, at this moment, every other party's signature for the newcomer."""
        return all(
            any(type_of(leaf) == "line.admit" for leaf in log)
            or any(type_of(leaf_of(one)) == "line.admit" for one in station.read(party, len(log)))
            for party, log in station.held.items()
            if party != self._newcomer
        )

    def _recalls_held(self, station: Station) -> list[Recalled]:
        """The recalls that a node holds, of entries by honest parties, each the first of its
        entry."""
        found: dict[str, Recalled] = {}
        for party in self._truth.honest:
            log = station.held[party]
            ids: dict[str, int] | None = None
            for at, leaf in enumerate(log):
                if b'"recall"' not in leaf or type_of(leaf) != "recall":
                    continue
                ids = ids or {hashlib.sha256(one).hexdigest(): i for i, one in enumerate(log)}
                entry = about_of(leaf)["entry"]
                if entry in ids and entry not in found:
                    digest = hashlib.sha256(leaf).hexdigest()
                    found[entry] = Recalled(party, digest, at, entry, ids[entry])
        return list(found.values())

    # --- after a step -----------------------------------------------------------------------------

    def inspect(self, stations: list[Station]) -> None:
        """Read what nodes hold now that they did not hold before, and hold it against the truth."""
        heads = [(one, one.node.heads(one.line, one.party)) for one in stations]
        # Every own log first: others may hold already what a node has written by itself.
        for station, found in heads:
            if station.party in found:
                self._inspect_log(station, station.party, found[station.party].size)
        for station, found in heads:
            for party in station.others:
                if party in found:
                    self._inspect_log(station, party, found[party].size)
            self._inspect_left(station)
            self._compare(station)

    def _inspect_log(self, station: Station, party: str, size: int) -> None:
        held = station.held[party]
        what = f"{station.party}'s copy of the log of {party}"
        check(size >= len(held), f"{what} had {len(held)} entries and has {size}")
        while len(held) < size:
            page = _read(station, party, len(held), honest=party in self._truth.honest)
            check(bool(page), f"{what} has fewer than its {size} entries")
            for bundle in page:
                self._inspect_entry(station, party, bundle)

    def _compare(self, station: Station) -> None:
        """Hold how much it has against the truth."""
        truth = self._truth
        for party, held in station.held.items():
            if truth.one_history(party):
                log = truth.leaves[party]
                what = f"{station.party}'s copy of the log of {party}"
                check(len(held) <= len(log), f"{what} has {len(held)} entries of {len(log)}")
        self._compare_own(station)
        station.unsure = False

    def _compare_own(self, station: Station) -> None:
        truth, party = self._truth, station.party
        held = len(station.held[party])
        if truth.missing.get(party, held + 1) <= held:
            del truth.missing[party]
        if truth.one_history(party) and party not in truth.missing:
            written = len(truth.leaves[party])
            check(held == written, f"{party} wrote {written} entries and holds {held}")

    def _inspect_left(self, station: Station) -> None:
        """Who has left takes nothing more."""
        party = station.party
        if party not in self._truth.honest or not station.knows_left(party):
            self._taken.pop(party, None)
            return
        now = {other: len(log) for other, log in station.held.items()}
        before = self._taken.setdefault(party, now)
        check(now == before, f"{party} has left, had {before} and took more: {now}")

    def _inspect_entry(self, station: Station, party: str, bundle: dict[str, Any]) -> None:
        truth, held = self._truth, station.held[party]
        index, leaf = len(held), leaf_of(bundle)
        header = json.loads(header_bytes(bundle))
        own = party == station.party and party in truth.honest
        check(
            (header["party"], header["index"]) == (party, index),
            f"{station.party} holds {header['party']}/{header['index']} as {party}/{index}",
        )
        check(
            not held or header_of(held[-1])["type"] != "line.leave",
            f"{station.party} holds {party}/{index} after that party has left",
        )
        by_itself = header["type"] == BY_ITSELF
        if own and (station.unsure or by_itself):
            truth.written(party, index, leaf)
        if truth.one_history(party):
            log = truth.leaves[party]
            check(
                index < len(log) and log[index] == leaf,
                f"{station.party} holds another {party}/{index} than was written",
            )
        if "body" in bundle:
            salt, body = base64.b64decode(bundle["salt"]), base64.b64decode(bundle["body"])
            if truth.one_history(party):
                self._salts.setdefault((party, index), (salt, body))
            if own:
                self._inspect_private(station, index, body)
        held.append(leaf)

    def _inspect_private(self, station: Station, index: int, body: bytes) -> None:
        for plan, mark in [*station.private.items(), ("a title or a name", SECRET)]:
            if station.unsure and mark in body and plan in station.private:
                # It told this itself, and the power failed before it knew.
                del station.private[plan]
                continue
            check(mark not in body, f"{station.party}/{index} gives away {plan}")

    # --- now and then -----------------------------------------------------------------------------

    def recalls(self, station: Station) -> int:
        """Whether a node tells truly who still holds what was recalled; of how many recalls."""
        shown = {one.entry: one for one in station.node.recalls(station.line)}
        found = self._recalls_held(station)
        if not found:
            return 0
        received = self._received(station)
        honoured = {
            (about_of(leaf)["recall"], party)
            for party, log in station.held.items()
            for leaf in log
            if b"recall.honoured" in leaf and type_of(leaf) == BY_ITSELF
        }
        for recall in found:
            check(recall.recalled in shown, f"{station.party} does not show a recall it holds")
            for holder in shown[recall.recalled].holders:
                what = f"{holder.party} and what {recall.party} recalled: {holder.state}"
                said = (recall.entry, holder.party) in honoured or holder.party == recall.party
                has = received[recall.party, holder.party] > recall.recalled_at
                expected = "erased" if said else "holds" if has else "unknown"
                check(holder.state == expected, f"{station.party} shows of {what}, not {expected}")
        return len(found)

    def unhonoured(self, station: Station) -> list[str]:
        """The recalls by others that a node has not stated to have honoured."""
        own = station.held[station.party]
        said = {about_of(leaf)["recall"] for leaf in own if type_of(leaf) == BY_ITSELF}
        return [
            f"{station.party} has not said to have honoured {one.party}/{one.at}"
            for one in self._recalls_held(station)
            if one.party != station.party and one.entry not in said
        ]

    def bodies(self, station: Station) -> int:
        """Whether every body is there that should be, and no other; how many should not."""
        recalled = {(one.party, one.recalled_at): one for one in self._recalls_held(station)}
        for party in self._truth.honest:
            if not self._truth.one_history(party):
                continue
            at = 0
            while at < len(station.held[party]) and (page := station.read(party, at)):
                for bundle in page:
                    gone = (party, at) in recalled
                    what = f"{station.party} holds {party}/{at}, "
                    what += "recalled, with its body" if gone else "not recalled, without its body"
                    check(("body" in bundle) != gone, what)
                    at += 1
        self._files(station, list(recalled.values()))
        return len(recalled)

    def _files(self, station: Station, recalled: list[Recalled]) -> None:
        """Where a node has said that it erased something, its files do not have it any more."""
        own = station.held[station.party]
        said = {about_of(leaf)["recall"] for leaf in own if type_of(leaf) == BY_ITSELF}
        due = [one for one in recalled if one.entry in said]
        if not due or station.restored:
            return
        files = [station.disk.live / name for name in (DATABASE, WAL)]
        data = b"".join(file.read_bytes() for file in files if file.exists())
        for one in due:
            salt, body = self._salts.get((one.party, one.recalled_at), (b"", b""))
            said_once = [other for _, other in self._salts.values()].count(body) == 1
            for secret in (salt, *([body] if said_once and len(body) > 100 else [])):
                check(
                    not secret or secret not in data,
                    f"{station.party} said to have erased what {one.party} recalled, and its "
                    "files still have it",
                )

    def _received(self, station: Station) -> dict[tuple[str, str], int]:
        """How much of a party's log another one has received, as far as this node can know: told
        by the store's own rows."""
        with closing(sqlite3.connect(station.disk.live / DATABASE)) as database:
            rows = database.execute(
                "SELECT party, cosigner, MAX(size) FROM cosignatures GROUP BY party, cosigner"
            ).fetchall()
        found: dict[tuple[str, str], int] = defaultdict(int)
        for party, cosigner, size in rows:
            found[party, cosigner] = size
        return found


def reread(station: Station, truth: Truth) -> None:
    """Read everything a node holds once more: it is what it was."""
    for party, leaves in station.held.items():
        read: list[bytes] = []
        honest = party in truth.honest
        while len(read) < len(leaves) and (page := _read(station, party, len(read), honest=honest)):
            read += [leaf_of(bundle) for bundle in page]
        check(read == leaves, f"{station.party}'s copy of the log of {party} has changed")


def _read(station: Station, party: str, start: int, *, honest: bool) -> list[dict[str, Any]]:
    """Bundles that a node holds of a log, as it sends them.

    A hostile party can send entries of its own without their bodies, beside a recall that it shows
    to nobody else. They are held, and never sent on: these are read from the store's own rows.
    """
    page = station.read(party, start)
    if page or honest:
        return page
    with closing(sqlite3.connect(station.disk.live / DATABASE)) as database:
        rows = database.execute(
            'SELECT header FROM entries WHERE party = ? AND "index" >= ? ORDER BY "index"',
            (party, start),
        ).fetchall()
    return [
        {
            "envelope": {
                "payloadType": "application/vnd.detente.header.v1+json",
                "payload": base64.b64encode(header).decode(),
            }
        }
        for (header,) in rows
    ]
