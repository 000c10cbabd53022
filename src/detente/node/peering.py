"""What other nodes may ask of this one, and what it must know to call them.

For a caller that is not a member of a line, the line does not exist. Members get everything: what
is on a line is for all of its parties (docs/protocol.md, section 8).
"""

import hashlib

from detente.errors import InputError, NotFoundError
from detente.line import Founding, read
from detente.node import quota, restoring, views
from detente.node.certificates import OVERLAP, SHOWN_AS_SERVER, Authority
from detente.node.core import Core
from detente.record import Entry, Envelope, OpenCard, entry_to_bundle, open_card
from detente.record.checkpoint import with_cosignatures
from detente.record.entry import LATER_MAX
from detente.store import logs, projection
from detente.store.logs import Row
from detente.store.projection import LineRows, rows_of
from detente.store.store import Tx
from detente.volumes.times import parse_time_s

PAGE_ENTRIES_MAX = 256
PAGE_BYTES_MAX = 7 * 1024 * 1024
"""Bundles in one page, so that page and push stay below 8 MiB with what is around them."""


def line_for(core: Core, tx: Tx, line: str, caller: str, party: str | None = None) -> Founding:
    """The line with this id, if ``caller`` is a member of it and ``party`` has a log on it.

    Raises NotFoundError, which says to a stranger nothing about whether there is such a line.
    """
    founding = core.joined(tx, line)
    if founding is None or caller not in founding.cards:
        raise NotFoundError("no such line", remedy="check the line's id and who is calling")
    if caller != core.party and projection.has(tx, line, "leave", caller):
        raise NotFoundError("no such line", remedy="check the line's id and who is calling")
    if party is not None and party not in founding.cards:
        raise NotFoundError("no such log on this line", remedy="ask for the log of a member")
    return founding


def parted(core: Core, line: str, party: str) -> bool:
    """Whether a member has left, by what is held here."""
    with core.store.read() as tx:
        return projection.has(tx, line, "leave", party)


def peers(core: Core) -> list[views.PeerView]:
    """Every other member of every line: where to call it, and whose certificates it shows."""
    with core.store.read() as tx:
        return [
            _peer(core, tx, founding, party)
            for founding in core.lines(tx)
            for party in founding.members
            if party != core.party
        ]


def _peer(core: Core, tx: Tx, founding: Founding, party: str) -> views.PeerView:
    brought = read.cards(rows_of(tx, founding.id), founding, party)
    vouched = vouched_for(core, tx, founding, party)
    newest = brought[-1].card if vouched is None else vouched
    trusted = _authorities(brought, party, core.clock.now_s())
    if vouched is not None and _is_own(vouched, party):
        trusted.insert(0, vouched.card.ca)
    return views.PeerView(
        line=founding.id,
        party=party,
        endpoint=newest.card.endpoint,
        authorities=list(dict.fromkeys(trusted)),
        knows_ours=_knows_ours(core, tx, founding, party),
    )


def _authorities(brought: list[read.Brought], party: str, now_s: float) -> list[str]:
    """The authorities (PEM) by a party's cards: the newest, and the one before for a while.

    A card that came later counts here only if its authority names the party: nobody compared it
    with the other parties' before it came.
    """
    sound = [one for one in brought if one is brought[0] or _is_own(one.card, party)]
    *earlier, newest = sound
    found = [newest.card.card.ca]
    if not earlier or newest.vouched:
        return found
    if now_s < parse_time_s(newest.time) + OVERLAP.total_seconds():
        found.append(earlier[-1].card.card.ca)
    return found


def _is_own(card: OpenCard, party: str) -> bool:
    try:
        return Authority(card.card.ca).names(party)
    except InputError:
        return False


def vouched_for(core: Core, tx: Tx, founding: Founding, party: str) -> OpenCard | None:
    """The newest card that we have vouched for and its party has not begun to use yet."""
    rows = rows_of(tx, founding.id)
    used = {key.raw for key in core.keys(tx, founding, party).all}
    places = [key.split("/")[2:] for key, _ in rows.scan("vouch", f"{party}/")]
    ours = sorted(int(index) for voucher, index in places if voucher == core.party)
    for index in reversed(ours):
        [row] = logs.read(tx, founding.id, core.party, index, 1)
        if row.body is not None:
            card = open_card(row.body)
            return None if card.public.raw in used else card
    return None


def _knows_ours(core: Core, tx: Tx, founding: Founding, peer: str) -> bool:
    """Whether a peer is known to know our present authority."""
    rows = rows_of(tx, founding.id)
    index = _brought_at(core, rows, founding)
    if index is not None:
        return index == 0 or logs.newest_cosigned(tx, founding.id, core.party, peer) > index
    # It is in no entry of ours yet; whoever has vouched for the card in which it is knows it.
    digest = hashlib.sha256(core.card.raw).hexdigest()
    return any(rows.scan("vouch", f"{core.party}/{digest}/{peer}/"))


def _brought_at(core: Core, rows: LineRows, founding: Founding) -> int | None:
    """The entry of ours that brought our present authority; 0: it is that of the founding card."""
    index = None
    for one in reversed(read.cards(rows, founding, core.party)):
        if one.card.card.ca != core.card.card.ca:
            break
        index = one.at
    return index


def shows_before(core: Core) -> bool:
    """Whether our server still shows the certificate of our earlier authority.

    Until everybody who has not left knows the present one; but not for so long that those who
    know it would no longer take the earlier one.
    """
    with core.store.read() as tx:
        for founding in core.lines(tx):
            rows = rows_of(tx, founding.id)
            waiting = set(read.present(rows, founding)) - {core.party}
            if all(_knows_ours(core, tx, founding, party) for party in waiting):
                continue
            newest = read.cards(rows, founding, core.party)[-1]
            if newest.time == "" or newest.card.card.ca != core.card.card.ca:
                return True
            until_s = parse_time_s(newest.time) + SHOWN_AS_SERVER.total_seconds()
            if core.clock.now_s() < until_s:
                return True
    return False


def urgent_ahead(core: Core, line: str, party: str, start: int) -> bool:
    """Whether something urgent follows in a log from entry ``start`` on."""
    with core.store.read() as tx:
        return quota.urgent_ahead(tx, line, party, start)


def heads(core: Core, line: str, caller: str) -> dict[str, views.Head]:
    """How much of every log is held, and its newest checkpoint with the cosignatures held."""
    with core.store.read() as tx:
        founding = line_for(core, tx, line, caller)
        mark_own(core, tx, line, caller)
        if caller != core.party:
            # A crash, or another thread, may have come between a cosignature and its mark.
            for party in (one for one in founding.members if one != core.party):
                cosigned = logs.newest_cosigned(tx, line, party, core.party)
                _mark(core, tx, line, party, cosigned)
        return {party: _head(tx, line, party) for party in founding.members}


def mark_own(core: Core, tx: Tx, line: str, caller: str) -> None:
    """Remember how far our own log goes, before another party is shown of it (``marks``)."""
    newest = logs.newest_checkpoint(tx, line, core.party)
    if caller != core.party and newest is not None:
        _mark(core, tx, line, core.party, newest[0])


def _mark(core: Core, tx: Tx, line: str, party: str, size: int) -> None:
    shown = core.marks.of(line, party)[0]
    # A mark of another history stays, to go on telling of it.
    if size > shown and restoring.holds_mark(core, tx, line, party, size):
        core.marks.show(line, party, size, logs.root(tx, line, party, size))


def _head(tx: Tx, line: str, party: str) -> views.Head:
    size = logs.size(tx, line, party)
    newest = logs.newest_checkpoint(tx, line, party)
    if newest is None:
        return views.Head(size=size, checkpoint=None)
    at_size, note = newest
    given = [one.line for one in logs.cosigned(tx, line, party, at_size).values()]
    return views.Head(size=size, checkpoint=with_cosignatures(note, given))


def read_log(core: Core, line: str, party: str, start: int, caller: str) -> views.LogPage:
    """Entries of a log from index ``start``, as many as fit a page, and its newest checkpoint."""
    with core.store.read() as tx:
        founding = line_for(core, tx, line, caller, party)
        rows = logs.read(tx, line, party, start, PAGE_ENTRIES_MAX)
        newest = logs.newest_checkpoint(tx, line, party)
        mark_own(core, tx, line, caller)
        bundles = _bundles(core, tx, founding, _page(rows))
    return views.LogPage(entries=bundles, checkpoint=None if newest is None else newest[1])


def _page(rows: list[Row]) -> list[Row]:
    """As many rows, one at least, as fit a page."""
    page: list[Row] = []
    left = PAGE_BYTES_MAX
    for row in rows:
        # Base64 writes three bytes as four characters; 1,000 is more than the JSON around them.
        left -= (len(row.header) + len(row.body or b"")) * 4 // 3 + 1_000
        if page and left < 0:
            break
        page.append(row)
    return page


def _bundles(core: Core, tx: Tx, founding: Founding, page: list[Row]) -> list[views.Json]:
    """The bundles of a page, up to an entry of which neither body nor recall is held here (yet).

    Nor does it go on behind one whose recall came so many changes of keys later that nobody takes
    it: the page would be refused whole, with all that stands before.
    """
    bundles = []
    for entry in core.entries(tx, founding, page):
        recalled_by = _recalled_by(core, tx, founding, entry) if entry.body is None else []
        if entry.body is None and not 0 < len(recalled_by) <= LATER_MAX:
            break
        bundles.append(entry_to_bundle(entry, recalled_by))
    return bundles


def _recalled_by(core: Core, tx: Tx, founding: Founding, entry: Entry) -> list[Envelope]:
    """What stands for a recalled body: its log's changes of keys up to the recall, and that."""
    rows, party = rows_of(tx, founding.id), entry.header.party
    recall = read.recall_of(rows, entry.id)
    if recall is None:
        return []
    places = [int(key.partition("/")[2]) for key, _ in rows.scan("key", f"{party}/")]
    between = [at for at in places if entry.header.index < at < recall.index]
    found = [logs.read(tx, founding.id, party, at, 1)[0] for at in [*between, recall.index]]
    return [one.envelope for one in core.entries(tx, founding, found)]
