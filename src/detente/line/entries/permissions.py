"""Drafts of the permission ledger."""

from detente.line import abouts, bodies
from detente.line.abouts import PermissionAnswer, PermissionKind
from detente.line.bodies import AnswerBody, RequestBody
from detente.line.entries.base import Draft, checked
from detente.volumes.times import format_time


def request_draft(
    permission: str,
    host: str,
    kind: PermissionKind,
    asked: RequestBody,
    *,
    from_s: float,
    until_s: float,
    renews: str | None = None,
) -> Draft:
    """A request to ``host`` for a window in domain time; ``renews`` is the one before."""
    facts = {
        "permission": permission,
        "host": host,
        "kind": kind,
        "from": format_time(from_s),
        "until": format_time(until_s),
        "renews": renews,
    }
    return checked(abouts.REQUEST, facts, bodies.write_request(asked))


def answer_draft(
    request: str,
    answer: PermissionAnswer,
    body: AnswerBody,
    *,
    from_s: float | None = None,
    until_s: float | None = None,
) -> Draft:
    """The host's answer to a request; a window, in domain time, only where it is not refused."""
    facts = {
        "request": request,
        "answer": answer,
        "from": None if from_s is None else format_time(from_s),
        "until": None if until_s is None else format_time(until_s),
    }
    return checked(abouts.ANSWER, facts, bodies.write_answer(body))


def revoke_draft(request: str, from_s: float, note: str = "") -> Draft:
    """What the writer had granted does not hold from ``from_s``, domain time, on."""
    facts = {"request": request, "from": format_time(from_s)}
    return checked(abouts.REVOKE, facts, bodies.write_note(note))


def forgo_draft(request: str, note: str = "") -> Draft:
    """The writer asks no more for what it asked, or uses it no more."""
    return checked(abouts.FORGO, {"request": request}, bodies.write_note(note))
