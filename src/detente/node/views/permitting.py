"""The permission ledger: who asked which host for what, and what holds now."""

from detente.node.views.base import Json, View


class ExceedingView(View, frozen=True, kw_only=True):
    """One thing that exceeds what was granted or asked; ``what`` is of ``line.read.exceeding``.

    If not ``known``, it is not known here whether it does. ``why`` is a clause for an officer.
    """

    what: str
    known: bool
    why: str


class GrantView(View, frozen=True, kw_only=True):
    """What a host permits: the request, narrowed by the answer's limits (domain times).

    ``ends`` says what ends it at ``end``: ``expired``, ``revoked``, ``withdrawn`` or
    ``superseded``. ``hours_utc`` is None where every hour is granted, ``quota_units`` where no
    number is set. What is named in ``unknown`` is not known here and stands as None.
    """

    given: str
    start: str
    end: str
    ends: str
    purpose: str | None
    hours_utc: list[tuple[float, float]] | None
    places: list[Json] | None
    people: list[Json] | None
    equipment: list[Json] | None
    quota: str | None
    quota_units: int | None
    unknown: list[str]


class PermissionView(View, frozen=True, kw_only=True):
    """A request to one host. Windows and ``due`` are domain times; ``time`` is real time.

    ``state``: ``asked``, ``unanswered`` (the answer is late), ``granted``, ``limited``,
    ``refused``, ``withdrawn``, ``revoked``, ``expired`` or ``superseded``. ``permits``: it is
    granted and in its window now. ``asked`` is None where the content is not known here, and
    ``unknown`` says why. ``limits`` are the answer's limits in words. ``obligation`` names what the
    host owes, for a lapse. ``exceeding`` is what exceeds: the answer beyond what was asked, visits
    beyond their number, the terms' quota. ``newest``: no later request renews it.
    """

    id: str
    line: str
    line_name: str
    permission: str
    party: str
    own: bool
    host: str
    own_host: bool
    kind: str
    start: str
    end: str
    time: str
    asked: Json | None
    unknown: str | None
    state: str
    permits: bool
    due: str | None
    obligation: str | None
    lapse: str | None
    answer: str | None
    answered: str | None
    answer_entry: str | None
    answer_note: str
    limits: list[str]
    grant: GrantView | None
    revoked_from: str | None
    revoked_note: str
    withdrawn: str | None
    withdrawn_note: str
    renews: str | None
    newest: bool
    visits: list[str]
    exceeding: list[ExceedingView]
    may_answer: bool
    may_revoke: bool
    may_withdraw: bool
    may_renew: bool
    now: str
    exercise: str | None
    receipts: dict[str, str | None]
