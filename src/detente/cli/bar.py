"""A bar that shows how far something is, for what takes a while.

The library that draws it takes longer to load than most checks take, so it is loaded only when
something has not ended soon.
"""

import time
from types import TracebackType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.progress import Progress

SOON_S = 0.5


class Bar:
    """Draws on standard error while it is entered, and leaves nothing behind."""

    def __init__(self, what: str) -> None:
        self._what = what
        self._begun_s = time.monotonic()
        self._drawn: Progress | None = None

    def __enter__(self) -> "Bar":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._drawn is not None:
            self._drawn.stop()

    def show(self, done: int, total: int) -> None:
        """So much is done of so much."""
        if self._drawn is None:
            if time.monotonic() - self._begun_s < SOON_S:
                return
            self._drawn = _drawn(self._what)
        self._drawn.update(self._drawn.task_ids[0], completed=done, total=total)


def _drawn(what: str) -> "Progress":
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

    columns = (TextColumn(what), BarColumn(), TaskProgressColumn(), TimeElapsedColumn())
    bar = Progress(*columns, console=Console(stderr=True), transient=True)
    bar.add_task(what, total=None)
    bar.start()
    return bar
