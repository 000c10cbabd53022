"""The guest's desk: what the host sees of it, and what its guest does."""

from detente.node.views.base import View


class WaitingVisitView(View, frozen=True, kw_only=True):
    """A visit to us that has no desk: its notice's entry id, its name, and whose it is."""

    id: str
    name: str
    guest: str


class LaidView(View, frozen=True, kw_only=True):
    """Something on a desk. ``kind`` is ``file``, ``plan``, ``entry`` or ``note``; ``by`` the
    host, or ``guest 1`` for a note of the guest's. ``away``: it was taken off again."""

    item: str
    kind: str
    title: str
    media: str
    size_bytes: int
    sha256: str
    by: str
    away: bool
    collected: bool


class GuestView(View, frozen=True, kw_only=True):
    """A guest's account at a desk, by the number that logs call it."""

    number: int
    account: str
    active: bool


class GuestMadeView(View, frozen=True, kw_only=True):
    """A new account and its one-time link, which works once: the console's address and ``path``."""

    number: int
    account: str
    path: str


class ActedView(View, frozen=True, kw_only=True):
    """One line of a session's log, and its ``title`` for the eye."""

    n: int
    at: str
    who: str
    do: str
    item: str | None
    title: str
    of: int | None
    wants: str | None
    waits: bool
    ended: str | None = None


class SessionView(View, frozen=True, kw_only=True):
    """A session. ``state`` is ``open``, ``closed`` or ``halted``; ``left_s`` is how long the hours
    last; ``waiting`` are actions that the escort has to consent to."""

    id: str
    name: str
    number: int
    state: str
    why: str
    escort: str
    hold: bool
    opened: str
    ended: str | None
    left_s: float
    lines: int
    log_sha256: str
    entry: str | None
    acted: list[ActedView]
    waiting: list[ActedView]


class DeskView(View, frozen=True, kw_only=True):
    """A desk, with everything that was ever laid on it. ``open`` is whether a session may be now;
    ``why`` not."""

    id: str
    line: str
    line_name: str
    visit: str
    visit_name: str
    guest: str
    hold: bool
    open: bool
    why: str
    until: str
    closed: bool
    places: list[str]
    laid: list[LaidView]
    guests: list[GuestView]
    sessions: list[SessionView]


class HeldLogView(View, frozen=True, kw_only=True):
    """What one party has put on the record of a session's log, beside what the other did.

    ``agrees``: both have the same; None while only one has said anything. ``waits_for_us``: the
    other side of a visit of ours has said it, and we have confirmed nothing of it.
    """

    session: str
    party: str
    ended: str
    actions: int
    log_sha256: str
    entry: str
    agrees: bool | None
    waits_for_us: bool
