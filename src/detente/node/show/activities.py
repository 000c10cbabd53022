"""Activities: our private plans, and the versions that were released on a line."""

from functools import lru_cache

import msgspec

from detente.line import read
from detente.line.read import Version
from detente.node.core import Core
from detente.node.show import conflicts, remarks
from detente.node.show.elsewhere import is_current
from detente.node.show.reader import LineReader
from detente.node.views import PlanReleaseView, PlanView, ReleasedView
from detente.record.strict_json import canonical
from detente.store import plans
from detente.store.plans import Plan
from detente.store.store import Tx
from detente.volumes import Activity
from detente.volumes.codec import volumes_from_wire, volumes_to_wire
from detente.volumes.times import format_time, parse_time_s


def plan_doc(activity: Activity) -> bytes:
    """A plan's activity as it is stored."""
    return canonical(
        {
            "kind": activity.kind,
            "volumes": volumes_to_wire(activity.volumes),
            "notes": list(activity.notes),
        }
    )


@lru_cache(maxsize=4096)
def plan_activity(party: str, plan_id: str, doc: bytes) -> Activity:
    """The activity of a stored plan."""
    wire = msgspec.json.decode(doc)
    volumes = volumes_from_wire(wire["volumes"], where=plan_id)
    return Activity(party, plan_id, wire["kind"], volumes, tuple(wire["notes"]))


def plan_activities(core: Core, tx: Tx) -> list[Activity]:
    """Every plan's activity, by id."""
    return [plan_activity(core.party, held.id, held.doc) for held in plans.all_plans(tx)]


def plan(core: Core, tx: Tx, stored: Plan) -> PlanView:
    """One plan, with its releases, and its conflicts with what others have released."""
    activity = plan_activity(core.party, stored.id, stored.doc)
    readers = [LineReader(core, tx, founding.id) for founding in core.lines(tx)]
    releases = [
        _release(reader, newest)
        for reader in readers
        if (newest := read.newest(reader.rows, core.party, stored.id)) is not None
    ]
    own = [found for reader in readers for found in conflicts.own_of(reader, activity)]
    return PlanView(
        id=stored.id,
        party=core.party,
        title=stored.title,
        kind=activity.kind,
        notes=list(activity.notes),
        volumes=volumes_to_wire(activity.volumes),
        start=format_time(min(volume.start_s for volume in activity.volumes)),
        end=format_time(max(volume.end_s for volume in activity.volumes)),
        revision=stored.revision,
        changed=format_time(stored.changed_s),
        changed_by=stored.changed_by,
        releases=releases,
        conflicts=own,
        unknown=[
            f"{reader.name}: {why}" for reader in readers for why in reader.unknown_of_plans()
        ],
    )


def _release(reader: LineReader, newest: Version) -> PlanReleaseView:
    return PlanReleaseView(
        line=reader.id,
        line_name=reader.name,
        entry=newest.entry,
        version=newest.version,
        form=newest.form or "",
        withdrawn=newest.state == "withdrawn",
        current=is_current(reader.tx, newest),
    )


def released(reader: LineReader) -> list[ReleasedView]:
    """The newest version of every activity on a line, by party and id."""
    return [_released(reader, newest) for newest in read.activities(reader.rows)]


def _released(reader: LineReader, newest: Version) -> ReleasedView:
    activity = newest.activity
    volumes = activity.volumes if activity else ()
    own = reader.is_own(newest.party)
    released_s = parse_time_s(newest.time) + reader.terms.clock_offset_s
    return ReleasedView(
        line=reader.id,
        party=newest.party,
        id=newest.id,
        own=own,
        title=reader.titles.get(newest.id) if own else None,
        entry=newest.entry,
        version=newest.version,
        form=newest.form or "",
        settles=newest.settles,
        withdrawn=newest.state == "withdrawn",
        kind=activity.kind if activity else "",
        note=newest.note,
        volumes=volumes_to_wire(volumes),
        unknown=newest.unknown if newest.state == "released" else None,
        compared=not reader.uncompared.concerns(newest.party, newest.id),
        start=format_time(min(volume.start_s for volume in volumes)) if volumes else None,
        end=format_time(max(volume.end_s for volume in volumes)) if volumes else None,
        remarks=remarks.on_released(reader.terms, volumes, released_s) if volumes else [],
        time=newest.time,
        receipts=reader.receipts(newest.party, newest.index),
        acknowledgements=reader.acknowledgements_of(newest.entry),
    )
