"""Releasing: publishing a version of an own plan onto a line, and taking it back.

Nothing of a plan leaves the node in any other way. What leaves is what ``preview`` shows, byte for
byte.
"""

from detente.errors import StateError
from detente.line import Draft, read, release_draft, withdraw_draft
from detente.line.read import Version
from detente.node import filing
from detente.node.core import Core
from detente.node.previewed import check_shown, digest
from detente.node.saying import say
from detente.node.seconding import Second
from detente.node.settling import check_settles
from detente.node.show import remarks
from detente.node.show.elsewhere import is_current
from detente.node.show.reader import LineReader
from detente.node.views import EntryView, PreviewView
from detente.record import strict_json
from detente.release import draft_of, larger_by
from detente.volumes import Activity
from detente.volumes.times import format_time


def preview(core: Core, activity_id: str, line: str, form: str) -> PreviewView:
    """Exactly what releasing a plan now would put on a line. Nothing is written."""
    with core.store.read() as tx:
        reader = LineReader(core, tx, line)
        plan = filing.activity_of(core, tx, activity_id)
        draft = _draft(reader, plan, form, None)
    released = draft_of(plan, form)
    body = strict_json.loads(draft.body, len(draft.body))
    return PreviewView(
        line=reader.id,
        line_name=reader.name,
        activity=activity_id,
        form=form,
        about=draft.about,
        body=draft.body.decode(),
        sha256=digest(draft),
        kind=released.kind,
        note=body["note"],
        volumes=body["volumes"],
        start=format_time(min(volume.start_s for volume in released.volumes)),
        end=format_time(max(volume.end_s for volume in released.volumes)),
        larger_by=list(larger_by(plan, released).sentences()) if form == "coarse" else [],
        remarks=remarks.on_release(reader.terms, released.volumes, reader.now_s),
    )


def release(
    core: Core,
    activity_id: str,
    line: str,
    form: str,
    *,
    officer: str,
    settles: str | None,
    shown: str | None,
    key: str | None,
    second: Second | None = None,
) -> EntryView:
    """Publish the plan as it now is, as its next version on the line.

    ``shown`` is the ``sha256`` of the preview that was decided upon; StateError if the plan was
    changed since. What has been released cannot be taken back from those who have it.
    """

    def make(reader: LineReader) -> Draft:
        plan = filing.activity_of(core, reader.tx, activity_id)
        newest = read.newest(reader.rows, core.party, activity_id)
        # What was recalled is held by nobody any more, so the same plan can be said anew.
        held = newest is not None and newest.unknown is None and newest.form == form
        if newest is not None and held and is_current(reader.tx, newest):
            raise StateError(
                f"the line {reader.name} has this version already",
                where=activity_id,
                remedy="change the plan, or release it in another form",
            )
        if settles is not None:
            check_settles(reader, settles, newest)
        draft = _draft(reader, plan, form, settles)
        check_shown(draft, shown, what="plan", done="released", where=activity_id)
        return draft

    content = {"activity": activity_id, "form": form, "settles": settles, "shown": shown}
    return say(
        core, line, make, officer=officer, key=key, action="release", content=content, second=second
    )


def withdraw(
    core: Core, activity_id: str, line: str, note: str, *, officer: str, key: str | None
) -> EntryView:
    """Say on the line that the activity is off. Its versions stay in the record."""

    def make(reader: LineReader) -> Draft:
        newest = read.newest(reader.rows, core.party, activity_id)
        if newest is None or newest.state != "released":
            raise StateError(
                f"the line {reader.name} does not see this plan",
                where=activity_id[:80],
                remedy="withdraw what was released there",
            )
        version = newest.version + 1
        return withdraw_draft(activity_id, version=version, supersedes=newest.entry, note=note)

    content = {"activity": activity_id, "note": note}
    return say(core, line, make, officer=officer, key=key, action="withdraw", content=content)


def _draft(reader: LineReader, plan: Activity, form: str, settles: str | None) -> Draft:
    newest = read.newest(reader.rows, plan.party, plan.id)
    return next_version(draft_of(plan, form), newest, form=form, settles=settles)


def next_version(
    released: Activity, newest: Version | None, *, form: str, settles: str | None
) -> Draft:
    """The draft of the version of an activity that follows ``newest``."""
    return release_draft(
        released,
        version=1 if newest is None else newest.version + 1,
        supersedes=None if newest is None else newest.entry,
        form=form,
        settles=settles,
    )
