"""Tiles, against the words and examples of C2SP tlog-tiles and the definition of the tree."""

from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detente.errors import NotFoundError
from detente.record.tiles import Tile, leaves_tile, read_path, tiles_of


@pytest.mark.parametrize(
    ("tile", "path"),
    [
        # The example of the standard.
        (Tile(0, 1234067), "tile/0/x001/x234/067"),
        (Tile(0, 0), "tile/0/000"),
        (Tile(None, 999), "tile/entries/999"),
        (Tile(None, 1000, 5), "tile/entries/x001/000.p/5"),
        (Tile(63, 7, 255), "tile/63/007.p/255"),
    ],
)
def test_a_tile_has_one_path(tile: Tile, path: str) -> None:
    assert tile.path == path
    assert read_path(path) == tile


@pytest.mark.parametrize(
    "path",
    [
        "",
        "tile",
        "tile/0",
        "tile/0/67",
        "tile/0/x001/67",
        "tile/0/001/067",
        "tile/0/x000/067",
        "tile/00/067",
        "tile/64/067",
        "tile/-1/067",
        "tile/data/067",
        "tile/0/067.p/0",
        "tile/0/067.p/256",
        "tile/0/067.p/05",
        "tile/0/067/",
        "tile/0/067\n",
        "tile/0/../067",
        "tile/0/٠٦٧",
        "tile/0/" + "x001/" * 6 + "067",
        "/tile/0/067",
    ],
)
def test_another_path_is_none(path: str) -> None:
    with pytest.raises(NotFoundError):
        read_path(path)


@given(path=st.text(alphabet="tile/entries0123456789x.p", max_size=40))
@settings(max_examples=200)
def test_any_path_is_one_tile_or_none(path: str) -> None:
    with suppress(NotFoundError):
        assert read_path(path).path == path


def test_the_tiles_of_the_standards_example() -> None:
    """A tree of 70,000, and one of 256, as the standard counts their tiles."""
    hashes = [tile for tile in tiles_of(70_000) if tile.level is not None]
    full = [tile.level for tile in hashes if tile.width == 256]
    partial = [(tile.level, tile.width) for tile in hashes if tile.width != 256]
    assert (full.count(0), full.count(1), full.count(2)) == (273, 1, 0)
    assert partial == [(0, 112), (1, 17), (2, 1)]
    assert [(t.level, t.width) for t in tiles_of(256)] == [(None, 256), (0, 256), (1, 1)]
    assert list(tiles_of(0)) == []


@given(size=st.integers(0, 300_000))
@settings(max_examples=50)
def test_each_hash_of_each_level_stands_in_one_tile(size: int) -> None:
    """The width of a partial tile at level l is floor(s / 256^l) mod 256."""
    widths: dict[int | None, list[int]] = {}
    for tile in tiles_of(size):
        widths.setdefault(tile.level, []).append(tile.width)
    for level, found in widths.items():
        count = size // 256 ** (level or 0)
        assert sum(found) == count > 0
        assert found == [256] * (count // 256) + ([count % 256] if count % 256 else [])
    assert size // 256 ** len([level for level in widths if level is not None]) == 0


def test_leaves_stand_behind_their_length() -> None:
    assert leaves_tile([b"a", b"", b"b" * 300]) == b"\0\1a\0\0\1\x2c" + b"b" * 300
