"""Plans: filing, changing, importing, and what a line would see and sees of them."""

from detente.api import rows
from detente.api.calls import bodies
from detente.api.calls.importing import import_plans
from detente.api.route import Call
from detente.errors import StateError
from detente.node import Node, roles
from detente.node.views import EntryView, PlanView, PreviewView
from detente.volumes import Activity
from detente.volumes.codec import volumes_from_wire
from detente.volumes.times import parse_time_s


def list_plans(node: Node, call: Call) -> list[PlanView]:
    """All plans, with our own conflicts."""
    return node.plans()


def file_plan(node: Node, call: Call) -> PlanView:
    """Keep a new plan, private."""
    body: bodies.PlanBody = call.body
    activity = Activity(
        party=node.party,
        id=body.id,
        kind=body.kind,
        volumes=volumes_from_wire(body.volumes, where=body.id[:64], time_s=parse_time_s),
    )
    return node.file(activity, title=body.title, officer=call.officer.name, key=call.key)


def show_plan(node: Node, call: Call) -> PlanView:
    """One plan."""
    return node.plan(call.path["plan"])


def change_plan(node: Node, call: Call) -> PlanView:
    """Replace a plan's contents."""
    body: bodies.PlanChangeBody = call.body
    activity = Activity(
        party=node.party,
        id=call.path["plan"],
        kind=body.kind,
        volumes=volumes_from_wire(body.volumes, where=call.path["plan"], time_s=parse_time_s),
    )
    return node.change(activity, title=body.title, officer=call.officer.name, key=call.key)


def drop_plan(node: Node, call: Call) -> None:
    """Forget a plan that no line sees."""
    node.drop(call.path["plan"], call.officer.name)


def preview_release(node: Node, call: Call) -> PreviewView:
    """The exact bytes that a line would see."""
    body: bodies.PreviewBody = call.body
    return node.preview(call.path["plan"], body.line, body.form)


def release_plan(node: Node, call: Call) -> EntryView:
    """Publish the plan's next version on a line."""
    body: bodies.ReleaseBody = call.body
    return node.release(
        call.path["plan"],
        body.line,
        body.form,
        officer=call.officer.name,
        settles=body.settles,
        shown=body.shown,
        key=call.key,
    )


def withdraw_plan(node: Node, call: Call) -> EntryView:
    """Take a released plan back."""
    body: bodies.WithdrawBody = call.body
    return node.withdraw(
        call.path["plan"], body.line, body.note, officer=call.officer.name, key=call.key
    )


ROUTES = (
    rows.get("plans", "/plans", list_plans, "Our plans, with our own conflicts", list[PlanView]),
    rows.post(
        "plans", "/plans", file_plan, "File a plan; it stays private",
        bodies.PlanBody, PlanView, writes=True, act=roles.PLAN,
    ),
    rows.post(
        "plans", "/plans/import", import_plans,
        "File every activity of a file (GeoJSON, KML, CSV, NOTAM, OpenAir, tracks), or none",
        bytes, list[PlanView], query=bodies.ImportQuery, writes=True, act=roles.PLAN,
    ),
    rows.get("plans", "/plans/{plan}", show_plan, "One plan", PlanView),
    rows.put(
        "plans", "/plans/{plan}", change_plan,
        "Change a plan; what lines see of it stays until it is released again",
        bodies.PlanChangeBody, PlanView, act=roles.PLAN,
    ),
    rows.delete(
        "plans", "/plans/{plan}", drop_plan, "Drop a plan that no line sees",
        may_raise=(StateError,), act=roles.PLAN,
    ),
    rows.post(
        "plans", "/plans/{plan}/preview", preview_release,
        "Exactly what a line would see of a plan",
        bodies.PreviewBody, PreviewView, status=200, act=roles.PLAN,
    ),
    rows.entry(
        "plans", "/plans/{plan}/release", release_plan,
        "Release a plan's next version on a line", bodies.ReleaseBody, act=roles.RELEASE,
    ),
    rows.entry(
        "plans", "/plans/{plan}/withdraw", withdraw_plan,
        "Withdraw a plan from a line", bodies.WithdrawBody, act=roles.RELEASE,
    ),
)  # fmt: skip
