"""Commitments, and how each was opened. What is not opened is unknown."""

from detente.line import read
from detente.line.read import Commitment
from detente.node.show.reader import LineReader
from detente.node.views import CommitmentView
from detente.store import sealed


def commitments(reader: LineReader) -> list[CommitmentView]:
    """Every commitment, newest last."""
    return [_commitment(reader, one) for one in read.commitments(reader.rows)]


def _commitment(reader: LineReader, one: Commitment) -> CommitmentView:
    opening = one.opening
    content = opening.content if opening else None
    own = reader.is_own(one.party)
    return CommitmentView(
        id=one.entry,
        line=reader.id,
        party=one.party,
        own=own,
        time=one.time,
        sha256=one.sha256,
        subject=one.subject,
        open_from=one.open_from,
        open_by=one.open_by,
        note=one.note or "",
        state=one.state,
        timing=one.timing(reader.terms.clock_offset_s),
        overdue=one.overdue(reader.now_s),
        opened=opening.time if opening else None,
        opening=opening.entry if opening else None,
        statement=content["text"] if content and one.subject == "statement" else None,
        activity=content if one.subject == "activity" else None,
        unknown=opening.unknown if opening else None,
        wrong=[wrong.entry for wrong in one.openings if not wrong.right],
        may_open=own
        and opening is None
        and sealed.get(reader.tx, reader.id, one.sha256) is not None,
        receipts=reader.receipts(one.party, one.index),
    )
