"""Terms as an operator writes them: TOML in human units, or the protocol's JSON.

The TOML has the protocol's names without their units, and values that carry their own::

    [separation]
    lateral = "5NM"
    vertical = "1000ft"
    time = "10min"
"""

from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from types import UnionType
from typing import Any

from detente.cli.fields import read_toml
from detente.errors import InputError

TEMPLATE = """\
# Terms of a line: the numbers its parties agree on. Every party signs the same.
# The area the line is about, degrees; west greater than east crosses the antimeridian.
area = {{ west = 65.0, south = 35.0, east = 73.0, north = 40.0 }}
languages = ["en"]
# From when line checks are owed: the next full hour after this was printed, unless changed. All
# else holds as soon as every party has joined (or has signed, if these replace others).
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

# [watching]      # permissions and visits: `detente line terms --watching` prints this part

# [exercise]      # everything on the line is invented; its clock is this much ahead of the real one
# name = "NORTHERN WATCH"
# clock_offset_s = 0
"""


WATCHING = """
[watching]        # what watching an area together goes by: nobody owes an answer without it
answer = "7d"     # how long a host has to answer a request
cutoff_utc = 19.5 # until which hour, UTC, the joint part of a daily report goes

[watching.visit]  # the clocks of a visit, after the Treaty on Open Skies
notice = "72h"      # notice before the visit begins
acknowledge = "24h" # the host takes note of it
plan = "24h"        # the mission plan before the mission
review = "4h"       # the host's review: for safety and logistics only
agree = "8h"        # a plan is agreed by then, or the mission is off
fly = "96h"         # the mission is flown so long after arrival
report = "7d"       # both sides' reports after its end
restrict = "24h"    # a restriction made later than this before it begins is late

# [[watching.quotas]] # how many visits or crossings a host owes a guest within a window
# name = "observation visits"
# guest = "us"
# host = "tj"
# units = 3
# start = "2026-11-22T00:00:00Z"
# end = "2027-11-22T00:00:00Z"
"""


def template(now: datetime, *, watching: bool = False) -> str:
    """The shipped defaults, to be edited: in force from the next full hour, reviewed in a year.

    With ``watching`` also the standard part about watching an area together.
    """
    hour = now.astimezone(UTC).replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
    terms = TEMPLATE.format(
        effective_from=hour.strftime("%Y-%m-%dT%H:%M:%SZ"),
        review_on=(hour + timedelta(days=365)).date().isoformat(),
    )
    return terms + (WATCHING if watching else "")


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
    given = read_toml(path, data, remedy="see `detente line terms`")
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
    if "watching" in given:
        wire["watching"] = _watching(table.part("watching"))
    for part in (table, separation, notice, acknowledge, checks):
        part.nothing_left()
    return wire


def _watching(table: "_Table") -> dict[str, Any]:
    visit = table.part("visit")
    clocks = ("notice", "acknowledge", "plan", "review", "agree", "fly", "report", "restrict")
    wire = {
        "answer_s": table.whole_s("answer"),
        "cutoff_utc": table.take("cutoff_utc", int | float),
        "quotas": [_quota(table, one) for one in table.take("quotas", list)]
        if table.has("quotas")
        else [],
        "visit": {f"{name}_s": visit.whole_s(name) for name in clocks},
    }
    table.nothing_left()
    visit.nothing_left()
    return wire


def _quota(table: "_Table", one: Any) -> Any:
    """A quota with its window in the protocol's spelling; what else is wrong the node says."""
    from detente.volumes.times import format_time, parse_time_s

    if not isinstance(one, dict):
        return one
    for field in ("start", "end"):
        if isinstance(one.get(field), str | datetime):
            text = str(one[field])
            one[field] = format_time(parse_time_s(text, where=table.where(f"quotas.{field}")))
    return one


class _Table:
    """One table of the file, whose fields are taken out one by one."""

    def __init__(self, path: Path, fields: dict[str, Any], name: str = "") -> None:
        self._path = path
        self._fields = fields
        self._name = name

    def where(self, field: str) -> str:
        return f"{self._path}: {self._name}{field}"

    def take(self, field: str, kind: type | UnionType) -> Any:
        value = self._fields.pop(field, None)
        if not isinstance(value, kind):
            raise InputError(
                "is missing" if value is None else "is not of the kind that belongs here",
                where=self.where(field),
                remedy="write it as `detente line terms` shows",
            )
        return value

    def has(self, field: str) -> bool:
        return field in self._fields

    def part(self, field: str) -> "_Table":
        return _Table(self._path, self.take(field, dict), f"{self._name}{field}.")

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
