"""`detente card` and `detente fingerprint`: what parties exchange before they join a line."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from detente.cli.files import read_file, write_file
from detente.cli.options import Directory


def card(
    directory: Directory,
    out: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write it here, not to standard output.")
    ] = None,
) -> None:
    """Write this party's card, to be given to other parties. It holds no secret."""
    from detente.cli.ask import ask

    data = ask(directory, "GET", "/card")
    if out is None:
        sys.stdout.write(data.decode("utf-8") + "\n")
    else:
        write_file(out, data)


def fingerprint(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A party's card.")],
) -> None:
    """Print a card's fingerprint, to be compared with its party over another channel."""
    from detente.record import open_card

    print(open_card(read_file(file, 64 * 1024).strip()).fingerprint)
