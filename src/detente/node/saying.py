"""What every use case that writes an entry has in common."""

from collections.abc import Callable
from typing import Any

from detente.line import Draft
from detente.node.core import Core
from detente.node.once import once
from detente.node.show import record
from detente.node.show.reader import LineReader
from detente.node.views import EntryView
from detente.node.writing import write
from detente.store.store import Tx

Make = Callable[[LineReader], Draft]
"""Decides, on the state of the line inside the writing transaction, what is to be said."""


def say(
    core: Core,
    line: str,
    make: Make,
    *,
    officer: str,
    key: str | None,
    action: str,
    content: dict[str, Any],
) -> EntryView:
    """Write the entry that ``make`` drafts, once per ``key``, and show it.

    Raises what ``make`` raises, NotFoundError for a line that is not joined, and StateError for
    one that is not in force or is suspended.
    """

    def work(tx: Tx) -> str:
        reader = LineReader(core, tx, line)

        def add() -> str:
            draft = make(reader)
            return write(core, tx, reader.founding, reader.rows, draft, officer=officer).id

        return once(tx, key, action, {"line": reader.id, **content}, add)

    entry_id = core.store.write(work)
    core.engine.follow()
    with core.store.read() as tx:
        return record.entry(LineReader(core, tx, line), entry_id)
