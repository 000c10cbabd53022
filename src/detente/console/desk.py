"""The desk's forms: what an officer fills in before something goes on the record.

Each maker reads what its form is about and gives the template and its context; nothing here writes.
"""

from collections.abc import Callable, Mapping
from typing import Any, TypeVar
from urllib.parse import urlencode

import msgspec

from detente.console import changes, words
from detente.console.board import PRECEDENCES, Board
from detente.console.planform import fields_of
from detente.errors import InputError, NotFoundError
from detente.line.phrasebook import PHRASES, SAFETY_CODES
from detente.line.slots import EXAMPLES
from detente.node.views import ConflictSideView, PhraseView, ProposalView
from detente.volumes.times import format_time, parse_time_s

Context = dict[str, Any]
Query = Mapping[str, str]
T = TypeVar("T")

PLAN_LEAD_S = 3600
PLAN_LENGTH_S = 2 * 3600


def sheet(name: str, board: Board, query: Query) -> tuple[str, Context]:
    """Template and context of the form ``name``."""
    makers: dict[str, Callable[[Board, Query], tuple[str, Context]]] = {
        "message": _message,
        "slots": _slots,
        "propose": _propose,
        "answer": _answer,
        "release": _release,
        "withdraw": _withdraw,
        "recall": _recall,
        "lapse": _lapse,
        "suspend": _suspend,
        "resume": _resume,
        "leave": _leave,
        "plan": _plan,
        "drop": _drop,
        "second": _second,
    }
    if name not in makers:
        raise NotFoundError(f"there is no form {name[:40]!r}", remedy="go back to the line")
    return makers[name](board, query)


def _message(board: Board, query: Query) -> tuple[str, Context]:
    reply = None
    if query.get("reply_to"):
        reply = _found(
            [m for m in board.node.messages(board.line.id) if m.id == query["reply_to"]], "message"
        )
    phrases = board.node.phrases()
    wanted = [p for p in phrases if p.code == query.get("phrase")]
    phrase = wanted[0] if wanted else phrases[0]
    mode = "phrase" if query.get("mode") == "phrase" else "text"
    return "desk/message.html", {
        "reply": reply,
        "conflict": query.get("conflict") or (reply.conflict if reply else None),
        "mode": mode,
        "phrases": phrases,
        "phrase": phrase,
        "examples": slot_examples(phrase),
        "urgent_only": mode == "phrase" and phrase.code in SAFETY_CODES,
        "precedence": _precedence(query),
    }


def _slots(board: Board, query: Query) -> tuple[str, Context]:
    phrase = _found([p for p in board.node.phrases() if p.code == query.get("phrase")], "phrase")
    return "desk/slots.html", {
        "phrase": phrase,
        "examples": slot_examples(phrase),
        "urgent_only": phrase.code in SAFETY_CODES,
        "precedence": _precedence(query),
    }


def _precedence(query: Query) -> str:
    """What was chosen before the form was drawn again, else routine."""
    chosen = query.get("precedence", "")
    return chosen if chosen in PRECEDENCES else "routine"


def _propose(board: Board, query: Query) -> tuple[str, Context]:
    """For a joint conflict only: what an own one suggests would tell of a plan."""
    conflict = board.node.conflict(board.line.id, query.get("conflict", ""))
    shift = changes.linked(query, conflict)
    sides = [conflict.a.party, conflict.b.party]
    moves = query.get("moves", "")
    chosen = None
    if shift is not None:
        chosen = board.node.prospect(board.line.id, conflict.id, moves, shift)
    place = conflict.place if shift is None or shift.place is None else shift.place
    return "desk/propose.html", {
        "conflict": conflict,
        "moves": moves if moves in sides else board.line.own,
        "fields": changes.Filled() if shift is None else changes.filled(shift),
        "directions": changes.DIRECTIONS,
        "place": place,
        "chosen": chosen,
        "preview": urlencode({k: v for k, v in query.items() if k != "key"}) if chosen else "",
    }


def preview_volumes(board: Board, query: Query) -> list[dict[str, Any]]:
    """What the change occupies that a form is about: a suggestion's, or a proposal's."""
    if query.get("proposal"):
        proposal = _proposal(board, query)
        conflict_id, moves, shift = proposal.conflict, proposal.moves, proposal.shift
    else:
        conflict = board.node.conflict(board.line.id, query.get("conflict", ""))
        found = changes.linked(query, conflict)
        if found is None:
            raise InputError("no change is named", remedy="open the form from a suggestion")
        conflict_id, moves, shift = conflict.id, query.get("moves", ""), found
    return board.node.prospect(board.line.id, conflict_id, moves, shift).volumes


def _proposal(board: Board, query: Query) -> ProposalView:
    return _found(
        [p for p in board.node.proposals(board.line.id) if p.id == query.get("proposal")],
        "proposal",
    )


def _answer(board: Board, query: Query) -> tuple[str, Context]:
    proposal = _proposal(board, query)
    if query.get("answer") not in ("assent", "decline", "carry-out"):
        raise InputError("there is no such answer", remedy="assent, decline or carry out")
    conflict = _found(
        [c for c in board.node.conflicts(board.line.id) if c.id == proposal.conflict], "conflict"
    )
    side = conflict.a if conflict.a.party == proposal.moves else conflict.b
    return "desk/answer.html", {
        "proposal": proposal,
        "answer": query["answer"],
        "side": side,
        "change": _moved_window(board, side, proposal),
    }


def _moved_window(board: Board, side: ConflictSideView, proposal: ProposalView) -> str:
    """Where the moved activity would lie: the new window, or the new heights in words."""
    released = [
        r for r in board.node.activities(board.line.id) if (r.party, r.id) == (side.party, side.id)
    ]
    if not released or released[0].start is None or released[0].end is None:
        return words.shift(proposal.shift)
    shift = proposal.shift
    if shift.volumes is not None:
        start = min(volume["start"] for volume in shift.volumes)
        end = max(volume["end"] for volume in shift.volumes)
        return f"at {words.heights(shift.volumes)}, {words.window(start, end, board.now_s)}"
    if shift.altitude_m is not None:
        return f"{words.shift(shift)} than {words.heights(released[0].volumes)}"
    if shift.time_s is None:
        return "in the same shape, at the same heights and times"
    moved = [
        format_time(parse_time_s(t) + shift.time_s) for t in (released[0].start, released[0].end)
    ]
    return (
        f"at {words.window(moved[0], moved[1], board.now_s)} instead of "
        f"{words.window(released[0].start, released[0].end, board.now_s)}"
    )


def _release(board: Board, query: Query) -> tuple[str, Context]:
    form = "coarse" if query.get("form") == "coarse" else "exact"
    preview = board.node.preview(query.get("plan", ""), board.line.id, form)
    return "desk/release.html", {"preview": preview}


def _withdraw(board: Board, query: Query) -> tuple[str, Context]:
    plan = board.node.plan(query.get("plan", ""))
    return "desk/confirm.html", {
        "title": f"Withdraw {plan.id}",
        "question": f"The line is told that {plan.id} no longer stands. Its versions stay on the "
        "record, and peers keep what they have.",
        "action": "withdraw",
        "fields": {"plan": plan.id},
        "verb": "Withdraw it",
        "with_note": True,
    }


def _recall(board: Board, query: Query) -> tuple[str, Context]:
    entry = board.node.entry(board.line.id, query.get("entry", ""))
    about = entry.about
    what = about.get("activity") or about.get("observation") or f"message #{entry.index}"
    anywhere = (
        " Until you release it again or withdraw it, the others show it as being anywhere."
        if entry.type == "activity.release"
        else ""
    )
    return "desk/confirm.html", {
        "title": f"Recall what was said of {what}",
        "question": "All parties are asked to erase it, and each node says when it has. It cannot "
        "make them forget: what people have read, backups and exports stay. That it was said and "
        f"recalled stays on the record, with your note.{anywhere}",
        "action": "recall",
        "fields": {"entry": entry.id},
        "verb": "Ask all to erase it",
        "with_note": True,
    }


def _lapse(board: Board, query: Query) -> tuple[str, Context]:
    owed = _found(
        [o for o in board.node.obligations(board.line.id) if o.id == query.get("obligation")],
        "obligation",
    )
    subject = owed.slot or "an entry of ours"
    return "desk/confirm.html", {
        "title": "State a lapse",
        "question": f"You state on the record that {owed.owed_by} has not given “{owed.what}” for "
        f"{subject}, due {owed.due}. It says that it did not come, not why.",
        "action": "lapse",
        "fields": {"obligation": owed.id},
        "verb": "State it on the record",
        "with_note": False,
    }


def _suspend(board: Board, query: Query) -> tuple[str, Context]:
    return "desk/confirm.html", {
        "title": "Suspend the line",
        "question": "You declare the line suspended. Urgent safety messages, line checks and "
        "acknowledgements still pass; nothing else is written until you resume it.",
        "action": "suspend",
        "fields": {},
        "verb": "Declare it suspended",
        "with_note": True,
    }


def _resume(board: Board, query: Query) -> tuple[str, Context]:
    return "desk/confirm.html", {
        "title": "Resume the line",
        "question": "You declare the line resumed.",
        "action": "resume",
        "fields": {},
        "verb": "Declare it resumed",
        "with_note": True,
    }


def _leave(board: Board, query: Query) -> tuple[str, Context]:
    others = ", ".join(member.party for member in board.line.members if not member.own)
    return "desk/confirm.html", {
        "title": "Leave the line",
        "question": "You say on the line that our party leaves it, for good. "
        f"{others} will be told, and nothing more is sent or taken. What is held here of the line "
        "stays, and what we had released stays in their records. Nobody comes back on a line.",
        "action": "leave",
        "fields": {},
        "verb": "Leave it for good",
        "with_note": True,
    }


def _plan(board: Board, query: Query) -> tuple[str, Context]:
    """A new plan; or one that is held, in the form's words where they can say it."""
    if query.get("plan"):
        held = board.node.plan(query["plan"])
        return "desk/plan.html", {"held": held, "fields": fields_of(held)}
    start_s = board.now_s - board.now_s % 900 + PLAN_LEAD_S
    empty = dict.fromkeys(("id", "kind", "title", "positions", "radius", "lower", "upper"), "")
    window = {"start": format_time(start_s), "end": format_time(start_s + PLAN_LENGTH_S)}
    return "desk/plan.html", {"held": None, "fields": empty | window}


def _drop(board: Board, query: Query) -> tuple[str, Context]:
    plan = board.node.plan(query.get("plan", ""))
    return "desk/confirm.html", {
        "title": f"Drop {plan.id}",
        "question": f"{plan.id} is forgotten. No line sees it; this node's own audit log keeps "
        "what it was.",
        "action": "drop",
        "fields": {"plan": plan.id},
        "verb": "Drop it",
        "with_note": False,
    }


def _second(board: Board, query: Query) -> tuple[str, Context]:
    """What a second officer is asked to confirm: the bytes that would be signed, in full."""
    waits = _found(
        [one for one in board.node.pending(board.line.id) if one.id == query.get("request")],
        "request",
    )
    shown = msgspec.json.format(msgspec.json.encode({"about": waits.about, "body": waits.body}))
    return "desk/second.html", {"waits": waits, "shown": shown.decode(), "action": "confirm"}


def _found(rows: list[T], what: str) -> T:
    if not rows:
        raise NotFoundError(
            f"that {what} is no longer here", remedy="look at the line as it stands now"
        )
    return rows[0]


def slot_examples(phrase: PhraseView) -> dict[str, str]:
    """An example for every slot of a phrase, by its name."""
    kinds = PHRASES[phrase.code].slots
    return {name: EXAMPLES[kind] for name, kind in kinds.items()}
