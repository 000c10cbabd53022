"""Messages, phrases, and what is owed."""

from detente.node.views.base import Json, View
from detente.node.views.record import AcknowledgementView


class MessageView(View, frozen=True, kw_only=True):
    """A message on a line.

    ``text`` is free text as it was written, or the phrase in our own first language;
    ``rendered`` gives the phrase in every language the phrasebook has. ``phrase`` is None for
    free text. ``unknown`` says why it is not known here what it says: ``not-held``, ``unreadable``
    or ``recalled``.
    """

    id: str
    line: str
    party: str
    own: bool
    index: int
    time: str
    precedence: str
    text: str
    unknown: str | None
    language: str | None
    phrase: str | None
    slots: dict[str, str]
    rendered: dict[str, str]
    reply_to: str | None
    conflict: str | None
    void: str | None
    receipts: dict[str, str | None]
    acknowledgements: list[AcknowledgementView]


class CommitmentView(View, frozen=True, kw_only=True):
    """What a party has fixed and tells later.

    ``state``: ``unopened`` (what it is, is unknown), ``opened``, or ``wrong`` (what was opened is
    not what was fixed, and what that is, is unknown). ``timing`` is ``early``, ``in-time`` or
    ``late`` by the time the opening claims, and ``overdue`` says that it should have been opened
    by now. Of what was opened, one of ``statement`` and ``activity`` is there, or ``unknown`` says
    why neither is. ``wrong`` are the entries that open it and do not fit. ``may_open``: it is ours,
    and what it fixed is in this node's store.
    """

    id: str
    line: str
    party: str
    own: bool
    time: str
    sha256: str
    subject: str
    open_from: str | None
    open_by: str | None
    note: str
    state: str
    timing: str | None
    overdue: bool
    opened: str | None
    opening: str | None
    statement: str | None
    activity: Json | None
    unknown: str | None
    wrong: list[str]
    may_open: bool
    receipts: dict[str, str | None]


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
