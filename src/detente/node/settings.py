"""A node's settings: ``detente.toml`` in its folder, and the environment above it.

::

    party = "us"
    name = "Deconfliction cell, Gulf"
    languages = ["en"]
    endpoint = "https://192.0.2.1:7443"   # where other nodes reach this one; stands in the card
    database = "detente.db"               # a file in this folder, or a postgresql:// URL
    api = "127.0.0.1:7080"                # where officers reach it: API and console
    line = "0.0.0.0:7443"                 # where it listens for other nodes
    hosts = []                            # names, beside loopback's, that the API is called by
    poll_s = 3.0                          # how often every peer is asked for what is new
    quota_day_entries = 200000            # what is kept of one member's log on one line: entries
    quota_day_mib = 4096                  # and MiB a UTC day
    quota_entries = 10000000              # and in all (docs/administrators-guide.md, Quotas)
    quota_mib = 65536
    quota_standing = 100                  # signatures under terms, changes of keys, vouchings

An environment variable ``DETENTE_DATABASE`` (and so on, for every key whose value is text) goes
before the file, so that a password need not stand in it.
"""

import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import msgspec

from detente.errors import InputError
from detente.node.quota import STANDING, Quota
from detente.volumes.check import check_party

FILE = "detente.toml"
MOST = 10**12


class Settings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What an operator may set. The module's docstring says what each is for."""

    party: str
    name: str
    languages: tuple[str, ...] = ("en",)
    endpoint: str
    database: str = "detente.db"
    api: str = "127.0.0.1:7080"
    line: str = "0.0.0.0:7443"
    hosts: tuple[str, ...] = ()
    poll_s: Annotated[float, msgspec.Meta(ge=0.1, le=300)] = 3.0
    quota_day_entries: Annotated[int, msgspec.Meta(ge=10_000, le=MOST)] = 200_000
    quota_day_mib: Annotated[int, msgspec.Meta(ge=100, le=MOST)] = 4_096
    quota_entries: Annotated[int, msgspec.Meta(ge=10_000, le=MOST)] = 10_000_000
    quota_mib: Annotated[int, msgspec.Meta(ge=100, le=MOST)] = 65_536
    quota_standing: Annotated[int, msgspec.Meta(ge=STANDING, le=100 * STANDING)] = STANDING

    @property
    def quota(self) -> Quota:
        """How much of each other member's log is kept."""
        return Quota(
            day_entries=self.quota_day_entries,
            day_mib=self.quota_day_mib,
            entries=self.quota_entries,
            mib=self.quota_mib,
            standing=self.quota_standing,
        )


def load_settings(directory: Path, environment: Mapping[str, str] | None = None) -> Settings:
    """Read the settings of the node in ``directory``. Raises InputError naming file and key."""
    path = directory / FILE
    values: dict[str, object]
    try:
        values = tomllib.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        raise InputError(
            "there is no node in this folder",
            where=str(directory),
            remedy="make one with `detente init`",
        ) from None
    except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InputError(
            f"cannot be read: {error}", where=str(path), remedy="correct the file"
        ) from error
    for field in msgspec.structs.fields(Settings):
        variable = f"DETENTE_{field.name.upper()}"
        given = (os.environ if environment is None else environment).get(variable)
        if given is not None and field.type is str:
            values[field.name] = given
    return _checked(values, str(path))


def write_settings(directory: Path, settings: Settings) -> None:
    """Write ``detente.toml``, readable by its owner alone: a database URL may hold a password."""
    lines = [
        f"{name} = {_toml(value)}\n" for name, value in msgspec.structs.asdict(settings).items()
    ]
    path = directory / FILE
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.writelines(lines)


def database_of(directory: Path, settings: Settings) -> str | Path:
    """What the store opens: a URL as it is, a file's name inside the node's folder."""
    return settings.database if "://" in settings.database else directory / settings.database


def address(text: str, where: str) -> tuple[str, int]:
    """Host and port of ``host:port`` or ``[::1]:port``. Raises InputError."""
    host, _, port = text.rpartition(":")
    if not host or not port.isdecimal() or not port.isascii() or int(port) > 65535:
        raise InputError(
            f"{text[:100]!r} is not an address",
            where=where,
            remedy="write it as host:port, for example 127.0.0.1:7080",
        )
    return host.removeprefix("[").removesuffix("]"), int(port)


def _checked(values: dict[str, object], where: str) -> Settings:
    try:
        settings = msgspec.convert(values, Settings)
    except msgspec.ValidationError as error:
        raise InputError(
            f"is not a node's settings: {error}", where=where, remedy="correct the file"
        ) from None
    check_party(settings.party, where=where)
    address(settings.api, f"{where}: api")
    address(settings.line, f"{where}: line")
    return settings


def _toml(value: str | float | tuple[str, ...]) -> str:
    # A TOML basic string and a JSON string are written alike for every text without control
    # characters (TOML 1.0, "String"); JSON escapes those in a way that TOML reads as well.
    return msgspec.json.encode(value).decode()
