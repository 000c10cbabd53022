"""`detente record export`: a line's logs as a folder of static files that any tool can verify.

::

    FOLDER/founding.json                    the founding document: members, cards, first terms
    FOLDER/<party>/checkpoint, tile/…       the log as C2SP tlog-tiles
    FOLDER/<party>/policy                   whose signatures to ask for, as C2SP tlog-policy
    FOLDER/<party>/bundles/<N>[.p/<W>]      256 entries with signatures, salts, bodies, one a line

The tiles hold what is hashed and signed; the bundles hold what was said, as far as it is held here.
"""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import quote

import typer

from detente.cli.options import Directory, Line


def export(
    directory: Directory,
    line: Line,
    tiles: Annotated[
        Path, typer.Option(metavar="FOLDER", help="Write C2SP tiles into this new folder.")
    ],
) -> None:
    """Write a line's logs as static files (C2SP tlog-tiles) that other tools can verify."""
    import msgspec

    from detente.cli.ask import asking
    from detente.cli.files import make_folder

    make_folder(tiles)
    with asking(directory) as ask:
        on = f"/lines/{quote(line, safe='')}"
        _write(tiles / "founding.json", ask("GET", f"{on}/founding"))
        for member in msgspec.json.decode(ask("GET", on))["members"]:
            party = member["party"]
            size = _export_log(ask, f"{on}/logs/{party}", tiles / party)
            print(f"{party:<12} {size:>8} entries")


def _export_log(ask: Callable[..., bytes], log: str, folder: Path) -> int:
    """Write one log as far as its newest checkpoint covers it; how many entries that is."""
    import msgspec

    from detente.record.tiles import tiles_of

    if msgspec.json.decode(ask("GET", log))["checkpoint"] is None:
        return 0
    note = ask("GET", f"{log}/checkpoint")
    size = int(note.split(b"\n", 2)[1])
    for tile in tiles_of(size):
        _write(folder / tile.path, ask("GET", f"{log}/{tile.path}"))
    for path, data in _bundles(ask, log, size):
        _write(folder / path, data)
    _write(folder / "policy", ask("GET", f"{log}/policy"))
    # Last: whoever finds a checkpoint finds all that it covers.
    _write(folder / "checkpoint", note)
    return size


def _bundles(ask: Callable[..., bytes], log: str, size: int) -> Iterator[tuple[str, bytes]]:
    """The files of bundles, by path."""
    from detente.record.tiles import number_path, widths

    entries = _entries(ask, log)
    for number, width in widths(size):
        lines = [next(entries) for _ in range(width)]
        yield f"bundles/{number_path(number, width)}", b"".join(lines)


def _entries(ask: Callable[..., bytes], log: str) -> Iterator[bytes]:
    """Every bundle of a log as one line of JSON."""
    import msgspec

    start = 0
    while True:
        page: dict[str, Any] = msgspec.json.decode(ask("GET", log, start=start))
        if not page["entries"]:
            return
        for bundle in page["entries"]:
            yield msgspec.json.encode(bundle) + b"\n"
        start += len(page["entries"])


def _write(path: Path, data: bytes) -> None:
    from detente.cli.files import make_folder, write_file

    make_folder(path.parent)
    write_file(path, data)
