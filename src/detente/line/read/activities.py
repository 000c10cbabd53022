"""Activities and conflicts, as the line knows them."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import msgspec

from detente.line.read.base import Stamp, stamp
from detente.line.view import View, decode, load, scan
from detente.volumes.codec import volumes_from_wire
from detente.volumes.model import Activity


class Version(Stamp, frozen=True, kw_only=True):
    """One version of an activity on a line.

    ``activity`` is None for a withdrawal, and for a release whose content is not known here;
    ``unknown`` then says why (``not-held`` or ``unreadable``). Such a release may be anywhere.
    """

    id: str
    version: int
    state: str
    form: str | None
    settles: str | None
    supersedes: str | None
    activity: Activity | None
    note: str
    unknown: str | None
    seen: dict[str, int]


class Side(msgspec.Struct, frozen=True):
    """One side of a conflict."""

    party: str
    id: str


class Part(msgspec.Struct, frozen=True):
    """Where two volumes meet (indexes into each side's volumes), domain times, least distances."""

    a_volume: int
    b_volume: int
    start: str
    end: str
    lateral_m: float
    vertical_m: float
    lon: float
    lat: float


class Suggestion(msgspec.Struct, frozen=True):
    """The least move of one side that would end the conflict; None where none was found."""

    later_s: float | None
    earlier_s: float | None
    higher_m: float | None
    lower_m: float | None


class Conflict(msgspec.Struct, frozen=True):
    """Two activities of different parties closer than the terms' separation.

    ``state`` is ``open``, ``ended``, or ``unknown`` where a newest version's content is not known
    here or has not been compared yet, or a side of an open one has left the line. ``kind`` says
    what it is with (``detente.conflict.Kind``). ``versions`` names, per party, the released version
    the figures are of; ``suggestions`` are per party that would move, computed from those released
    versions only. ``parts`` are the first ones; there are ``more_parts`` beside them, and the other
    figures are of all.
    """

    id: str
    a: Side
    b: Side
    state: str
    kind: str
    versions: dict[str, str]
    start: str
    end: str
    lateral_m: float
    vertical_m: float
    lon: float
    lat: float
    parts: tuple[Part, ...]
    more_parts: int
    suggestions: dict[str, Suggestion]


def activities(view: View, party: str | None = None) -> list[Version]:
    """The newest version of every activity, released or withdrawn, by party and id."""
    rows = scan(view, "activity", f"{party}/" if party else "")
    found = (_newest(view, key, doc) for key, doc in rows)
    return [one for one in found if one is not None]


def _newest(view: View, key: str, row: Mapping[str, Any]) -> Version | None:
    party, _, activity_id = key.partition("/")
    return version(view, party, activity_id, row["version"])


def version(view: View, party: str, activity_id: str, number: int) -> Version | None:
    """One version of an activity, or None."""
    doc = load(view, "version", f"{party}/{activity_id}/{number:07d}")
    return None if doc is None else _version(party, activity_id, doc)


def newest(view: View, party: str, activity_id: str) -> Version | None:
    """The newest version of an activity, or None."""
    key = f"{party}/{activity_id}"
    row = load(view, "activity", key)
    return None if row is None else _newest(view, key, row)


def versions(view: View, party: str, activity_id: str) -> Iterator[Version]:
    """Every version of an activity, oldest first."""
    for _, doc in scan(view, "version", f"{party}/{activity_id}/"):
        yield _version(party, activity_id, doc)


def _version(party: str, activity_id: str, doc: Mapping[str, Any]) -> Version:
    content = doc["content"] or {}
    return Version(
        **stamp(party, doc),
        id=activity_id,
        version=doc["version"],
        state=doc["state"],
        form=doc["form"],
        settles=doc["settles"],
        supersedes=doc["supersedes"],
        activity=shape_of(party, activity_id, doc),
        note=content.get("note", ""),
        unknown=doc["unknown"],
        seen=doc["seen"],
    )


def newest_of(rows: Iterable[tuple[str, bytes]]) -> Iterator[Version]:
    """The newest version of every activity, from all ``version`` rows as they are sorted."""
    last: tuple[str, bytes] | None = None
    for row in rows:
        if last is not None and row[0].rpartition("/")[0] != last[0].rpartition("/")[0]:
            yield _row_version(*last)
        last = row
    if last is not None:
        yield _row_version(*last)


def _row_version(key: str, doc: bytes) -> Version:
    party, activity_id, _ = key.split("/")
    return _version(party, activity_id, decode(doc))


def shape_of(party: str, activity_id: str, doc: Mapping[str, Any]) -> Activity | None:
    """What the version of a ``version`` row occupies, or None if nothing or not known here."""
    content = doc["content"] or {}
    if "volumes" not in content:
        return None
    # They were checked when they were folded; every reader would wait for it again.
    volumes = volumes_from_wire(content["volumes"], check=False)
    return Activity(party, activity_id, content["kind"], volumes)


class Uncompared(msgspec.Struct, frozen=True):
    """What was folded and has not been compared: conflicts of it are not known.

    With ``everything``, terms have come into force under which nothing has been compared yet.
    """

    activities: frozenset[tuple[str, str]]
    everything: bool

    def concerns(self, party: str, activity_id: str) -> bool:
        """Whether the conflicts of this activity are not all known."""
        return self.everything or (party, activity_id) in self.activities


def uncompared(view: View) -> Uncompared:
    """What of the line has not been compared."""
    rows = [(key.partition("/")[0], doc["activity"]) for key, doc in scan(view, "uncompared")]
    return Uncompared(
        activities=frozenset((party, one) for party, one in rows if one is not None),
        everything=any(one is None for _, one in rows),
    )


def conflicts(view: View) -> list[Conflict]:
    """Every conflict of the line, open, ended or unknown, by start and id."""
    waiting = uncompared(view)
    found = [_conflict(view, doc, waiting) for _, doc in view.scan("conflict")]
    return sorted(found, key=lambda conflict: (conflict.start, conflict.id))


def conflict(view: View, conflict_id: str) -> Conflict | None:
    """One conflict, or None."""
    doc = view.get("conflict", conflict_id)
    return None if doc is None else _conflict(view, doc, uncompared(view))


def _conflict(view: View, doc: bytes, waiting: Uncompared) -> Conflict:
    """A conflict as it now stands: what a party does after it has left is not known."""
    found = msgspec.json.decode(doc, type=Conflict)
    sides = (found.a, found.b)
    if any(waiting.concerns(side.party, side.id) for side in sides):
        return msgspec.structs.replace(found, state="unknown")
    left = any(view.get("leave", side.party) is not None for side in sides)
    if found.state == "open" and left:
        return msgspec.structs.replace(found, state="unknown", suggestions={})
    return found
