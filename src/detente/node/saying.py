"""What every use case that writes an entry has in common."""

from collections.abc import Callable
from typing import Any

from detente.line import Draft
from detente.node import seconding
from detente.node.core import Core
from detente.node.once import once
from detente.node.seconding import AsksError, Second
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
    second: Second | None = None,
) -> EntryView:
    """Write the entry that ``make`` drafts, once per ``key``, and show it.

    Raises what ``make`` raises, NotFoundError for a line that is not joined, StateError for one
    that is not in force or is suspended, and SecondOfficerError where a second officer has to
    confirm it first; the request is then kept.
    """

    shown: EntryView | None = None

    def work(tx: Tx) -> str:
        reader = LineReader(core, tx, line)

        def add() -> str:
            nonlocal shown
            draft = make(reader)
            seconding.check(
                reader, draft, officer=officer, action=action, content=content, second=second
            )
            written = write(core, tx, reader.founding, reader.rows, draft, officer=officer)
            if second is not None:
                seconding.confirmed(core, tx, second, written.id)
            shown = record.just_written(reader, written, officer)
            return written.id

        return once(tx, key, action, {"line": reader.id, **content}, add)

    try:
        entry_id = core.store.write(work)
    except AsksError as asks:
        # What the action did on the way, such as moving a plan, is done when it is confirmed.
        request = asks
        core.store.write(lambda tx: seconding.keep(core, tx, request))
        raise
    core.engine.follow()
    if shown is not None:
        return shown
    with core.store.read() as tx:
        return record.entry(LineReader(core, tx, line), entry_id)
