"""`detente init`: makes a node in an empty folder, whole or not at all."""

import json
import os
import shutil
import tempfile
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from detente.errors import InputError, StateError

if TYPE_CHECKING:
    from detente.node.settings import Settings


class Format(StrEnum):
    """How the result is written."""

    TEXT = "text"
    JSON = "json"


def init(
    directory: Annotated[
        Path, typer.Argument(metavar="DIR", help="A folder that is empty or not there yet.")
    ],
    party: Annotated[
        str, typer.Option(help="The party's id: lower-case letters, digits and hyphens.")
    ],
    name: Annotated[
        str | None, typer.Option(help="The party's name as others see it. Default: its id.")
    ] = None,
    language: Annotated[
        list[str] | None, typer.Option(help="A language its officers read; the first is shown.")
    ] = None,
    api: Annotated[
        str, typer.Option(metavar="HOST:PORT", help="Where officers reach it.")
    ] = "127.0.0.1:8440",
    endpoint: Annotated[
        str, typer.Option(metavar="URL", help="Where other nodes reach it; stands in the card.")
    ] = "https://127.0.0.1:7440",
    listen: Annotated[
        str | None,
        typer.Option(
            metavar="HOST:PORT",
            help="Where it listens for other nodes. Default: the endpoint's port, on loopback if "
            "that is where the endpoint is, else on every address.",
        ),
    ] = None,
    database: Annotated[
        str, typer.Option(metavar="FILE|URL", help="A file in DIR, or a postgresql:// URL.")
    ] = "detente.db",
    officer: Annotated[
        str, typer.Option(help="The first officer's name; an administrator.")
    ] = "admin",
    protect: Annotated[
        bool, typer.Option("--protect", help="Ask for a passphrase and encrypt the keys with it.")
    ] = False,
    format: Annotated[Format, typer.Option(help="How the result is written.")] = Format.TEXT,
) -> None:
    """Make a node: keys, certificates, store, settings, and a first officer's token."""
    from detente.cli.passphrase import ask_new
    from detente.node.settings import Settings
    from detente.node.setup import create

    _check_empty(directory)
    settings = Settings(
        party=party,
        name=name or party,
        languages=tuple(language or ["en"]),
        endpoint=endpoint,
        database=database,
        api=api,
        line=listen or _listen_for(endpoint),
    )
    _check_settings(settings)
    passphrase = ask_new() if protect else None
    os.umask(0o077)
    directory.parent.mkdir(parents=True, exist_ok=True)
    # Made beside the folder and moved there when it is whole, so that a failure leaves nothing.
    making = Path(tempfile.mkdtemp(prefix=".detente-init-", dir=directory.parent))
    try:
        token = create(making, settings, officer=officer, passphrase=passphrase)
        if directory.exists():
            directory.rmdir()
        making.rename(directory)
    except BaseException:
        shutil.rmtree(making, ignore_errors=True)
        raise
    fingerprint = _fingerprint(directory, settings, passphrase)
    if format is Format.JSON:
        made = {"party": party, "fingerprint": fingerprint, "officer": officer, "token": token}
        print(json.dumps(made))
        return
    print(f"The node of {party} is in {directory}.")
    print(f"Fingerprint of its card: {fingerprint}")
    print(f"Token of {officer}, shown this once: {token}")
    if not protect:
        print(
            f"Its keys lie unprotected on the disk; change that: detente keys protect {directory}"
        )
    print(f"Start it with: detente serve {directory}   (its console and API: {api})")


def _fingerprint(directory: Path, settings: "Settings", passphrase: str | None) -> str:
    from detente.node.keys import card_of, read_sealing_key, read_signing_key
    from detente.node.protection import unlock
    from detente.record import open_card

    keys = directory / "keys"
    secret = unlock(keys, lambda: passphrase or "")
    key = read_signing_key(keys, secret)
    sealing = read_sealing_key(keys, secret)
    public = None if sealing is None else sealing.public
    return open_card(card_of(settings, key, (keys / "ca.crt").read_bytes(), public)).fingerprint


def _check_empty(directory: Path) -> None:
    if directory.is_dir() and not any(directory.iterdir()):
        return
    if directory.exists():
        raise StateError(
            "is not an empty folder",
            where=str(directory),
            remedy="name a new folder; a node's keys are never written over",
        )


def _check_settings(settings: "Settings") -> None:
    """Refuse before anything is made what would be refused when it is read again."""
    from detente.node.settings import address
    from detente.volumes.check import check_party
    from detente.volumes.printable import is_printable

    check_party(settings.party, where="--party")
    address(settings.api, "--api")
    address(settings.line, "--listen")
    if not is_printable(settings.name):
        raise InputError(
            "the name has characters that cannot be shown",
            where="--name",
            remedy="write it in letters, digits and punctuation",
        )


def _listen_for(endpoint: str) -> str:
    from urllib.parse import urlsplit

    try:
        parts = urlsplit(endpoint)
        host, port = parts.hostname, parts.port or 443
    except ValueError:
        parts, host, port = urlsplit(""), None, 0
    if parts.scheme != "https" or not host:
        raise InputError(
            f"{endpoint[:100]!r} is not an https:// address",
            where="--endpoint",
            remedy="write it as in https://192.0.2.1:7443",
        )
    if host == "localhost" or host.startswith("127."):
        return f"127.0.0.1:{port}"
    return f"[::1]:{port}" if host == "::1" else f"0.0.0.0:{port}"
