"""Own observations on a line: reported, looked at before that, and retracted.

A report puts onto the line what ``preview`` shows, byte for byte; what is TLP:RED cannot go there
at all.
"""

import msgspec

from detente.errors import StateError
from detente.line import Draft, observe_draft, read, retract_draft
from detente.node.core import Core
from detente.node.previewed import check_shown, digest
from detente.node.saying import say
from detente.node.show.reader import LineReader
from detente.node.together.observations import observation_of, stored
from detente.node.views import EntryView, OfficerView, ReportPreviewView
from detente.observations import Observation, check_not_ahead, coarsened


def report(
    core: Core,
    line: str,
    identifier: str,
    *,
    coarse: bool,
    shown: str | None,
    officer: OfficerView,
    key: str | None,
) -> EntryView:
    """Report an observation as it now is, as its next version on the line.

    ``shown`` is the ``sha256`` of the preview that was decided upon. Raises InputError for what
    its marking keeps off a line, StateError if the line has exactly that.
    """

    def make(reader: LineReader) -> Draft:
        one = observation_of(stored(reader.tx, identifier, officer))
        draft = _draft(reader, one, coarse)
        newest = read.observation(reader.rows, core.party, identifier)
        if newest is not None and newest.standing == "reported" and _says(newest, draft):
            raise StateError(
                f"the line {reader.name} has been told exactly that",
                where=identifier,
                remedy="change the observation, or report it coarsened or whole",
            )
        check_shown(draft, shown, what="observation", done="reported", where=identifier)
        return draft

    content = {"observation": identifier, "coarse": coarse, "shown": shown}
    return say(core, line, make, officer=officer.name, key=key, action="observe", content=content)


def retract(
    core: Core, line: str, identifier: str, reason: str, *, officer: str, key: str | None
) -> EntryView:
    """Say on the line that what we reported does not stand. Its versions stay in the record."""

    def make(reader: LineReader) -> Draft:
        newest = read.observation(reader.rows, core.party, identifier)
        if newest is None or newest.state != "reported":
            raise StateError(
                f"the line {reader.name} has no such report of ours that stands",
                where=identifier[:64],
                remedy="retract what was reported there",
            )
        version = newest.version + 1
        return retract_draft(identifier, version=version, supersedes=newest.entry, note=reason)

    content = {"observation": identifier, "note": reason}
    return say(core, line, make, officer=officer, key=key, action="retract", content=content)


def preview(
    core: Core, line: str, identifier: str, *, coarse: bool, officer: OfficerView
) -> ReportPreviewView:
    """Exactly what reporting an observation now would put on a line. Nothing is written."""
    with core.store.read() as tx:
        reader = LineReader(core, tx, line)
        draft = _draft(reader, observation_of(stored(tx, identifier, officer)), coarse)
        return ReportPreviewView(
            line=reader.id,
            line_name=reader.name,
            observation=identifier,
            coarse=coarse,
            about=draft.about,
            body=draft.body.decode(),
            sha256=digest(draft),
            observed=msgspec.json.decode(draft.body),
        )


def _draft(reader: LineReader, one: Observation, coarse: bool) -> Draft:
    check_not_ahead(one, reader.now_s)
    newest = read.observation(reader.rows, reader.core.party, one.id)
    return observe_draft(
        coarsened(one) if coarse else one,
        version=1 if newest is None else newest.version + 1,
        supersedes=None if newest is None else newest.entry,
    )


def _says(newest: read.Observed, draft: Draft) -> bool:
    """Whether the newest version says what a draft would say, byte for byte."""
    if newest.said is None:
        return False
    same = observe_draft(newest.said, version=newest.version, supersedes=newest.supersedes)
    return (same.body, newest.marking) == (draft.body, draft.about["marking"])
