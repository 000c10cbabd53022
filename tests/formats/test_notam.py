"""NOTAM text: what can be taken literally is read, everything else is unknown with its reason."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from pyproj import Geod

from detente.formats import Reading, read, read_bytes
from detente.formats.notam_area import Area, Circle, area_of
from detente.volumes import Activity, Band, Edges, Limit, Reference, Shape
from detente.volumes.datums import height_interval_m

Reader = Callable[..., Reading]

WGS84 = Geod(ellps="WGS84")
CIRCLE = "TEMPO RESTRICTED AREA ACTIVATED WI 5NM RADIUS CENTERED ON 364100N0685200E"
POLYGON = "DANGER AREA BOUNDED BY LINES JOINING 3640N06850E - 3645N06900E - 3638N06855E"


def only(reading: Reading) -> Activity:
    assert [str(error) for error in reading.bad] == []
    assert reading.unknown == []
    (activity,) = reading.activities
    return activity


def why(reading: Reading) -> str:
    assert reading.activities == []
    assert reading.bad == []
    (unknown,) = reading.unknown
    assert (unknown.party, unknown.id) == ("notams", "A1234-21")
    return unknown.why


def test_a_file_of_the_exercise(data: Path) -> None:
    reading = read(data / "exercise-notam.txt")
    assert reading.bad == []
    assert [activity.id for activity in reading.activities] == [
        "X0001-21",
        "X0002-21",
        "X0004-21",
        "X0006-21",
    ]
    assert [(item.id, item.why) for item in reading.unknown] == [
        ("X0005-21", "its schedule (item D) has 'SR'")
    ]
    assert "X0007-21 ends X0003-21 before it begins" in reading.notes[-1]
    circle, polygon, q_line, again = (activity.volumes[0] for activity in reading.activities)
    assert circle.radius_m == 9260
    assert circle.band == Band(Limit(0.0, Reference.SFC), Limit(3048.0, Reference.MSL))
    # Replaced from 03:00 on.
    assert (circle.start_s, circle.end_s) == (1628467200.0, 1628478000.0)
    assert [len(activity.volumes) for activity in reading.activities] == [1, 1, 7, 2]
    assert again.radius_m == 7 * 1852
    assert polygon.core.shape is Shape.POLYGON
    assert polygon.band.upper == Limit(9144.0, Reference.STD)
    assert q_line.radius_m == 5 * 1852
    assert "the circle of the Q line is taken" in reading.activities[2].notes[0]
    assert "read as 7 periods" in reading.activities[2].notes[1]


@pytest.mark.parametrize(
    "text",
    [
        "WI 5NM RADIUS CENTERED ON 364100N0685200E",
        "WITHIN 5 NM RADIUS OF 364100N0685200E",
        "WI A CIRCLE RADIUS 5NM CENTRE 364100N0685200E",
        "WITHIN A RADIUS OF 5NM OF PSN 364100N 0685200E",
        "CIRCLE WITH RADIUS 5NM CENTRED AT 3641N06852E",
        "RADIUS OF 5.0NM AROUND POINT 3641N06852E",
        "RADIUS 9.26KM CENTRED ON PSN N3641 E06852",
        "CIRCLE CENTRED ON PSN 3641N06852E RADIUS 5NM",
        "CENTRE 3641N06852E, 5NM RADIUS",
        "WI 9260M OF 3641N06852E",
        "5NM RADIUS CIRCLE CENTERED AT COORD 364100N0685200E",
    ],
)
def test_circles_in_item_e(read_notam: Reader, text: str) -> None:
    volume = only(read_notam(f"TEMPO DANGER AREA {text}. SFC-FL100")).volumes[0]
    assert volume.core.shape is Shape.POINT
    assert volume.core.rings[0][0] == pytest.approx((68 + 52 / 60, 36 + 41 / 60))
    assert volume.radius_m == pytest.approx(9260)


@pytest.mark.parametrize(
    "text",
    [
        "BOUNDED BY LINES JOINING 3640N06850E - 3645N06900E - 3638N06855E",
        "BOUNDED BY 3640N06850E, 3645N06900E, 3638N06855E, 3640N06850E",
        "WI 364000N0685000E 364500N0690000E 363800N0685500E",
        "AREA: N3640 E06850 TO N3645 E06900 TO N3638 E06855 BACK TO START",
        "WITHIN COORDINATES 3640N06850E/3645N06900E/3638N06855E AND 3640N06850E",
        "BOUNDED BY:\n3640N06850E-3645N06900E-\n3638N06855E-3640N06850E.\nVERTICAL LIMITS SFC-UNL",
    ],
)
def test_polygons_in_item_e(read_notam: Reader, text: str) -> None:
    volume = only(read_notam(f"DANGER AREA {text}")).volumes[0]
    assert volume.core.shape is Shape.POLYGON
    assert volume.core.edges is Edges.GEODESIC
    corners = [(68 + 50 / 60, 36 + 40 / 60), (69.0, 36.75), (68 + 55 / 60, 36 + 38 / 60)]
    for found, corner in zip(volume.core.rings[0], corners, strict=True):
        assert found == pytest.approx(corner)


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("QRDCA", "danger area"),
        ("QRPCA", "prohibited area"),
        ("QRRCA", "restricted area"),
        ("QRTCA", "restricted area"),
        ("QWELW", "notam"),
        ("QRACA", "notam"),
    ],
)
def test_the_code_tells_the_kind_of_area(read_notam: Reader, code: str, kind: str) -> None:
    q = f"OAKX/{code}/IV/BO/W/000/100/3641N06852E010"
    assert only(read_notam(CIRCLE, q=q)).kind == kind


def test_a_polygon_across_the_antimeridian(read_notam: Reader) -> None:
    volume = only(
        read_notam(
            "AREA BOUNDED BY 6000N17900E - 6000N17900W - 6030N17900W",
            q="UHPP/QRDCA/IV/BO/W/000/999/6010N18000E040",
        )
    ).volumes[0]
    assert [lon for lon, _ in volume.core.rings[0]] == [179, 181, 181]


def test_chart_lines_between_corners_lie_inside() -> None:
    # Two degrees of latitude and thirty of longitude: the three kinds of line differ by kilometres.
    q = Circle((70.0, 60.0), 999)
    text = "AREA BOUNDED BY 6000N05500E - 6000N08500E - 5000N07000E"
    area = area_of(text, q)
    assert isinstance(area, Area)
    edge_lon, edge_lat = np.array(WGS84.npts(55, 60, 85, 60, 2000)).T
    for lon in np.linspace(55, 85, 61):
        _, _, far_m = WGS84.inv(np.full(2000, lon), np.full(2000, 60.0), edge_lon, edge_lat)
        assert far_m.min() <= area.radius_m
    assert "m for the lines of a chart" in area.notes[0]


@pytest.mark.parametrize(
    ("f", "g", "lower", "upper"),
    [
        ("SFC", "3000FT AMSL", Limit(0.0, Reference.SFC), Limit(914.4, Reference.MSL)),
        ("GND", "500M AGL", Limit(0.0, Reference.SFC), Limit(500.0, Reference.AGL)),
        ("FL100", "FL 240", Limit(3048.0, Reference.STD), Limit(7315.2, Reference.STD)),
        ("1000 FT AGL", "UNL", Limit(304.8, Reference.AGL), None),
    ],
)
def test_limits(read_notam: Reader, f: str, g: str, lower: Limit, upper: Limit | None) -> None:
    band = only(read_notam(CIRCLE, f=f, g=g)).volumes[0].band
    for found, limit in ((band.lower, lower), (band.upper, upper)):
        if limit is None or found is None:
            assert found is limit
            continue
        assert found.reference is limit.reference
        assert found.value_m == pytest.approx(limit.value_m)


def test_without_limits_the_q_lines_levels_are_widened(read_notam: Reader) -> None:
    activity = only(read_notam(CIRCLE, f="", g="", q="OAKX/QRTCA/IV/BO/W/050/100/3641N06852E010"))
    assert any("no items F and G" in note for note in activity.notes)
    taken = activity.volumes[0].band
    assert taken.lower is not None
    assert taken.upper is not None
    assert taken.lower.value_m < 5000 * 0.3048
    assert taken.upper.value_m > 10000 * 0.3048
    # The band holds both readings: flight levels, and altitudes above the sea.
    for reference in (Reference.STD, Reference.MSL):
        stated = height_interval_m(Band(Limit(1524.0, reference), Limit(3048.0, reference))).w84
        held = height_interval_m(taken).w84
        assert held[0] <= stated[0]
        assert held[1] >= stated[1]
    whole = only(read_notam(CIRCLE, f="", g="", q="OAKX/QRTCA/IV/BO/W/000/999/3641N06852E010"))
    assert whole.volumes[0].band == Band(None, None)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"d": "SR-SS"}, "schedule"),
        ({"d": "DAILY 0700-0800"}, "no hour between B and C"),
        ({"a": "OAKX PART 2 OF 3"}, "one part of a NOTAM"),
        ({"c": "PERM"}, "no end"),
        ({"c": "2108090600 EST"}, "estimate"),
        ({"q": "OAKX/QMXLC/IV/NBO/A/000/999/3641N06852E010"}, "QMXLC neither reserves nor warns"),
        ({"q": "OAKX/QOBCE/IV/M/AE/000/010/3641N06852E010"}, "QOBCE neither reserves nor warns"),
        ({"q": "OAKX/QRTCN/IV/BO/W/000/100/3641N06852E010"}, "does not say that the area is in"),
        ({"q": "OAKX/QRTCD/IV/BO/W/000/100/3641N06852E010"}, "does not say that the area is in"),
        # The drawing contradicts the Q line: one of them is a misprint.
        ({"q": "OAKX/QRTCA/IV/BO/W/000/100/3441N06852E010"}, "outside the circle of the Q line"),
        ({"q": "OAKX/QRTCA/IV/BO/W/000/100/3641N06852E002"}, "outside the circle of the Q line"),
    ],
)
def test_a_sound_circle_under_another_heading_is_unknown(
    read_notam: Reader, changes: dict[str, str], reason: str
) -> None:
    assert reason in why(read_notam(CIRCLE, **changes))


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (f"{POLYGON} THEN CLOCKWISE ARC RADIUS 5NM CENTRED ON 3641N06852E", "says CLOCKWISE"),
        (f"{POLYGON} EXCLUDING KUNDUZ CTR", "says EXCLUDING"),
        (f"{POLYGON} EXC CTR", "says EXC"),
        (f"{POLYGON} OUTSIDE TMA", "says OUTSIDE"),
        (f"{POLYGON} THEN ALONG STATE BORDER", "says ALONG"),
        (f"{POLYGON} AND 3700N06900E - 3705N06900E - 3700N06905E", "more than one list"),
        (f"{POLYGON}. ALT AREA 3700N06900E, 3705N06900E, 3700N06905E", "more than one list"),
        (f"{POLYGON}\n3700N06900E - 3705N06900E - 3700N06905E", "more than one list"),
        (f"{POLYGON} - 3640N06850E - 3640N06840E", "passes a point twice"),
        (f"1) {POLYGON}", "lists several"),
        (f"{POLYGON} 0500-1100", "hours of its own"),
        (f"{POLYGON} DAILY", "says DAILY"),
        (f"{POLYGON} CNL", "says CNL"),
        ("DANGER AREA BOUNDED BY 3640N06850E - 3645N06900E", "fewer than three"),
        ("PSN 3640N06850E 3645N06900E 3638N06855E", "does not say that they bound"),
        ("AREA BOUNDED BY 3640N06850E - 3645N 6900E - 3638N06855E", "no coordinate that can"),
        ("AREA BOUNDED BY 36.6N 68.8E", "no coordinate that can"),
        ("AREA 42SVF8475930547", "no coordinate that can"),
        ("GUN FIRING AT PSN 3641N06852E", "no radius"),
        (f"{CIRCLE} AND 2NM RADIUS OF KUNDUZ", "several distances"),
        ("WI 5NM RADIUS CENTERED ON 3641N06852E AND 3645N06900E", "several coordinates and a"),
        ("WI 0NM RADIUS OF 3641N06852E", "radius of 0"),
        ("WI 5NM RADIUS OF KUNDUZ AIRPORT", "area without coordinates"),
        ("WI 500 METRES OF KUNDUZ AIRPORT", "area without coordinates"),
        ("BTN 5NM AND 10NM FM KUNDUZ VOR", "area without coordinates"),
        ("NORTH PART OF AREA OAD12 ACT", "says NORTH PART"),
        ("AREA OAD12 SECTOR NORTH ACT", "says SECTOR"),
        ("AREAS OAD12 AND OAD13 ACT", "says AREAS"),
        ("ROUTE L750 CLSD", "says ROUTE"),
        ("ОПАСНАЯ ЗОНА 364100С0685200В", "not in English"),
    ],
)
def test_an_area_that_cannot_be_drawn_is_unknown(
    read_notam: Reader, text: str, reason: str
) -> None:
    assert reason in why(read_notam(text))


@pytest.mark.parametrize(
    "q", ["OAKX/QRTCA/IV/BO/W/000/100/3641N06852E999", "OAKX/QRTCA/IV/BO/W/000/100/3641N06852E000"]
)
def test_a_q_line_without_a_circle_of_its_own_gives_no_area(read_notam: Reader, q: str) -> None:
    assert "no area is given" in why(read_notam("EXERCISE AREA ACT", q=q))


@pytest.mark.parametrize(
    ("text", "changes", "what"),
    [
        (CIRCLE, {"q": "OAKX/QRTCA"}, "item Q"),
        (CIRCLE, {"q": "OAKX/QRTCA/IV/BO/W/000/100/3661N06852E010"}, "60 minutes"),
        (CIRCLE, {"b": "WIE"}, "item B 'WIE'"),
        (CIRCLE, {"b": "2113090000"}, "item B"),
        (CIRCLE, {"head": "A1234/21 NOTAMR"}, "does not say which NOTAM"),
        (CIRCLE, {"head": "A1234/21 NOTAMC"}, "does not say which NOTAM"),
        (CIRCLE, {"d": "DAILY 0100-0200", "c": "2108082359"}, "end lies before start"),
        (CIRCLE, {"c": "2108082359"}, "end lies before start"),
        (CIRCLE, {"g": ""}, "only one of the items F and G"),
        (CIRCLE, {"g": "3000FT"}, "item G '3000FT'"),
        (CIRCLE, {"g": "3000 AMSL"}, "item G '3000 AMSL'"),
        (CIRCLE, {"f": "FL200", "g": "FL100"}, "above the upper"),
        ("AREA BOUNDED BY 3661N06850E - 3645N06900E - 3638N06855E", {}, "60 minutes"),
        ("AREA BOUNDED BY 3640N06850E - 3645N06900E - 3640N06900E - 3645N06850E", {}, "crosses"),
        ("X" * 20_000, {}, "more than 20,000 characters"),
    ],
)
def test_a_bad_notam_is_one_line_with_file_item_and_remedy(
    read_notam: Reader, text: str, changes: dict[str, str], what: str
) -> None:
    reading = read_notam(text, **changes)
    assert reading.activities == []
    assert reading.unknown == []
    (error,) = reading.bad
    assert str(error).startswith("notams.txt: NOTAM 1 (A1234-21)")
    assert what in str(error)
    assert error.remedy
    assert "\n" not in str(error)


def test_remarks_after_item_g_and_text_before_the_first_notam_do_no_harm() -> None:
    text = (
        "GG OAKXYNYX\n081200 UTDDYNYX\n(A1234/21 NOTAMN\n"
        "Q) OAKX/QRTCA/IV/BO/W/000/100/3641N06852E010\nA) OAKX\nB) 2108090000\nC) 2108090600\n"
        f"E) {CIRCLE}\nF) SFC\nG) 3000FT AMSL)\nCREATED: 08 Aug 2021 12:00:00\nSOURCE: OAKXYNYX\n"
    )
    assert only(read_bytes("notams.notam", text.encode())).volumes[0].radius_m == 9260


def test_notams_without_a_number_are_counted() -> None:
    one = (
        "Q) OAKX/QRTCA/IV/BO/W/000/100/3641N06852E010 A) OAKX B) 2108090000 C) 2108090600 "
        f"E) {CIRCLE} F) SFC G) 3000FT AMSL\n"
    )
    reading = read_bytes("notams.txt", (one + one).encode())
    assert [activity.id for activity in reading.activities] == ["notam-1", "notam-2"]


def test_two_notams_under_one_number_are_not_taken_for_one() -> None:
    one = (
        "Q) OAKX/QRTCA/IV/BO/W/000/100/3641N06852E010 A) OAKX B) 2108090000 C) 2108090600 "
        f"E) {CIRCLE} F) SFC G) 3000FT AMSL\n"
    )
    reading = read_bytes("notams.txt", ("A1234/21 NOTAMN " + one + one).encode())
    assert reading.activities == []
    assert "two items Q" in reading.bad[0].message


@pytest.mark.parametrize("missing", ["Q", "A", "B", "E"])
def test_a_missing_item_is_named(missing: str) -> None:
    items = {
        "Q": "OAKX/QRTCA/IV/BO/W/000/100/3641N06852E010",
        "A": "OAKX",
        "B": "2108090000",
        "C": "2108090600",
        "E": CIRCLE,
    }
    text = " ".join(f"{letter}) {item}" for letter, item in items.items() if letter != missing)
    (error,) = read_bytes("notams.txt", f"A1234/21 NOTAMN {text}".encode()).bad
    assert f"has no item {missing}" in error.message


def test_a_text_without_a_notam_is_one_bad_item() -> None:
    (error,) = read_bytes("notes.txt", b"nothing of the kind").bad
    assert str(error).startswith("notes.txt: has no NOTAM")
