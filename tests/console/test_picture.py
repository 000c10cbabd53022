"""The map's document and the profile: they show what the lists say, and no more."""

import json
import re
from typing import Any

from shapely.geometry import Point, shape

from detente.exercise import northern_watch as exercise
from detente.volumes import Activity, Band, Core, Limit, Reference, Shape, Volume
from detente.volumes.times import parse_time_s

LINE = "/console/lines/northern-watch"


def features(desk: Any, role: str) -> list[dict[str, Any]]:
    document = json.loads(desk.page(f"{LINE}/map.json"))
    return [f for f in document["features"]["features"] if f["properties"]["role"] == role]


def test_whose_is_what(pair: Any) -> None:
    pair.release()
    styles = {
        f["properties"]["key"]: f["properties"]["style"] for f in features(pair.us, "outline")
    }
    assert styles["us/orbit-kunduz"] == "own"
    assert styles["us/orbit-west"] == "plan"
    assert styles["ru/recon-panj-kunduz"] == "peer-0"
    names = {f["properties"]["key"]: f["properties"]["label"] for f in features(pair.us, "name")}
    assert "NOT RELEASED" in names["us/orbit-west"]
    assert "FL240–FL260" in names["us/orbit-kunduz"]
    assert "NOT RELEASED" not in names["us/orbit-kunduz"]


def test_our_recalled_plan_stays_on_our_map_and_is_marked_in_the_list(pair: Any) -> None:
    pair.release()
    node = pair.us.node
    [entry] = [a.entry for a in node.activities(exercise.LINE) if a.id == "orbit-kunduz"]
    node.recall(exercise.LINE, entry, officer="watch-1")
    key = "us/orbit-kunduz"
    drawn = [f for f in features(pair.us, "outline") if f["properties"]["key"] == key]
    assert {f["properties"]["style"] for f in drawn} == {"plan"}
    names = {f["properties"]["key"]: f["properties"]["label"] for f in features(pair.us, "name")}
    assert "RECALLED, NOT RELEASED ANEW" in names[key]
    row = _row(pair.us, key)
    assert "recalled (v1)" in row
    assert "exact, v1" not in row
    pair.level()
    assert [f for f in features(pair.ru, "outline") if f["properties"]["key"] == key] == []
    node.release("orbit-kunduz", exercise.LINE, "exact", officer="watch-1")
    drawn = [f for f in features(pair.us, "outline") if f["properties"]["key"] == key]
    assert {f["properties"]["style"] for f in drawn} == {"own"}
    row = _row(pair.us, key)
    assert "exact, v2" in row
    assert "recalled" not in row


def _row(desk: Any, key: str) -> str:
    """An activity's row in the list."""
    rows: list[str] = desk.page(f"{LINE}/panels/activities").split("<li ")
    [row] = [one for one in rows if f'data-select="activity:{key}"' in one]
    return row


def test_a_coarse_release_is_drawn_with_the_exact_plan_inside(pair: Any) -> None:
    pair.release()
    tanker = [
        f for f in features(pair.us, "outline") if f["properties"]["key"] == "us/tanker-baghlan"
    ]
    by_style = {f["properties"]["style"]: shape(f["geometry"]) for f in tanker}
    assert by_style["own"].buffer(1e-4).covers(by_style["plan"])
    theirs = [
        f for f in features(pair.ru, "outline") if f["properties"]["key"] == "us/tanker-baghlan"
    ]
    assert [f["properties"]["style"] for f in theirs] == ["peer-0"]


def test_a_conflicts_mark_lies_on_the_ground_it_is_about(pair: Any) -> None:
    pair.release()
    for desk in (pair.us, pair.ru):
        (mark,) = features(desk, "conflict")
        shared = [shape(f["geometry"]) for f in features(desk, "overlap")]
        assert mark["properties"]["sides"] == ["ru/recon-panj-kunduz", "us/orbit-kunduz"]
        assert any(
            area.buffer(0.01).covers(Point(mark["geometry"]["coordinates"])) for area in shared
        )


def test_a_flight_through_the_buffer_of_a_site_is_told_as_that_to_both(pair: Any) -> None:
    pair.release()
    core = Core(Shape.POLYLINE, (((69.0, 36.82), exercise.KUNDUZ),))
    band = Band(Limit(0.0, Reference.SFC), Limit(2_000.0, Reference.MSL))
    start_s = parse_time_s("2021-08-09T09:00:00Z")
    volume = Volume(core, 500.0, band, start_s, start_s + 3600)
    flight = Activity("ru", "transport-1", "transport", (volume,))
    pair.ru.node.file(flight, title="", officer="watch-1")
    pair.ru.node.release("transport-1", exercise.LINE, "exact", officer="watch-1")
    pair.level()

    tags = set()
    for desk in (pair.us, pair.ru):
        (mark,) = [f for f in features(desk, "conflict") if f["properties"]["area"]]
        tags.add(mark["properties"]["tag"])
        assert "in the buffer of a protected site" in mark["properties"]["summary"]
        (met,) = [f for f in features(desk, "overlap") if f["properties"]["style"] != "overlap"]
        assert met["properties"]["style"] == "overlap-area"
        names = {f["properties"]["key"]: f["properties"]["label"] for f in features(desk, "name")}
        assert "PROTECTED SITE" in names["us/hospital-kunduz"]
        assert "SPECIAL CAUTION AREA" in names["ru/training-area"]
        assert "LINE" in names["ru/line-panj"].splitlines()
        rows = desk.page(f"{LINE}/panels/conflicts")
        assert rows.count('<div class="area-text">in the buffer of a protected site</div>') == 1
        detail = desk.page(f"{LINE}/panels/detail?selected=conflict:{mark['properties']['key']}")
        assert "its radius is the buffer" in detail
        assert '<rect class="meet meet-area"' in detail
        assert "hospital-kunduz has begun" not in detail
        assert "us later" not in detail
        (seen,) = [
            one for one in desk.node.conflicts(exercise.LINE) if one.kind == "protected-site"
        ]
        assert {one.moves for one in seen.suggestions} == {"ru"}
    (tag,) = tags
    assert re.fullmatch("SITE [0-9A-F]{4}", tag)
    states = {desk.node.state_document(exercise.LINE) for desk in (pair.us, pair.ru)}
    assert len(states) == 1


def test_every_name_stands_on_what_it_names(pair: Any) -> None:
    pair.release()
    outlines: dict[str, list[Any]] = {}
    for f in features(pair.us, "outline"):
        outlines.setdefault(f["properties"]["key"], []).append(shape(f["geometry"]))
    for name in features(pair.us, "name"):
        place = Point(name["geometry"]["coordinates"])
        assert any(o.buffer(1e-4).covers(place) for o in outlines[name["properties"]["key"]])


def test_the_preview_is_what_the_peer_then_sees(pair: Any) -> None:
    pair.release()
    preview = json.loads(pair.us.page(f"{LINE}/preview.json?plan=orbit-west&form=coarse"))
    expected = [f["geometry"] for f in preview["features"]["features"]]
    pair.us.do(
        "release",
        plan="orbit-west",
        shown=pair.us.node.preview("orbit-west", "northern-watch", "coarse").sha256,
        **{"as": "coarse"},
    )
    pair.level()
    seen = [
        f["geometry"]
        for f in features(pair.ru, "outline")
        if f["properties"]["key"] == "us/orbit-west"
    ]
    assert seen == expected


def test_the_view_holds_everything_drawn(pair: Any) -> None:
    document = json.loads(pair.us.page(f"{LINE}/map.json"))
    assert document["bounds"] == [65, 35, 73, 40]  # the line's area, while there is nothing else
    pair.release()
    west, south, east, north = json.loads(pair.us.page(f"{LINE}/map.json"))["bounds"]
    for f in features(pair.us, "outline"):
        left, low, right, high = shape(f["geometry"]).bounds
        assert west <= left
        assert south <= low
        assert right <= east
        assert high <= north


def test_the_profile_lies_inside_its_frame(pair: Any) -> None:
    pair.release()
    page = pair.us.page(f"{LINE}/panels/detail")
    boxes = re.findall(
        r'<rect class="([^"]+)" x="([^"]+)" y="([^"]+)" width="([^"]+)" height="([^"]+)"', page
    )
    kinds = {kind for kind, *_ in boxes}
    assert kinds == {"side own", "side peer-0", "meet"}
    for _, *numbers in boxes:
        x, y, width, height = map(float, numbers)
        assert 88 <= x < x + width <= 451
        assert 8 <= y < y + height <= 215
    for height_said in ("FL230", "FL240", "FL250", "FL260"):
        assert f">{height_said}</text>" in page
