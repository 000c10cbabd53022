"""The facts of visits: supervised monitoring on a host's ground, step by step.

A visit is named by the entry id of its notice, which its guest writes. What either side states of
it afterwards stands beside what the other states.
"""

from typing import Annotated, Literal

from msgspec import Meta

from detente.line.abouts.base import About, Version, check_version, check_window, wrong
from detente.line.wire import ActivityId, Hash, PartyId

NOTICE = "visit.notice"
TAKE_NOTE = "visit.acknowledge"
STAGE = "visit.stage"
INSPECT = "visit.inspect"
PLAN = "visit.plan"
REVIEW = "visit.review"
RESTRICT = "visit.restrict"
DEVIATION = "visit.deviation"
CANCEL = "visit.cancel"
SEAL = "visit.seal"
UNSEAL = "visit.open"
SESSION = "visit.session"
REPORT = "visit.report"

Stage = Literal["arrived", "begun", "ended", "departed"]
Ground = Literal["safety", "logistics", "weather", "not-agreed", "restriction", "other"]
MAX_MEDIA_BYTES = 1 << 40


class VisitNotified(About, frozen=True, kw_only=True):
    """The writer will visit ``host`` in a window (domain times), under its ``request``."""

    visit: ActivityId
    host: PartyId
    request: Hash
    from_: str
    until: str


class VisitNoted(About, frozen=True, kw_only=True):
    """The host has taken note of the visit, and says how it receives it."""

    visit: Hash


class VisitStage(About, frozen=True, kw_only=True):
    """What stage the visit reached at a domain time, as the writer has it."""

    visit: Hash
    stage: Stage
    at: str


class VisitInspected(About, frozen=True, kw_only=True):
    """The writer has held the equipment against the list that was agreed."""

    visit: Hash
    finding: Literal["as-agreed", "differs"]


class MissionPlanned(About, frozen=True, kw_only=True):
    """A version of the mission plan: the ``release`` of an ``activity`` of the guest's."""

    visit: Hash
    version: Version
    supersedes: Hash | None
    activity: ActivityId
    release: Hash


class MissionReviewed(About, frozen=True, kw_only=True):
    """The host agrees to a ``plan``, or asks to change it: for safety or logistics only."""

    plan: Hash
    answer: Literal["agreed", "change"]
    ground: Literal["safety", "logistics"] | None


class VisitRestricted(About, frozen=True, kw_only=True):
    """The host restricts the visit within a window (domain times)."""

    visit: Hash
    from_: str
    until: str


class VisitDeviated(About, frozen=True, kw_only=True):
    """At a domain time something was not as agreed, as the writer has it."""

    visit: Hash
    at: str


class VisitCancelled(About, frozen=True, kw_only=True):
    """The writer ends the visit before its time."""

    visit: Hash
    ground: Ground


class MediaSealed(About, frozen=True, kw_only=True):
    """``item``, collected on the visit, is sealed: by both sides once both state these facts.

    ``content_sha256`` and ``size_bytes`` are of what was collected; ``manifest_sha256`` is of the
    sealed file's manifest, which binds everything else in it.
    """

    visit: Hash
    item: ActivityId
    content_sha256: Hash
    size_bytes: Annotated[int, Meta(ge=0, le=MAX_MEDIA_BYTES)]
    manifest_sha256: Hash


class MediaOpened(About, frozen=True, kw_only=True):
    """The writer has opened its copy of ``item``, or found that it is not what was sealed.

    ``found_sha256`` is of the content; of the whole file, if that could not be opened.
    """

    visit: Hash
    item: ActivityId
    manifest_sha256: Hash
    finding: Literal["intact", "broken"]
    found_sha256: Hash


class DeskSession(About, frozen=True, kw_only=True):
    """A session at the guest's desk has ended; its log has so many lines and this hash."""

    visit: Hash
    session: ActivityId
    ended: Literal["closed", "halted"]
    actions: Annotated[int, Meta(ge=0, le=1_000_000)]
    log_sha256: Hash


class VisitReported(About, frozen=True, kw_only=True):
    """A version of the writer's report; it is the joint one where both sides' are the same."""

    visit: Hash
    version: Version
    supersedes: Hash | None
    report_sha256: Hash


VISITS: dict[str, type[About]] = {
    NOTICE: VisitNotified,
    TAKE_NOTE: VisitNoted,
    STAGE: VisitStage,
    INSPECT: VisitInspected,
    PLAN: MissionPlanned,
    REVIEW: MissionReviewed,
    RESTRICT: VisitRestricted,
    DEVIATION: VisitDeviated,
    CANCEL: VisitCancelled,
    SEAL: MediaSealed,
    UNSEAL: MediaOpened,
    SESSION: DeskSession,
    REPORT: VisitReported,
}
"""Each type, and the facts of it."""


def check_visit(type_: str, facts: About) -> None:
    """Return if facts of one of these types, each sound by itself, fit together."""
    match facts:
        case VisitNotified() | VisitRestricted():
            check_window(type_, facts.from_, facts.until)
        case VisitStage() | VisitDeviated():
            check_window(type_, facts.at, None)
        case MissionPlanned() | VisitReported():
            check_version(type_, facts.version, facts.supersedes)
        case MissionReviewed() if (facts.answer == "change") != (facts.ground is not None):
            raise wrong(type_, "a ground is given for a change, and for nothing else")
