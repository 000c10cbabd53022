"""Own plans: filed, changed and dropped, private until a version of one is released on a line.

A plan is a row of this node's own store and no entry of any log; every change of it leaves a row
in the internal audit log, with what the plan was.
"""

from collections.abc import Sequence
from typing import Any

import msgspec

from detente.errors import InputError, NotFoundError, StateError
from detente.line import read
from detente.node.core import Core
from detente.node.once import once
from detente.node.show.activities import plan as show_plan
from detente.node.show.activities import plan_activity, plan_doc
from detente.node.views import PlanView
from detente.store import auditing, changes, plans
from detente.store.plans import Plan
from detente.store.projection import rows_of
from detente.store.store import Tx
from detente.volumes import Activity
from detente.volumes.check import check_activity

TITLE_LENGTH_MAX = 200
PLAN_BYTES_MAX = 8 * 1024 * 1024


def file(core: Core, activity: Activity, *, title: str, officer: str, key: str | None) -> PlanView:
    """Keep a new plan. Raises InputError if it is unsound, StateError if its id is taken."""
    doc = _checked(core, activity, title)

    def work(tx: Tx) -> str:
        def add() -> str:
            _add(core, tx, activity.id, title, doc, officer)
            return activity.id

        return once(tx, key, "file", _content(activity, title, doc), add)

    return shown(core, core.store.write(work))


def file_all(
    core: Core, activities: Sequence[Activity], *, officer: str, key: str | None
) -> list[PlanView]:
    """Keep many new plans, all or none. Raises as ``file`` does, for the first that is refused."""
    docs = [_checked(core, activity, "") for activity in activities]
    ids = [activity.id for activity in activities]
    content = {"ids": ids, "docs": [doc.decode() for doc in docs]}

    def work(tx: Tx) -> list[str]:
        def add() -> str:
            for activity, doc in zip(activities, docs, strict=True):
                _add(core, tx, activity.id, "", doc, officer)
            return ""

        once(tx, key, "file-all", content, add)
        return ids

    filed = core.store.write(work)
    with core.settled() as tx:
        return [show_plan(core, tx, stored(tx, plan_id)) for plan_id in filed]


def change(
    core: Core, activity: Activity, *, title: str | None, officer: str, key: str | None
) -> PlanView:
    """Replace what a plan says; what lines see of it stays. Raises InputError or NotFoundError."""
    doc = _checked(core, activity, title or "")

    def work(tx: Tx) -> str:
        def replace() -> str:
            replace_plan(core, tx, activity, title=title, officer=officer, action="change")
            return activity.id

        return once(tx, key, "change", _content(activity, title, doc), replace)

    return shown(core, core.store.write(work))


def replace_plan(
    core: Core, tx: Tx, activity: Activity, *, title: str | None, officer: str, action: str
) -> None:
    """Put a new revision of a plan, in the caller's transaction."""
    held = stored(tx, activity.id)
    new = Plan(
        activity.id,
        held.title if title is None else title,
        plan_doc(activity),
        held.revision + 1,
        core.clock.now_s(),
        officer,
    )
    _put(core, tx, new, action)


def drop(core: Core, activity_id: str, officer: str) -> None:
    """Forget a plan. Raises NotFoundError, or StateError while a line sees a version of it."""

    def work(tx: Tx) -> None:
        held = stored(tx, activity_id)
        for founding in core.lines(tx):
            newest = read.newest(rows_of(tx, founding.id), core.party, activity_id)
            if newest is not None and newest.state == "released":
                raise StateError(
                    f"the line {founding.name} sees this plan",
                    where=activity_id,
                    remedy="withdraw it there first",
                )
        plans.remove(tx, activity_id)
        _note(core, tx, held, officer, "drop")

    core.store.write(work)


def stored(tx: Tx, activity_id: str) -> Plan:
    """A plan as it is stored. Raises NotFoundError."""
    held = plans.get(tx, activity_id)
    if held is None:
        raise NotFoundError(
            f"there is no plan {activity_id[:80]!r}", remedy="list the plans and take an id there"
        )
    return held


def activity_of(core: Core, tx: Tx, activity_id: str) -> Activity:
    """A plan's activity. Raises NotFoundError."""
    return plan_activity(core.party, activity_id, stored(tx, activity_id).doc)


def shown(core: Core, activity_id: str) -> PlanView:
    """One plan as it now is. Raises NotFoundError."""
    with core.settled() as tx:
        return show_plan(core, tx, stored(tx, activity_id))


def listed(core: Core) -> list[PlanView]:
    """Every plan, by id."""
    with core.settled() as tx:
        return [show_plan(core, tx, held) for held in plans.all_plans(tx)]


def _checked(core: Core, activity: Activity, title: str) -> bytes:
    """The plan's document, if activity and title are sound."""
    if activity.party != core.party:
        raise InputError(
            f"is an activity of {activity.party[:40]!r}, and this node's party is {core.party!r}",
            where=activity.id[:80],
            remedy="file only your own plans",
        )
    check_activity(activity)
    if len(title) > TITLE_LENGTH_MAX or not (title.isprintable() or not title):
        raise InputError(
            f"its title is not up to {TITLE_LENGTH_MAX} printable characters",
            where=activity.id,
            remedy="shorten the title to one line",
        )
    doc = plan_doc(activity)
    if len(doc) > PLAN_BYTES_MAX:
        raise InputError(
            f"takes {len(doc)} bytes, more than {PLAN_BYTES_MAX}",
            where=activity.id,
            remedy="split it into several activities",
        )
    return doc


def _content(activity: Activity, title: str | None, doc: bytes) -> dict[str, Any]:
    return {"id": activity.id, "title": title, "doc": doc.decode()}


def _add(core: Core, tx: Tx, plan_id: str, title: str, doc: bytes, officer: str) -> None:
    if plans.get(tx, plan_id) is not None:
        raise StateError(
            f"there is a plan {plan_id!r} already", remedy="change that one, or choose another id"
        )
    _put(core, tx, Plan(plan_id, title, doc, 1, core.clock.now_s(), officer), "file")


def _put(core: Core, tx: Tx, new: Plan, action: str) -> None:
    plans.put(tx, new)
    _note(core, tx, new, new.changed_by, action)


def _note(core: Core, tx: Tx, held: Plan, officer: str, action: str) -> None:
    detail = {
        "title": held.title,
        "revision": held.revision,
        "plan": msgspec.Raw(held.doc),
    }
    auditing.add(
        tx,
        time_s=core.clock.now_s(),
        officer=officer,
        action=f"plan.{action}",
        subject=held.id,
        detail=msgspec.json.encode(detail),
    )
    changes.note(tx, "", "plan", [held.id])
    core.counters["plan_changes_total"] += 1
