"""Own plans, and the internal audit log that every change of them leaves a row in.

None of this leaves the node. A plan's ``doc`` is its activity as JSON bytes; what is in it is not
this module's business.
"""

from typing import NamedTuple

from sqlalchemy import bindparam, delete, func, select

from detente.store.tables import audit, plans
from detente.store.upsert import upsert
from detente.store.writer import Tx


class Plan(NamedTuple):
    """One plan as it stands. ``revision`` counts its changes from 1."""

    id: str
    title: str
    doc: bytes
    revision: int
    changed_s: float
    changed_by: str


class Act(NamedTuple):
    """One row of the audit log: who did what, to what."""

    n: int
    time_s: float
    officer: str
    action: str
    subject: str
    detail: bytes


_PLAN = select(plans).where(plans.c.id == bindparam("of_id"))


def get(tx: Tx, plan_id: str) -> Plan | None:
    """One plan, or None."""
    # Plans are never put off; a release must not have everything else written out to look at one.
    row = tx.as_written.execute(_PLAN, {"of_id": plan_id}).first()
    return None if row is None else Plan(*row)


def all_plans(tx: Tx) -> list[Plan]:
    """Every plan, by id."""
    return [Plan(*row) for row in tx.connection.execute(select(plans).order_by(plans.c.id))]


def count(tx: Tx) -> int:
    """How many plans there are."""
    return tx.connection.execute(select(func.count()).select_from(plans)).scalar_one()


def put(tx: Tx, plan: Plan) -> None:
    """Keep a plan as it now is."""
    upsert(tx, plans, [plan._asdict()])


def remove(tx: Tx, plan_id: str) -> None:
    """Forget a plan; the audit log keeps what it was."""
    tx.connection.execute(delete(plans).where(plans.c.id == plan_id))


def acts(tx: Tx, start: int, limit: int) -> list[Act]:
    """Up to ``limit`` rows of the audit log from number ``start``."""
    query = select(audit).where(audit.c.n >= start).order_by(audit.c.n).limit(limit)
    return [Act(*row) for row in tx.connection.execute(query)]


def officers_of(tx: Tx, subjects: list[str]) -> dict[str, str]:
    """Who did the first thing to each subject: for an entry, who wrote it here."""
    query = select(audit.c.subject, audit.c.officer).where(audit.c.subject.in_(subjects))
    found: dict[str, str] = {}
    for row in tx.connection.execute(query.order_by(audit.c.n)):
        found.setdefault(row.subject, row.officer)
    return found


def last_acts(tx: Tx, subjects: list[str]) -> dict[str, int]:
    """The number of the newest row about each subject."""
    query = select(audit.c.subject, func.max(audit.c.n).label("newest"))
    rows = tx.connection.execute(
        query.where(audit.c.subject.in_(subjects)).group_by(audit.c.subject)
    )
    return {row.subject: row.newest for row in rows}
