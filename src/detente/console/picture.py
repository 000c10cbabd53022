"""The document that the map is drawn from (web/src/map/picture.ts reads it).

::

    {"features": {"type": "FeatureCollection", "features": [
       {"properties": {"role": "outline", "key": "us/orbit-1", "style": "own", …}, "geometry": …},
       {"properties": {"role": "conflict", "key": "<id>", "tag": "3FA2", …}, "geometry": …}, …]},
     "bounds": [west, south, east, north], "legend": [{"style": "own", "text": "…"}],
     "attribution": "…"}

It holds what the lists beside the map hold: released activities that have not ended, own plans, and
open conflicts. Nothing in it is sent to any peer.
"""

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec
import numpy as np
import shapely
from shapely.geometry import Point, box, mapping
from shapely.geometry.base import BaseGeometry

from detente.conflict import Kind
from detente.console import outlines, words
from detente.console.parties import Styles, styles
from detente.node.views import ConflictView, LineView, PlanView, ReleasedView
from detente.volumes import Volume
from detente.volumes.areas import area_of
from detente.volumes.codec import volumes_from_wire
from detente.volumes.times import parse_time_s

ATTRIBUTION = (
    "Natural Earth (public domain) · place names: GeoNames (CC BY 4.0) · "
    '<a href="/console/static/built/licences.txt">licences</a>'
)
"""HTML; nothing in it comes from outside."""
MARGIN_DEG = 0.3

Json = dict[str, Any]


class Drawn(msgspec.Struct, frozen=True):
    """One activity as it is to be drawn; ``label`` is empty for what carries no name."""

    key: str
    style: str
    label: str
    volumes: tuple[Volume, ...]
    wire: list[Json]
    area: str
    """Which kind of area it is (``volumes.areas``), or empty."""


def picture(
    line: LineView,
    activities: Sequence[ReleasedView],
    plans: Sequence[PlanView],
    conflicts: Sequence[ConflictView],
    now_s: float,
) -> Json:
    """Everything the map shows of ``line`` at ``now_s`` (domain time)."""
    look = styles(line)
    drawn = [*_released(activities, look, now_s), *_plans(plans, activities, line, now_s)]
    meeting = [c for c in conflicts if c.state == "open" and parse_time_s(c.end) >= now_s]
    met = {f"{s.party}/{s.id}" for c in meeting for s in (c.a, c.b)}
    features = [_area(line)]
    shapes: list[BaseGeometry] = []
    for one in drawn:
        grown = [outlines.outline(volume) for volume in one.volumes]
        shapes += grown
        features += [
            feature_of(
                shape,
                role="outline",
                key=one.key,
                style=one.style,
                area=one.area,
                heights=words.heights([wire]),
                window=words.window(wire["start"], wire["end"], now_s),
            )
            for shape, wire in zip(grown, one.wire, strict=True)
        ]
        if one.label:
            features.append(
                feature_of(
                    Point(outlines.name_place(outlines.joined(grown))),
                    role="name",
                    key=one.key,
                    style=one.style,
                    label=one.label,
                    meets=one.key in met,
                )
            )
    features += _conflicts(line, meeting, activities, plans, now_s)
    return {
        "features": {"type": "FeatureCollection", "features": features},
        "bounds": bounds_of(shapes, line),
        "legend": _legend(line, look, drawn, meeting),
        "attribution": ATTRIBUTION,
    }


def preview_picture(volumes: list[Json]) -> Json:
    """What a release or a change would show, as outlines."""
    shapes = [outlines.outline(v) for v in volumes_from_wire(volumes)]
    west, south, east, north = outlines.joined(shapes).bounds
    return {
        "features": {
            "type": "FeatureCollection",
            "features": [feature_of(shape, role="preview") for shape in shapes],
        },
        "bounds": [west, south, east, north],
    }


def _released(activities: Iterable[ReleasedView], look: Styles, now_s: float) -> Iterable[Drawn]:
    for one in activities:
        if one.withdrawn or one.end is None or parse_time_s(one.end) < now_s:
            continue
        area = area_of(one.kind) or ""
        label = (
            f"{one.party} · {one.id}\n{_capitals(area)}{words.heights(one.volumes)}\n"
            f"{words.hours(one.start, one.end, now_s)}"
        )
        yield Drawn(
            f"{one.party}/{one.id}",
            look.get(one.party, "peer-0"),
            label,
            volumes_from_wire(one.volumes),
            one.volumes,
            area,
        )


def _plans(
    plans: Iterable[PlanView], activities: Iterable[ReleasedView], line: LineView, now_s: float
) -> Iterable[Drawn]:
    """Own plans wherever the line sees something else of them, or nothing."""
    unknown = {one.entry: one.unknown for one in activities if one.own and one.unknown}
    for plan in plans:
        if parse_time_s(plan.end) < now_s:
            continue
        seen = [r for r in plan.releases if r.line == line.id and not r.withdrawn]
        # Nothing is drawn of a release whose content is gone: the plan is all there is to show.
        recalled = any(unknown.get(r.entry) == "recalled" for r in seen)
        seen = [r for r in seen if r.entry not in unknown]
        if any(r.current and r.form == "exact" for r in seen):
            continue
        area = area_of(plan.kind) or ""
        state = "RECALLED, NOT RELEASED ANEW" if recalled else "NOT RELEASED"
        label = "" if seen else f"{plan.party} · {plan.id}\n{_capitals(area)}{state}"
        yield Drawn(
            f"{plan.party}/{plan.id}",
            "plan",
            label,
            volumes_from_wire(plan.volumes),
            plan.volumes,
            area,
        )


def _capitals(area: str) -> str:
    return f"{area.upper()}\n" if area else ""


def _conflicts(
    line: LineView,
    conflicts: Iterable[ConflictView],
    activities: Sequence[ReleasedView],
    plans: Sequence[PlanView],
    now_s: float,
) -> Iterable[Json]:
    for conflict in conflicts:
        # Of a line or a site what counts is where the other reaches it.
        edge = conflict.kind in (Kind.LINE_CROSSING, Kind.PROTECTED_SITE)
        half_m = 0.0 if edge else float(line.terms["separation"]["lateral_m"]) / 2
        a, b = sides(conflict, activities, plans)
        yield feature_of(
            Point(conflict.place.lon, conflict.place.lat),
            role="conflict",
            key=conflict.id,
            tag=f"{words.mark(conflict.kind)} {words.tag(conflict.id)}".strip(),
            area=conflict.kind != Kind.SEPARATION,
            basis=conflict.basis,
            sides=[f"{s.party}/{s.id}" for s in (conflict.a, conflict.b)],
            summary=f"{conflict.a.party} {conflict.a.id} and {conflict.b.party} {conflict.b.id}, "
            f"{f'{met}, ' if (met := words.met(conflict)) else ''}"
            f"{words.window(conflict.start, conflict.end, now_s)}",
        )
        first, second = volumes_from_wire(a) if a else (), volumes_from_wire(b) if b else ()
        # Where both, each grown by half of the separation, share ground: if they overlap, their
        # overlap and its surroundings; if they only come near, the ground between them.
        for part in conflict.parts:
            if part.a_volume >= len(first) or part.b_volume >= len(second):
                continue
            shared = outlines.areas_of(
                outlines.overlap(
                    outlines.outline(first[part.a_volume], half_m),
                    outlines.outline(second[part.b_volume], half_m),
                )
            )
            if not shared.is_empty:
                style = "overlap" if conflict.kind == Kind.SEPARATION else "overlap-area"
                yield feature_of(shared, role="overlap", key=conflict.id, style=style)


def sides(
    conflict: ConflictView, activities: Sequence[ReleasedView], plans: Sequence[PlanView]
) -> tuple[list[Json], list[Json]]:
    """The volumes that a conflict was found from: released ones, or our plan's in an own basis."""
    released = {(r.party, r.id): r.volumes for r in activities if not r.withdrawn}
    planned = {(p.party, p.id): p.volumes for p in plans}
    found = []
    for side in (conflict.a, conflict.b):
        key = (side.party, side.id)
        exact = conflict.basis == "own" and side.own
        found.append(planned.get(key, []) if exact else released.get(key, []))
    return found[0], found[1]


def _area(line: LineView) -> Json:
    area = line.terms["area"]
    west, south, east, north = (area[k] for k in ("west", "south", "east", "north"))
    east = east if east > west else east + 360.0
    return feature_of(box(west, south, east, north), role="area", label=f"area of {line.name}")


def bounds_of(shapes: list[BaseGeometry], line: LineView) -> list[float]:
    """What the map shows at first: the shapes with a margin, or the line's area."""
    if not shapes:
        area = line.terms["area"]
        east = area["east"] if area["east"] > area["west"] else area["east"] + 360.0
        return [area["west"], area["south"], east, area["north"]]
    west, south, east, north = outlines.joined(shapes).bounds
    return [
        west - MARGIN_DEG,
        max(south - MARGIN_DEG, -85.0),
        min(east + MARGIN_DEG, west + 360.0),
        min(north + MARGIN_DEG, 85.0),
    ]


def _legend(
    line: LineView, look: Styles, drawn: Sequence[Drawn], conflicts: Sequence[ConflictView]
) -> list[Json]:
    entries = [{"style": "own", "text": f"{line.own} (own), released"}]
    if any(one.style == "plan" for one in drawn):
        entries.append({"style": "plan", "text": f"{line.own} plan, not released on this line"})
    entries += [
        {"style": style, "text": f"{party}, released"}
        for party, style in look.items()
        if style != "own"
    ]
    if any(one.area for one in drawn):
        entries.append({"style": "comb", "text": "site, line, zone or caution area"})
    kinds = {conflict.kind for conflict in conflicts}
    if Kind.SEPARATION in kinds:
        entries.append({"style": "overlap", "text": "closer than the separation"})
    if kinds - {Kind.SEPARATION}:
        entries.append({"style": "overlap-area", "text": "in the way of an area"})
    entries.append({"style": "area", "text": "area of the line"})
    return entries


def feature_of(shape: BaseGeometry, **properties: Any) -> Json:
    """A shape as the map draws it, to a metre."""
    rounded = shapely.transform(shape, lambda xy: np.round(xy, 5))
    return {"type": "Feature", "properties": properties, "geometry": mapping(rounded)}
