"""`detente media …`: seal with the other side what a visit has collected, and open it together.

Files are read and written here, piece by piece; the node is asked for what needs its private keys
(`node/together/media.py`). `show` and `verify` need no node.
"""

import json
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, BinaryIO

import typer

from detente.cli.consent import TokenFile, token_of
from detente.cli.options import Directory
from detente.errors import DetenteError, InputError, StateError

if TYPE_CHECKING:
    from detente.record.media import SealedMedia


app = typer.Typer(
    help="Seal what a visit collected, with both sides' keys, and open it together.",
    rich_markup_mode=None,
)

Visit = Annotated[
    str, typer.Argument(metavar="VISIT", help="GUEST/NAME, or how the visit's id begins.")
]
Sealed = Annotated[Path, typer.Argument(metavar="FILE", help="A file of sealed media.")]
Out = Annotated[Path, typer.Option("--out", metavar="FILE", help="Write this new file.")]
Note = Annotated[str, typer.Option(help="Goes onto the line.")]
AsJson = Annotated[bool, typer.Option("--json", help="Write the result as JSON.")]
Told = Callable[[int, int], None]


@app.command()
def seal(
    directory: Directory,
    line: Annotated[str, typer.Argument(help="The line's name or id.")],
    visit: Visit,
    files: Annotated[list[Path], typer.Argument(metavar="CONTENT...", help="What was collected.")],
    item: Annotated[str, typer.Option(help="What the item is called, such as roll-1.")],
    out: Out,
    note: Note = "",
    token_file: TokenFile = None,
) -> None:
    """Seal files into one that opens with both sides' keys only. The other side countersigns it."""
    from detente.cli.ask import ask_json
    from detente.cli.media_files import written
    from detente.cli.visit import named

    token = token_of(token_file)
    one = named(directory, line, visit)["id"]
    asked = ask_json(directory, "GET", f"/lines/{_quoted(line)}/visits/{one}/sealing")
    with _progress(f"Sealing {item}") as told, written(out) as file:
        envelope = _seal(asked, item, files, file, told)
        _sign(directory, file, envelope, note, token)
    found = _end_of(out)
    other = found.manifest.other(asked["own"])
    print(f"{out}: {item}, {found.manifest.size_bytes:,} bytes of content, signed by us.")
    print(f"Manifest {found.manifest_sha256}, which is on the line.")
    print(f"Hand it to {other}, who compares it and countersigns; keep the copy they give back.")
    print("What was collected is still where it was. Remove it there, if both agreed on that.")


@app.command()
def countersign(
    directory: Directory,
    sealed: Sealed,
    out: Out,
    files: Annotated[
        list[Path] | None,
        typer.Argument(metavar="[CONTENT...]", help="What was collected, to compare with."),
    ] = None,
    uncompared: Annotated[
        bool, typer.Option("--uncompared", help="Sign without comparing the content.")
    ] = False,
    note: Note = "",
    token_file: TokenFile = None,
) -> None:
    """Compare a file that the other side sealed with what was collected, and sign it as well."""
    from detente.cli.media_files import compare, copied, written
    from detente.record.media import sealed_sha256

    token = token_of(token_file)
    with _reading(sealed) as (found, source), _progress(f"Comparing {sealed.name}") as told:
        if sealed_sha256(source, found.manifest, told) != found.manifest.sealed_sha256:
            raise StateError(
                "is not the content that its manifest names",
                where=str(sealed),
                remedy="sign nothing; ask for it again",
            )
        if files:
            compare(found.manifest, files, told)
        elif not uncompared:
            raise InputError(
                "nothing was given to compare it with",
                where=str(sealed),
                remedy="name the files that were collected, or give --uncompared",
            )
        with written(out) as file:
            copied(source, found.manifest, file)
            _sign(directory, file, found.envelope.to_json(), note, token)
    found = _end_of(out)
    both = len(found.envelope.signatures) == 2
    print(f"{out}: {found.manifest.item}, signed by {'both' if both else 'us'}.")
    print(f"Manifest {found.manifest_sha256}, which is on the line.")
    if both:
        print("Give the other side a copy of this file: from now on both hold the same bytes.")


@app.command()
def share(
    directory: Directory,
    sealed: Sealed,
    out: Out,
    token_file: TokenFile = None,
) -> None:
    """Make our half of a file's key, for the other side alone, to be handed over in presence."""
    from detente.cli.ask import ask_json
    from detente.cli.files import write_file

    found = _end_of(sealed)
    body = {"envelope": found.envelope.to_json().decode()}
    path = f"/lines/{found.manifest.line}/media/shares"
    made = ask_json(directory, "POST", path, body, token=token_of(token_file))
    write_file(out, made["share"].encode())
    print(f"{out}: our half of the key of {found.manifest.item}, of use to {made['to']} alone.")
    print("With it they can open the item at any time from now on.")


@app.command("open")
def open_(
    directory: Directory,
    sealed: Sealed,
    share: Annotated[Path, typer.Argument(metavar="SHARE", help="The other side's half.")],
    out: Annotated[Path, typer.Option("--out", metavar="FOLDER", help="A new folder for it.")],
    note: Note = "",
    token_file: TokenFile = None,
) -> None:
    """Open a file with both halves of its key, and say on the line what was found.

    Exit status 1 if it is not what was sealed; nothing is written to the folder then.
    """
    from base64 import b64decode

    from detente.cli.ask import ask_json
    from detente.cli.files import read_file
    from detente.cli.media_files import opened_into
    from detente.record.shares import SHARE_FILE_BYTES_MAX

    token = token_of(token_file)
    handed = read_file(share, SHARE_FILE_BYTES_MAX).decode("utf-8", "replace")
    with _reading(sealed) as (found, source), _progress(f"Opening {sealed.name}") as told:
        body = {"envelope": found.envelope.to_json().decode(), "share": handed}
        path = f"/lines/{found.manifest.line}/media/keys"
        key = b64decode(ask_json(directory, "POST", path, body, token=token)["key"])
        intact, sha256, why = opened_into(out, source, found.manifest, key, told)
    _state(directory, found.manifest.line, token, {
        "visit": found.manifest.visit,
        "item": found.manifest.item,
        "finding": "intact" if intact else "broken",
        "found_sha256": sha256,
        "note": note,
    })  # fmt: skip
    if intact:
        print(f"{out}: {len(found.manifest.files)} files, {found.manifest.size_bytes:,} bytes.")
        print("INTACT: this is what both sides sealed. That is on the line now.")
        return
    print(f"BROKEN: {why} That is on the line now.")
    print(f"Anybody can check the file against the record: detente media verify {sealed.name}")
    raise typer.Exit(1)


@app.command()
def broken(
    directory: Directory,
    line: Annotated[str, typer.Argument(help="The line's name or id.")],
    visit: Visit,
    sealed: Sealed,
    item: Annotated[str, typer.Option(help="Which item it was to be.")],
    note: Note = "",
    token_file: TokenFile = None,
) -> None:
    """Say on the line that our copy of an item, whatever is left of it, is not what was sealed."""
    from detente.cli.media_files import file_sha256
    from detente.cli.visit import named

    one = named(directory, line, visit)["id"]
    sha256 = file_sha256(sealed)
    _state(directory, line, token_of(token_file), {
        "visit": one,
        "item": item,
        "finding": "broken",
        "found_sha256": sha256,
        "note": note,
    })  # fmt: skip
    print(f"{sealed}: SHA-256 {sha256}. That it is not {item} as sealed is on the line now.")


@app.command()
def show(sealed: Sealed, as_json: AsJson = False) -> None:
    """Show what a file says it holds, and whose signatures it bears. Nothing of it is verified."""
    import msgspec

    found = _end_of(sealed)
    manifest = found.manifest
    if as_json:
        facts = msgspec.to_builtins(manifest)
        signed = sorted(found.envelope.signatures)
        print(json.dumps({"manifest_sha256": found.manifest_sha256, "signed": signed} | facts))
        return
    print(f"{manifest.item}: sealed by {manifest.sealed_by}")
    print(f"line      {manifest.line}")
    print(f"visit     {manifest.visit}")
    print(f"manifest  {found.manifest_sha256}")
    print(f"content   {manifest.content_sha256}, {manifest.size_bytes:,} bytes")
    for part in manifest.files:
        print(f"          {part.name}, {part.size_bytes:,} bytes")
    for party, keyed in sorted(manifest.parties.items()):
        state = "signed" if keyed.sign_key in found.envelope.signatures else "NOT SIGNED"
        print(f"{party:<9} {state}, key {keyed.sign_key}")
    print("Not verified: `detente media verify` compares it with the record.")


@app.command()
def verify(
    sealed: Sealed,
    record: Annotated[
        Path,
        typer.Option(
            metavar="FOLDER", help="The line as `detente record export --tiles` wrote it."
        ),
    ],
    as_json: AsJson = False,
) -> None:
    """Show, by the exported record alone, whether a file is the one that both sides sealed.

    Exit status 1 if it is not; what differs is said. Needs no node and no private key.
    """
    from detente.cli.media_files import verified

    with _progress(f"Verifying {sealed.name}") as told:
        found = verified(sealed, record, told)
    if as_json:
        print(json.dumps(found))
    else:
        _print_verified(sealed, found)
    if found["differences"]:
        raise typer.Exit(1)


def _state(directory: Path, line: str, token: str | None, finding: dict[str, Any]) -> None:
    from detente.cli.ask import ask_json

    ask_json(directory, "POST", f"/lines/{_quoted(line)}/media/openings", finding, token=token)


def _print_verified(sealed: Path, found: dict[str, Any]) -> None:
    for log in found["logs"]:
        print(f"{log['party']:<12} {log['entries']:>8} entries verified")
    for one in found["seals"]:
        print(f"{one['party']:<12} {one['time']}  entry {one['index']} sealed {one['manifest']}")
    if not found["differences"]:
        print(f"{sealed}: this is {found['item']}, as both sides sealed it, byte for byte.")
        return
    print(f"{sealed}: NOT what both sides sealed.")
    for what in found["differences"]:
        print(f"  {what}")


def _seal(asked: dict[str, Any], item: str, files: list[Path], out: BinaryIO, told: Told) -> bytes:
    """Write the sealed content; the envelope of its manifest, which nobody has signed yet."""
    from base64 import b64decode

    from detente.cli.media_files import content_of
    from detente.record import SealingPublicKey, shares
    from detente.record.countersigned import Countersigned
    from detente.record.media import MANIFEST_TYPE, Sealer

    keys = {}
    for party, keyed in asked["parties"].items():
        if keyed["x_wing_key"] is None:
            raise StateError(
                f"the card of {party} has no key to seal to",
                remedy=f"have {party} run `detente keys add-sealing` and bring its new card",
            )
        keys[party] = SealingPublicKey(b64decode(keyed["x_wing_key"]))
    halves = {party: os.urandom(shares.SHARE_BYTES) for party in keys}
    sealer = Sealer(asked["line"], asked["visit"], item, shares.content_key(*halves.values()))
    out.write(sealer.head)
    content = content_of(files, told)
    for chunk in sealer.seal(content.pieces()):
        out.write(chunk)
    parties = {
        party: shares.keyed(
            line=asked["line"],
            visit=asked["visit"],
            item=item,
            content_sha256=sealer.content_sha256,
            sealed_sha256=sealer.sealed_sha256,
            party=party,
            sign_key=asked["parties"][party]["sign_key"],
            sealing=key,
            share=halves[party],
        )
        for party, key in keys.items()
    }
    manifest = sealer.manifest(asked["own"], parties, content.parts)
    return Countersigned(MANIFEST_TYPE, manifest, {}).to_json()


def _sign(directory: Path, file: BinaryIO, envelope: bytes, note: str, token: str | None) -> None:
    """Have the node sign, and end the file with that. What was written before is on disk then."""
    from detente.cli.ask import ask_json
    from detente.record.media import read_envelope, trailer

    file.flush()
    os.fsync(file.fileno())
    found = read_envelope(envelope)
    body = {"envelope": envelope.decode(), "note": note}
    path = f"/lines/{found.manifest.line}/media/seals"
    made = ask_json(directory, "POST", path, body, token=token)
    file.write(trailer(read_envelope(made["envelope"].encode()).envelope))


@contextmanager
def _reading(path: Path) -> "Iterator[tuple[SealedMedia, BinaryIO]]":
    """The end of a sealed file, and the file."""
    from detente.record.media import read_media

    try:
        source = path.open("rb")
    except OSError as error:
        raise InputError(
            f"cannot be read: {error.strerror}", where=str(path), remedy="check the name"
        ) from None
    with source:
        try:
            found = read_media(source)
        except DetenteError as error:
            raise error.at(str(path)) from None
        yield found, source


def _end_of(path: Path) -> "SealedMedia":
    with _reading(path) as (found, _):
        return found


@contextmanager
def _progress(what: str) -> Iterator[Told]:
    if not sys.stderr.isatty():
        yield lambda _done, _total: None
        return
    from detente.cli.bar import Bar

    with Bar(what) as bar:
        yield bar.show


def _quoted(text: str) -> str:
    from urllib.parse import quote

    return quote(text, safe="")
