"""In whose name a command acts, and whether the person at the keyboard agrees to it.

A command asks the node as ``operator``, who does not speak on a line (``node.roles``). What needs
an officer's role takes that officer's token, from a file or from the environment and never as an
argument, which everybody on the machine can read.
"""

import os
import re
from pathlib import Path
from typing import Annotated

import typer

from detente.cli.files import read_file
from detente.errors import InputError, StateError

VARIABLE = "DETENTE_TOKEN"
TOKEN_BYTES_MAX = 4096

TokenFile = Annotated[
    Path | None,
    typer.Option(
        "--token-file",
        metavar="FILE",
        help=f"Act as the officer whose token this file holds. Or set {VARIABLE}.",
    ),
]
Yes = Annotated[bool, typer.Option("--yes", help="Do not ask; sign.")]


def token_of(file: Path | None) -> str | None:
    """The officer's token in ``file``, else in ``DETENTE_TOKEN``; None: act as the operator.

    Raises ``InputError``, or ``LimitError`` for a file that is too large to hold one.
    """
    if file is not None:
        where, text = str(file), read_file(file, TOKEN_BYTES_MAX).decode("utf-8", "replace")
    elif VARIABLE in os.environ:
        where, text = VARIABLE, os.environ[VARIABLE]
    else:
        return None
    token = text.strip()
    if not re.fullmatch(r"[\x21-\x7e]+", token):
        raise InputError(
            "holds no officer's token",
            where=where,
            remedy="put there what `detente officer add` printed, and nothing else",
        )
    return token


def agree(question: str, *, yes: bool) -> None:
    """Ask, unless ``yes``. Raises ``StateError`` if the answer is not yes, or nobody answers."""
    if yes:
        return
    try:
        agreed = typer.confirm(question)
    except typer.Abort:
        agreed = False
    if not agreed:
        raise StateError(
            "nothing was signed: nobody agreed to it",
            remedy="run it again and answer y, or give --yes",
        )
