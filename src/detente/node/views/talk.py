"""Messages, phrases, and what is owed."""

from detente.node.views.base import View
from detente.node.views.record import AcknowledgementView


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
