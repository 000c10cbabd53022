"""Reports linked as one event, who denies it, and how many events there are by whose word."""

from detente.node.views.base import View


class DisputeView(View, frozen=True, kw_only=True):
    """A party's word that two reports are of two events. ``taken_back`` is the entry that did."""

    id: str
    party: str
    own: bool
    time: str
    note: str
    taken_back: str | None
    may_take_back: bool


class EventLinkView(View, frozen=True, kw_only=True):
    """A party's word that two reports, ``a`` and ``b`` (party and name), are of one event.

    ``state``: ``joins``; ``disputed`` (it joins nothing in the common count); ``idle`` (a report
    that it names is not held here, or does not stand); or ``taken-back``, by that entry.
    """

    id: str
    line: str
    party: str
    own: bool
    time: str
    a: str
    b: str
    note: str
    state: str
    taken_back: str | None
    disputes: list[DisputeView]
    may_dispute: bool
    may_take_back: bool
    receipts: dict[str, str | None]


class FiguresView(View, frozen=True, kw_only=True):
    """How many ``events`` so many ``reports`` are of, as undisputed links join them.

    ``as_held`` gives the figure of each party that has a part in a dispute which the count touches;
    ``disputed`` are the pairs of reports in dispute. Where it is empty all parties count alike.
    ``watched`` are the reports that nothing was seen: they are of no event, and in no other figure.
    """

    reports: int
    events: int
    as_held: dict[str, int]
    disputed: list[tuple[str, str]]
    watched: int


class EventsView(View, frozen=True, kw_only=True):
    """All events of a line: the figures, the reports of each that has several, and the links."""

    line: str
    figures: FiguresView
    joined: list[list[str]]
    links: list[EventLinkView]


class MaybeView(View, frozen=True, kw_only=True):
    """Two reports of different parties that may be of one event, and why: a suggestion, no more.

    ``score`` is from 0 to 1 by a model that was fitted to invented events. ``weights`` says what
    of place, time, kind, words and counts speaks for it (above 0) and against it (below), in powers
    of two; what says nothing is left out.
    """

    a: str
    b: str
    score: float
    distance_m: float
    apart_s: float
    same_kind: bool
    shared_words: list[str]
    weights: dict[str, float]
