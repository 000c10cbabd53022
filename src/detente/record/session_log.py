"""The log of one session at the guest's desk: a line for each action, chained by hashes.

JSON Lines, each line canonical JSON (``strict_json.canonical``) and a newline. ``prev`` is the hex
SHA-256 of the line before, without its newline; the file's SHA-256 stands on the record::

    {"at":"2021-08-09T04:00:00Z","do":"open","guest":"us","hold":false,"host":"tj","line":"…",
     "n":0,"prev":null,"session":"morning","visit":"…","who":"escort 1"}
    {"at":"2021-08-09T04:01:10Z","do":"open-item","item":"f1","n":1,"prev":"…","sha256":"…",
     "size_bytes":5120,"who":"guest 1"}
    {"at":"2021-08-09T04:30:00Z","do":"end","ended":"closed","n":2,"prev":"…","why":"…",
     "who":"escort 1"}

Nobody is named: ``who`` is the host, an escort or a guest by number. What was looked at is named by
its number on the desk and the hash of the bytes that were shown, so the log itself says nothing
that the guest has not seen. Whoever holds a copy can hold it against the record; a line that was
changed, taken out or put in breaks the chain from there on, and a cut end is one without ``end``.
"""

import hashlib
from typing import Annotated, Any, Literal, NamedTuple

import msgspec
from msgspec import Meta

from detente.errors import InputError, LimitError, RecordError
from detente.record.strict_json import canonical, loads
from detente.volumes.times import read_time_s

LINE_BYTES_MAX = 4096
LOG_BYTES_MAX = 64 * 1024 * 1024
LINES_MAX = 100_000
WHY_LENGTH_MAX = 200

Hex = Annotated[str, Meta(pattern=r"^[0-9a-f]{64}\Z")]
Who = Annotated[str, Meta(pattern=r"^(host|(escort|guest) [1-9][0-9]{0,3})\Z")]
Item = Annotated[str, Meta(pattern=r"^[a-z][1-9][0-9]{0,5}\Z")]
Name = Annotated[str, Meta(min_length=1, max_length=120)]
Why = Annotated[str, Meta(max_length=WHY_LENGTH_MAX)]
Do = Literal[
    "enter", "look", "map", "open-item", "miss", "note", "mark", "unmark", "leave",
    "ask", "consent", "refuse", "hold", "free",
]  # fmt: skip
"""What was done. ``ask`` to ``free`` are of a session whose actions wait for the escort."""
NAMES_ITEM = frozenset({"open-item", "note", "mark", "unmark"})
SHOWS = frozenset({"enter", "look", "map", "open-item"})
"""Actions that are answered with bytes; the line says which."""


class _Line(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    n: Annotated[int, Meta(ge=0, lt=LINES_MAX)]
    at: Name
    who: Who
    prev: Hex | None


class Opened(_Line, frozen=True, kw_only=True):
    """The first line: whose session of which visit this is the log of."""

    do: Literal["open"]
    line: Hex
    visit: Hex
    session: Name
    host: Name
    guest: Name
    hold: bool


class Acted(_Line, frozen=True, kw_only=True, omit_defaults=True):
    """An action. ``of`` is the line that asked for it, or that it answers."""

    do: Do
    item: Item | None = None
    sha256: Hex | None = None
    size_bytes: Annotated[int, Meta(ge=0)] | None = None
    of: Annotated[int, Meta(ge=1)] | None = None
    wants: Do | None = None


class Ended(_Line, frozen=True, kw_only=True):
    """The last line."""

    do: Literal["end"]
    ended: Literal["closed", "halted"]
    why: Why


class SessionLog(NamedTuple):
    """A log whose chain holds. ``ended`` is None while, or where, it has no end."""

    opened: Opened
    acted: list[Acted]
    end: Ended | None
    sha256: str

    @property
    def actions(self) -> int:
        """How many lines it has, as ``visit.session`` counts them."""
        return 1 + len(self.acted) + (self.end is not None)


def first_line(opened: dict[str, Any]) -> bytes:
    """The bytes of the first line, without the newline."""
    return _checked({**opened, "n": 0, "prev": None, "do": "open"}, 0, None)


def next_line(before: bytes, n: int, said: dict[str, Any]) -> bytes:
    """The bytes of line ``n``, which follows ``before``; what is None is left out."""
    facts = {key: value for key, value in said.items() if value is not None}
    prev = hashlib.sha256(before).hexdigest()
    return _checked({**facts, "n": n, "prev": prev}, n, prev)


def _checked(facts: dict[str, Any], n: int, prev: str | None) -> bytes:
    raw = canonical(facts)
    try:
        _read_line(raw, n, prev)
    except RecordError as error:
        raise InputError(error.message, where=error.where, remedy=error.remedy) from None
    return raw


def file_of(lines: list[bytes]) -> bytes:
    """The log as a file."""
    return b"".join(line + b"\n" for line in lines)


def read_session_log(data: bytes) -> SessionLog:
    """Read a log and check its chain. Raises LimitError, or RecordError naming the first bad line.

    That the chain holds says only that nobody has changed this copy without making it anew from
    there: whether it is *the* log, its hash on the record says.
    """
    if len(data) > LOG_BYTES_MAX:
        raise LimitError(
            f"{len(data)} bytes, where a session's log has at most {LOG_BYTES_MAX}",
            where="session log",
            remedy="check that this is the log of one session",
        )
    if not data.endswith(b"\n"):
        raise _broken(data.count(b"\n"), "has no end; the file was cut")
    raws = data[:-1].split(b"\n")
    read: list[Opened | Acted | Ended] = []
    prev: str | None = None
    for n, raw in enumerate(raws):
        if read and isinstance(read[-1], Ended):
            raise _broken(n, "stands behind the end")
        read.append(_read_line(raw, n, prev))
        prev = hashlib.sha256(raw).hexdigest()
    end = read[-1] if isinstance(read[-1], Ended) else None
    opened = read[0]
    if not isinstance(opened, Opened):  # pragma: no cover  # ``_read_line`` takes nothing else
        raise _broken(0, "does not open a session")
    acted = [one for one in read if isinstance(one, Acted)]
    return SessionLog(opened, acted, end, hashlib.sha256(data).hexdigest())


def _read_line(raw: bytes, n: int, prev: str | None) -> Opened | Acted | Ended:
    try:
        facts = loads(raw, LINE_BYTES_MAX)
    except InputError as error:
        raise _broken(n, f"cannot be read: {error.message}") from None
    if not isinstance(facts, dict) or canonical(facts) != raw:
        raise _broken(n, "is not written as a log's lines are")
    kind = _kind(n, facts.get("do"))
    try:
        line = msgspec.convert(facts, kind)
    except msgspec.ValidationError as error:
        raise _broken(n, f"is no line of a session: {error}") from None
    if line.n != n or line.prev != prev:
        raise _broken(n, "does not follow the line before it")
    try:
        read_time_s(line.at)
    except InputError:
        raise _broken(n, "has no time") from None
    if isinstance(line, Acted):
        _check_acted(line)
    return line


def _kind(n: int, do: object) -> type[Opened] | type[Acted] | type[Ended]:
    if n == 0:
        return Opened
    return Ended if do == "end" else Acted


def _check_acted(line: Acted) -> None:
    shown = line.sha256 is not None and line.size_bytes is not None
    if line.do in SHOWS and not shown:
        raise _broken(line.n, "shows something and does not say what")
    if line.do in NAMES_ITEM and line.item is None:
        raise _broken(line.n, "names nothing that it is about")
    if line.do in ("consent", "refuse") and line.of is None:
        raise _broken(line.n, "does not say what it answers")


def _broken(n: int, what: str) -> RecordError:
    return RecordError(
        what,
        where=f"session log, line {n + 1}",
        remedy="ask the other side for its copy, and hold both against the record",
    )
