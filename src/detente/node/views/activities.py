"""Plans, releases, conflicts and proposals."""

from detente.node.views.base import Json, PlaceView, ShiftView, View
from detente.node.views.record import AcknowledgementView


class ConflictSideView(View, frozen=True, kw_only=True):
    """One side of a conflict. ``entry`` and ``version`` are of the released version.

    They are None where the side is our own unreleased plan (basis ``own``).
    """

    party: str
    id: str
    own: bool
    title: str | None
    kind: str
    entry: str | None
    version: int | None


class PartView(View, frozen=True, kw_only=True):
    """Where two volumes meet: their indexes in each side's activity, when, how close, and where."""

    a_volume: int
    b_volume: int
    start: str
    end: str
    lateral_m: float
    vertical_m: float
    place: PlaceView


class MeetingView(View, frozen=True, kw_only=True):
    """A released activity that a changed one would meet, and when. ``already``: it does now too."""

    party: str
    id: str
    start: str
    end: str
    already: bool


class DetourView(View, frozen=True, kw_only=True):
    """How a route that is changed differs: metres off the old one at most, longer, seconds later.

    Negative is shorter and earlier. How much later it ends is an estimate, at its own speed.
    ``left_out`` of its old waypoints are no longer on its way.
    """

    off_m: float
    longer_m: float
    later_s: float
    left_out: int


class SuggestionView(View, frozen=True, kw_only=True):
    """The least change, of its kind, of one side that would end the conflict of two activities.

    ``ends`` says whether it still would, and ``opens`` what else the changed activity would meet of
    what is released and known here, whether or not it meets it already. ``ends`` is None where
    neither is known. ``detour`` is told of a route that is led round.
    """

    moves: str
    shift: ShiftView
    ends: bool | None
    opens: list[MeetingView]
    detour: DetourView | None = None


class ProspectView(View, frozen=True, kw_only=True):
    """What a change would do: ``volumes`` the changed activity's, the rest as in a suggestion."""

    moves: str
    shift: ShiftView
    volumes: list[Json]
    ends: bool | None
    opens: list[MeetingView]
    detour: DetourView | None


class ProposalView(View, frozen=True, kw_only=True):
    """A proposed change, and what became of it.

    ``status``: ``open``, ``assented``, ``declined``, ``carried-out`` or ``overtaken``.
    ``may_answer``: it is ours to assent to or decline. ``may_carry_out``: it was assented to and
    it is ours that moves. ``ends`` and ``opens`` are as a suggestion has them, while it is open or
    assented to; afterwards ``ends`` is None. ``detour`` is told where both are routes.
    """

    id: str
    line: str
    party: str
    own: bool
    time: str
    conflict: str
    versions: dict[str, str]
    moves: str
    shift: ShiftView
    note: str
    status: str
    answer: str | None
    answer_note: str
    may_answer: bool
    may_carry_out: bool
    void: str | None
    ends: bool | None
    opens: list[MeetingView]
    detour: DetourView | None


class ElsewhereView(View, frozen=True, kw_only=True):
    """Another line on which the other party of a conflict was shown our plan.

    ``form`` is that of the newest version there; ``current``: the plan has not changed since.
    ``received`` is when that party's node signed for it, real time; None: not known here.
    """

    line: str
    line_name: str
    entry: str
    form: str
    current: bool
    received: str | None


class ConflictView(View, frozen=True, kw_only=True):
    """Two activities of different parties, closer than the terms' separation.

    ``kind`` is ``separation``, or where one is an area (protocol, section 7) what the conflict is
    with: ``special-caution-area``, ``restricted-operating-zone``, ``line-crossing`` or
    ``protected-site``. Of the last two, the lateral separation is 0.
    ``basis`` is ``joint`` (released against released; every member computes the same, under the
    same ``id``) or ``own`` (our exact plan against what they released; shown to our officers only
    and never sent). Of an own basis, ``elsewhere`` has the other lines on which the other party was
    shown that plan: it can find the conflict from there. Releasing the plan on this line too makes
    it joint. ``state`` is ``open``, ``ended``, or ``unknown`` where earlier versions met and
    it is not known here what a newest one occupies, or that has not been compared yet. Distances
    are the least between the two. ``parts`` are the first ones, in the order they begin; there are
    ``more_parts`` beside them, and the other figures are of all. ``notes`` says in plain sentences
    what had to be widened to compare them. ``begun`` says which side has begun, or is over:
    ``suggestions`` never move into the past, nor in time what has begun. Those in time and
    altitude stand in every list; those sideways and round take longer to find and are told of one
    conflict that is asked for alone.
    """

    id: str
    line: str
    line_name: str
    a: ConflictSideView
    b: ConflictSideView
    kind: str
    start: str
    end: str
    lateral_m: float
    vertical_m: float
    place: PlaceView
    parts: list[PartView]
    more_parts: int
    state: str
    basis: str
    notes: list[str]
    begun: list[str]
    suggestions: list[SuggestionView]
    proposals: list[ProposalView]
    elsewhere: list[ElsewhereView]


class ConflictsView(View, frozen=True, kw_only=True):
    """All conflicts of a line that are known, and in sentences why there may be others.

    Only where ``unknown`` is empty does what is not listed not conflict, as far as it is released
    and held here.
    """

    conflicts: list[ConflictView]
    unknown: list[str]


class PlanReleaseView(View, frozen=True, kw_only=True):
    """One line's newest version of a plan. ``current``: the plan has not changed since."""

    line: str
    line_name: str
    entry: str
    version: int
    form: str
    withdrawn: bool
    current: bool


class PlanView(View, frozen=True, kw_only=True):
    """An own activity, private until it is released. ``revision`` counts its changes here.

    ``unknown`` says why ``conflicts`` may lack some; it is empty if they are all that there are.
    """

    id: str
    party: str
    title: str
    kind: str
    notes: list[str]
    volumes: list[Json]
    start: str
    end: str
    revision: int
    changed: str
    changed_by: str
    releases: list[PlanReleaseView]
    conflicts: list[ConflictView]
    unknown: list[str]


class PreviewView(View, frozen=True, kw_only=True):
    """What a release would put on a line. ``body`` is the exact text; nothing else is sent of it.

    ``sha256`` is that text's, in hex: a release that names it sends this and nothing else.
    ``larger_by`` says in plain sentences how the released version differs from the plan, and
    ``remarks`` what the terms ask for that it does not keep: notice, area. They never block.
    """

    line: str
    line_name: str
    activity: str
    form: str
    about: Json
    body: str
    sha256: str
    kind: str
    note: str
    volumes: list[Json]
    start: str
    end: str
    larger_by: list[str]
    remarks: list[str]


class ReleasedView(View, frozen=True, kw_only=True):
    """The newest version of one activity on a line, own or a peer's.

    ``title`` is our private title of an own plan; a peer's activity has none. ``unknown`` says why
    it is not known here what the activity occupies (``not-held``, ``unreadable``, ``recalled``): it
    may then be anywhere at any time, and no conflict with it can be found. Where it is not
    ``compared`` yet, its conflicts are not known. ``remarks`` are as a preview has them, for the
    time its writer claims.
    """

    line: str
    party: str
    id: str
    own: bool
    title: str | None
    entry: str
    version: int
    form: str
    settles: str | None
    withdrawn: bool
    kind: str
    note: str
    volumes: list[Json]
    unknown: str | None
    compared: bool
    start: str | None
    end: str | None
    remarks: list[str]
    time: str
    receipts: dict[str, str | None]
    acknowledgements: list[AcknowledgementView]
