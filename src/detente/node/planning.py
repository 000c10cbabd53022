"""The half of a node's door by which plans are filed, released and withdrawn."""

from collections.abc import Sequence

from detente.node import (
    filing,
    releasing,
    views,
)
from detente.node.reading import Reading
from detente.volumes import Activity


class Planning(Reading):
    """What officers do with their own plans."""

    def file(
        self, activity: Activity, *, title: str, officer: str, key: str | None = None
    ) -> views.PlanView:
        """Keep a new plan, private."""
        return filing.file(self._core, activity, title=title, officer=officer, key=key)

    def file_all(
        self, activities: Sequence[Activity], *, officer: str, key: str | None = None
    ) -> list[views.PlanView]:
        """Keep many new plans, private, all of them or none."""
        return filing.file_all(self._core, activities, officer=officer, key=key)

    def change(
        self,
        activity: Activity,
        *,
        title: str | None = None,
        officer: str,
        key: str | None = None,
    ) -> views.PlanView:
        """Replace a plan. What lines see of it stays until it is released again."""
        return filing.change(self._core, activity, title=title, officer=officer, key=key)

    def drop(self, activity_id: str, officer: str) -> None:
        """Forget a plan that no line sees; the audit log keeps what it was."""
        filing.drop(self._core, activity_id, officer)

    def plans(self) -> list[views.PlanView]:
        """All plans, by id, with their own conflicts."""
        return filing.listed(self._core)

    def plan(self, activity_id: str) -> views.PlanView:
        """One plan."""
        return filing.shown(self._core, activity_id)

    def preview(self, activity_id: str, line: str, form: str) -> views.PreviewView:
        """Exactly what releasing a plan would show a line. Nothing is written."""
        return releasing.preview(self._core, activity_id, line, form)

    def release(
        self,
        activity_id: str,
        line: str,
        form: str,
        *,
        officer: str,
        settles: str | None = None,
        shown: str | None = None,
        key: str | None = None,
    ) -> views.EntryView:
        """Publish a plan's next version on a line, ``exact`` or ``coarse``.

        With ``shown``, a preview's ``sha256``, only what that preview showed.
        """
        return releasing.release(
            self._core,
            activity_id,
            line,
            form,
            officer=officer,
            settles=settles,
            shown=shown,
            key=key,
        )

    def withdraw(
        self, activity_id: str, line: str, note: str = "", *, officer: str, key: str | None = None
    ) -> views.EntryView:
        """Say on a line that an activity is off."""
        return releasing.withdraw(self._core, activity_id, line, note, officer=officer, key=key)
