"""Visits: what guest and host have stated, how far each is, and its clocks."""

from detente.node.views.base import Json, View
from detente.node.views.permitting import ExceedingView


class StatementView(View, frozen=True, kw_only=True):
    """Base of what one side stated: the entry, its writer, and when it says it wrote it.

    ``unknown`` says why what the entry's body says is not known here, else None.
    """

    entry: str
    party: str
    own: bool
    time: str
    unknown: str | None


class NotedView(StatementView, frozen=True, kw_only=True):
    """The host's acknowledgement: how it receives the visit."""

    point_of_entry: str | None
    escorts: list[Json]
    hours_utc: list[tuple[float, float]] | None
    note: str


class StageStatedView(StatementView, frozen=True, kw_only=True):
    """When one side says that a stage was reached (domain time)."""

    at: str
    text: str
    language: str | None


class StageView(View, frozen=True, kw_only=True):
    """A stage, by who states it; ``differs``: the two sides give two times."""

    stage: str
    stated: dict[str, StageStatedView]
    differs: bool


class InspectionView(StatementView, frozen=True, kw_only=True):
    """What an inspection of the equipment found: ``as-agreed`` or ``differs``."""

    finding: str
    items: list[Json]
    note: str


class ReviewView(StatementView, frozen=True, kw_only=True):
    """The host's review of a plan: ``agreed``, or ``change`` on a ground."""

    answer: str
    ground: str | None
    text: str
    language: str | None


class MissionPlanView(StatementView, frozen=True, kw_only=True):
    """A version of the mission plan: the release of an activity.

    ``changed``: the activity went on to a version that this plan does not name. ``conflicts`` are
    the open conflicts of the activity, by id.
    """

    version: int
    activity: str
    release: str
    note: str
    review: ReviewView | None
    changed: bool
    volumes: list[Json] | None
    conflicts: list[str]


class RestrictionView(StatementView, frozen=True, kw_only=True):
    """What the host closes to the visit (domain times).

    ``made`` is when, by its writer's word; ``late_by_s`` by how much that is too late, 0 if it is
    not, None where the terms have no such clock; ``late`` says so in words, and against what, or is
    empty. ``received`` is when the guest's node had it.
    """

    start: str
    end: str
    hours_utc: list[tuple[float, float]] | None
    places: list[Json]
    text: str
    language: str | None
    made: str
    late_by_s: float | None
    late: str
    received: str | None


class DeviationView(StatementView, frozen=True, kw_only=True):
    """Something that was not as agreed, as one side has it (domain time)."""

    at: str
    text: str
    language: str | None


class CancelView(StatementView, frozen=True, kw_only=True):
    """One side's end of the visit before its time."""

    ground: str
    made: str
    note: str


class SealView(StatementView, frozen=True, kw_only=True):
    """One side's seal on an item."""

    content_sha256: str
    size_bytes: int
    manifest_sha256: str
    note: str


class MediaOpeningView(StatementView, frozen=True, kw_only=True):
    """What one side found when it opened its copy: ``intact`` or ``broken``, as it says.

    ``breaks``: it was broken, or what is said of it is not what was sealed.
    """

    manifest_sha256: str
    finding: str
    found_sha256: str
    note: str
    breaks: bool


class ItemView(View, frozen=True, kw_only=True):
    """What was collected: ``sealed``, ``sealed-by-one``, ``differing`` or ``unsealed``.

    ``found``: ``broken`` if any opening breaks it, ``intact`` if all found it whole, None before
    anybody has opened it.
    """

    name: str
    state: str
    seals: dict[str, SealView]
    openings: list[MediaOpeningView]
    found: str | None


class SessionStatedView(StatementView, frozen=True, kw_only=True):
    """A session at the guest's desk as one side holds its log."""

    ended: str
    actions: int
    log_sha256: str
    note: str


class SessionView(View, frozen=True, kw_only=True):
    """A session: ``same`` where both sides hold one log, ``differing``, or stated by ``one``."""

    name: str
    state: str
    stated: dict[str, SessionStatedView]


class ReportView(StatementView, frozen=True, kw_only=True):
    """One side's newest report; ``text`` and the lists are empty where it is not known here."""

    version: int
    sha256: str
    text: str
    language: str | None
    conditions: str
    access_denied: list[str]
    not_observed: list[str]


class ClockView(View, frozen=True, kw_only=True):
    """One clock of the terms (domain times).

    ``name``: ``notice``, ``acknowledge``, ``plan``, ``review``, ``agree``, ``fly`` or ``report``.
    ``state``: ``met``, ``met-late``, ``due``, ``late``, ``stopped`` or ``unknown``. ``entry`` is
    what it runs for; ``obligation`` names what is owed, for a lapse, and ``lapse`` states it.
    """

    name: str
    owed_by: str
    own: bool
    entry: str | None
    due: str | None
    met_at: str | None
    state: str
    obligation: str | None
    lapse: str | None


class VisitAlertView(View, frozen=True, kw_only=True):
    """What the other side of a visit of ours stated and no officer of ours has understood yet.

    ``what``: ``deviation``, ``cancel``, or ``restriction`` (a late one); ``visit`` is
    ``<guest>/<name>``, and ``text`` what was said, which may be nothing. ``restriction`` is what
    a restriction closes, and ``unknown`` why what was said is not known here, or None.
    """

    entry: str
    visit: str
    visit_id: str
    party: str
    what: str
    time: str
    text: str
    restriction: RestrictionView | None
    unknown: str | None


class VisitView(StatementView, frozen=True, kw_only=True):
    """A visit; ``id`` (the notice's entry) or ``<guest>/<name>`` names it.

    ``party`` is the guest, ``own`` says that it is us. ``phase``: ``notified``, ``acknowledged``,
    ``planned``, ``agreed``, ``off`` (by the terms), ``arrived``, ``under-way``, ``ended``,
    ``reported``, ``cancelled`` or ``passed``. ``mission``, of the newest plan: ``none``,
    ``planned``, ``change-asked`` or ``agreed``. ``accounts``: ``none``, ``one``, ``joint`` or
    ``two``. ``exceeding`` is what exceeds the grant and the quotas, ``remarks`` what else an
    officer should see, in sentences. ``may`` are the commands that fit its state and our side.
    """

    id: str
    line: str
    line_name: str
    name: str
    host: str
    own_host: bool
    request: str
    permission: str | None
    start: str
    end: str
    point_of_entry: str
    people: list[Json]
    equipment: list[Json]
    note: str
    phase: str
    mission: str
    noted: NotedView | None
    stages: list[StageView]
    inspections: list[InspectionView]
    plans: list[MissionPlanView]
    restrictions: list[RestrictionView]
    deviations: list[DeviationView]
    cancels: list[CancelView]
    items: list[ItemView]
    sessions: list[SessionView]
    reports: dict[str, ReportView]
    accounts: str
    clocks: list[ClockView]
    exceeding: list[ExceedingView]
    remarks: list[str]
    may: list[str]
    now: str
    exercise: str | None
    receipts: dict[str, str | None]
