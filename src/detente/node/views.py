"""What a node shows of itself: the answers of its use cases, and the schemas of its HTTP API.

One shape serves the console, the API and the command line, so that no two of them can tell an
officer different things. Views are plain data, computed from the store when they are asked for.

Times are RFC 3339 text in UTC with ``Z``. Plans, conflicts, deadlines and line checks are in the
line's **domain time** (real time, moved by an exercise's clock); what was written, received and
cosigned is in real time. A field that ends in ``_s`` is seconds: POSIX seconds, real time, for an
instant. Volumes are in the protocol's JSON (docs/protocol.md, section 6, "Released activity").
"""

from typing import Any

import msgspec

Json = dict[str, Any]


class View(msgspec.Struct, frozen=True, kw_only=True):
    """Base of all views."""


class PlaceView(View, frozen=True, kw_only=True):
    """A place on WGS84, degrees."""

    lon: float
    lat: float


class ShiftView(View, frozen=True, kw_only=True):
    """A change of an activity: later (positive ``time_s``) or higher (positive ``altitude_m``).

    Exactly one of the two is set.
    """

    time_s: float | None = None
    altitude_m: float | None = None


class AcknowledgementView(View, frozen=True, kw_only=True):
    """One officer-level acknowledgement of an entry: ``understood`` or ``disseminated``."""

    entry: str
    party: str
    level: str
    note: str
    time: str


class EntryView(View, frozen=True, kw_only=True):
    """One entry of the joint record, as it stands in its party's log.

    ``body`` is None where it is not held; ``void`` says why a genuine entry changes nothing.
    ``receipts`` gives, per other member, when that member's node received it (real time), or None.
    ``officer`` is who wrote it here; it is known for own entries only and never leaves the node.
    """

    id: str
    line: str
    line_name: str
    party: str
    index: int
    type: str
    time: str
    own: bool
    about: Json
    body: Json | None
    void: str | None
    receipts: dict[str, str | None]
    acknowledgements: list[AcknowledgementView]
    officer: str | None


class ForkView(View, frozen=True, kw_only=True):
    """Evidence that a party signed two histories; kept for good, and shown until it is settled."""

    party: str
    index: int
    found: str
    what: str
    offered_by: str
    held: Json
    offered: Json


class LinkView(View, frozen=True, kw_only=True):
    """How we reach one other member of a line: what is observed, apart from what is declared.

    ``state``: ``up`` (heard from lately), ``late`` (silent for longer than usual), ``down`` (the
    last tries failed) or ``never``. ``held_by_us`` counts the peer's entries held here;
    ``held_by_peer`` counts our entries that the peer has cosigned. ``own_size`` and ``peer_size``
    are what each is measured against; ``peer_size`` is the largest the peer has told of.
    ``forks`` are those of the peer, and any of our own log that the peer has shown us.
    """

    line: str
    peer: str
    name: str
    state: str
    last_heard_s: float | None
    last_error: str | None
    held_by_us: int
    peer_size: int
    held_by_peer: int
    own_size: int
    suspended_by_peer: bool
    forks: list[ForkView]


class MemberView(View, frozen=True, kw_only=True):
    """One party of a line."""

    party: str
    name: str
    own: bool
    joined: bool
    suspends: bool
    fingerprint: str
    endpoint: str
    languages: list[str]


class LineView(View, frozen=True, kw_only=True):
    """One line. ``state`` is ``pending`` (not all have joined), ``in-force`` or ``suspended``.

    ``terms`` is the version that holds; ``terms_proposed`` are versions not yet signed by all,
    each with who has signed. ``exercise`` is the exercise's name: everything on such a line is
    invented. ``now`` is the line's domain time at the moment of asking.
    """

    id: str
    name: str
    own: str
    state: str
    suspended_by: list[str]
    members: list[MemberView]
    terms: Json
    terms_proposed: list[Json]
    exercise: str | None
    clock_offset_s: float
    now: str


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


class SuggestionView(View, frozen=True, kw_only=True):
    """The least change of one side that would end the conflict of these two activities."""

    moves: str
    shift: ShiftView


class ProposalView(View, frozen=True, kw_only=True):
    """A proposed change, and what became of it.

    ``status``: ``open``, ``assented``, ``declined``, ``carried-out`` or ``overtaken``.
    ``may_answer``: it is ours to assent to or decline. ``may_carry_out``: it was assented to and
    it is ours that moves.
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


class ConflictView(View, frozen=True, kw_only=True):
    """Two activities of different parties, closer than the terms' separation.

    ``basis`` is ``joint`` (released against released; every member computes the same, under the
    same ``id``) or ``own`` (our exact plan against what they released; shown to our officers only
    and never sent). ``state`` is ``open`` or ``ended``. Distances are the least between the two.
    ``notes`` says in plain sentences what had to be widened to compare them.
    """

    id: str
    line: str
    line_name: str
    a: ConflictSideView
    b: ConflictSideView
    start: str
    end: str
    lateral_m: float
    vertical_m: float
    place: PlaceView
    parts: list[PartView]
    state: str
    basis: str
    notes: list[str]
    suggestions: list[SuggestionView]
    proposals: list[ProposalView]


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
    """An own activity, private until it is released. ``revision`` counts its changes here."""

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


class PreviewView(View, frozen=True, kw_only=True):
    """What a release would put on a line. ``body`` is the exact text; nothing else is sent of it.

    ``larger_by`` says in plain sentences how the released version differs from the plan.
    """

    line: str
    line_name: str
    activity: str
    form: str
    about: Json
    body: str
    kind: str
    note: str
    volumes: list[Json]
    start: str
    end: str
    larger_by: list[str]


class ReleasedView(View, frozen=True, kw_only=True):
    """The newest version of one activity on a line, own or a peer's.

    ``title`` is our private title of an own plan; a peer's activity has none.
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
    start: str | None
    end: str | None
    time: str
    receipts: dict[str, str | None]
    acknowledgements: list[AcknowledgementView]


class MessageView(View, frozen=True, kw_only=True):
    """A message on a line.

    ``text`` is free text as it was written, or the phrase in our own first language;
    ``rendered`` gives the phrase in every language the phrasebook has. ``phrase`` is None for
    free text.
    """

    id: str
    line: str
    party: str
    own: bool
    index: int
    time: str
    precedence: str
    text: str
    language: str | None
    phrase: str | None
    slots: dict[str, str]
    rendered: dict[str, str]
    reply_to: str | None
    conflict: str | None
    void: str | None
    receipts: dict[str, str | None]
    acknowledgements: list[AcknowledgementView]


class ObligationView(View, frozen=True, kw_only=True):
    """Who owes what by when (domain time). ``id`` names it in ``Node.state_lapse``.

    ``state``: ``met``, ``due``, ``late``, or ``not-received`` (what it answers has not been
    received, so that its clock has not begun).
    """

    id: str
    line: str
    owed_by: str
    owed_to: list[str]
    own: bool
    what: str
    entry: str | None
    slot: str | None
    due: str | None
    state: str
    met_at: str | None
    lapse: str | None


class PhraseView(View, frozen=True, kw_only=True):
    """One phrase of the phrasebook: its slots, and its pattern per language."""

    code: str
    slots: list[str]
    text: dict[str, str]


class ChangeView(View, frozen=True, kw_only=True):
    """Something changed: number ``n`` rises by the order of commits. ``line`` may be empty."""

    n: int
    line: str
    kind: str
    key: str


class OfficerView(View, frozen=True, kw_only=True):
    """A person on watch at this node. ``role`` is ``watch`` or ``admin``."""

    name: str
    role: str
    active: bool


class AuditView(View, frozen=True, kw_only=True):
    """One row of the node's internal audit log; it never leaves the node."""

    n: int
    time: str
    officer: str
    action: str
    subject: str
    detail: Json


class Finding(View, frozen=True, kw_only=True):
    """Something the record's verification found wrong: where, what, and what to do."""

    line: str
    line_name: str
    party: str
    index: int | None
    what: str
    remedy: str


class Head(View, frozen=True, kw_only=True):
    """How much of a log is held, and its newest checkpoint with all cosignatures held."""

    size: int
    checkpoint: str | None


class LogPage(View, frozen=True, kw_only=True):
    """A page of a log: bundles in the protocol's JSON, and the newest checkpoint held."""

    entries: list[Json]
    checkpoint: str | None


class Receipt(View, frozen=True, kw_only=True):
    """The answer to a push: how much of that log is held now, and our cosignature or None."""

    size: int
    cosignature: str | None


class PeerView(View, frozen=True, kw_only=True):
    """One other member of one line, with what is needed to call it and to know its calls."""

    line: str
    party: str
    endpoint: str
    ca: str
