"""Entries as they stand in the logs, with their receipts and acknowledgements."""

from typing import Any

from detente.errors import InputError
from detente.line.view import scan
from detente.node.show.reader import LineReader, no_such
from detente.node.views import EntryView
from detente.record import decode_header, strict_json
from detente.record.entry import MAX_BODY_BYTES
from detente.store import logs, plans
from detente.store.logs import Row

LIMIT_MAX = 1000


def entry(reader: LineReader, entry_id: str) -> EntryView:
    """One entry. Raises NotFoundError."""
    row = logs.find(reader.tx, reader.id, entry_id)
    if row is None:
        raise no_such("entry", entry_id, reader.founding)
    return _views(reader, [row])[0]


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


def _views(reader: LineReader, rows: list[Row]) -> list[EntryView]:
    own = [row.id for row in rows if reader.is_own(row.party)]
    officers = plans.officers_of(reader.tx, own)
    return [_view(reader, row, officers.get(row.id)) for row in rows]


def _view(reader: LineReader, row: Row, officer: str | None) -> EntryView:
    header = decode_header(row.header)
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
        receipts=reader.receipts(row.party, row.index),
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
