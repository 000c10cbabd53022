"""Rebuilding: dropping the state of every line and folding it anew from the entries.

The state hangs on the entries alone, so that nothing is lost by it. It is computed on a snapshot,
which may take minutes while the line goes on, and put in its place in one transaction; what was
written meanwhile is folded on top, as it was when it came.
"""

from detente.errors import StateError
from detente.node import verifying
from detente.node.core import Core
from detente.node.engine import COMPARISON
from detente.node.verifying import Projected
from detente.node.views import RebuiltView
from detente.node.writing import fold
from detente.store import changes, logs, raw
from detente.store.projection import rows_of
from detente.store.store import Tx

DIFFERENT_MAX = 10
"""Rows that were not what the entries give, of which the names are told."""


def rebuild(core: Core) -> list[RebuiltView]:
    """Rebuild the state of every line, and say whether it was what the entries give.

    Raises StateError if entries are damaged: then nothing is changed.
    """
    done = []
    with core.store.read(damaged=True) as tx:
        lines = raw.lines(tx)
    for line, name, document in lines:
        with core.store.read(damaged=True) as tx:
            projected = verifying.projected(core, tx, line, name, document)
        if projected is None:
            raise StateError(
                "its entries are damaged, and a state of them would be another",
                where=f"line {name}",
                remedy="run `detente record verify` and do what it says",
            )
        core.store.write(lambda tx, p=projected: _replace(core, tx, p))  # type: ignore[misc]
        done.append(_view(name, projected))
    return done


def _replace(core: Core, tx: Tx, projected: Projected) -> None:
    line = projected.founding.id
    held = raw.projection(tx, line)
    gone = {at: None for at in held if at not in projected.rows}
    changed = {at: doc for at, doc in projected.rows.items() if held.get(at) != doc}
    rows = rows_of(tx, line)
    rows.apply((*at, doc) for at, doc in {**gone, **changed}.items())
    rows.flush()
    # What a round of the engine computed from the rows that were here must not come on top.
    changes.note(tx, line, COMPARISON, [""])
    for party, size in projected.sizes.items():
        newer = logs.read(tx, line, party, size, logs.size(tx, line, party) - size)
        if newer:
            entries = core.entries(tx, projected.founding, newer)
            fold(core, tx, projected.founding, rows, entries)


def _view(name: str, projected: Projected) -> RebuiltView:
    stored, rows = projected.stored, projected.rows
    different = sorted(at for at in stored.keys() | rows.keys() if stored.get(at) != rows.get(at))
    return RebuiltView(
        line=projected.founding.id,
        line_name=name,
        entries=sum(projected.sizes.values()),
        rows=len(rows),
        equal=not different,
        different=len(different),
        named=[f"{kind} {key}" for kind, key in different[:DIFFERENT_MAX]],
    )
