"""The record's page: who holds which entries durably and since when, and what hangs on that.

A page by itself, apart from the watch: it is read in a quiet hour or in a dispute, and what is
urgent of it (a party or a witness that signed two histories) stands on the watch page as well.
"""

from typing import TYPE_CHECKING, Any

from detente.console import words
from detente.console.board import Board, text_of
from detente.errors import NotFoundError
from detente.node.views import EntryView, LogView
from detente.record.proof import encode_proof

if TYPE_CHECKING:
    from detente.node import Node

ROWS = 50
"""Entries on one page."""

Context = dict[str, Any]


def record(board: Board, party: str, start: int | None) -> Context:
    """What the page shows: logs, one page of entries, recalls, commitments and forks.

    ``party`` chooses one log, or all with ''; without ``start`` the newest entries are shown.
    Raises NotFoundError for a party that is not on the line.
    """
    node, line = board.node, board.line
    logs = node.logs(line.id)
    total = sum(log.entries for log in logs if party in ("", log.party))
    first = max(0, total - ROWS) if start is None else min(start, total)
    entries = node.entries(line.id, party or None, first, ROWS)
    names = {entry.id: f"{entry.party} {entry.index}" for entry in entries}
    texts = {message.id: text_of(message, board.language)[0] for message in node.messages(line.id)}
    return {
        "logs": logs,
        "entries": [
            (entry, _about(entry, names, texts), entry.joint) for entry in reversed(entries)
        ],
        "chosen": party,
        "older": max(0, first - ROWS) if first else None,
        "newer": first + ROWS if first + ROWS < total else None,
        "total": total,
        "recalls": node.recalls(line.id),
        "commitments": node.commitments(line.id),
        "proofs": list(enumerate(node.proofs(line.id), 1)),
        "joint": all(log.joint == log.entries for log in logs),
        "behind": [_behind(log) for log in logs if log.joint < log.entries],
    }


def proof_file(node: "Node", line: str, number: int) -> tuple[str, bytes]:
    """Name and content of a proof that a party or witness signed two. Raises NotFoundError."""
    found = node.proofs(line)
    if not 1 <= number <= len(found) or (proof := found[number - 1].proof) is None:
        raise NotFoundError(
            f"there is no proof {number} to carry away", remedy="look at the record's page again"
        )
    one = found[number - 1]
    of = "witness" if one.witness else one.index
    return f"{one.party}-{of}-{number}.json", encode_proof(proof)


def _about(entry: EntryView, names: dict[str, str], texts: dict[str, str]) -> str:
    """What an entry says, in a few words; what a body says only where it is held.

    Of a peer's headers anything may be true: what is not text is left out.
    """
    about = {name: str(value)[:80] for name, value in entry.about.items() if value is not None}
    if entry.id in texts:
        return texts[entry.id]
    if entry.type == "proposal":
        return f"{words.tag(about.get('conflict', ''))}: {about.get('moves', '')} would move"
    for named in ("activity", "observation"):
        if named in about:
            return f"{about[named]}, version {about.get('version', '')}"
    if "permission" in about:
        return f"{about['permission']} of {about.get('host', '')}"
    of = next(
        (
            about[name]
            for name in ("entry", "proposal", "recall", "request", "plan")
            if name in about
        ),
        None,
    )
    said = [
        about[name].replace("-", " ")
        for name in ("level", "what", "slot", "answer", "stage")
        if name in about
    ]
    if of is not None:
        said.append(f"of {names.get(of, of[:8])}")
    return " ".join(said)


def _behind(log: LogView) -> str:
    """Who has not signed for all of a log, in a sentence."""
    who = [one for one in log.holders if one.entries < log.entries]
    said = [f"{one.party} has signed for {one.entries:,} of {log.entries:,}" for one in who]
    said += [
        f"the witness {one.name} has seen {one.entries:,} of {log.entries:,}"
        for one in log.witnesses
        if one.entries < log.entries
    ]
    return f"log of {log.party}: {words.listed(said)}"
