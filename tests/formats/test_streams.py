"""Files read in small pieces, or by several processes, are what they are when read as one."""

import gzip
import json
import tracemalloc
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import msgspec
import pytest

from detente.formats import (
    Piece,
    Reading,
    ReadOptions,
    Stream,
    Void,
    file_source,
    read_all,
    read_bytes,
    reading,
    streams,
    stretches,
    table,
)
from detente.volumes import Activity

EXAMPLES = sorted((Path(__file__).parents[2] / "examples").iterdir())


def feature(number: int, **changes: Any) -> dict[str, Any]:
    properties = {
        "id": f"a-{number}",
        "radius_m": 500,
        "start": "2021-08-09T00:30:00Z",
        "end": "2021-08-09T05:00:00Z",
        **changes,
    }
    return {
        "type": "Feature",
        "geometry": {"type": "Point", "coordinates": [68.8, 36.5]},
        "properties": properties,
    }


def collection(*features: Any, **beside: Any) -> str:
    return json.dumps({"type": "FeatureCollection", "features": features, **beside})


@pytest.fixture
def odd(tmp_path: Path) -> list[Path]:
    """Files with every kind of slip."""
    many = [feature(number) for number in range(60)]
    many[7]["properties"]["radius_m"] = -1
    many[11] = many[3]
    many[30]["properties"] |= {"party": "ru", "colour": "red", "altitude_lower": 900}
    many[31] = 5  # type: ignore[call-overload]
    many[32]["properties"]["altitude_upper"] = 9000
    rows = [f'c-{n},500,2021-08-09T00:30:00Z,2021-08-09T05:00:00Z,"POINT(68 36)"' for n in range(9)]
    rows[4] = rows[2]
    rows[5] = "x,y"
    texts = {
        "us.geojson": collection(*many),
        "ru.geojsonl": "\n".join(json.dumps(feature(number)) for number in range(25, 35)),
        "relief.csv": "\n".join(["id,radius_m,start,end,wkt", *rows]),
    }
    for name, text in texts.items():
        (tmp_path / name).write_text(text)
    return [tmp_path / name for name in texts]


def plain(found: Reading) -> Any:
    """A reading as values that can be compared."""
    return (
        msgspec.to_builtins(found.activities),
        sorted(map(str, found.bad)),
        sorted((one.party, one.id, one.why) for one in found.dropped),
        msgspec.to_builtins(found.unknown),
        sorted(found.notes),
    )


@pytest.mark.parametrize("size", [1, 100, 1000])
def test_small_pieces_are_read_as_large_ones(
    size: int, odd: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = [read_all(paths) for paths in (EXAMPLES, odd)]
    assert len(expected[1].bad) == 6
    monkeypatch.setattr(stretches, "STRETCH_BYTES", size)
    monkeypatch.setattr(table, "ROWS_AT_ONCE", 1 + size // 50)
    monkeypatch.setattr(streams, "AT_ONCE", 1 + size // 50)
    for paths, whole in zip((EXAMPLES, odd), expected, strict=True):
        assert plain(read_all(paths)) == plain(whole)


def same(activities: list[Activity]) -> list[Activity]:
    return activities


def collected(stream: Stream[list[Activity]]) -> list[str]:
    found: dict[int, list[str]] = {}
    for piece in stream:
        if isinstance(piece, Void):
            found[piece.file] = []
            continue
        assert [(one.party, one.id) for one in piece.product] == piece.keys
        kept = [key for at, key in enumerate(piece.keys) if at not in piece.twice]
        found.setdefault(piece.file, []).extend(f"{party}/{name}" for party, name in kept)
    return [name for some in found.values() for name in some]


def test_several_at_work_give_what_one_gives(
    odd: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stretches, "STRETCH_BYTES", 500)
    whole = read_all(odd)
    with ThreadPoolExecutor(2) as pool:
        sources = [file_source(path) for path in odd]
        stream = Stream(sources, ReadOptions(), same, pool=pool, ahead=3)
        found = collected(stream)
    assert found == [f"{one.party}/{one.id}" for one in whole.activities]
    assert [str(error) for error in stream.reading.bad] == [str(error) for error in whole.bad]


def test_what_makes_a_file_unusable_after_its_features_takes_all_of_them_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stretches, "STRETCH_BYTES", 300)
    bad, good = tmp_path / "us.geojson", tmp_path / "more.geojsonl"
    good.write_text("\n".join(json.dumps(feature(number, party="us")) for number in range(20)))
    for beside in ({"crs": {"properties": {"name": "EPSG:3857"}}}, {"a": {"b": [[[[[[1]]]]]]}}):
        bad.write_text(collection(*(feature(n) for n in range(20)), **beside))
        found = read_all([bad, good])
        expected = 20
        assert len(found.activities) == expected
        assert (len(found.bad) == 1) == ("crs" in beside) or len(found.bad) == 20
    bad.write_text(collection(*(feature(n) for n in range(20))) + "]")
    found = read_all([bad, good])
    assert [error.where for error in found.bad] == [str(bad)]
    assert "not JSON" in found.bad[0].message
    assert {one.party for one in found.activities} == {"us"}


def test_a_name_that_stands_for_anothers_party_is_found_late_and_takes_all_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stretches, "STRETCH_BYTES", 300)
    (tmp_path / "b").mkdir()
    one, two = tmp_path / "us.geojson", tmp_path / "b/us.geojson"
    one.write_text(collection(feature(1)))
    named = [feature(number, party="ru") for number in range(20)]
    two.write_text(collection(*named, feature(99)))
    found = read_all([one, two])
    assert [f"{a.party}/{a.id}" for a in found.activities] == ["us/a-1"]
    assert [error.where for error in found.bad] == [str(two)]


def test_the_rest_of_a_file_that_ends_too_early_is_bad_and_its_beginning_is_used(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(stretches, "STRETCH_BYTES", 300)
    text = collection(*(feature(number) for number in range(20))).encode()
    for name, data in (
        ("us.geojson", text[: len(text) // 2]),
        ("us.geojson.gz", gzip.compress(text)[:-9]),
    ):
        found = read_bytes(name, data)
        assert len(found.activities) < 20
        (error,) = found.bad
        assert error.where == name
        assert [item.why for item in found.dropped] == [error.message]


@pytest.mark.parametrize(
    ("limit", "module", "what"),
    [
        ("MAX_STREAM_FEATURES", "files", "more than 10 features"),
        ("MAX_BAD", "reading", "more than 10 items"),
        ("MAX_STREAM_BYTES", "streams", "more than 10 bytes"),
        ("MAX_ITEM_BYTES", "stretches", "does not end within"),
    ],
)
def test_there_is_a_limit_on_everything(
    limit: str, module: str, what: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stretches, "STRETCH_BYTES", 100)
    text = collection(*(feature(number, end=5 if limit == "MAX_BAD" else "2021-08-09T05:00:00Z")
                        for number in range(40)))  # fmt: skip
    assert len(read_bytes("us.geojson", text.encode()).activities) in (0, 40)
    monkeypatch.setattr(f"detente.formats.{module}.{limit}", 10)
    found = read_bytes("us.geojson", text.encode())
    assert len(found.activities) <= 10
    assert what in found.bad[-1].message
    assert reading.MAX_BAD <= 100_000


def test_what_is_held_does_not_grow_with_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What reading adds to what is kept of the activities, here their number alone."""
    monkeypatch.setattr(stretches, "STRETCH_BYTES", 20_000)
    peaks = []
    for count in (500, 2000, 4000):
        path = tmp_path / f"us{count}.geojson"
        # As the party and the id of each are remembered, they are told apart from the rest.
        path.write_text(collection(*(feature(number, x="y" * 900) for number in range(count))))
        peaks.append(peak_bytes(lambda path=path: number_in(path)))  # type: ignore[misc]
    assert peaks[2] - peaks[1] < 2000 * 300, "an id and its place in a table"
    assert peaks[2] < 0.6 * path.stat().st_size


def number_in(path: Path) -> int:
    stream = Stream([file_source(path)], ReadOptions(), len)
    return sum(piece.product for piece in stream if isinstance(piece, Piece))


def peak_bytes(work: Callable[[], object]) -> int:
    work()
    tracemalloc.start()
    try:
        work()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
