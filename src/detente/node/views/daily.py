"""Daily reports: the joint part as it is computed here, and what each party has published."""

from detente.node.views.base import Json, View


class DailyReportView(View, frozen=True, kw_only=True):
    """A party's published report of a day, and whether its joint part is what we compute.

    ``verdict``: ``agrees``; ``differs``; or ``unknown`` (it cannot be computed here, ``why`` says
    what is missing). ``behind`` is how many entries up to the cut-off of each log its writer had
    not seen yet, by what is held here. ``newest`` of its party for that day; ``own_part`` is None
    where it is not known here, and ``unknown_own`` says why.
    """

    id: str
    line: str
    party: str
    own: bool
    time: str
    day: str
    cutoff: str
    as_agreed: bool
    joint_sha256: str
    computed_sha256: str | None
    verdict: str
    why: str
    behind: dict[str, int]
    newest: bool
    own_part: Json | None
    unknown_own: str | None
    receipts: dict[str, str | None]


class DailyView(View, frozen=True, kw_only=True):
    """A day of a line: the joint part by all that is held here, and every report of that day.

    ``over``: the cut-off is past, and it may be published. ``missing`` says of which logs more is
    known than is held, so that the joint part may still change. ``marking`` is the narrowest of all
    that stands on the line: districts that any of it ever told of are named.
    """

    line: str
    line_name: str
    exercise: str | None
    party: str
    day: str
    cutoff: str
    over: bool
    joint: Json
    joint_sha256: str
    marking: str
    missing: list[str]
    reports: list[DailyReportView]
