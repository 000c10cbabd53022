"""Own observations, private until they are reported on a line.

None of this leaves the node. ``doc`` is what was observed as JSON bytes; what is in it is not this
module's business.
"""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from sqlalchemy import Select, delete, func, insert, or_, select

from detente.store.tables import observations, observations_before
from detente.store.upsert import upsert
from detente.store.writer import Tx

IDS_AT_ONCE = 500
"""Databases limit how many values one statement may have."""


class Held(NamedTuple):
    """One observation as it now is. ``revision`` counts its changes from 1."""

    id: str
    origin: str
    revision: int
    kind: str
    district: str
    week: str
    seeing: str
    marking: str
    doc: bytes
    noted_by: str
    changed_s: float
    changed_by: str


class Before(NamedTuple):
    """What an observation was before it was changed."""

    id: str
    revision: int
    marking: str
    doc: bytes
    changed_s: float
    changed_by: str


class Tally(NamedTuple):
    """How many of one kind there are in one district and week, seen so well."""

    district: str
    week: str
    kind: str
    seeing: str
    size: int


class Asked(NamedTuple):
    """Which observations are asked for; an empty field asks for all.

    Of those ``hidden``, by their marking, only what ``unless_by`` noted.
    """

    district: str = ""
    week: str = ""
    kind: str = ""
    hidden: tuple[str, ...] = ()
    unless_by: str = ""


def get(tx: Tx, identifier: str) -> Held | None:
    """One observation, or None."""
    query = select(observations).where(observations.c.id == identifier)
    row = tx.connection.execute(query).first()
    return None if row is None else Held(*row)


def of_ids(tx: Tx, identifiers: Sequence[str]) -> dict[str, Held]:
    """Those of these ids that there are."""
    found: dict[str, Held] = {}
    for start in range(0, len(identifiers), IDS_AT_ONCE):
        some = identifiers[start : start + IDS_AT_ONCE]
        query = select(observations).where(observations.c.id.in_(some))
        found |= {row.id: Held(*row) for row in tx.connection.execute(query)}
    return found


def page(tx: Tx, asked: Asked, after: str, limit: int) -> list[Held]:
    """Up to ``limit`` observations whose ids sort after ``after``, by id."""
    query = _where(select(observations), asked).where(observations.c.id > after)
    rows = tx.connection.execute(query.order_by(observations.c.id).limit(limit))
    return [Held(*row) for row in rows]


def tallies(tx: Tx, asked: Asked) -> Iterator[Tally]:
    """How many there are by district, week, kind and how well could be seen."""
    by = [observations.c[name] for name in ("district", "week", "kind", "seeing")]
    query = _where(select(*by, func.count().label("size")), asked).group_by(*by).order_by(*by)
    return (Tally(*row) for row in tx.connection.execute(query))


def count(tx: Tx, asked: Asked) -> int:
    """How many there are."""
    query = _where(select(func.count()).select_from(observations), asked)
    size: int = tx.connection.execute(query).scalar_one()
    return size


def markings(tx: Tx, asked: Asked) -> set[str]:
    """Every marking that there is among them."""
    query = _where(select(observations.c.marking).distinct(), asked)
    return set(tx.connection.execute(query).scalars())


def before(tx: Tx, identifier: str) -> list[Before]:
    """What an observation said before, oldest first."""
    query = select(observations_before).where(observations_before.c.id == identifier)
    rows = tx.connection.execute(query.order_by(observations_before.c.revision))
    return [Before(*row) for row in rows]


def replaced_by(held: Held) -> Before:
    """What is kept of an observation once it is changed."""
    return Before(held.id, held.revision, held.marking, held.doc, held.changed_s, held.changed_by)


def put(tx: Tx, changed: Sequence[Held], replaced: Sequence[Held] = ()) -> None:
    """Keep observations as they now are, and those that they replace as what was before."""
    if replaced:
        old = [replaced_by(one)._asdict() for one in replaced]
        tx.connection.execute(insert(observations_before), old)
    upsert(tx, observations, [one._asdict() for one in changed])


def remove(tx: Tx, identifier: str) -> None:
    """Forget an observation and all that it was."""
    for table in (observations, observations_before):
        tx.connection.execute(delete(table).where(table.c.id == identifier))


def _where(query: Select[Any], asked: Asked) -> Select[Any]:
    for name in ("district", "week", "kind"):
        if wanted := getattr(asked, name):
            query = query.where(observations.c[name] == wanted)
    if asked.hidden:
        shown = observations.c.marking.not_in(asked.hidden)
        query = query.where(or_(shown, observations.c.noted_by == asked.unless_by))
    return query
