"""What the facts of every type have in common: exact fields, and the small types they use."""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from detente.errors import InputError
from detente.volumes.times import read_time_s

MAX_VERSION = 1_000_000
Version = Annotated[int, Meta(ge=1, le=MAX_VERSION)]

Owed = Literal[
    "understood",
    "disseminated",
    "line-check",
    "permission-answer",
    "visit-acknowledge",
    "visit-plan",
    "visit-review",
    "visit-report",
]
"""What one party can owe another by a time."""


class About(
    msgspec.Struct,
    frozen=True,
    kw_only=True,
    forbid_unknown_fields=True,
    rename={"from_": "from"},
):
    """Base of all: exact fields."""


class NothingMore(About, frozen=True, kw_only=True):
    """For types whose facts are all in the header proper: joining, suspending, leaving."""


def check_window(type_: str, start: str | None, end: str | None) -> None:
    """Return if both are times, the second no earlier than the first; None leaves an end open."""
    start_s = None if start is None else read_time_s(start, "from")
    end_s = None if end is None else read_time_s(end, "until")
    if start_s is not None and end_s is not None and end_s < start_s:
        raise wrong(type_, "it ends before it begins")


def check_version(type_: str, version: int, supersedes: str | None) -> None:
    """Return if version 1, and no other, supersedes nothing."""
    if (version == 1) != (supersedes is None):
        raise wrong(type_, "version 1, and no other, supersedes nothing")


def wrong(type_: str, message: str) -> InputError:
    """The facts of an entry of ``type_`` are not what they should be."""
    return InputError(
        message, remedy="write it as docs/protocol.md, section 6 shows", where=f"about of {type_}"
    )
