"""The part of a node's door by which observations are noted, reported and looked at."""

from detente.line import read
from detente.node import views
from detente.node.core import Core
from detente.node.show import observations as show
from detente.node.show.reader import LineReader, no_such
from detente.node.together import exporting, importing, observations, reporting
from detente.node.together.importing import Source, Told
from detente.observations import Audience, Observation, may_see
from detente.store.observations import Asked


class Observing:
    """What officers do with observations: their own, private, and those on a line.

    ``officer`` is given with its role where TLP:RED is kept from all but who noted it and who
    releases.
    """

    _core: Core

    def note(self, one: Observation, *, officer: str, key: str | None = None) -> views.NoteView:
        """Keep a new observation, private."""
        return observations.note(self._core, one, officer=officer, key=key)

    def change_note(
        self, one: Observation, *, officer: views.OfficerView, key: str | None = None
    ) -> views.NoteView:
        """Change what a note says. What lines have been told stays until it is reported again."""
        return observations.change(self._core, one, officer=officer, key=key)

    def drop_note(self, identifier: str, *, officer: views.OfficerView) -> None:
        """Forget a note that no line has as reported."""
        observations.drop(self._core, identifier, officer=officer)

    def import_observations(
        self,
        name: str,
        source: Source,
        marking: str,
        *,
        officer: str,
        told: Told = lambda _: None,
    ) -> views.ImportedView:
        """Keep what a file of observations holds, private; ``told`` how many rows are done."""
        return importing.import_file(self._core, name, source, marking, officer=officer, told=told)

    def own_note(self, identifier: str, *, officer: views.OfficerView) -> views.NoteView:
        """One own observation."""
        return observations.own(self._core, identifier, officer=officer)

    def note_versions(
        self, identifier: str, *, officer: views.OfficerView
    ) -> list[views.NoteVersionView]:
        """Every revision of an own observation, oldest first."""
        return observations.own_versions(self._core, identifier, officer=officer)

    def notes(
        self,
        *,
        officer: views.OfficerView,
        district: str = "",
        week: str = "",
        kind: str = "",
        after: str = "",
        limit: int = 100,
        audience: Audience | None = None,
    ) -> views.NotesView:
        """Some own observations, by id; with an ``audience``, those that it may see."""
        asked = Asked(district, week, kind)
        return observations.page(self._core, asked, after, limit, audience, officer)

    def notes_table(self, *, officer: views.OfficerView) -> views.ObservationTableView:
        """Own observations, counted by district and week."""
        return observations.own_table(self._core, officer)

    def preview_report(
        self, line: str, identifier: str, *, coarse: bool = False, officer: views.OfficerView
    ) -> views.ReportPreviewView:
        """Exactly what a report would put on a line. Nothing is written."""
        return reporting.preview(self._core, line, identifier, coarse=coarse, officer=officer)

    def report(
        self,
        line: str,
        identifier: str,
        *,
        coarse: bool = False,
        shown: str | None = None,
        officer: views.OfficerView,
        key: str | None = None,
    ) -> views.EntryView:
        """Report an own observation as it now is: its next version on the line."""
        return reporting.report(
            self._core, line, identifier, coarse=coarse, shown=shown, officer=officer, key=key
        )

    def retract(
        self, line: str, identifier: str, note: str = "", *, officer: str, key: str | None = None
    ) -> views.EntryView:
        """Say on a line that what we reported does not stand."""
        return reporting.retract(self._core, line, identifier, note, officer=officer, key=key)

    def observation_table(self, line: str) -> views.ObservationTableView:
        """What is reported on a line, counted by district and week."""
        with self._core.store.read() as tx:
            return show.table(LineReader(self._core, tx, line))

    def observations(
        self,
        line: str,
        *,
        district: str = "",
        week: str = "",
        kind: str = "",
        audience: Audience | None = None,
    ) -> list[views.ObservationView]:
        """The newest versions on a line, one by one; '' asks for all.

        What does not stand, or is not known here, is in the list where all are asked for; with an
        ``audience`` there is only what it may see.
        """
        everything = not (district or week or kind or audience)
        with self._core.store.read() as tx:
            reader = LineReader(self._core, tx, line).for_list()
            return [
                show.observation(reader, one)
                for one in read.observations(reader.rows)
                if (audience is None or may_see(one.marking or "", audience))
                and (
                    everything
                    or (one.said is not None and show.fits(one.said, district, week, kind))
                )
            ]

    def observation(self, line: str, party: str, name: str) -> list[views.ObservationView]:
        """Every version of an observation on a line, newest first. Raises NotFoundError."""
        with self._core.store.read() as tx:
            reader = LineReader(self._core, tx, line)
            found = read.observed_versions(reader.rows, party, name)
            if not found:
                raise no_such("observation", f"{party}/{name}", reader.founding)
            return [
                show.observation(reader, one, newest=one is found[-1]) for one in reversed(found)
            ]

    def export_observations(
        self, line: str, format_: str, audience: Audience, *, officer: str
    ) -> views.ExportView:
        """What an audience may see of what is reported on a line; the audit log keeps for whom."""
        return exporting.export(self._core, line, format_, audience, officer=officer)
