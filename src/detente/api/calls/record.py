"""The record: entries as they stand in the logs, the state made of them, and its verification."""

from detente.api import rows
from detente.api.calls import bodies
from detente.api.route import Call
from detente.errors import InputError
from detente.node import Node, roles
from detente.node.views import (
    AuditView,
    ChangeView,
    CommitmentView,
    EntryView,
    Finding,
    LogPage,
    LogView,
    ProofView,
    RebuiltView,
    RecallView,
    WitnessView,
)

PAGE_MAX = 1000


def list_entries(node: Node, call: Call) -> list[EntryView]:
    """A page of a line's entries."""
    query: bodies.EntriesQuery = call.query
    return node.entries(call.path["line"], query.party, *_page(query.start, query.limit))


def list_logs(node: Node, call: Call) -> list[LogView]:
    """Every party's log as it is held here."""
    return node.logs(call.path["line"])


def show_entry(node: Node, call: Call) -> EntryView:
    """One entry."""
    return node.entry(call.path["line"], call.path["entry"])


def list_recalls(node: Node, call: Call) -> list[RecallView]:
    """What was recalled, and who still holds it."""
    return node.recalls(call.path["line"])


def recall_entry(node: Node, call: Call) -> EntryView:
    """Ask all parties to erase what an entry of ours said."""
    return node.recall(**bodies.said(call))


def list_commitments(node: Node, call: Call) -> list[CommitmentView]:
    """What was fixed to be told later, and how it was opened."""
    return node.commitments(call.path["line"])


def make_commitment(node: Node, call: Call) -> EntryView:
    """Fix a plan or a statement without telling it yet."""
    return node.commit(**bodies.said(call))


def open_commitment(node: Node, call: Call) -> EntryView:
    """Tell what a commitment of ours has fixed."""
    return node.open_commitment(**bodies.said(call))


def show_state(node: Node, call: Call) -> bytes:
    """The line's state as canonical JSON: the same bytes on every node with the same entries."""
    return node.state_document(call.path["line"])


def read_log(node: Node, call: Call) -> LogPage:
    """A page of one log as it travels between nodes; an empty one is its end."""
    query: bodies.StartQuery = call.query
    start, _ = _page(query.start, 1)
    return node.read_log(*_log(node, call), start, node.party)


def show_checkpoint(node: Node, call: Call) -> bytes:
    """A log's newest checkpoint, with the cosignatures held."""
    return node.log_checkpoint(*_log(node, call), node.party)


def show_policy(node: Node, call: Call) -> bytes:
    """Whose signatures make a checkpoint of a log joint."""
    return node.log_policy(*_log(node, call), node.party)


def show_tile(node: Node, call: Call) -> bytes:
    """One tile of a log."""
    return node.log_tile(*_log(node, call), f"tile/{call.path['tile']}", node.party)


def list_proofs(node: Node, call: Call) -> list[ProofView]:
    """Forks found on a line, each with its proof."""
    return node.proofs(call.path["line"])


def list_witnesses(node: Node, call: Call) -> list[WitnessView]:
    """The witnesses that the terms name, and how much each has signed for."""
    return node.witnesses(call.path["line"])


def list_changes(node: Node, call: Call) -> list[ChangeView]:
    """What changed in this node since a change number."""
    query: bodies.ChangesQuery = call.query
    since, limit = _page(query.since, query.limit)
    return node.changes_since(since, limit)


def list_audit(node: Node, call: Call) -> list[AuditView]:
    """A page of the node's internal audit log."""
    query: bodies.PageQuery = call.query
    return node.audit(*_page(query.start, query.limit))


def verify_record(node: Node, call: Call) -> list[Finding]:
    """Check signatures, trees, cosignatures, and that every projection equals a rebuild."""
    return node.verify()


def rebuild_record(node: Node, call: Call) -> list[RebuiltView]:
    """Drop the state of every line and fold it anew from the entries."""
    return node.rebuild()


def _log(node: Node, call: Call) -> tuple[str, str]:
    """The line's id, which may be asked for by its name, and the party."""
    return node.line(call.path["line"]).id, call.path["party"]


def _page(start: int, limit: int) -> tuple[int, int]:
    if not (0 <= start < 2**53 and 1 <= limit <= PAGE_MAX):
        raise InputError(
            f"a page starts at 0 or later and holds 1 to {PAGE_MAX}",
            where="query",
            remedy="ask for the next page with a higher start",
        )
    return start, limit


ROUTES = (
    rows.get(
        "node", "/audit", list_audit, "The node's internal audit log",
        list[AuditView], query=bodies.PageQuery, act=roles.AUDIT,
    ),
    rows.get(
        "node", "/changes", list_changes, "What changed here since a change number",
        list[ChangeView], query=bodies.ChangesQuery,
    ),
    rows.get(
        "record", "/lines/{line}/recalls", list_recalls,
        "What was recalled, and who still holds it", list[RecallView],
    ),
    rows.entry(
        "record", "/lines/{line}/recalls", recall_entry,
        "Ask all parties to erase what an entry of ours said", bodies.RecallBody,
        act=roles.RELEASE,
    ),
    rows.get(
        "record", "/lines/{line}/commitments", list_commitments,
        "What was fixed to be told later, and how it was opened", list[CommitmentView],
    ),
    rows.entry(
        "record", "/lines/{line}/commitments", make_commitment,
        "Fix a plan or a statement without telling it yet", bodies.CommitBody,
        act=roles.RELEASE,
    ),
    rows.entry(
        "record", "/lines/{line}/commitments/{commitment}/open", open_commitment,
        "Tell what a commitment of ours has fixed", None, act=roles.RELEASE,
    ),
    rows.get(
        "record", "/lines/{line}/logs", list_logs,
        "Every party's log, and how much of it each other member has signed for holding",
        list[LogView],
    ),
    rows.get(
        "record", "/lines/{line}/entries", list_entries, "A page of the joint record",
        list[EntryView], query=bodies.EntriesQuery,
    ),
    rows.get("record", "/lines/{line}/entries/{entry}", show_entry, "One entry", EntryView),
    rows.get(
        "record", "/lines/{line}/state", show_state,
        "The line's state as canonical JSON: the same bytes on every node with the same entries",
        bytes,
    ),
    rows.get(
        "record", "/lines/{line}/logs/{party}", read_log,
        "A page of one log as it travels: signed entries with salts and bodies",
        LogPage, query=bodies.StartQuery,
    ),
    rows.get(
        "record", "/lines/{line}/logs/{party}/checkpoint", show_checkpoint,
        "A log's newest checkpoint with its cosignatures (C2SP tlog-checkpoint)",
        bytes, media="text/plain",
    ),
    rows.get(
        "record", "/lines/{line}/logs/{party}/policy", show_policy,
        "Whose signatures make a checkpoint of this log joint (C2SP tlog-policy)",
        bytes, media="text/plain",
    ),
    rows.get(
        "record", "/lines/{line}/logs/{party}/tile/{tile}", show_tile,
        "A tile of a log: its hashes, or its signed entries (C2SP tlog-tiles)",
        bytes, media="application/octet-stream", deep=True,
    ),
    rows.get(
        "record", "/lines/{line}/proofs", list_proofs,
        "Parties caught in signing two histories, with proofs that anyone can check",
        list[ProofView],
    ),
    rows.get(
        "record", "/lines/{line}/witnesses", list_witnesses,
        "The witnesses that the terms name, and how much of each log each has signed for",
        list[WitnessView],
    ),
    rows.post(
        "record", "/record/verify", verify_record,
        "Verify the whole record; an empty list means that nothing is wrong",
        None, list[Finding], status=200, may_raise=(),
    ),
    rows.post(
        "record", "/record/rebuild", rebuild_record,
        "Drop the state of every line, fold it anew, and say whether it was the same",
        None, list[RebuiltView], status=200, act=roles.MEMBERSHIP,
    ),
)  # fmt: skip
