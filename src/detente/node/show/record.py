"""Entries as they stand in the logs, with their receipts and acknowledgements."""

from typing import Any

from detente.errors import InputError
from detente.line import read
from detente.line.view import scan
from detente.node.show.reader import LineReader, no_such
from detente.node.views import EntryView, LogHolderView, LogView, LogWitnessView
from detente.record import Entry, decode_header, strict_json
from detente.record.entry import MAX_BODY_BYTES
from detente.store import logs, plans
from detente.store.logs import Row
from detente.volumes.times import format_time

LIMIT_MAX = 1000


def entry(reader: LineReader, entry_id: str) -> EntryView:
    """One entry. Raises NotFoundError."""
    row = logs.find(reader.tx, reader.id, entry_id)
    if row is None:
        raise no_such("entry", entry_id, reader.founding)
    return _views(reader, [row])[0]


def just_written(reader: LineReader, entry: Entry, officer: str) -> EntryView:
    """An own entry in the transaction that writes it: it counts, and nobody else has it yet."""
    header = entry.header
    return EntryView(
        id=entry.id,
        line=reader.id,
        line_name=reader.name,
        party=header.party,
        index=header.index,
        type=header.type,
        time=header.time,
        own=True,
        about=header.about,
        body=_body(entry.body),
        void=None,
        receipts={party: None for party in reader.founding.members if party != header.party},
        witnesses={one.name: None for one in reader.terms.witnesses},
        joint=None,
        acknowledgements=[],
        officer=officer,
    )


def entries(reader: LineReader, party: str | None, start: int, limit: int) -> list[EntryView]:
    """Entries from ``start`` on: of one log by index, or of all logs by the times they claim."""
    if not (start >= 0 and 1 <= limit <= LIMIT_MAX):
        raise InputError(
            f"a page starts at 0 or later and holds 1 to {LIMIT_MAX}",
            remedy="ask for the next page with a higher start",
            where="entries",
        )
    if party is not None:
        if party not in reader.founding.cards:
            raise no_such("log of", party, reader.founding)
        return _views(reader, logs.read(reader.tx, reader.id, party, start, limit))
    listed = sorted((doc["time"], key) for key, doc in scan(reader.rows, "entry"))
    rows = []
    for _, key in listed[start : start + limit]:
        log, _, index = key.partition("/")
        rows += logs.read(reader.tx, reader.id, log, int(index), 1)
    return _views(reader, rows)


def held_logs(reader: LineReader) -> list[LogView]:
    """Every party's log, and how much of it each other member has signed for."""
    left, present = read.left(reader.rows), read.present(reader.rows, reader.founding)
    found = []
    for party in reader.founding.members:
        held = logs.size(reader.tx, reader.id, party)
        newest = logs.newest_checkpoint(reader.tx, reader.id, party)
        holders = [
            _log_holder(reader, party, held, by) for by in reader.founding.members if by != party
        ]
        witnesses = [_log_witness(reader, party, held, one.name) for one in reader.terms.witnesses]
        owed = [holder for holder in holders if holder.party in present] or holders
        found.append(
            LogView(
                party=party,
                own=reader.is_own(party),
                left=party in left,
                entries=held,
                joint=min(
                    *(holder.entries for holder in owed), *(one.entries for one in witnesses), held
                ),
                checkpoint=None if newest is None else newest[1],
                holders=holders,
                witnesses=witnesses,
            )
        )
    return found


def _log_holder(reader: LineReader, party: str, held: int, by: str) -> LogHolderView:
    entries, since = _signed_for(reader, party, held, by)
    return LogHolderView(party=by, entries=entries, since=since)


def _log_witness(reader: LineReader, party: str, held: int, name: str) -> LogWitnessView:
    entries, since = _signed_for(reader, party, held, name)
    return LogWitnessView(name=name, entries=entries, since=since)


def _signed_for(reader: LineReader, party: str, held: int, by: str) -> tuple[int, str | None]:
    """How much of a log a cosigner has signed for, and since when."""
    signed_for = min(held, logs.newest_cosigned(reader.tx, reader.id, party, by))
    time_s = reader.received_s(party, signed_for - 1, by) if signed_for else None
    return signed_for, None if time_s is None else format_time(time_s)


def _views(reader: LineReader, rows: list[Row]) -> list[EntryView]:
    own = [row.id for row in rows if reader.is_own(row.party)]
    officers = plans.officers_of(reader.tx, own)
    return [_view(reader, row, officers.get(row.id)) for row in rows]


def _view(reader: LineReader, row: Row, officer: str | None) -> EntryView:
    header = decode_header(row.header)
    receipts = reader.receipts(row.party, row.index)
    witnesses = reader.witnesses(row.party, row.index)
    return EntryView(
        id=row.id,
        line=reader.id,
        line_name=reader.name,
        party=row.party,
        index=row.index,
        type=header.type,
        time=header.time,
        own=reader.is_own(row.party),
        about=header.about,
        body=_body(row.body),
        void=reader.void(row.party, row.index),
        receipts=receipts,
        witnesses=witnesses,
        joint=reader.joint(receipts, witnesses),
        acknowledgements=reader.acknowledgements_of(row.id),
        officer=officer,
    )


def _body(body: bytes | None) -> dict[str, Any] | None:
    """The body's JSON object; None where it is not held, or is none (the entry counts anyway)."""
    try:
        value = None if body is None else strict_json.loads(body, MAX_BODY_BYTES)
    except InputError:
        return None
    return value if isinstance(value, dict) else None
