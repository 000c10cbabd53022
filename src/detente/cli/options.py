"""Arguments and options that many commands take alike."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

PREFIX_MIN = 6
"""How much of an id has to be given, in hex digits, where the rest of it may be left out."""

Directory = Annotated[Path, typer.Argument(metavar="DIR", help="The node's folder.")]
Line = Annotated[str, typer.Option(help="The line's name or id.")]
Note = Annotated[str, typer.Option(help="Why; it goes onto the line.")]


class Format(StrEnum):
    """How the result is written."""

    TABLE = "table"
    JSON = "json"
