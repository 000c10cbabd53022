"""A log as static files: C2SP tlog-tiles, version 0.1.0.

::

    checkpoint                        the newest checkpoint, with its cosignatures
    tile/<L>/<N>[.p/<W>]              256 hashes: subtrees of 256^L leaves each, side by side
    tile/entries/<N>[.p/<W>]          256 leaves, each behind its length in two bytes, big-endian

``N`` counts tiles in groups of three digits, all but the last behind an ``x``: 1234067 is
``x001/x234/067``. A tile at the right edge is *partial*: ``W`` says how many of 256 it has. From
these files any program that knows the format computes every proof; none has to be asked for.
"""

import re
from collections.abc import Iterable, Iterator

import msgspec

from detente.errors import NotFoundError

WIDTH = 256
LEVEL_BITS = 8
"""A tile spans this many levels of the tree: 2^8 = WIDTH."""

_PATH = re.compile(
    r"tile/(?P<level>entries|0|[1-9][0-9]?)/(?P<index>(?:x[0-9]{3}/){0,5}[0-9]{3})"
    r"(?:\.p/(?P<width>[1-9][0-9]{0,2}))?"
)


class Tile(msgspec.Struct, frozen=True):
    """``width`` hashes, or leaves where ``level`` is None, from number ``index`` · 256 on.

    At level L a hash is that of the subtree of 256^L leaves.
    """

    level: int | None
    index: int
    width: int = WIDTH

    @property
    def start(self) -> int:
        """The number, at its level, of the first hash or leaf."""
        return self.index * WIDTH

    @property
    def path(self) -> str:
        """Where it lies below the log's folder."""
        level = "entries" if self.level is None else str(self.level)
        return f"tile/{level}/{number_path(self.index, self.width)}"


def number_path(index: int, width: int) -> str:
    """A tile's number and width as the end of a path."""
    digits = f"{index:03d}"
    digits = digits.zfill(-(-len(digits) // 3) * 3)
    groups = [digits[at : at + 3] for at in range(0, len(digits), 3)]
    number = "/".join([*(f"x{group}" for group in groups[:-1]), groups[-1]])
    return number if width == WIDTH else f"{number}.p/{width}"


def read_path(path: str) -> Tile:
    """The tile of a path, which is in the one spelling that ``Tile.path`` gives.

    Raises NotFoundError: no tile can have this path.
    """
    found = _PATH.fullmatch(path)
    if found is not None:
        level = None if found["level"] == "entries" else int(found["level"])
        index = int(found["index"].replace("x", "").replace("/", ""))
        tile = Tile(level, index, int(found["width"] or WIDTH))
        if tile.path == path and (level is None or level < 64):
            return tile
    raise NotFoundError(
        "no tile has this path",
        remedy="ask for tile/<L>/<N>[.p/<W>] or tile/entries/<N>[.p/<W>] (C2SP tlog-tiles)",
        where="tile",
    )


def tiles_of(size: int) -> Iterator[Tile]:
    """Every tile of a log of ``size`` leaves, with the leaves themselves; none is empty."""
    for index, width in widths(size):
        yield Tile(None, index, width)
    level = 0
    while size >> (LEVEL_BITS * level):
        for index, width in widths(size >> (LEVEL_BITS * level)):
            yield Tile(level, index, width)
        level += 1


def widths(count: int) -> Iterator[tuple[int, int]]:
    """Number and width of the tiles over ``count`` hashes or leaves."""
    full, rest = divmod(count, WIDTH)
    yield from ((index, WIDTH) for index in range(full))
    if rest:
        yield full, rest


def leaves_tile(leaves: Iterable[bytes]) -> bytes:
    """Leaves as they stand in a tile. A leaf, of a header of at most 16 KiB, fits two bytes."""
    return b"".join(len(leaf).to_bytes(2, "big") + leaf for leaf in leaves)
