"""How much of each member's log this node keeps: a day, and in all (docs/protocol.md, section 8).

Limits on requests bound what a peer may send at once; without this one a member could fill the disk
with entries that are all valid. Charged is whose log it is, whoever brings it: an entry is there by
its writer's signature alone. A log has no gaps, so what is urgent cannot go past what is not; so
the last tenth on top of the quota is for pushes that bring something urgent, or lead up to it. Who
calls everything urgent uses up its own tenth.

A few kinds of entries weigh on every request for as long as there is a line, not on the disk alone:
which terms hold, and whose key signs what, is asked for each time. So there is a number of their
own for those (``_check_standing``).

Days are UTC days of receipt by our clock, and what is recalled stays counted. What the state of a
line says does not depend on any of this: a refused entry has simply not been received.
"""

from collections.abc import Sequence

import msgspec

from detente.errors import QuotaError, StateError
from detente.line import allowed_while_suspended
from detente.line.abouts import ROTATE, SIGN_TERMS, VOUCH
from detente.line.view import decode
from detente.record import Entry, Header
from detente.store import changes, logs, usage
from detente.store.projection import LineRows, rows_of
from detente.store.store import Tx
from detente.store.usage import Usage

DAY_S = 86_400
MIB = 1024 * 1024
ENTRY_BYTES = 12 * 1024
"""Counted for each entry beside header and body: its checkpoint and our cosignature, with two
signatures each, the nodes of the tree, and the rows of the state and of the change log. Measured:
11 KB on the disk for a message that comes alone, 3 KB for one among 256."""
RESERVE_PERCENT = 110
"""Of the quota: how far it goes for what is urgent."""
NEAR = 0.8
"""The share of a quota from which our officers are told."""
STANDING = 100
"""Signatures under terms, changes of keys and vouchings that are kept of one log. With a new key
every quarter of a year, and new terms every year, a line lasts for twenty years."""
STANDING_BYTES = 16 * 1024
"""How long each of these may be, all of them taken together. A card is half as long."""
AHEAD_MAX = 16_384
"""Entries looked through for an urgent one; as many as one exchange sends."""


class Quota(msgspec.Struct, frozen=True, kw_only=True):
    """What is kept of one member's log on one line: entries and MiB, a day and in all.

    ``standing``: how many of them may be such as every request asks for.
    """

    day_entries: int
    day_mib: int
    entries: int
    mib: int
    standing: int = STANDING

    def share(self, received: Usage) -> float:
        """How much of it is used up: 1 is all of it, and more is its reserve."""
        return max(used / most for used, most in self._beside(received))

    def holds(self, received: Usage, percent: int) -> bool:
        """Whether what was received is no more than so much of it."""
        return all(100 * used <= percent * most for used, most in self._beside(received))

    def _beside(self, received: Usage) -> tuple[tuple[int, int], ...]:
        return (
            (received.day_entries, self.day_entries),
            (received.day_bytes, self.day_mib * MIB),
            (received.entries, self.entries),
            (received.bytes, self.mib * MIB),
        )


def day_of(now_s: float) -> int:
    """The UTC day, counted from 1970."""
    return int(now_s // DAY_S)


def received(tx: Tx, line: str, party: str, now_s: float) -> Usage:
    """What was received of a log today and in all."""
    today = day_of(now_s)
    found = usage.get(tx, line, party) or Usage(line, party, today)
    # A clock that is put back by a day gives nobody a second one. Further ahead, the clock was
    # wrong when it was counted, and whoever was counted then would be shut out until that day.
    if today <= found.day <= today + 1:
        return found
    return found._replace(day=today, day_entries=0, day_bytes=0)


def refuses(tx: Tx, line: str, party: str) -> bool:
    """Whether what a log goes on with is refused: all that was taken since is of its reserve."""
    found = usage.get(tx, line, party)
    return found is not None and found.refused_s is not None


def check_open(quota: Quota, was: Usage, new: int, now_s: float) -> None:
    """Raise QuotaError if ``new`` entries more, of whatever they are, are too many.

    Before they are verified: that costs more than anything else that a refused push could cost.
    """
    if new > 0 and was.refused_s is not None:
        _charged(quota, was, new, new * ENTRY_BYTES, now_s, urgent=True)


def charge(
    tx: Tx,
    quota: Quota,
    line: str,
    party: str,
    new: Sequence[Entry],
    *,
    now_s: float,
    urgent: bool,
) -> None:
    """Count verified entries that are about to be kept. Raises QuotaError where they are too many.

    ``urgent``: something urgent follows them, by what was said. What they are themselves is seen.
    """
    was = received(tx, line, party, now_s)
    _check_standing(tx, quota, was, new, now_s)
    cost = sum(ENTRY_BYTES + len(entry.envelope.payload) + len(entry.body or b"") for entry in new)
    try:
        now = _charged(quota, was, len(new), cost, now_s, urgent=False)
    except QuotaError:
        if not urgent and not any(_is_urgent(entry.header) for entry in new):
            raise
        now = _charged(quota, was, len(new), cost, now_s, urgent=True)
    else:
        now = now._replace(refused_s=None)
    usage.put(tx, now)


def _check_standing(tx: Tx, quota: Quota, was: Usage, new: Sequence[Entry], now_s: float) -> None:
    """Refuse more than so many entries that every request has to look at: a member could slow all
    that is said on a line with a few thousand of them, far below its quota."""
    added = [_standing_bytes(entry) for entry in new if _stands(entry.header)]
    if not added:
        return
    held = _standing(rows_of(tx, was.line), was.party)
    most_bytes = quota.standing * STANDING_BYTES
    if len(held) + len(added) > quota.standing or sum(held) + sum(added) > most_bytes:
        raise QuotaError(
            f"{was.party} has used up its quota: {quota.standing:,} signatures under terms, "
            f"changes of keys and vouchings, of {most_bytes // 1024:,} KiB together",
            retry_s=_next_day_s(was, now_s),
            where=f"log of {was.party} on line {was.line[:16]}…",
            remedy="ask what they are for; raise quota_standing in this node's settings, or found "
            "another line",
        )


def check_own(rows: LineRows, entry: Entry) -> None:
    """Refuse an own entry that peers with ordinary settings would not take.

    It would stop our log there for good, and all that is said after it, urgent or not. The last
    fifth of the room is for keys, which terms must not be able to use up. Raises StateError.
    """
    if not _stands(entry.header):
        return
    share = 0.8 if entry.header.type == SIGN_TERMS else 1.0
    held, added = _standing(rows, entry.header.party), _standing_bytes(entry)
    if len(held) >= share * STANDING or sum(held) + added > share * STANDING * STANDING_BYTES:
        raise StateError(
            f"{len(held)} signatures under terms, changes of keys and vouchings of ours are on "
            "this line, and other parties' nodes take no more of them",
            where=f"line {entry.header.line[:16]}…",
            remedy="found another line with the same parties, and go on there",
        )


def _stands(header: Header) -> bool:
    if header.type == ROTATE:
        # For a vouched one every other member has spoken. It is the remedy against a thief of keys,
        # who must not be able to use up the room for it.
        return header.about.get("vouched") is not True
    return header.type in (SIGN_TERMS, VOUCH)


def _standing_bytes(entry: Entry) -> int:
    # A card is kept as base64, which writes three bytes as four characters.
    return len(entry.envelope.payload) + len(entry.body or b"") * 4 // 3


def _standing(rows: LineRows, party: str) -> list[int]:
    """How long each row is that these entries of a log have left."""
    found = [len(doc) for _, doc in rows.scan("key", f"{party}/") if not decode(doc)["vouched"]]
    for kind, at in (("terms", 1), ("vouch", 2)):
        found += [len(doc) for key, doc in rows.scan(kind) if key.split("/")[at] == party]
    return found


def note_refused(tx: Tx, line: str, party: str, now_s: float) -> None:
    """Keep that something of a log was refused, once until it is taken again."""
    found = received(tx, line, party, now_s)
    if found.refused_s is None:
        usage.put(tx, found._replace(refused_s=now_s))
        changes.note(tx, line, "link", [party])


def urgent_ahead(tx: Tx, line: str, party: str, start: int) -> bool:
    """Whether something urgent is among the next ``AHEAD_MAX`` entries of a log."""
    return any(_is_urgent(header) for header in logs.headers(tx, line, party, start, AHEAD_MAX))


def newest_urgent(tx: Tx, line: str, party: str, start: int, size: int) -> int:
    """The last of the urgent entries from ``start`` to below ``size``; -1 where there is none."""
    headers = logs.headers(tx, line, party, start, size - start)
    return max((header.index for header in headers if _is_urgent(header)), default=-1)


def _is_urgent(header: Header) -> bool:
    return allowed_while_suspended(header.type, header.about)


def _charged(
    quota: Quota, was: Usage, entries: int, cost: int, now_s: float, *, urgent: bool
) -> Usage:
    now = was._replace(
        day_entries=was.day_entries + entries,
        day_bytes=was.day_bytes + cost,
        entries=was.entries + entries,
        bytes=was.bytes + cost,
    )
    if not quota.holds(now, RESERVE_PERCENT if urgent else 100):
        raise QuotaError(
            f"{was.party} has used up its quota: {quota.day_entries:,} entries and "
            f"{quota.day_mib:,} MiB a day, {quota.entries:,} entries and {quota.mib:,} MiB in all",
            retry_s=_next_day_s(was, now_s),
            where=f"log of {was.party} on line {was.line[:16]}…",
            remedy="go on after 00:00 UTC, or ask this node's operators to raise quota_… in its "
            "settings; until then urgent safety messages and acknowledgements pass, up to a tenth",
        )
    return now


def _next_day_s(was: Usage, now_s: float) -> int:
    return int((was.day + 1) * DAY_S - now_s) + 1
