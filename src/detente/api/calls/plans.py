"""Plans: filing, changing, importing, and what a line would see and sees of them."""

from detente.api.calls import bodies
from detente.api.route import Call
from detente.node import Node
from detente.node.views import EntryView, PlanView, PreviewView
from detente.volumes import Activity
from detente.volumes.codec import volumes_from_wire


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
        volumes=volumes_from_wire(body.volumes, where=body.id[:64]),
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
        volumes=volumes_from_wire(body.volumes, where=call.path["plan"]),
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
