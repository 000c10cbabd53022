"""NOTAMs that replace (NOTAMR) or cancel (NOTAMC) others among the files read together.

::

    (A0131/21 NOTAMR A0123/21 …        (A0140/21 NOTAMC A0131/21 …

The one named holds until the item B of the one that names it (Annex 15, 6.3.2; PANS-AIM, 6.1), in
whatever order the two are read. What no longer holds for a moment is taken out, and a note says so.

A line of text must never take away somebody else's danger area. So the two must be of one party,
one series and one location (item A), the later one with the higher number; a replacement must
itself have been understood. Otherwise nothing is taken away, and a note says why: one area too many
is reported too often, one too few is not reported at all.
"""

from collections.abc import Iterable

import msgspec

from detente.formats.reading import Notice, Reading
from detente.volumes import Activity
from detente.volumes.times import format_time

_Key = tuple[str, str]


def settled(reading: Reading) -> Reading:
    """The reading with its notices acted upon."""
    if not reading.notices:
        return reading
    ends, notes = _ends(reading.notices)
    activities = []
    for activity in reading.activities:
        notice = ends.get((activity.party, activity.id))
        kept = _until(activity, notice) if notice else activity
        if kept is not None:
            activities.append(kept)
        elif notice is not None:
            notes.append(f"{notice.id} ends {activity.id} before it begins: it is taken out")
    return msgspec.structs.replace(
        reading, activities=activities, notes=[*reading.notes, *notes], notices=()
    )


def _ends(notices: Iterable[Notice]) -> tuple[dict[_Key, Notice], list[str]]:
    """By which notice each NOTAM ends; and notes on those that end none."""
    known: dict[_Key, Notice] = {}
    for notice in notices:
        known.setdefault((notice.party, notice.id), notice)
    ends: dict[_Key, Notice] = {}
    notes = []
    for notice in notices:
        if notice.ends is None:
            continue
        key = (notice.party, notice.ends)
        if fault := _fault(notice, known.get(key)):
            notes.append(f"{notice.id} replaces or cancels {notice.ends}, {fault}")
        elif key not in ends or ends[key].from_s < notice.from_s:
            # Of two that end one, the later counts.
            ends[key] = notice
    return ends, notes


def _fault(notice: Notice, other: Notice | None) -> str | None:
    """Why ``notice`` cannot end ``other``."""
    if other is None:
        return "which its party has not among these files"
    if not notice.usable:
        return "which stays as it is, because the new one cannot be read"
    if not notice.places & other.places:
        return "which stays as it is, because it has another location (item A)"
    if notice.id[0] != other.id[0] or _order(notice.id) <= _order(other.id):
        return "which stays as it is, because their numbers do not follow each other"
    return None


def _order(identifier: str) -> tuple[int, int]:
    """Year and number of ``A1234-21``."""
    return int(identifier[-2:]), int(identifier[1:5])


def _until(activity: Activity, notice: Notice) -> Activity | None:
    """The activity until the notice's item B, or None if it does not begin before."""
    volumes = tuple(
        msgspec.structs.replace(volume, end_s=min(volume.end_s, notice.from_s))
        for volume in activity.volumes
        if volume.start_s < notice.from_s
    )
    if not volumes:
        return None
    if volumes == activity.volumes:
        return activity
    note = f"ends at {format_time(notice.from_s)} by {notice.id}"
    return msgspec.structs.replace(activity, volumes=volumes, notes=(*activity.notes, note))
