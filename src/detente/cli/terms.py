"""Terms as an operator writes them: TOML in human units, or the protocol's JSON.

The TOML has the protocol's names without their units, and values that carry their own::

    [separation]
    lateral = "5NM"
    vertical = "1000ft"
    time = "10min"
"""

import tomllib
from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from detente.errors import InputError

TEMPLATE = """\
# Terms of a line: the numbers its parties agree on. Every party signs the same.
# The area the line is about, degrees; west greater than east crosses the antimeridian.
area = {{ west = 65.0, south = 35.0, east = 73.0, north = 40.0 }}
languages = ["en"]
effective_from = {effective_from}
review_on = {review_on}

[separation]      # what counts as a conflict: closer than all three at once
lateral = "5NM"
vertical = "1000ft"
time = "10min"

[notice]          # how long before its start an activity is released
normal = "12h"
emergency = "1h"

[acknowledge]     # how long after receipt an acknowledgement is owed
understood = "15min"
disseminated = "60min"
urgent_understood = "5min"

[line_checks]     # at which hours, UTC, every party checks the line, and how late it may be
hours_utc = [0, 6, 12, 18]
grace = "30min"

# [two_person]    # what takes two officers of each party, who confirm the same bytes
# exact_releases = ["*"]       # exact releases of these kinds of activity; "*": of every kind
# terms = true                 # signing new terms
# leaving = true               # leaving the line: two administrators

# [[witnesses]]   # a third organisation that cosigns checkpoints and sees no entries; it shows its
# name = "witness.example/w1"  # lines for this file with `detente witness terms`
# keys = ["…", "…"]
# url = "https://witness.example:7450"

# [exercise]      # everything on the line is invented; its clock is this much ahead of the real one
# name = "NORTHERN WATCH"
# clock_offset_s = 0
"""


def template(now: datetime) -> str:
    """The shipped defaults, to be edited: in force from the next full hour, reviewed in a year."""
    hour = now.astimezone(UTC).replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
    return TEMPLATE.format(
        effective_from=hour.strftime("%Y-%m-%dT%H:%M:%SZ"),
        review_on=(hour + timedelta(days=365)).date().isoformat(),
    )


def read_terms(path: Path, data: bytes, members: Iterable[str], version: int = 1) -> dict[str, Any]:
    """A line's terms as the protocol's JSON value, for these members.

    ``version`` is theirs unless the file says another. What the values may be is checked by the
    node. Raises ``InputError`` naming file and field.
    """
    from detente.record import strict_json

    if path.suffix.lower() == ".toml":
        wire = _from_toml(path, data)
    else:
        wire = strict_json.loads(data, len(data))
        if not isinstance(wire, dict):
            raise InputError("is not an object", where=str(path), remedy="see `detente line terms`")
    named = sorted(members)
    wire.setdefault("version", version)
    if wire.setdefault("members", named) != named:
        raise InputError(
            f"names other members than the line has ({', '.join(named)})",
            where=f"{path}: members",
            remedy="leave members out; `line found` takes every party's card with --with",
        )
    return wire


def _from_toml(path: Path, data: bytes) -> dict[str, Any]:
    try:
        given = tomllib.loads(data.decode("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InputError(
            f"is not TOML: {error}", where=str(path), remedy="see `detente line terms`"
        ) from None
    table = _Table(path, given)
    separation = table.part("separation")
    notice, acknowledge = table.part("notice"), table.part("acknowledge")
    checks = table.part("line_checks")
    wire: dict[str, Any] = {
        "area": table.take("area", dict),
        "languages": table.take("languages", list),
        "effective_from": table.time("effective_from"),
        "review_on": table.take("review_on", date).isoformat(),
        "separation": {
            "lateral_m": separation.length_m("lateral"),
            "vertical_m": separation.length_m("vertical"),
            "time_s": separation.duration_s("time"),
        },
        "notice": {
            "normal_s": notice.whole_s("normal"),
            "emergency_s": notice.whole_s("emergency"),
        },
        "acknowledge": {
            "understood_s": acknowledge.whole_s("understood"),
            "disseminated_s": acknowledge.whole_s("disseminated"),
            "urgent_understood_s": acknowledge.whole_s("urgent_understood"),
        },
        "line_checks": {
            "hours_utc": checks.take("hours_utc", list),
            "grace_s": checks.whole_s("grace"),
        },
        "exercise": given.pop("exercise", None),
    }
    if "two_person" in given:
        wire["two_person"] = given.pop("two_person")
    if "witnesses" in given:
        wire["witnesses"] = given.pop("witnesses")
    for part in (table, separation, notice, acknowledge, checks):
        part.nothing_left()
    return wire


class _Table:
    """One table of the file, whose fields are taken out one by one."""

    def __init__(self, path: Path, fields: dict[str, Any], name: str = "") -> None:
        self._path = path
        self._fields = fields
        self._name = name

    def where(self, field: str) -> str:
        return f"{self._path}: {self._name}{field}"

    def take(self, field: str, kind: type) -> Any:
        value = self._fields.pop(field, None)
        if not isinstance(value, kind):
            raise InputError(
                "is missing" if value is None else "is not of the kind that belongs here",
                where=self.where(field),
                remedy="write it as `detente line terms` shows",
            )
        return value

    def part(self, field: str) -> "_Table":
        return _Table(self._path, self.take(field, dict), f"{field}.")

    def time(self, field: str) -> str:
        value = self.take(field, datetime)
        if value.tzinfo is None:
            raise InputError(
                "has no time zone", where=self.where(field), remedy="write it in UTC, with Z"
            )
        return str(value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"))

    def length_m(self, field: str) -> float:
        from detente.volumes.units import parse_length_m

        return self._measured(field, parse_length_m)

    def duration_s(self, field: str) -> float:
        from detente.volumes.units import parse_duration_s

        return self._measured(field, parse_duration_s)

    def whole_s(self, field: str) -> int:
        seconds = self.duration_s(field)
        if seconds != int(seconds):
            raise InputError("is not in whole seconds", where=self.where(field), remedy="round it")
        return int(seconds)

    def _measured(self, field: str, parse: Callable[..., float]) -> float:
        return parse(self.take(field, str), where=self.where(field))

    def nothing_left(self) -> None:
        for field in self._fields:
            raise InputError(
                "is not a field of terms",
                where=self.where(field),
                remedy="see `detente line terms` for those there are",
            )
