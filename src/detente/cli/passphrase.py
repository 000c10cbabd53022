"""Asking for the passphrase of a node's keys: never on a command line, where everybody can read it.

It is taken, in this order, from

1. the file descriptor whose number is in ``DETENTE_PASSPHRASE_FD``, one line for each passphrase
   asked for (``DETENTE_PASSPHRASE_FD=3 detente serve DIR 3<file``);
2. the systemd credential ``detente-passphrase`` (``LoadCredentialEncrypted=``), for the passphrase
   that opens the keys, not for a new one;
3. the terminal.
"""

import os
import sys
from contextlib import suppress
from pathlib import Path

from detente.errors import InputError

DESCRIPTOR = "DETENTE_PASSPHRASE_FD"
CREDENTIAL = "detente-passphrase"
LINE_BYTES_MAX = 4096


def unlocked(directory: Path) -> bytes | None:
    """What opens the keys of the node in ``directory``; asks only where they are protected."""
    from detente.node.protection import unlock

    return unlock(directory / "keys", ask)


def ask() -> str:
    """The passphrase that opens the keys. Raises ``InputError`` where nobody can be asked."""
    if (given := _from_descriptor()) is not None:
        return given
    credentials = os.environ.get("CREDENTIALS_DIRECTORY")
    if credentials is not None:
        with suppress(FileNotFoundError):
            return _text((Path(credentials) / CREDENTIAL).read_bytes())
    return _from_terminal("Passphrase of the node's keys: ")


def ask_new() -> str:
    """A new passphrase; on a terminal, typed twice."""
    if (given := _from_descriptor()) is not None:
        return given
    first = _from_terminal("New passphrase: ")
    if _from_terminal("The same again: ") != first:
        raise InputError("the two are not the same", where="passphrase", remedy="try again")
    return first


def _from_descriptor() -> str | None:
    number = os.environ.get(DESCRIPTOR)
    if number is None:
        return None
    line = b""
    try:
        # Byte by byte: what follows the line belongs to the next question.
        while len(line) <= LINE_BYTES_MAX and (byte := os.read(int(number), 1)) not in (b"", b"\n"):
            line += byte
    except (OSError, ValueError):
        raise InputError(
            "is not the number of an open file descriptor",
            where=DESCRIPTOR,
            remedy="open it as in `DETENTE_PASSPHRASE_FD=3 detente … 3<file`",
        ) from None
    return _text(line)


def _from_terminal(prompt: str) -> str:
    import getpass

    if not sys.stdin.isatty():
        raise InputError(
            "the node's keys need a passphrase, and there is no terminal to ask for it",
            where="passphrase",
            remedy=f"give it by {DESCRIPTOR} or by the systemd credential {CREDENTIAL}",
        )
    return getpass.getpass(prompt)


def _text(data: bytes) -> str:
    try:
        return data.removesuffix(b"\n").removesuffix(b"\r").decode("utf-8")
    except UnicodeDecodeError:
        raise InputError(
            "is not text in UTF-8", where="passphrase", remedy="write it in UTF-8"
        ) from None
