"""The joint part of a daily report, computed from the beginnings of the logs held here.

Which beginnings, is settled by what is signed: of each log the entries that claim a time up to the
cut-off, as far as the report's writer had seen it when it wrote. So every node that holds what the
writer held computes the writer's bytes, and one that does not can say what it lacks.
"""

import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, NamedTuple

import msgspec

from detente.errors import InputError, StateError
from detente.line import Founding, MemoryView, apply, read
from detente.line.abouts import OBSERVE
from detente.line.read.daily import Beginning, Day, forget, joint_part
from detente.line.view import load, place_key
from detente.node.core import Core
from detente.record.strict_json import canonical
from detente.record.tree import EMPTY_ROOT
from detente.store import logs
from detente.store.projection import rows_of
from detente.store.store import Tx
from detente.volumes.times import format_time, parse_time_s, within_calendar_s

PAGE = 512
KEPT = 16
"""Joint parts that are kept, so that a report is not computed anew to be written down."""

Json = dict[str, Any]


class Joint(NamedTuple):
    """A joint part, its canonical bytes, and the hash of these."""

    part: Json
    raw: bytes
    sha256: str


class Missing(NamedTuple):
    """A joint part cannot be computed here, and why."""

    why: str


def day_of(terms_cutoff_utc: float, name: str) -> Day:
    """A day by its date and the terms' cut-off. Raises InputError for what is no date."""
    try:
        midnight = datetime.strptime(name, "%Y-%m-%d").replace(tzinfo=UTC)
    except ValueError:
        midnight = None
    if midnight is None or midnight.date().isoformat() != name:
        raise InputError(
            f"{name[:20]!r} is not a date", where="day", remedy="write it as 2021-08-09"
        )
    return Day(name, midnight.timestamp() + round(terms_cutoff_utc * 3600))


def cutoff_utc(tx: Tx, founding: Founding) -> float:
    """The cut-off that the terms in force agree on, hours after midnight. Raises StateError."""
    watching = read.terms(rows_of(tx, founding.id), founding).watching
    if watching is None:
        raise StateError(
            "the terms of this line agree on no cut-off for daily reports",
            where=f"line {founding.name}",
            remedy="agree on terms with a part `watching` (docs/protocol.md, section 3)",
        )
    return watching.cutoff_utc


def joint(
    core: Core, tx: Tx, founding: Founding, day: Day, seen: Mapping[str, int]
) -> Joint | Missing:
    """The joint part of a day by whoever has seen so many entries of each log."""
    sizes = {}
    for party in founding.members:
        limit, held = seen.get(party, 0), logs.size(tx, founding.id, party)
        if limit > held:
            return Missing(f"entries {held} to {limit - 1} of {party} are not held here")
        sizes[party] = beginning(tx, founding, party, limit, day.cutoff_s)
    recalled, later = _recalled(tx, founding, sizes, seen)
    if later:
        return Missing(_gone(tx, founding, later))
    at = (founding.id, day, tuple(sorted(sizes.items())), tuple(recalled))
    made: Joint | None = core.joint_parts.get(at)
    if made is None:
        made = _compute(core, tx, founding, day, sizes, recalled)
        if len(core.joint_parts) >= KEPT:
            core.joint_parts.clear()
        core.joint_parts[at] = made
    return made


def beginning(tx: Tx, founding: Founding, party: str, limit: int, cutoff_s: float) -> int:
    """How many of the first ``limit`` entries of a log all claim a time up to the cut-off."""
    offset_s = founding.terms.clock_offset_s
    index = 0
    while index < limit:
        for header in logs.headers(tx, founding.id, party, index, min(PAGE, limit - index)):
            if within_calendar_s(parse_time_s(header.time) + offset_s) > cutoff_s:
                return index
            index += 1
    return index


def _recalled(
    tx: Tx, founding: Founding, sizes: Mapping[str, int], seen: Mapping[str, int]
) -> tuple[list[str], list[str]]:
    """Observations in these beginnings that a recall beyond them has emptied: seen, and not."""
    rows = rows_of(tx, founding.id)
    found: tuple[list[str], list[str]] = ([], [])
    for one in read.recalls(rows):
        place = load(rows, "id", one.recalled) or {}
        if one.type == OBSERVE and place["index"] < sizes[one.party] <= one.index:
            found[one.index >= seen.get(one.party, 0)].append(one.recalled)
    return sorted(found[0]), sorted(found[1])


def _compute(
    core: Core,
    tx: Tx,
    founding: Founding,
    day: Day,
    sizes: Mapping[str, int],
    recalled: list[str],
) -> Joint:
    view, members = _folded(core, tx, founding, sizes)
    view.apply(list(forget(view, recalled)))
    beginnings = {
        party: Beginning(
            size, (logs.root(tx, founding.id, party, size) if size else EMPTY_ROOT).hex()
        )
        for party, size in sizes.items()
        if party in members.members
    }
    part = joint_part(view, members, beginnings, day, recalled)
    raw = canonical(part)
    return Joint(part, raw, hashlib.sha256(raw).hexdigest())


def _folded(
    core: Core, tx: Tx, founding: Founding, sizes: Mapping[str, int]
) -> tuple[MemoryView, Founding]:
    """What these beginnings say, and the line with the members that it has by them.

    Who was taken in later is known here, and was not to whoever wrote the report before.
    """
    view, done = MemoryView(), set[str]()
    then = msgspec.structs.replace(
        founding, cards={party: founding.cards[party] for party in founding.founders}
    )
    while left := [party for party in then.members if party not in done]:
        for party in left:
            for start in range(0, sizes[party], PAGE):
                rows = logs.read(tx, founding.id, party, start, min(PAGE, sizes[party] - start))
                for entry in core.entries(tx, founding, rows):
                    view.apply(apply(view, then, entry))
            done.add(party)
        admitted = read.admitted(view, then)
        then = then.with_members({one: admitted[one] for one in admitted if one in sizes})
    return view, then


def _gone(tx: Tx, founding: Founding, entries: list[str]) -> str:
    rows = rows_of(tx, founding.id)
    place = load(rows, "id", entries[0]) or {}
    row = load(rows, "entry", place_key(place["party"], place["index"])) or {}
    named = f"{place['party']}/{row['about']['observation']}"
    more = f" and {len(entries) - 1:,} more" if len(entries) > 1 else ""
    return f"what {named}{more} said was recalled after it was written"


def ends(day: Day) -> str:
    """The cut-off as it is written on the line."""
    return format_time(day.cutoff_s)
