"""Lines, their members, and how each other member is reached."""

from detente.node.views.base import Json, View


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
    are what each is measured against; ``peer_size`` is the largest the peer has told of,
    or has signed in entries that are kept aside here. ``newest_held`` is when the newest entry held
    of it was written, by its own clock, or None: of a peer that was never heard, what came in by
    parcel or through others. It does not say that the peer is there.
    ``forks`` are those of the peer, and any of our own log that the peer has shown us.
    ``disputed`` names the parties of whose logs the peer says it holds others than we do: it says
    what is not so, or that party has signed two histories.
    ``quota_used`` is the share of its quota here that the peer has used up; ``quota_near``:
    most of it; ``quota_refused_s``: since when what it goes on with is refused for want of it, and
    so unknown here, or None; ``refused_by_peer``: why it takes no more of ours, or None.
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
    newest_held: str | None
    suspended_by_peer: bool
    quota_used: float
    quota_near: bool
    quota_refused_s: float | None
    refused_by_peer: str | None
    forks: list[ForkView]
    disputed: list[str]


class WitnessView(View, frozen=True, kw_only=True):
    """A witness that a line's terms name: a third organisation that sees checkpoints, no entries.

    ``state``: ``up`` (the last try succeeded), ``down`` (the last tries failed, ``last_error`` says
    how), ``never`` (not called yet) or ``not-called`` (the terms give no URL). ``own_size`` is how
    many entries our own log has, ``own_witnessed`` how many of them the witness has signed for;
    ``witnessed`` is the same per log held here, by party. ``forks`` are second histories that the
    witness's copies have shown, each signed by its party. ``twice`` is what the witness itself did,
    per log of which it has signed for two histories, in words that follow its name: what it signs
    shows nothing any more.
    """

    line: str
    name: str
    url: str | None
    state: str
    last_heard_s: float | None
    last_error: str | None
    own_size: int
    own_witnessed: int
    witnessed: dict[str, int]
    forks: list[ForkView]
    twice: list[str]


class MemberView(View, frozen=True, kw_only=True):
    """One party of a line. ``left`` is when it says it left, real time, or None.

    ``founder``: named in the founding document; else it was taken in since.
    """

    party: str
    name: str
    own: bool
    founder: bool
    joined: bool
    left: str | None
    suspends: bool
    fingerprint: str
    endpoint: str
    languages: list[str]


class KeyView(View, frozen=True, kw_only=True):
    """Keys of a party on a line: they sign from entry ``start`` on, until the next ones do.

    ``key`` and ``second`` (ML-DSA-44, or None) are SHA-256 of the public keys. ``vouched``: the
    keys before had no part in the change.
    """

    start: int
    key: str
    second: str | None
    vouched: bool


class PartyKeysView(View, frozen=True, kw_only=True):
    """The keys of one party on a line, oldest first, and its newest card that is held here.

    ``card`` is its fingerprint, ``brought_by`` the index of the entry that brought it, 0 being the
    founding document. ``unknown_to`` are the other members that have not signed for holding it.
    """

    party: str
    own: bool
    card: str
    brought_by: int
    unknown_to: list[str]
    keys: list[KeyView]


class AdmissionView(View, frozen=True, kw_only=True):
    """A party that somebody would take into a line, or that was taken in (``admitted``).

    ``waits_for`` are those that have to sign for it still. ``name`` and ``fingerprint`` are its
    card's, and empty where the card cannot be read.
    """

    party: str
    name: str
    fingerprint: str
    signed_by: list[str]
    waits_for: list[str]
    admitted: bool


class AdmissionsView(View, frozen=True, kw_only=True):
    """Who is being taken into a line, and what every newcomer is sent: all of its record.

    ``entries`` is how many there are now, ``bodies`` how many of them are held with their content.
    """

    entries: int
    bodies: int
    parties: list[AdmissionView]


class LineView(View, frozen=True, kw_only=True):
    """One line. ``state``: ``pending`` (not all have joined), ``in-force``, ``suspended``, ``left``
    (by us) or ``ended`` (by everybody else's leaving).

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
