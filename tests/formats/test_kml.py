"""KML: what a Placemark says, what is widened because it is not said, and what is refused."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import Geod

from detente.formats import Reading, kml, read, read_all, read_bytes
from detente.formats.kml_times import EASTERNMOST_S, WESTERNMOST_S
from detente.formats.reading import ALWAYS_S
from detente.volumes import Activity, Band, Edges, Limit, Reference, Shape
from detente.volumes.check import check_activity
from detente.volumes.times import parse_time_s

WGS84 = Geod(ellps="WGS84")
HEAD = (
    '<kml xmlns="http://www.opengis.net/kml/2.2" '
    'xmlns:gx="http://www.google.com/kml/ext/2.2"><Document>'
)
SPAN = "<TimeSpan><begin>2021-08-09T04:00:00Z</begin><end>2021-08-09T10:00:00Z</end></TimeSpan>"
BEGIN_S, END_S = 1628481600.0, 1628503200.0
POINT = "<Point><coordinates>68.8,36.5</coordinates></Point>"
SQUARE = "68.4,37.6 68.8,37.6 68.8,37.9 68.4,37.9 68.4,37.6"

Reader = Callable[..., Reading]


def document(*parts: str) -> bytes:
    return f"{HEAD}{''.join(parts)}</Document></kml>".encode()


def data(**properties: Any) -> str:
    said = "".join(
        f'<Data name="{name}"><value>{value}</value></Data>' for name, value in properties.items()
    )
    return f"<ExtendedData>{said}</ExtendedData>"


def placemark(shape: str = POINT, *, time: str = SPAN, **properties: Any) -> str:
    said = {"id": "orbit-1", "radius_m": 9260, **properties}
    said = {name: value for name, value in said.items() if value is not None}
    return f"<Placemark>{time}{data(**said)}{shape}</Placemark>"


def polygon(outer: str = SQUARE, *inner: str, before: str = "") -> str:
    holes = "".join(
        f"<innerBoundaryIs><LinearRing><coordinates>{ring}</coordinates></LinearRing>"
        "</innerBoundaryIs>"
        for ring in inner
    )
    return (
        f"<Polygon>{before}<outerBoundaryIs><LinearRing><coordinates>{outer}</coordinates>"
        f"</LinearRing></outerBoundaryIs>{holes}</Polygon>"
    )


def reading_of(*parts: str) -> Reading:
    return read_bytes("us.kml", document(*parts))


def only(reading: Reading) -> Activity:
    assert [str(error) for error in reading.bad] == []
    assert reading.unknown == []
    (activity,) = reading.activities
    return activity


@pytest.mark.parametrize("name", ["exercise-kml.kml", "exercise-kmz.kmz"])
def test_a_file_of_the_exercise(data: Path, name: str) -> None:
    reading = read(data / name)
    assert reading.bad == []
    orbit, area, route, flight = reading.activities
    assert (orbit.id, orbit.kind) == ("EXERCISE-Orbit-1", "surveillance")
    volume = orbit.volumes[0]
    assert (volume.start_s, volume.end_s) == (BEGIN_S, END_S)
    assert volume.band.lower == Limit(240 * 30.48, Reference.STD)
    assert area.id == "area-2"
    assert [len(ring) for ring in area.volumes[0].core.rings] == [4, 4]
    assert area.volumes[0].band == Band(Limit(0.0, Reference.SFC), Limit(3500.0, Reference.MSL))
    assert [volume.band for volume in route.volumes] == [
        Band(Limit(500.0, Reference.AGL), Limit(600.0, Reference.AGL)),
        Band(None, None),
    ]
    assert flight.kind == "flight"
    assert [(item.id, item.why) for item in reading.unknown] == [
        ("NetworkLink 1", "it links to another file, which is not fetched")
    ]
    assert "above the sea (MSL)" in reading.notes[0]
    assert reading.notes[1].endswith("properties not used: colour")


def test_a_point_with_everything_in_its_extended_data() -> None:
    said = {
        "id": "a", "party": "ru", "kind": "patrol", "radius_m": "1000", "altitude_lower": "1500",
        "altitude_upper": "5000 FT MSL", "start": "2021-08-09T04:00:00Z",
        "end": "2021-08-09T14:30:00+04:30",
    }  # fmt: skip
    reading = reading_of(placemark(time="", **said))
    activity = only(reading)
    assert any("altitude_lower 1500 without a unit was read as" in note for note in reading.notes)
    assert (activity.party, activity.id, activity.kind) == ("ru", "a", "patrol")
    volume = activity.volumes[0]
    assert volume.core.rings == (((68.8, 36.5),),)
    assert volume.radius_m == 1000
    assert volume.band == Band(Limit(1500.0, Reference.W84), Limit(1524.0, Reference.MSL))
    assert (volume.start_s, volume.end_s) == (BEGIN_S, END_S)
    assert activity.notes == ()


def test_simple_data_of_a_schema_is_the_same() -> None:
    simple = (
        '<ExtendedData><SchemaData><SimpleData name="id">a</SimpleData>'
        '<SimpleData name="radius_m"> 1000 </SimpleData></SchemaData></ExtendedData>'
    )
    activity = only(reading_of(f"<Placemark>{SPAN}{simple}{POINT}</Placemark>"))
    assert (activity.id, activity.volumes[0].radius_m) == ("a", 1000)


@pytest.mark.parametrize(
    ("xml", "expected"),
    [
        ("<Placemark><name>Orbit (1) Süd</name>", "Orbit-1-Sud"),
        ("<Placemark id='x1'><name>Orbit</name>", "Orbit"),
        ("<Placemark id='x1'>", "x1"),
        ("<Placemark><name><![CDATA[ Orbit ]]></name>", "Orbit"),
        ("<Placemark><name>Орбита</name>", "placemark-1"),
    ],
)
def test_ids_are_made_of_names(xml: str, expected: str) -> None:
    said = data(radius_m=5)
    assert only(reading_of(f"{xml}{SPAN}{said}{POINT}</Placemark>")).id == expected


def test_two_of_a_name_are_two_and_two_of_an_id_are_bad() -> None:
    named = f"<Placemark><name>A</name>{SPAN}{data(radius_m=5)}{POINT}</Placemark>"
    reading = reading_of(placemark(id="A"), named, named, placemark(id="b"), placemark(id="b"))
    assert [activity.id for activity in reading.activities] == ["A", "A.2", "A.3", "b"]
    assert "has b twice" in str(reading.bad[0])


@pytest.mark.parametrize(
    ("xmlns", "ok"),
    [
        ("", True),
        (' xmlns="http://earth.google.com/kml/2.1"', True),
        (' xmlns="http://www.opengis.net/kml/2.2"', True),
        (' xmlns="http://exercise.invalid/kml"', False),
    ],
)
def test_namespaces(xmlns: str, ok: bool) -> None:
    reading = read_bytes("us.kml", f"<kml{xmlns}>{placemark()}</kml>".encode())
    assert bool(reading.activities) is ok
    if not ok:
        assert "us.kml: is not KML" in str(reading.bad[0])


def test_a_prefix_is_as_good_and_a_foreign_name_is_nothing() -> None:
    text = (
        '<k:kml xmlns:k="http://www.opengis.net/kml/2.2" xmlns:o="urn:o"><k:Placemark>'
        "<o:name>no</o:name><k:name>yes</k:name><o:TimeSpan><o:begin>2020</o:begin></o:TimeSpan>"
        "<k:TimeSpan><k:begin>2021-08-09T04:00:00Z</k:begin><k:end>2021-08-09T10:00:00Z</k:end>"
        '</k:TimeSpan><k:ExtendedData><k:Data name="radius_m"><k:value>5</k:value></k:Data>'
        "<o:camp>4</o:camp></k:ExtendedData><o:Point/><k:Point><k:coordinates>1,2</k:coordinates>"
        "</k:Point></k:Placemark></k:kml>"
    )
    activity = only(read_bytes("us.kml", text.encode()))
    assert (activity.id, activity.volumes[0].start_s) == ("yes", BEGIN_S)


@pytest.mark.parametrize("root", ["Placemark", "Document", "Folder"])
def test_a_document_may_begin_with_a_feature(root: str) -> None:
    text = placemark() if root == "Placemark" else f"<{root}>{placemark()}</{root}>"
    assert only(read_bytes("us.kml", text.encode())).id == "orbit-1"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "iso-8859-1", "windows-1252"])
def test_encodings(encoding: str) -> None:
    text = f'<?xml version="1.0" encoding="{encoding}"?><kml><Placemark><name>Ü</name>{SPAN}'
    text += f"{data(radius_m=5)}{POINT}</Placemark></kml>"
    assert only(read_bytes("us.kml", text.encode(encoding))).id == "U"


@pytest.mark.parametrize(
    ("begin", "end", "expected"),
    [
        ("2021-08-09T04:00:00Z", "2021-08-09T10:00:00Z", (BEGIN_S, END_S)),
        ("2021-08-09T08:30:00+04:30", "2021-08-09T10:00:00.5Z", (BEGIN_S, END_S + 0.5)),
        ("2021-08-09Z", "2021-08-09Z", (1628467200, 1628553600)),
        ("2021-08Z", "2021-08Z", (1627776000, 1630454400)),
        ("2021-12Z", "2021-12Z", (1638316800, 1640995200)),
        ("2021Z", "2021Z", (1609459200, 1640995200)),
        ("2021-08-09+04:30", "2021-08-09+04:30", (1628451000, 1628537400)),
        ("2021-08-09", "2021-08-09",
         (1628467200 - EASTERNMOST_S, 1628553600 + WESTERNMOST_S)),
        ("2021-08-09T04:00:00", "2021-08-09T10:00:00",
         (BEGIN_S - EASTERNMOST_S, END_S + WESTERNMOST_S)),
        ("", "2021-08-09T10:00:00Z", (ALWAYS_S[0], END_S)),
        ("2021-08-09T04:00:00Z", "", (BEGIN_S, ALWAYS_S[1])),
    ],
)  # fmt: skip
def test_time_spans(begin: str, end: str, expected: tuple[float, float]) -> None:
    time = f"<TimeSpan><begin>{begin}</begin><end>{end}</end></TimeSpan>"
    activity = only(reading_of(placemark(time=time)))
    assert (activity.volumes[0].start_s, activity.volumes[0].end_s) == expected
    zoneless = len(begin or end) in (4, 7, 10, 19)
    assert any("no zone" in note for note in activity.notes) is zoneless
    assert any("open on one side" in note for note in activity.notes) is (not begin or not end)


def test_a_day_in_any_zone_lies_in_the_window_of_a_day_without_zone() -> None:
    time = "<TimeSpan><begin>2021-08-09</begin><end>2021-08-09</end></TimeSpan>"
    volume = only(reading_of(placemark(time=time))).volumes[0]
    for zone in ("-12:00", "-03:30", "+00:00", "+04:30", "+14:00"):
        assert volume.start_s <= parse_time_s(f"2021-08-09T00:00:00{zone}")
        assert volume.end_s >= parse_time_s(f"2021-08-09T23:59:59{zone}")


@pytest.mark.parametrize(
    ("when", "expected"),
    [
        ("2021-08-09T04:00:00Z", (BEGIN_S, BEGIN_S)),
        ("2021-08-09Z", (1628467200, 1628553600)),
    ],
)
def test_time_stamps(when: str, expected: tuple[float, float]) -> None:
    time = f"<TimeStamp><when>{when}</when></TimeStamp>"
    volume = only(reading_of(placemark(time=time))).volumes[0]
    assert (volume.start_s, volume.end_s) == expected


def test_a_folders_time_holds_for_what_has_none() -> None:
    other = SPAN.replace("T10", "T09")
    reading = reading_of(
        f"<Folder>{SPAN}<Folder>{placemark(time='', id='a')}</Folder>"
        f"<Folder>{other}{placemark(time='', id='b')}</Folder>"
        f"{placemark(time=SPAN.replace('T10', 'T11'), id='c')}</Folder>{placemark(time='', id='d')}"
    )
    ends = {activity.id: activity.volumes[0].end_s for activity in reading.activities}
    assert ends == {"a": END_S, "b": END_S - 3600, "c": END_S + 3600}
    assert "orbit" not in str(reading.bad[0])
    assert "(d): has no time" in str(reading.bad[0])


def test_a_folders_time_after_its_content_makes_the_file_unreadable_from_there() -> None:
    reading = reading_of(
        f"<Folder>{SPAN}{placemark(time='', id='a')}{SPAN}{placemark(time='', id='b')}</Folder>"
    )
    assert [activity.id for activity in reading.activities] == ["a"]
    assert "stands after what is in the folder" in str(reading.bad[0])


def test_a_views_time_is_not_the_placemarks() -> None:
    view = f"<LookAt>{SPAN}</LookAt>"
    reading = reading_of(placemark(time=view))
    assert "has no time" in str(reading.bad[0])
    reading = reading_of(f"<Folder>{view}{placemark(time='')}</Folder>")
    assert "has no time" in str(reading.bad[0])


ROUTE = "68.0,37.0,{} 68.2,37.1,{} 68.3,37.3,{}"


@pytest.mark.parametrize(
    ("before", "heights", "expected"),
    [
        ("", (100, 200, 300), Band(None, None)),
        ("<altitudeMode>clampToGround</altitudeMode>", (100, 200, 300), Band(None, None)),
        ("<gx:altitudeMode>clampToSeaFloor</gx:altitudeMode>", (1, 2, 3), Band(None, None)),
        ("<extrude>1</extrude>", (100, 200, 300), Band(None, None)),
        ("<altitudeMode>absolute</altitudeMode>", (0, 0, 0), Band(None, None)),
        ("<altitudeMode>absolute</altitudeMode>", (300, 100, 200),
         Band(Limit(100.0, Reference.MSL), Limit(300.0, Reference.MSL))),
        ("<altitudeMode>relativeToGround</altitudeMode>", (100, 0, 200),
         Band(Limit(0.0, Reference.AGL), Limit(200.0, Reference.AGL))),
        ("<extrude>1</extrude><altitudeMode>absolute</altitudeMode>", (300, 100, 200),
         Band(Limit(0.0, Reference.SFC), Limit(300.0, Reference.MSL))),
        ("<extrude>true</extrude><altitudeMode>relativeToGround</altitudeMode>", (9, 100, 200),
         Band(Limit(0.0, Reference.SFC), Limit(200.0, Reference.AGL))),
        ("<extrude>0</extrude><altitudeMode>absolute</altitudeMode>", (300, -100, 200),
         Band(Limit(-100.0, Reference.MSL), Limit(300.0, Reference.MSL))),
    ],
)  # fmt: skip
def test_altitudes_of_coordinates(before: str, heights: tuple[int, ...], expected: Band) -> None:
    coordinates = ROUTE.format(*heights)
    shape = f"<LineString>{before}<coordinates>{coordinates}</coordinates></LineString>"
    activity = only(reading_of(placemark(shape)))
    assert activity.volumes[0].band == expected
    assert any("all altitudes" in note for note in activity.notes) is (expected.upper is None)


def test_a_coordinate_without_height_leaves_the_altitude_open() -> None:
    before = "<altitudeMode>absolute</altitudeMode>"
    shape = f"<LineString>{before}<coordinates>68,37,100 68.2,37.1</coordinates></LineString>"
    assert only(reading_of(placemark(shape))).volumes[0].band == Band(None, None)


def test_limits_that_are_given_count_and_not_those_of_coordinates() -> None:
    before = "<altitudeMode>relativeToSeaFloor</altitudeMode>"
    shape = f"<Point>{before}<coordinates>68,37,100</coordinates></Point>"
    activity = only(reading_of(placemark(shape, altitude_upper="FL100")))
    assert activity.volumes[0].band == Band(None, Limit(3048.0, Reference.STD))
    reading = reading_of(placemark(shape))
    assert "its altitudeMode is 'relativeToSeaFloor'" in str(reading.bad[0])


def test_lines_of_no_known_kind_have_room_for_every_kind() -> None:
    line = "<LineString><coordinates>60,55 75,55</coordinates></LineString>"
    volume = only(reading_of(placemark(line, radius_m=1000))).volumes[0]
    assert volume.core.edges is Edges.GEODESIC
    way = np.array(WGS84.npts(60, 55, 75, 55, 3000))
    for lon in np.linspace(60, 75, 31):
        far_m = WGS84.inv(np.full(3000, lon), np.full(3000, 55.0), way[:, 0], way[:, 1])[2].min()
        assert far_m + 1000 <= volume.radius_m + 1
    assert volume.radius_m > 14_000
    for edges in ("straight", "geodesic"):
        volume = only(reading_of(placemark(line, radius_m=1000, edges=edges))).volumes[0]
        assert (volume.core.edges, volume.radius_m) == (edges, 1000)


def test_polygons_with_holes() -> None:
    hole = "68.5,37.7 68.6,37.7 68.6,37.8 68.5,37.8 68.5,37.7"
    volume = only(reading_of(placemark(polygon(SQUARE, hole), radius_m=None))).volumes[0]
    assert volume.core.shape is Shape.POLYGON
    assert len(volume.core.rings) == 2
    # Only the room for other kinds of lines.
    assert 10 < volume.radius_m < 50


def test_a_polygon_across_the_antimeridian_goes_the_short_way() -> None:
    outer = "179.5,60 -179.5,60 -179.5,60.5 179.5,60.5 179.5,60"
    ring = only(reading_of(placemark(polygon(outer)))).volumes[0].core.rings[0]
    assert [lon for lon, _ in ring] == [179.5, 180.5, 180.5, 179.5]


def test_several_shapes_are_several_volumes() -> None:
    ring = f"<LinearRing><coordinates>{SQUARE}</coordinates></LinearRing>"
    inner = f"<MultiGeometry>{polygon()}{ring}</MultiGeometry>"
    volumes = only(reading_of(placemark(f"<MultiGeometry>{POINT}{inner}</MultiGeometry>"))).volumes
    assert [volume.core.shape for volume in volumes] == [
        Shape.POINT, Shape.POLYGON, Shape.POLYLINE,
    ]  # fmt: skip
    assert len(volumes[2].core.rings[0]) == 5


def track(*samples: tuple[str, str], before: str = "") -> str:
    times = "".join(f"<when>2021-08-09T{time}Z</when>" for time, _ in samples)
    places = "".join(f"<gx:coord>{place}</gx:coord>" for _, place in samples)
    return f"<gx:Track>{before}{times}{places}</gx:Track>"


FLIGHT = (("05:00:00", "68 37 3000"), ("05:00:30", "68.1 37 3100"), ("05:01:00", "68.2 37 3200"))


def flight(shape: str, **properties: Any) -> Reading:
    return reading_of(f"<Placemark><name>F 1</name>{data(**properties)}{shape}</Placemark>")


@pytest.mark.parametrize(
    ("mode", "expected"),
    [
        ("absolute", Band(Limit(2908.56, Reference.MSL), Limit(3291.44, Reference.MSL))),
        ("relativeToGround", Band(Limit(2908.56, Reference.AGL), Limit(3291.44, Reference.AGL))),
        ("clampToGround", Band(None, None)),
    ],
)
def test_a_track_is_a_corridor(mode: str, expected: Band) -> None:
    shape = track(*FLIGHT, before=f"<altitudeMode>{mode}</altitudeMode>")
    activity = only(flight(shape, party="ru"))
    assert (activity.party, activity.id, activity.kind) == ("ru", "F-1", "flight")
    (volume,) = activity.volumes
    assert volume.band == expected
    assert (volume.start_s, volume.end_s) == (BEGIN_S + 3600 - 30, BEGIN_S + 3660 + 30)


def test_the_tracks_of_a_multi_track_are_flights_of_one_name() -> None:
    later = tuple((time.replace("05", "08", 1), place) for time, place in FLIGHT)
    shape = f"<gx:MultiTrack>{track(*later)}{track(*FLIGHT)}</gx:MultiTrack>"
    reading = flight(shape)
    assert [activity.id for activity in reading.activities] == ["F-1", "F-1.2"]
    starts = [activity.volumes[0].start_s for activity in reading.activities]
    assert starts == [BEGIN_S + 3570, BEGIN_S + 4 * 3600 - 30]


def test_what_a_track_does_not_tell_is_unknown() -> None:
    gap = (*FLIGHT[:1], ("05:00:30", ""), ("05:10:00", "68.2 37 3200"))
    reading = flight(track(*gap, before="<altitudeMode>absolute</altitudeMode>"))
    assert len(reading.activities) == 1
    assert "no position from 2021-08-09T05:00:00Z" in reading.unknown[0].why
    zero = tuple((time, place.split(" 3")[0] + " 0") for time, place in FLIGHT)
    activity = only(flight(track(*zero, before="<altitudeMode>absolute</altitudeMode>")))
    assert activity.volumes[0].band == Band(None, None)


@pytest.mark.parametrize(
    ("xml", "what"),
    [
        (f"<Placemark>{SPAN}{POINT}</Placemark>", "has neither id nor name"),
        (placemark("", id="x"), "(x): has no geometry"),
        (placemark(time=""), "has no time"),
        (placemark(time="<TimeSpan/>"), "its TimeSpan has no time in it"),
        (placemark(time="<TimeStamp/>"), "its TimeStamp has no time in it"),
        (placemark(time=SPAN + SPAN), "TimeSpan stands twice"),
        (placemark(time=SPAN.replace("<begin>", "<begin>x")), "'x2021-08-09T04:00:00Z' is not a t"),
        (placemark(time=SPAN.replace("T04:00:00Z", "T25:00:00Z")), "no such instant"),
        (placemark(time=SPAN.replace("T04:00:00Z", "T0400Z")), "is not a time"),
        (placemark(time="<TimeStamp><when>2021-02-30</when></TimeStamp>"), "2021-02-30 is no day"),
        (placemark(time="<TimeStamp><when>2021-13</when></TimeStamp>"), "2021-13-01 is no day"),
        (placemark(time="<TimeStamp><when>0000</when></TimeStamp>"), "is no day"),
        (placemark(time="<TimeStamp><when>9999</when></TimeStamp>"), "outside the years"),
        (placemark(time="<TimeStamp><when>1066</when></TimeStamp>"), "outside the years"),
        (placemark(time=SPAN.replace("T10", "T03")), "end lies before start"),
        (placemark(start="2021-08-09T04:00:00Z"), "has no end"),
        (placemark(start="2021-08-09", end="2021-08-10"), "start: '2021-08-09' is not a time"),
        (placemark(radius_m=None), "a Point has no radius_m"),
        (placemark(radius_m="5km"), "radius_m '5km' is not a number"),
        (placemark(radius_m="0"), "radius 0 leaves a Point"),
        (placemark(edges="round"), "edges is neither straight nor geodesic"),
        (placemark(altitude_upper="5000"), None),
        (placemark(altitude_upper="5000 FT"), "altitude_upper has no reference"),
        (placemark(party="U S"), "is not a party id"),
        (placemark(id="a b"), "is not an activity id"),
        (placemark().replace("</Extended", '<Data name="id"/></Extended'), "id stands twice"),
        (placemark("<Point/>"), "a Point has not one coordinate"),
        (placemark("<Point><coordinates>1,2 3,4</coordinates></Point>"), "has not one coordinate"),
        (placemark("<Point><coordinates>1</coordinates></Point>"), "'1' is not a coordinate"),
        (placemark("<Point><coordinates>1,2,3,4</coordinates></Point>"), "is not a coordinate"),
        (placemark("<Point><coordinates>1, 2</coordinates></Point>"), "'1,' is not a coordinate"),
        (placemark("<Point><coordinates>nan,2</coordinates></Point>"), "'nan,2' is not a coord"),
        (placemark("<Point><coordinates>1,91</coordinates></Point>"), "latitude 91"),
        (placemark("<Point><coordinates>361,1</coordinates></Point>"), "longitude 361"),
        (placemark("<Point><extrude>2</extrude><coordinates>1,2</coordinates></Point>"),
         "extrude is neither"),
        (placemark("<Point><altitudeMode>high</altitudeMode><coordinates>1,2</coordinates></Point>"),
         "its altitudeMode is 'high'"),
        (placemark("<LineString><coordinates>1,2</coordinates></LineString>"), "fewer than two"),
        (placemark(f"<LineString><coordinates>{'1,2 ' * 10_002}</coordinates></LineString>"),
         "has more than 10,000 vertices"),
        (placemark("<LineString><coordinates>1,86 2,86</coordinates></LineString>"),
         "reaches beyond 85 degrees"),
        (placemark("<Polygon/>"), "no outerBoundaryIs"),
        (placemark("<Polygon><outerBoundaryIs/></Polygon>"), "has not one LinearRing"),
        (placemark(polygon("1,2 3,4 5,2 3,1")), "is not closed"),
        (placemark(polygon("1,2 3,4 1,2")), "fewer than four"),
        (placemark(polygon("68,37 69,38 69,37 68,38 68,37")), "crosses itself"),
        (placemark(polygon() * 2 + "<Model/>"), "has a Model"),
        (placemark("<MultiGeometry><gx:Track/></MultiGeometry>"), "a Track beside other shapes"),
        (placemark("<gx:Track/>"), "a Track takes no radius_m"),
        (placemark("<gx:Track/>", radius_m=None), "0 times for 0 positions"),
        (placemark(track(("05:00:00", "68 37 5"), ("", "")), radius_m=None), "when: "),
        (placemark(track(("05:00:00", "68 97 5")), radius_m=None), "is not on Earth"),
        (placemark(track(("05:00:00", "68,37,5")), radius_m=None), "is not a coordinate"),
        (placemark("<gx:MultiTrack/>", radius_m=None), "has no Track"),
        (placemark("<gx:Track/><gx:Track/>", radius_m=None), "Track stands twice"),
        (placemark(track(*FLIGHT).replace("<when>2021-08-09T05:01:00Z</when>", ""), radius_m=None),
         "2 times for 3 positions"),
    ],
)  # fmt: skip
def test_a_bad_placemark_is_one_line_with_file_item_and_remedy(xml: str, what: str | None) -> None:
    reading = reading_of(xml, placemark(id="sound"))
    if what is None:
        assert len(reading.activities) == 2
        return
    assert [activity.id for activity in reading.activities] == ["sound"]
    (error,) = reading.bad
    assert str(error).startswith("us.kml: placemark 1")
    assert what in str(error)
    assert error.remedy
    assert "\n" not in str(error)


@pytest.mark.parametrize(
    ("text", "what"),
    [
        (b"", "is empty"),
        (b"nothing of the kind", "is not XML: syntax error"),
        (b"<html/>", "is not KML"),
        (b"<kml>", "is not XML: no element found"),
        (b"<kml></Document>", "mismatched tag"),
        (b"<kml><gx:Track/></kml>", "unbound prefix"),
        (b"<kml>&nbsp;</kml>", "undefined entity"),
        (b'<?xml version="1.0" encoding="klingon"?><kml/>', "encoding"),
        (b"<kml>\xff</kml>", "not well-formed"),
        (placemark(f"<MultiGeometry>{placemark()}</MultiGeometry>").encode(), "inside a Placemark"),
    ],
)
def test_a_bad_document_is_one_bad_item(text: bytes, what: str) -> None:
    reading = read_bytes("us.kml", text)
    assert reading.activities == []
    (error,) = reading.bad
    assert str(error).startswith("us.kml: ")
    assert what in str(error)
    assert error.remedy


def test_what_stood_before_the_error_is_read() -> None:
    reading = read_bytes("us.kml", f"<kml>{placemark()}{flight_xml()}<a>".encode())
    assert sorted(activity.id for activity in reading.activities) == ["F", "orbit-1"]
    assert len(reading.bad) == 1


def flight_xml() -> str:
    shape = track(*FLIGHT).replace("gx:", "")
    return f"<Placemark><name>F</name>{shape}</Placemark>"


def test_links_and_pictures_are_unknown() -> None:
    reading = reading_of("<NetworkLink/>", placemark(), "<GroundOverlay/>", "<ScreenOverlay/>")
    assert [item.id for item in reading.unknown] == ["NetworkLink 1", "GroundOverlay 2"]
    assert len(reading.activities) == 1


@pytest.mark.parametrize(
    ("limit", "what"),
    [
        ("MAX_XML_BYTES", "has more than 0 MiB"),
        ("MAX_FEATURES", "more than 2 Placemarks"),
        ("MAX_PLACEMARK_ELEMENTS", "a Placemark of more than 2 elements"),
        ("MAX_PLACEMARK_CHARACTERS", "a Placemark of more than 2 characters"),
    ],
)
def test_a_limit_on_everything(limit: str, what: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kml, limit, 2)
    reading = reading_of(*(placemark(id=name) for name in "abc"))
    assert what in str(reading.bad[0])
    reading = reading_of("<NetworkLink/>" * 3)
    assert limit in ("MAX_PLACEMARK_ELEMENTS", "MAX_PLACEMARK_CHARACTERS") or reading.bad


def test_files_of_two_parties_are_compared(tmp_path: Path) -> None:
    (tmp_path / "us.kml").write_bytes(document(placemark()))
    (tmp_path / "ru.kml").write_bytes(document(placemark()))
    reading = read_all([tmp_path / "us.kml", tmp_path / "ru.kml"])
    assert [activity.party for activity in reading.activities] == ["us", "ru"]


WORDS = st.sampled_from(
    ["<Placemark>", "</Placemark>", "<Folder>", "</Folder>", SPAN, POINT, polygon(), "<TimeSpan>",
     "</TimeSpan>", data(id="a", radius_m=5), data(radius_m="x"), "<name>x</name>", "<Point>",
     "</Point>", "<coordinates>", "</coordinates>", "1,2,3 ", "4,5", "<MultiGeometry>",
     "</MultiGeometry>", "<altitudeMode>absolute</altitudeMode>", "<extrude>1</extrude>",
     "<gx:Track>", "</gx:Track>", "<when>2021-08-09T04:00:00Z</when>", "<gx:coord>1 2 3</gx:coord>",
     "<NetworkLink/>", "<![CDATA[", "]]>", "&lt;", "\x00", "<LinearRing>", "</LinearRing>"]
)  # fmt: skip


@settings(max_examples=200, deadline=None)
@given(st.lists(WORDS, max_size=24), st.booleans())
def test_any_tags(words: list[str], closed: bool) -> None:
    text = f"{HEAD}{''.join(words)}" + ("</Document></kml>" if closed else "")
    reading = read_bytes("us.kml", text.encode())
    for error in reading.bad:
        assert error.where
        assert error.remedy
        assert str(error).isprintable()
    for activity in reading.activities:
        check_activity(activity)


PARTS = st.sampled_from([POINT, polygon(), track(*FLIGHT), SPAN, "<name>x</name>", "<Polygon/>"])
TEXTS = st.text(alphabet="0123456789.,-+eE: TZ()FLMSNaG\n ", max_size=24)


@settings(max_examples=150, deadline=None)
@given(
    st.lists(PARTS, max_size=4),
    st.dictionaries(st.sampled_from(["id", "radius_m", "altitude_lower", "start", "end", "edges",
                                     "party", "kind"]), TEXTS, max_size=4),
    TEXTS,
    st.sampled_from(["begin", "coordinates", "altitudeMode", "when", "gx:coord", "extrude"]),
)  # fmt: skip
def test_any_values(parts: list[str], said: dict[str, str], text: str, name: str) -> None:
    whole = "".join(parts)
    start = whole.find(f"<{name}>")
    if start >= 0:
        start += len(name) + 2
        whole = whole[:start] + text + whole[whole.index("<", start) :]
    reading = reading_of(f"<Placemark>{data(**said)}{whole}</Placemark>")
    assert len(reading.bad) + len(reading.activities) + len(reading.unknown) >= 1
    for activity in reading.activities:
        check_activity(activity)
