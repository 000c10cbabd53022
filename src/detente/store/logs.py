"""The logs: entries, the trees over them, checkpoints and cosignatures, as rows.

Nothing here judges. Who calls ``append`` has verified what it appends; rows are given back as the
bytes they were stored as.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

import msgspec
from sqlalchemy import Select, bindparam, func, insert, select, tuple_, update

from detente.record import Entry, Envelope, Header, decode_header
from detente.record.header import HEADER_TYPE
from detente.record.tree import Frontier, consistency_proof, leaf_hash, peaks, root_at
from detente.store.tables import checkpoints, cosignatures, entries, lines, nodes
from detente.store.writer import Tx


class Row(msgspec.Struct, frozen=True):
    """One entry as it is stored."""

    party: str
    index: int
    id: str
    header: bytes
    signature: bytes
    salt: bytes | None
    body: bytes | None

    def entry(self, keyid: str) -> Entry:
        """The entry, taken apart again but not verified again. ``keyid`` is its party's key's."""
        envelope = Envelope(HEADER_TYPE, self.header, keyid, self.signature)
        header = decode_header(self.header)
        return Entry(self.id, header, envelope, self.salt, self.body, envelope.pae)


class Cosigned(NamedTuple):
    """A cosignature: ``line`` of text by ``cosigner`` over the first ``size`` entries."""

    size: int
    cosigner: str
    time_s: int
    line: str


_ROW = (
    entries.c.party,
    entries.c.index,
    entries.c.id,
    entries.c.header,
    entries.c.signature,
    entries.c.salt,
    entries.c.body,
)

# --- lines --------------------------------------------------------------------------------------


def add_line(tx: Tx, line: str, name: str, founding: bytes, card: bytes | None) -> None:
    """Keep a line that is being joined; with our own card where its document does not name us."""
    row = {"line": line, "name": name, "founding": founding, "card": card}
    tx.connection.execute(insert(lines).values(row))


def joined_under(tx: Tx, line: str) -> bytes | None:
    """Our card when the line was joined as a newcomer; None if it was kept by nobody."""
    card: bytes | None = tx.connection.execute(
        select(lines.c.card).where(lines.c.line == line)
    ).scalar()
    return card


_FOUNDING_DOCUMENTS = select(lines.c.line, lines.c.founding).order_by(lines.c.name)


def founding_documents(tx: Tx) -> dict[str, bytes]:
    """Founding documents by line id, ordered by the lines' names."""
    rows = tx.connection.execute(_FOUNDING_DOCUMENTS)
    return {row.line: row.founding for row in rows}


# --- entries and trees --------------------------------------------------------------------------


_SIZE = select(func.max(entries.c.index)).where(
    entries.c.line == bindparam("of_line"), entries.c.party == bindparam("of_party")
)


def size(tx: Tx, line: str, party: str) -> int:
    """How many entries of a log are held."""
    name = (_SIZE, line, party)
    if name not in tx.held:
        given = {"of_line": line, "of_party": party}
        index: int | None = tx.as_written.execute(_SIZE, given).scalar()
        tx.held[name] = 0 if index is None else index + 1
    found: int = tx.held[name]
    return found


_ADD_ENTRIES = insert(entries)
_ADD_NODES = insert(nodes)


def append(tx: Tx, line: str, party: str, held: int, new: Sequence[Entry]) -> Frontier:
    """Append verified entries to a log of ``held``, with the subtrees that they complete.

    Returns the grown tree.
    """
    tree = frontier(tx, line, party, held)
    if not new:
        return tree
    for entry in new:
        row = {
            "line": line,
            "party": party,
            "index": entry.header.index,
            "id": entry.id,
            "header": entry.envelope.payload,
            "signature": entry.envelope.sig,
            "salt": entry.salt,
            "body": entry.body,
        }
        tx.later((entries, line, party, entry.header.index), _ADD_ENTRIES, row)
        for level, index, hash_ in tree.append(leaf_hash(entry.leaf)):
            row = {"line": line, "party": party, "level": level, "index": index, "hash": hash_}
            tx.later((nodes, line, party, level, index), _ADD_NODES, row)
    tx.held[_SIZE, line, party] = tree.size
    return tree


_READ = (
    select(*_ROW)
    .where(
        entries.c.line == bindparam("of_line"),
        entries.c.party == bindparam("of_party"),
        entries.c.index >= bindparam("start"),
    )
    .order_by(entries.c.index)
    .limit(bindparam("most"))
)


def read(tx: Tx, line: str, party: str, start: int, limit: int) -> list[Row]:
    """Up to ``limit`` entries of a log from index ``start``."""
    given = {"of_line": line, "of_party": party, "start": start, "most": limit}
    return [Row(*row) for row in tx.connection.execute(_READ, given)]


_HEADERS = (
    select(entries.c.header)
    .where(
        entries.c.line == bindparam("of_line"),
        entries.c.party == bindparam("of_party"),
        entries.c.index >= bindparam("start"),
    )
    .order_by(entries.c.index)
    .limit(bindparam("most"))
)


def headers(tx: Tx, line: str, party: str, start: int, limit: int) -> Iterator[Header]:
    """Up to ``limit`` headers of a log from index ``start``, without what they are headers of."""
    given = {"of_line": line, "of_party": party, "start": start, "most": limit}
    return map(decode_header, tx.connection.execute(_HEADERS, given).scalars())


def bytes_from(tx: Tx, line: str, party: str, start: int) -> int:
    """About how many bytes the entries of a log from index ``start`` take as bundles in JSON."""
    said = func.length(entries.c.header) + func.coalesce(func.length(entries.c.body), 0)
    query = select(func.count(), func.sum(said)).where(
        entries.c.line == line, entries.c.party == party, entries.c.index >= start
    )
    count, size = tx.connection.execute(query).one()
    # Base64 writes three bytes as four characters; around them stand some 500 of JSON.
    return int(size or 0) * 4 // 3 + int(count) * 500


def extent(tx: Tx, line: str) -> tuple[int, int]:
    """How many entries are held of a line, and of how many the body is."""
    query = select(func.count(), func.count(entries.c.body)).where(entries.c.line == line)
    held, bodies = tx.connection.execute(query).one()
    return held, bodies


def erase_body(tx: Tx, line: str, entry_id: str) -> None:
    """Forget body and salt of an entry; its header, leaf and proofs stay."""
    tx.connection.execute(
        update(entries)
        .where(entries.c.line == line, entries.c.id == entry_id)
        .values(salt=None, body=None)
    )


def find(tx: Tx, line: str, entry_id: str) -> Row | None:
    """The entry of this id, or None."""
    query = select(*_ROW).where(entries.c.line == line, entries.c.id == entry_id)
    row = tx.connection.execute(query).first()
    return None if row is None else Row(*row)


def frontier(tx: Tx, line: str, party: str, held: int) -> Frontier:
    """The right edge of a log's tree at size ``held``, which is how many entries are held."""
    name = (Frontier, line, party)
    known: Frontier | None = tx.held.get(name)
    if known is None or known.size != held:
        subtrees = _subtrees(tx, line, party, peaks(0, held))
        known = Frontier.from_nodes(held, lambda level, index: subtrees[level, index])
        tx.held[name] = known
    return known


def root(tx: Tx, line: str, party: str, at_size: int) -> bytes:
    """The root of a log when it had ``at_size`` entries."""
    edge: Frontier | None = tx.held.get((Frontier, line, party))
    if edge is not None and edge.size == at_size:
        return edge.root()
    subtrees = _subtrees(tx, line, party, peaks(0, at_size))
    return root_at(at_size, lambda level, index: subtrees[level, index])


_SUBTREES = select(nodes.c.level, nodes.c.index, nodes.c.hash).where(
    nodes.c.line == bindparam("of_line"),
    nodes.c.party == bindparam("of_party"),
    tuple_(nodes.c.level, nodes.c.index).in_(bindparam("wanted", expanding=True)),
)


def _subtrees(
    tx: Tx, line: str, party: str, wanted: Sequence[tuple[int, int]]
) -> dict[tuple[int, int], bytes]:
    if not wanted:
        return {}
    given = {"of_line": line, "of_party": party, "wanted": wanted}
    rows = tx.connection.execute(_SUBTREES, given)
    return {(level, index): hash_ for level, index, hash_ in rows}


def peaks_at(tx: Tx, line: str, party: str, at_size: int) -> list[bytes]:
    """The complete subtrees that a log of ``at_size`` entries is made of, left to right."""
    wanted = peaks(0, at_size)
    subtrees = _subtrees(tx, line, party, wanted)
    return [subtrees[place] for place in wanted]


def consistency(tx: Tx, line: str, party: str, old_size: int, new_size: int) -> list[bytes]:
    """The proof that a log of ``new_size`` entries goes on from the log of ``old_size``."""
    wanted: dict[tuple[int, int], bytes] = {}

    def want(level: int, index: int) -> bytes:
        return wanted.setdefault((level, index), b"")

    # Asked for first and then read at once: one query and not one per hash.
    consistency_proof(old_size, new_size, want)
    subtrees = _subtrees(tx, line, party, list(wanted))
    return consistency_proof(old_size, new_size, lambda level, index: subtrees[level, index])


_ROW_OF_SUBTREES = (
    select(nodes.c.hash)
    .where(
        nodes.c.line == bindparam("of_line"),
        nodes.c.party == bindparam("of_party"),
        nodes.c.level == bindparam("of_level"),
        nodes.c.index >= bindparam("start"),
        nodes.c.index < bindparam("end"),
    )
    .order_by(nodes.c.index)
)


def subtrees(tx: Tx, line: str, party: str, level: int, start: int, count: int) -> list[bytes]:
    """The complete subtrees at one level from number ``start`` on, at most ``count`` of them."""
    log = {"of_line": line, "of_party": party, "of_level": level}
    given = log | {"start": start, "end": start + count}
    return list(tx.connection.execute(_ROW_OF_SUBTREES, given).scalars())


# --- checkpoints and cosignatures ---------------------------------------------------------------


_ADD_CHECKPOINT = insert(checkpoints)
_CHECKPOINTS = select(checkpoints.c.size, checkpoints.c.note).where(
    checkpoints.c.line == bindparam("of_line"), checkpoints.c.party == bindparam("of_party")
)
_CHECKPOINT = _CHECKPOINTS.where(checkpoints.c.size == bindparam("of_size"))
_CHECKPOINT_UP_TO = (
    _CHECKPOINTS.where(checkpoints.c.size <= bindparam("of_size"))
    .order_by(checkpoints.c.size.desc())
    .limit(1)
)
_NEWEST_CHECKPOINT = _CHECKPOINTS.order_by(checkpoints.c.size.desc()).limit(1)


def add_checkpoint(tx: Tx, line: str, party: str, at_size: int, note: str) -> None:
    """Keep the first checkpoint of a size."""
    newest = newest_checkpoint(tx, line, party)
    if newest is None or newest[0] < at_size:
        tx.held[_NEWEST_CHECKPOINT, line, party] = (at_size, note)
    row = {"line": line, "party": party, "size": at_size, "note": note.encode()}
    tx.later((checkpoints, line, party, at_size), _ADD_CHECKPOINT, row)


def put_checkpoint(tx: Tx, line: str, party: str, at_size: int, note: str) -> None:
    """Keep a verified checkpoint; the first of two spellings for one size stays."""
    if checkpoint(tx, line, party, at_size) is None:
        add_checkpoint(tx, line, party, at_size, note)


def checkpoint(tx: Tx, line: str, party: str, at_size: int) -> str | None:
    """The checkpoint of a log at exactly this size, without cosignatures."""
    given = {"of_line": line, "of_party": party, "of_size": at_size}
    row = tx.connection.execute(_CHECKPOINT, given).first()
    return None if row is None else row.note.decode()


def checkpoint_up_to(tx: Tx, line: str, party: str, at_size: int) -> tuple[int, str] | None:
    """Size and note of the newest checkpoint of a log that covers at most ``at_size`` entries."""
    given = {"of_line": line, "of_party": party, "of_size": at_size}
    row = tx.connection.execute(_CHECKPOINT_UP_TO, given).first()
    return None if row is None else (row.size, row.note.decode())


def newest_checkpoint(tx: Tx, line: str, party: str) -> tuple[int, str] | None:
    """Size and note of the newest checkpoint of a log, without cosignatures."""
    name = (_NEWEST_CHECKPOINT, line, party)
    if name not in tx.held:
        given = {"of_line": line, "of_party": party}
        row = tx.as_written.execute(_NEWEST_CHECKPOINT, given).first()
        tx.held[name] = None if row is None else (row.size, row.note.decode())
    found: tuple[int, str] | None = tx.held[name]
    return found


_ADD_COSIGNATURE = insert(cosignatures)
_COSIGNATURES = (
    select(
        cosignatures.c.size,
        cosignatures.c.cosigner,
        cosignatures.c.time_s,
        cosignatures.c.signature,
    )
    .where(
        cosignatures.c.line == bindparam("of_line"), cosignatures.c.party == bindparam("of_party")
    )
    .order_by(cosignatures.c.size, cosignatures.c.cosigner)
)
_COSIGNED = _COSIGNATURES.where(cosignatures.c.size == bindparam("of_size"))
_COSIGNED_ABOVE = _COSIGNATURES.where(cosignatures.c.size > bindparam("of_index"))
_COSIGNED_BY = _COSIGNATURES.where(
    cosignatures.c.cosigner == bindparam("of_cosigner"), cosignatures.c.size >= bindparam("of_size")
)
_NEWEST_COSIGNED = select(func.max(cosignatures.c.size)).where(
    cosignatures.c.line == bindparam("of_line"),
    cosignatures.c.party == bindparam("of_party"),
    cosignatures.c.cosigner == bindparam("of_cosigner"),
)


def put_cosignatures(tx: Tx, line: str, party: str, given: Iterable[Cosigned]) -> None:
    """Keep verified cosignatures; of two by one cosigner for one size the first stays."""
    for one in given:
        if one.cosigner not in cosigned(tx, line, party, one.size):
            row = {
                "line": line,
                "party": party,
                "size": one.size,
                "cosigner": one.cosigner,
                "time_s": one.time_s,
                "signature": one.line.encode(),
            }
            tx.connection.execute(_ADD_COSIGNATURE, row)


def cosigned(tx: Tx, line: str, party: str, at_size: int) -> dict[str, Cosigned]:
    """The cosignatures of one checkpoint by cosigner, sorted."""
    given = {"of_line": line, "of_party": party, "of_size": at_size}
    return {one.cosigner: one for one in _cosignatures(tx, _COSIGNED, given)}


def cosigned_above(tx: Tx, line: str, party: str, index: int) -> list[Cosigned]:
    """All cosignatures of a log that cover entry ``index`` or later ones, by size."""
    given = {"of_line": line, "of_party": party, "of_index": index}
    return _cosignatures(tx, _COSIGNED_ABOVE, given)


def cosigned_by(tx: Tx, line: str, party: str, cosigner: str, at_least: int) -> Iterator[Cosigned]:
    """The cosignatures by one cosigner of ``at_least`` so many entries, the smallest first."""
    given = {"of_line": line, "of_party": party, "of_cosigner": cosigner, "of_size": at_least}
    for at_size, by, time_s, text in tx.connection.execute(_COSIGNED_BY, given):
        yield Cosigned(at_size, by, time_s, text.decode())


def newest_cosigned(tx: Tx, line: str, party: str, cosigner: str) -> int:
    """The largest size of a log that ``cosigner`` has cosigned; 0 if none."""
    given = {"of_line": line, "of_party": party, "of_cosigner": cosigner}
    return tx.connection.execute(_NEWEST_COSIGNED, given).scalar() or 0


def _cosignatures(tx: Tx, query: Select[Any], given: dict[str, Any]) -> list[Cosigned]:
    return [
        Cosigned(at_size, cosigner, time_s, text.decode())
        for at_size, cosigner, time_s, text in tx.connection.execute(query, given)
    ]


_RECEIVED = (
    select(cosignatures.c.cosigner, func.min(cosignatures.c.time_s).label("time_s"))
    .where(
        cosignatures.c.line == bindparam("of_line"),
        cosignatures.c.party == bindparam("of_party"),
        cosignatures.c.size > bindparam("of_index"),
    )
    .group_by(cosignatures.c.cosigner)
)


def received(tx: Tx, line: str, party: str, index: int) -> dict[str, int]:
    """When each cosigner received one entry: the earliest time it signed for having it."""
    given = {"of_line": line, "of_party": party, "of_index": index}
    return {row.cosigner: row.time_s for row in tx.connection.execute(_RECEIVED, given)}
