"""What an officer does: each action reads its form, calls the node, and says what was done.

An action is a plain function of the node, the line, the officer and the form's fields; it returns
one sentence for the officer. It says what went on the record, never what the other side thinks.
"""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, TypedDict

from detente.api.calls.bodies import ImportQuery
from detente.api.calls.importing import import_plans, read_activities
from detente.api.route import Call
from detente.console import observations, words
from detente.console.changes import read_shift
from detente.console.planform import need, read_plan
from detente.errors import AccessError, InputError, NotFoundError
from detente.node.roles import COMMAND, LOOK, MEMBERSHIP, PLAN, RELEASE, SECOND, TALK
from detente.node.roles import check as check_role
from detente.node.seconding import ACT_OF
from detente.node.views import OfficerView

if TYPE_CHECKING:
    from detente.node import Node

Fields = Mapping[str, str]
Action = Callable[["Node", str, OfficerView, Fields], str]
"""Called with the node, the line's id, the officer and the form's fields."""


def acknowledge(node: "Node", line: str, officer: OfficerView, fields: Fields) -> str:
    level = _one_of(fields, "level", ("understood", "disseminated"))
    node.acknowledge(
        line, need(fields, "entry"), level, fields.get("note", ""), **_who(officer, fields)
    )
    return f"“{level}” is on the record."


def send(node: "Node", line: str, officer: OfficerView, fields: Fields) -> str:
    phrase = fields.get("phrase") or None
    slots = {k.removeprefix("slot-"): v for k, v in fields.items() if k.startswith("slot-")}
    entry = node.send(
        line,
        text=None if phrase else need(fields, "text"),
        phrase=phrase,
        slots=slots if phrase else None,
        precedence=_one_of(fields, "precedence", ("routine", "priority", "urgent-safety")),
        reply_to=fields.get("reply_to") or None,
        conflict=fields.get("conflict") or None,
        **_who(officer, fields),
    )
    return f"Message {entry.index} is on the record; the list shows when it is received."


def propose(node: "Node", line: str, officer: OfficerView, fields: Fields) -> str:
    moves = need(fields, "moves")
    shift = read_shift(fields)
    node.propose(
        line,
        need(fields, "conflict"),
        moves,
        shift,
        fields.get("note", ""),
        **_who(officer, fields),
    )
    return f"Proposed on the line: {moves} moves {words.shift(shift)}."


def answer(node: "Node", line: str, officer: OfficerView, fields: Fields) -> str:
    proposal, note = need(fields, "proposal"), fields.get("note", "")
    chosen = _one_of(fields, "answer", ("assent", "decline", "carry-out"))
    if chosen == "assent":
        node.assent(line, proposal, note, **_who(officer, fields))
        return "Your assent is on the record."
    if chosen == "decline":
        node.decline(line, proposal, note, **_who(officer, fields))
        return "Your decline is on the record."
    check_role(officer.name, officer.role, RELEASE)
    node.carry_out(line, proposal, **_who(officer, fields))
    return "The plan is moved and its next version released on the line."


def check(node: "Node", line: str, officer: OfficerView, fields: Fields) -> str:
    node.check_line(line, fields.get("slot") or None, **_who(officer, fields))
    return "The line check is on the record."


def lapse(node: "Node", line: str, officer: OfficerView, fields: Fields) -> str:
    node.state_lapse(line, need(fields, "obligation"), **_who(officer, fields))
    return "The lapse is on the record."


def suspend(node: "Node", line: str, officer: OfficerView, fields: Fields) -> str:
    node.suspend(line, fields.get("note", ""), **_who(officer, fields))
    return "The line is declared suspended."


def resume(node: "Node", line: str, officer: OfficerView, fields: Fields) -> str:
    node.resume(line, fields.get("note", ""), **_who(officer, fields))
    return "The line is declared resumed by us."


def leave(node: "Node", line: str, officer: OfficerView, fields: Fields) -> str:
    node.leave(line, fields.get("note", ""), **_who(officer, fields))
    return "We have left the line. Every other party is being told."


def release(node: "Node", line: str, officer: OfficerView, fields: Fields) -> str:
    form = _one_of(fields, "as", ("exact", "coarse"))
    plan = need(fields, "plan")
    node.release(plan, line, form, shown=need(fields, "shown"), **_who(officer, fields))
    return f"{plan} is released on the line, {form}."


def withdraw(node: "Node", line: str, officer: OfficerView, fields: Fields) -> str:
    plan = need(fields, "plan")
    node.withdraw(plan, line, fields.get("note", ""), **_who(officer, fields))
    return f"The withdrawal of {plan} is on the record."


def recall(node: "Node", line: str, officer: OfficerView, fields: Fields) -> str:
    node.recall(line, need(fields, "entry"), fields.get("note", ""), **_who(officer, fields))
    return "The recall is on the record. What it names is erased here; see who still holds it."


def file(node: "Node", line: str, officer: OfficerView, fields: Fields) -> str:
    plan = node.file(
        read_plan(node.party, fields), title=fields.get("title", ""), **_who(officer, fields)
    )
    return f"{plan.id} is filed. It is private until you release it."


def change(node: "Node", line: str, officer: OfficerView, fields: Fields) -> str:
    held = node.plan(need(fields, "id"))
    plan = node.change(
        read_plan(node.party, fields, tuple(held.notes)),
        title=fields.get("title", ""),
        **_who(officer, fields),
    )
    return f"{plan.id} is changed. What lines see of it stays until you release it again."


def drop(node: "Node", line: str, officer: OfficerView, fields: Fields) -> str:
    plan = need(fields, "plan")
    node.drop(plan, officer.name)
    return f"{plan} is dropped. What was changed in it stays in this node's own audit log."


def replace(
    node: "Node", officer: OfficerView, plan_id: str, name: str, content: bytes, key: str | None
) -> str:
    """Put the one activity of a file, under the same id, in place of a plan."""
    activities = read_activities(node, name, content)
    if [one.id for one in activities] != [plan_id]:
        raise InputError(
            f"it holds {', '.join(one.id for one in activities[:5])}, not {plan_id} alone",
            where=name,
            remedy=f"send a file with the one activity {plan_id}",
        )
    node.change(activities[0], officer=officer.name, key=key)
    return f"{plan_id} is changed. What lines see of it stays until you release it again."


def upload(node: "Node", officer: OfficerView, name: str, content: bytes, key: str | None) -> str:
    """File every activity of a file, or none."""
    call = Call(
        officer=officer, path={}, query=ImportQuery(name=name), body=None, raw=content, key=key
    )
    plans = import_plans(node, call)
    return f"{len(plans)} plans are filed. They are private until you release them."


def confirm(node: "Node", line: str, officer: OfficerView, fields: Fields) -> str:
    if _one_of(fields, "answer", ("confirm", "refuse")) == "refuse":
        node.refuse(line, need(fields, "request"), officer=officer.name)
        return "The request is refused. Nothing of it is on the record."
    sha256 = need(fields, "sha256")
    entry = node.confirm(line, need(fields, "request"), sha256, officer=officer.name)
    return f"Confirmed: it is on the record as entry {entry.index}."


ACTIONS: dict[str, Action] = {
    "acknowledge": acknowledge,
    "send": send,
    "propose": propose,
    "answer": answer,
    "check": check,
    "lapse": lapse,
    "suspend": suspend,
    "resume": resume,
    "leave": leave,
    "release": release,
    "withdraw": withdraw,
    "recall": recall,
    "file": file,
    "change": change,
    "drop": drop,
    "confirm": confirm,
    "observe": observations.observe,
    "report": observations.report,
    "retract": observations.retract,
}


NEEDS: dict[str, str] = {
    "acknowledge": TALK,
    "send": TALK,
    "propose": TALK,
    "answer": TALK,
    "check": TALK,
    "lapse": TALK,
    "suspend": COMMAND,
    "resume": COMMAND,
    "leave": MEMBERSHIP,
    "release": RELEASE,
    "withdraw": RELEASE,
    "recall": RELEASE,
    "file": PLAN,
    "change": PLAN,
    "drop": PLAN,
    "confirm": SECOND,
    "observe": PLAN,
    "report": RELEASE,
    "retract": RELEASE,
}
"""What an officer's role must permit for each action."""


ACTION_OF_FORM = {"message": "send", "slots": "send", "plan": "file", "second": "confirm"}
"""What a form of the desk leads to, where that has another name."""


def barred(officer: OfficerView, url: str) -> str:
    """Why this officer may not do what a page's address is for; empty if the role permits it.

    ``url`` is that of an action, or of the form that leads to it.
    """
    path, _, query = url.partition("?")
    *_, before, name = path.split("/")
    needs = NEEDS.get(ACTION_OF_FORM.get(name, name) if before == "desk" else name, LOOK)
    if name == "answer" and "answer=carry-out" in query.split("&"):
        needs = RELEASE
    try:
        check_role(officer.name, officer.role, needs)
    except AccessError as error:
        return f"{error.message}; {error.remedy}"
    return ""


def barred_request(officer: OfficerView, type: str) -> str:
    """Why this officer may not confirm a request for an entry of this type; empty if a role may."""
    try:
        check_role(officer.name, officer.role, ACT_OF[type])
    except AccessError as error:
        return f"{error.message}; {error.remedy}"
    return ""


def check_form(url: str, officer: OfficerView) -> None:
    """Return if this officer may open the form; else raise ``AccessError``."""
    if why := barred(officer, url):
        raise AccessError(why, remedy="have somebody with that role do it")


def action_of(name: str, officer: OfficerView) -> Action:
    """The action of this name. Raises ``NotFoundError``, or ``AccessError`` for this role."""
    if name not in ACTIONS:
        raise NotFoundError(f"there is no action {name[:40]!r}", remedy="go back to the line")
    check_role(officer.name, officer.role, NEEDS[name])
    return ACTIONS[name]


class _Who(TypedDict):
    officer: str
    key: str | None


def _who(officer: OfficerView, fields: Fields) -> _Who:
    """Who acts, and the form's own key: a form sent twice is done once."""
    return {"officer": officer.name, "key": fields.get("key") or None}


def _one_of(fields: Fields, name: str, allowed: tuple[str, ...]) -> str:
    value = fields.get(name, "")
    if value not in allowed:
        raise InputError(
            f"the field “{name}” is {value[:40]!r}", remedy=f"choose one of {', '.join(allowed)}"
        )
    return value
