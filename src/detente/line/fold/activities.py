"""Folding what is released and withdrawn."""

from typing import Any

from detente.line import abouts, bodies
from detente.line.fold.step import Step, Void
from detente.line.view import Change, load, put
from detente.volumes.codec import volumes_to_wire


def release(step: Step, about: abouts.Released) -> list[Change]:
    """A new version of an activity, to be compared."""

    def read(body: bytes) -> dict[str, Any]:
        activity, note = bodies.read_activity(body, step.party, about.activity)
        return {
            "kind": activity.kind,
            "volumes": volumes_to_wire(activity.volumes),
            "note": note,
            # From the first start to the last end: enough to tell most pairs apart.
            "window_s": [
                min(volume.start_s for volume in activity.volumes),
                max(volume.end_s for volume in activity.volumes),
            ],
        }

    _check_next(step, about, None)
    doc = {"state": "released", "form": about.form, "settles": about.settles}
    return _version(step, about, {**doc, **step.content(read)})


def withdraw(step: Step, about: abouts.Withdrawn) -> list[Change]:
    """A version that is nowhere."""
    _check_next(step, about, "released")
    doc = {"state": "withdrawn", "form": None, "settles": None}
    return _version(step, about, {**doc, **step.note()})


def _check_next(step: Step, about: abouts.Released | abouts.Withdrawn, state: str | None) -> None:
    """Versions follow each other without gaps, and each names the one before."""
    newest = load(step.view, "activity", f"{step.party}/{about.activity}")
    before = newest or {"version": 0, "entry": None, "state": None}
    if (about.version, about.supersedes) != (before["version"] + 1, before["entry"]):
        raise Void("out-of-sequence")
    if state is not None and before["state"] != state:
        raise Void("not-released")


def _version(
    step: Step, about: abouts.Released | abouts.Withdrawn, doc: dict[str, Any]
) -> list[Change]:
    key = f"{step.party}/{about.activity}"
    seen = {party: seen.size for party, seen in step.header.seen.items()}
    newest = {**step.stamp, "version": about.version, "state": doc["state"]}
    version = {**newest, "supersedes": about.supersedes, "seen": seen, **doc}
    rows = [
        put("activity", key, newest),
        put("version", f"{key}/{about.version:07d}", version),
    ]
    if about.supersedes is not None:
        # A list through the log, newest first: how joint finds what a peer had not yet seen
        # to be replaced.
        link = {"replaced": f"{key}/{about.version - 1:07d}", "before": step.log["successor"]}
        rows.append(put("successor", step.place, link))
        step.log["successor"] = step.header.index
    return rows
