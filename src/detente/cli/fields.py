"""What a command is told in the protocol's own fields: TOML or JSON files, and hours of a day."""

import re
import tomllib
from pathlib import Path
from typing import Any

from detente.cli.files import read_file
from detente.errors import InputError

BODY_BYTES_MAX = 1024 * 1024


def read_fields(path: Path) -> dict[str, Any]:
    """The fields of a TOML or JSON file. What they may be is checked by the node."""
    from detente.record import strict_json

    data = read_file(path, BODY_BYTES_MAX)
    if path.suffix.lower() == ".toml":
        return read_toml(path, data, remedy="see docs/protocol.md, section 10")
    value = strict_json.loads(data, BODY_BYTES_MAX)
    if not isinstance(value, dict):
        raise InputError(
            "is not an object", where=str(path), remedy="see docs/protocol.md, section 10"
        )
    return value


def read_toml(path: Path, data: bytes, *, remedy: str) -> dict[str, Any]:
    """The tables of a TOML file's ``data``. Raises ``InputError``."""
    try:
        return tomllib.loads(data.decode("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InputError(f"is not TOML: {error}", where=str(path), remedy=remedy) from None


def read_hours(text: str) -> list[float]:
    """Two hours of a day, UTC, written as 02:00-14:30. Raises ``InputError``."""
    match = re.fullmatch(r"(\d{1,2}):(\d{2})-(\d{1,2}):(\d{2})", text.strip(), re.ASCII)
    if match is None or int(match[2]) > 59 or int(match[4]) > 59:
        raise InputError(
            f"{text[:40]!r} is not a span of hours",
            where="--hours",
            remedy="write it as --hours 02:00-14:00, UTC",
        )
    return [int(match[1]) + int(match[2]) / 60, int(match[3]) + int(match[4]) / 60]
