"""`detente line export` and `import`: a line by hand, where there is no network between two nodes.

Each file is sealed for one party and goes through the same checks as what comes over the network.
Files may be imported in any order, again, and in part: nothing that was carried is lost by that.
"""

import json
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING, Annotated, Any
from urllib.parse import quote

import typer

from detente.cli.failing import fail
from detente.cli.options import Directory
from detente.errors import DetenteError, InputError, StoreError

if TYPE_CHECKING:
    from detente.node import Node

PIECE_BYTES = 256 * 1024
CARD_BYTES_MAX = 64 * 1024

Told = Callable[[int, int], None]


def export(
    directory: Directory,
    line: Annotated[str, typer.Argument(metavar="LINE", help="The line's name or id.")],
    to: Annotated[str, typer.Option(metavar="PARTY", help="Whom the file is sealed for.")],
    log: Annotated[
        str | None, typer.Option(metavar="PARTY", help="Only this party's log, not all.")
    ] = None,
    start: Annotated[
        int | None,
        typer.Option(
            "--from", metavar="N", min=0, help="From entry N on. Default: what they lack."
        ),
    ] = None,
    card: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Their card, if the line has an old one.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Default: LINE-for-PARTY-TIME.parcel here.")
    ] = None,
) -> None:
    """Seal what another party lacks of a line into a file, to be carried to it by hand."""
    from detente.cli.files import read_file

    body: dict[str, Any] = {"to": to, "log": log, "start": start}
    if card is not None:
        body["card"] = read_file(card, CARD_BYTES_MAX).decode("utf-8", "replace")
    out = out or _named(line, to)
    with progress(f"Sealing for {to}") as told:
        size = _export(directory, line, body, out, told)
    print(f"{out}: {size:,} bytes, sealed for {to}. Nobody else can open it.")
    print(f"There: detente line import DIR {out.name}")
    print(f"{to} has received it when a file that {to} exports after that is imported here.")


def import_(
    directory: Directory,
    files: Annotated[
        list[Path], typer.Argument(metavar="FILE...", help="As `line export` wrote them there.")
    ],
    as_json: Annotated[bool, typer.Option("--json", help="Write what came of each.")] = False,
) -> None:
    """Take in files that other parties have sealed for us, in any order.

    Exit status 1 if something in one was not good, or entries before it are missing; what could be
    kept is. Exit status 2 if a file could not be used at all.
    """
    status, results = 0, []
    for path in files:
        try:
            found = _import(directory, path)
        except DetenteError as error:
            status = fail(str(error.at(str(path))))
            continue
        results.append({"file": str(path)} | found)
        if found["problems"] or any(log["missing"] for log in found["logs"]):
            status = max(status, 1)
        if not as_json:
            _print(directory, path, found)
    if as_json:
        print(json.dumps(results))
    if status:
        raise typer.Exit(status)


def _export(directory: Path, line: str, body: dict[str, Any], out: Path, told: Told) -> int:
    from detente.cli.ask import calling, checked, either

    path = f"/api/v1/lines/{quote(line, safe='')}/parcels"

    def here() -> int:
        with opened(directory) as node:
            card = body.get("card")
            packed = node.pack(
                line,
                body["to"],
                log=body["log"],
                start=body["start"],
                card=None if card is None else card.encode("utf-8", "replace").strip(),
                officer="operator",
            )
            return _write(out, packed.pieces, packed.estimated_bytes, told)

    def server(run: dict[str, Any]) -> int:
        with calling(run) as client, client.stream("POST", path, json=body) as answer:
            if not answer.is_success:
                answer.read()
                checked(answer)
            about = int(answer.headers.get("X-Estimated-Bytes", "0"))
            return _write(out, answer.iter_raw(), about, told)

    return either(directory, here, server)


def _import(directory: Path, path: Path) -> dict[str, Any]:
    import msgspec

    from detente.cli.ask import calling, checked, either

    def here() -> Any:
        with opened(directory) as node, Reading(path, told) as file:
            return msgspec.to_builtins(node.unpack(file, officer="operator"))

    def server(run: dict[str, Any]) -> Any:
        with calling(run) as client, Reading(path, told) as file:
            answer = client.post(
                "/api/v1/parcels", content=iter(lambda: file.read(PIECE_BYTES), b"")
            )
            return msgspec.json.decode(checked(answer))

    with progress(f"Importing {path.name}") as told:
        found: dict[str, Any] = either(directory, here, server)
    return found


@contextmanager
def progress(what: str) -> Iterator[Told]:
    """What to tell how far it is: a bar, where somebody looks on."""
    if not sys.stderr.isatty():
        yield lambda _done, _total: None
        return
    from detente.cli.bar import Bar

    with Bar(what) as bar:
        yield bar.show


@contextmanager
def opened(directory: Path) -> "Iterator[Node]":
    from detente.cli.passphrase import unlocked
    from detente.node import Node

    node = Node.open(directory, secret=unlocked(directory))
    try:
        yield node
    finally:
        node.close()


class Reading:
    """A file that says how far it has been read."""

    def __init__(self, path: Path, told: Told) -> None:
        self._path = path
        self._told = told
        self._done = 0
        self._file: IO[bytes]
        self._size = 0

    def __enter__(self) -> "Reading":
        try:
            self._file = self._path.open("rb")
            self._size = os.fstat(self._file.fileno()).st_size
        except OSError as error:
            raise _unreadable(error) from None
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def read(self, size: int, /) -> bytes:
        try:
            piece = self._file.read(size)
        except OSError as error:
            raise _unreadable(error) from None
        self._done += len(piece)
        self._told(self._done, self._size)
        return piece


def _unreadable(error: OSError) -> InputError:
    return InputError(f"cannot be read: {error.strerror}", remedy="check the name, and the medium")


def _write(out: Path, pieces: Iterator[bytes], about: int, told: Told) -> int:
    """Write a new file, whole or not at all; its length."""
    if out.exists():
        raise StoreError(
            "is there already", where=str(out), remedy="name a new file, or remove that one"
        )
    partial = out.with_name(out.name + ".part")
    done = 0
    try:
        with partial.open("wb") as file:
            for piece in pieces:
                done += file.write(piece)
                told(done, max(done, about))
            file.flush()
            os.fsync(file.fileno())
        partial.replace(out)
    except OSError as error:
        raise StoreError(
            f"cannot be written: {error.strerror}", where=str(out), remedy="check the medium"
        ) from None
    finally:
        partial.unlink(missing_ok=True)
    return done


def _named(line: str, to: str) -> Path:
    from datetime import UTC, datetime

    return Path(f"{line[:16]}-for-{to}-{datetime.now(UTC):%Y%m%dT%H%M%SZ}.parcel")


def _print(directory: Path, path: Path, found: dict[str, Any]) -> None:
    sender, line = found["sealed_by"], found["line_name"]
    whole = "" if found["whole"] else ", NOT WHOLE"
    print(f"{path}: sealed by {sender}, {found['sealed']}, line {line}{whole}")
    for log in found["logs"]:
        aside = f", {log['aside']} kept aside" if log["aside"] else ""
        print(f"  {log['party']:<12} {log['added']:>8} new {log['held']:>8} held{aside}")
        if log["missing"]:
            spans = ", ".join(f"{first} to {last}" for first, last in log["missing"])
            print(f"  {'':<12} MISSING: entries {spans}. To be asked for from {sender}, there:")
            print(
                f"  {'':<12} detente line export DIR {line} --to {found['own']} "
                f"--log {log['party']} --from {log['missing'][0][0]}"
            )
    print(f"  {sender} has received {found['acknowledged']} of our {found['own_size']} entries.")
    for problem in found["problems"]:
        log = f"log of {problem['party']}: " if problem["party"] else ""
        text = f"{path}: {log}{problem['message']}; {problem['remedy']}"
        print(f"detente: {text}", file=sys.stderr)
    if any(log["added"] for log in found["logs"]):
        print(f"  Carry back that we have it: detente line export {directory} {line} --to {sender}")
