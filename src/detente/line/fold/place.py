"""Whether an entry is the next of a log of this line; what is not is refused whole."""

from typing import Any

from detente.errors import GapError, RecordError
from detente.line import abouts
from detente.line.fold.step import EMPTY_LOG
from detente.line.founding import Founding
from detente.line.view import View, load
from detente.record.entry import Entry
from detente.record.header import Header


def check_place(view: View, founding: Founding, entry: Entry) -> None:
    """Return if ``entry`` is the next of a log of this line; else raise as ``apply`` does."""
    header = entry.header
    where = f"entry {header.party}/{header.index}"
    if header.line != founding.id:
        raise RecordError("is of another line", remedy="send it to its own", where=where)
    if header.party not in founding.cards:
        raise RecordError("is of no member of this line", remedy="refuse it", where=where)
    log = load(view, "log", header.party) or EMPTY_LOG
    if header.index > log["size"]:
        raise GapError(
            f"entries before it are missing; {log['size']} are held",
            size=log["size"],
            remedy="send the log from there",
            where=where,
        )
    if header.index < log["size"]:
        raise RecordError("its place is already taken", remedy="compare the two", where=where)
    if view.get("leave", header.party) is not None:
        raise RecordError("its party has left the line", remedy="refuse it", where=where)
    _check_seen(header, log["seen"], where)
    if header.index == 0:
        _check_first(entry, founding, where)


def _check_seen(header: Header, before: dict[str, dict[str, Any]], where: str) -> None:
    for party, old in before.items():
        new = header.seen.get(party)
        if new is None or new.size < old["size"]:
            raise RecordError(
                f"has seen less of the log of {party} than the entry before it",
                remedy="refuse it; the writer may have restored an old backup",
                where=where,
            )
        if new.size == old["size"] and new.root != old["root"]:
            raise RecordError(
                f"has seen another log of {party} than the entry before it",
                remedy="refuse it, and keep both as evidence",
                where=where,
            )


def _check_first(entry: Entry, founding: Founding, where: str) -> None:
    if entry.header.type != abouts.JOIN:
        raise RecordError(
            "the first entry of a log joins the line", remedy="refuse the log", where=where
        )
    if entry.body is not None and entry.body != founding.raw:
        raise RecordError(
            "joins on other bytes than the founding document of this line",
            remedy="compare line ids with the other party",
            where=where,
        )
