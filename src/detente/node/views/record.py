"""Entries as they stand in the logs, and what is exchanged with other nodes."""

from detente.node.views.base import Json, View


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
    ``witnesses`` gives, per witness that the terms name, when it cosigned a checkpoint that covers
    the entry, or None: it saw that checkpoint, and holds no entry. ``joint`` is since when all of
    these have signed, or None while one has not.
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
    witnesses: dict[str, str | None]
    joint: str | None
    acknowledgements: list[AcknowledgementView]
    officer: str | None


class LogHolderView(View, frozen=True, kw_only=True):
    """How much of a log one other member has signed for holding, and since when (real time)."""

    party: str
    entries: int
    since: str | None


class LogWitnessView(View, frozen=True, kw_only=True):
    """How much of a log a witness has cosigned the checkpoint of, and since when (real time)."""

    name: str
    entries: int
    since: str | None


class LogView(View, frozen=True, kw_only=True):
    """One party's log as it is held here: so many entries, the first ``joint`` of them joint.

    An entry is joint once every other member that has not left has signed for holding it durably,
    and every witness has cosigned a checkpoint that covers it. ``left``: its party has written its
    last entry. ``checkpoint`` is the newest one held, without cosignatures.
    """

    party: str
    own: bool
    left: bool
    entries: int
    joint: int
    checkpoint: str | None
    holders: list[LogHolderView]
    witnesses: list[LogWitnessView]


class HolderView(View, frozen=True, kw_only=True):
    """What is known of one party's copy of what was recalled.

    ``state``: ``erased`` (its node has signed that it keeps it no more, at ``since``), ``holds``
    (its node has signed that it received it, at ``since``, and nothing since) or ``unknown`` (it
    has signed neither). ``told`` is when its node received the recall; None: not reached yet.
    """

    party: str
    own: bool
    state: str
    since: str | None
    told: str | None


class RecallView(View, frozen=True, kw_only=True):
    """A recall: the entry it recalls, and who still holds that. ``id`` is the recall's own."""

    id: str
    line: str
    party: str
    own: bool
    time: str
    entry: str
    type: str
    subject: str
    note: str
    holders: list[HolderView]


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
    """One other member of one line, with what is needed to call it and to know its calls.

    ``authorities`` are those whose certificates it may show, newest first; ``knows_ours``: whether
    it is known to know our present one.
    """

    line: str
    party: str
    endpoint: str
    authorities: list[str]
    knows_ours: bool = True


class WitnessCall(View, frozen=True, kw_only=True):
    """A witness of one line, with what is needed to call it."""

    line: str
    name: str
    url: str
    ca: str | None


class Witnessed(View, frozen=True, kw_only=True):
    """How much of the log of ``party`` a witness has cosigned, and that checkpoint with its
    cosignature."""

    party: str
    witness: str
    size: int
    note: str


class ProofView(View, frozen=True, kw_only=True):
    """Evidence that a party signed two histories, or a witness for two of its log, to be carried
    away.

    ``proof`` is checked by anyone who has the party's ``card`` of that fingerprint (`detente record
    prove`); None where what was kept is not enough to convince a stranger. Against a ``witness`` it
    is checked with ``keys``, its verifier keys, and ``card`` is empty.
    """

    line: str
    party: str
    index: int
    found: str
    what: str
    offered_by: str
    card: str
    proof: Json | None
    witness: str | None
    keys: list[str]


class RebuiltView(View, frozen=True, kw_only=True):
    """The state of one line, dropped and folded anew from its entries.

    ``equal``: it was the same before, byte for byte. Else so many rows were ``different``, of which
    the first are ``named``.
    """

    line: str
    line_name: str
    entries: int
    rows: int
    equal: bool
    different: int
    named: list[str]


class Finding(View, frozen=True, kw_only=True):
    """Something the record's verification found wrong: where, what, and what to do."""

    line: str
    line_name: str
    party: str
    index: int | None
    what: str
    remedy: str
