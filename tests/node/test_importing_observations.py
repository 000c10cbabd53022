"""A file of observations into our own store: again without effect, revised, bad rows named."""

import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest

from detente.errors import InputError, LimitError
from detente.node.views import ImportedView, OfficerView

GED = (Path(__file__).parents[2] / "examples" / "observations-ged-invented.csv").read_bytes()
WATCH = OfficerView(name="w", role="watch", active=True)
LINE = "northern-watch"
HEAD = "id,kind,from,until,radius_m,longitude,latitude\n"


def row(name: str, kind: str = "quiet", until: str = "2026-11-22T07:00:00Z") -> str:
    return f"{name},{kind},2026-11-22T06:00:00Z,{until},500,68.6,37.2\n"


def take(node: Any, data: bytes | str, name: str = "x.csv") -> ImportedView:
    raw = data.encode() if isinstance(data, str) else data
    view: ImportedView = node.import_observations(name, io.BytesIO(raw), "TLP:GREEN", officer="w")
    return view


def sizes(view: ImportedView) -> tuple[int, int, int, int]:
    return view.new, view.revised, view.same, view.refused_in_all


def test_it_is_kept_in_private_and_importing_again_changes_nothing(pair: Any) -> None:
    us, ru = pair.nodes["us"], pair.nodes["ru"]
    before = us.state_document(LINE)
    assert sizes(take(us, GED)) == (3, 0, 0, 0)
    assert sizes(take(us, GED)) == (0, 0, 3, 0)
    page = us.notes(officer=WATCH)
    assert [(one.id, one.origin, one.revision) for one in page.notes] == [
        (f"ged-90000{n}", "ucdp-ged", 1) for n in (1, 2, 3)
    ]
    table = us.notes_table(officer=WATCH)
    assert table.counted == 3
    assert table.weeks[:2] == ["2021-W31", "2021-W32"]
    assert table.weeks[-2:] == ["2026-W47", "unknown"]
    assert us.state_document(LINE) == before
    pair.sync()
    assert ru.observations(LINE) == []
    acts = [one for one in us.audit(0, 1000) if one.action == "observation.import"]
    assert [(one.subject, one.detail["new"], one.detail["same"]) for one in acts] == [
        ("x.csv", 3, 0),
        ("x.csv", 0, 3),
    ]


def test_a_later_edition_revises_what_it_changed(pair: Any) -> None:
    us = pair.nodes["us"]
    take(us, GED)
    rows = list(csv.reader(io.StringIO(GED.decode())))
    column = rows[0].index("best")
    rows[2][column] = "9"
    out = io.StringIO()
    csv.writer(out).writerows(rows)
    assert sizes(take(us, out.getvalue())) == (0, 1, 2, 0)
    versions = us.note_versions("ged-900002", officer=WATCH)
    assert [one.observed["counts"]["fatalities-best"] for one in versions] == [4, 9]
    assert us.own_note("ged-900001", officer=WATCH).revision == 1


def test_bad_rows_are_named_and_the_others_kept(pair: Any) -> None:
    us = pair.nodes["us"]
    text = HEAD + row("a") + row("b", "Bad") + row("c", until="2026-11-22T09:00:00Z") + row("a")
    view = take(us, text + row("d") + '"e')
    assert sizes(view) == (2, 0, 0, 3)
    assert "line 3 (b)" in view.refused[0]
    assert "c: is in the future: until is 2026-11-22T09:00:00Z" in view.refused[1]
    assert "a: stands twice in the file" in view.refused[2]
    assert "is not CSV" in view.cut
    assert [one.id for one in us.notes(officer=WATCH).notes] == ["a", "d"]


def test_what_was_noted_here_is_not_written_over(pair: Any) -> None:
    us = pair.nodes["us"]
    take(us, HEAD + row("a"))
    features = {"type": "FeatureCollection", "features": []}
    assert sizes(take(us, json.dumps(features), "x.geojson")) == (0, 0, 0, 0)
    ged = GED.replace(b"900001,", b"7,", 1)
    take(us, HEAD + row("ged-7"))
    view = take(us, ged)
    assert sizes(view) == (2, 0, 0, 1)
    assert view.refused == ["ged-7: its name is that of one that was own-file"]


def test_many_rows_go_in_by_and_by(pair: Any) -> None:
    us = pair.nodes["us"]
    told: list[int] = []
    text = HEAD + "".join(row(f"n{number}") for number in range(2500))
    view = us.import_observations(
        "x.csv", io.BytesIO(text.encode()), "TLP:CLEAR", officer="w", told=told.append
    )
    assert sizes(view) == (2500, 0, 0, 0)
    assert told == [1000, 2000, 2500]
    found, after = [], ""
    while True:
        page = us.notes(officer=WATCH, after=after, limit=900)
        found += [one.id for one in page.notes]
        after = page.more
        if not after:
            break
    assert found == sorted(f"n{number}" for number in range(2500))


@pytest.mark.parametrize(
    ("name", "marking"), [("", "TLP:CLEAR"), ("a\n.csv", "TLP:CLEAR"), ("x.csv", "TLP:WHITE")]
)
def test_a_name_or_a_marking_that_is_none_is_refused(pair: Any, name: str, marking: str) -> None:
    with pytest.raises(InputError):
        pair.nodes["us"].import_observations(name, io.BytesIO(b""), marking, officer="w")


def test_what_stops_a_file_is_told_beside_what_was_kept_before(pair: Any) -> None:
    class Stopped(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            data = super().read(size)
            if not data:
                raise LimitError("sends more than 1 byte")
            return data

    us = pair.nodes["us"]
    rows = HEAD + "".join(row(f"o{number}") for number in range(1500))
    view = us.import_observations("x.csv", Stopped(rows.encode()), "TLP:GREEN", officer="w")
    assert (view.new, view.cut) == (1500, "sends more than 1 byte")
    assert us.notes_table(officer=WATCH).watched == 1500


def test_an_import_widens_no_marking(pair: Any) -> None:
    us = pair.nodes["us"]
    us.import_observations("x.csv", io.BytesIO(GED), "TLP:RED", officer="r")
    view = take(us, GED)
    assert sizes(view) == (0, 0, 0, 3)
    assert "marked more narrowly" in view.refused[0]
    assert us.notes(officer=WATCH).notes == []
    us.import_observations(
        "y.csv", io.BytesIO((HEAD + row("own")).encode()), "TLP:CLEAR", officer="w"
    )
    assert sizes(take(us, HEAD + row("own"))) == (0, 1, 0, 0)
