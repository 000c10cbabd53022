"""What is said on a line, and what is owed for it."""

from detente.line import (
    PHRASES,
    Obligation,
    PhraseBody,
    TextBody,
    owed,
    read,
    render,
)
from detente.line.phrasebook import LANGUAGES
from detente.line.read import Message, Proposal
from detente.node.show import prospects, suggestions
from detente.node.show.reader import LineReader
from detente.node.views import (
    MessageView,
    ObligationView,
    PhraseView,
    ProposalView,
    ShiftView,
)
from detente.volumes.times import format_time

RECALLED = "(recalled by its writer)"


def messages(reader: LineReader) -> list[MessageView]:
    """Every message, by the time its writer claims."""
    return [_message(reader, message) for message in read.messages(reader.rows)]


def _message(reader: LineReader, message: Message) -> MessageView:
    text, language, phrase, slots, rendered = _said(reader, message.said)
    return MessageView(
        id=message.entry,
        line=reader.id,
        party=message.party,
        own=reader.is_own(message.party),
        index=message.index,
        time=message.time,
        precedence=message.precedence,
        text=RECALLED if message.unknown == "recalled" else text,
        unknown=message.unknown,
        language=language,
        phrase=phrase,
        slots=slots,
        rendered=rendered,
        reply_to=message.reply_to,
        conflict=message.conflict,
        void=reader.void(message.party, message.index),
        receipts=reader.receipts(message.party, message.index),
        acknowledgements=reader.acknowledgements_of(message.entry),
    )


def _said(
    reader: LineReader, said: TextBody | PhraseBody | None
) -> tuple[str, str | None, str | None, dict[str, str], dict[str, str]]:
    """Text, its language, phrase, slots, and the phrase in every language of the phrasebook."""
    if said is None:
        return "(its content is not known here)", None, None, {}, {}
    if isinstance(said, TextBody):
        return said.text, said.language, None, {}, {}
    rendered = {language: render(said.phrase, said.slots, language) for language in LANGUAGES}
    text = render(said.phrase, said.slots, reader.core.language)
    return text, None, said.phrase, said.slots, rendered


def phrases() -> list[PhraseView]:
    """The phrasebook."""
    return [
        PhraseView(code=phrase.code, slots=list(phrase.slots), text=dict(phrase.text))
        for phrase in PHRASES.values()
    ]


def proposals(reader: LineReader) -> list[ProposalView]:
    """Every proposal, by the time its writer claims, and what became of it."""
    return [_proposal(reader, proposal) for proposal in read.proposals(reader.rows)]


def _proposal(reader: LineReader, proposal: Proposal) -> ProposalView:
    own = reader.core.party
    answer, shift = proposal.answer, proposal.shift
    void = reader.void(proposal.party, proposal.index)
    ends, opens = prospects.of_proposal(reader, proposal)
    sides = prospects.sides_of(reader, proposal)
    return ProposalView(
        id=proposal.entry,
        line=reader.id,
        party=proposal.party,
        own=reader.is_own(proposal.party),
        time=proposal.time,
        conflict=proposal.conflict,
        versions=proposal.versions,
        moves=proposal.moves,
        shift=ShiftView() if shift is None else suggestions.shift_view(shift),
        note=proposal.note or "",
        status=proposal.status,
        answer=answer.entry if answer else None,
        answer_note=(answer.note or "") if answer else "",
        may_answer=void is None and proposal.status == "open" and proposal.answered_by == own,
        may_carry_out=void is None and proposal.status == "assented" and proposal.moves == own,
        void=void,
        ends=ends,
        opens=opens,
        detour=suggestions.detour_view(sides[0], shift) if sides and shift else None,
    )


def obligations(reader: LineReader) -> list[ObligationView]:
    """Everything owed on the line, met or not, by when it is due."""
    return [_obligation(reader, one) for one in owed_on(reader)]


def owed_on(reader: LineReader) -> list[Obligation]:
    """Everything owed on the line, from its state, the receipts held here and its domain time."""
    return owed(reader.rows, reader.founding, reader.received_s, reader.now_s)


def obligation_id(one: Obligation) -> str:
    """How an obligation is named here: who owes, what, and for what."""
    return f"{one.owed_by}/{one.what}/{one.entry or one.slot}"


def _obligation(reader: LineReader, one: Obligation) -> ObligationView:
    return ObligationView(
        id=obligation_id(one),
        line=reader.id,
        owed_by=one.owed_by,
        owed_to=list(one.owed_to),
        own=reader.is_own(one.owed_by),
        what=one.what,
        entry=one.entry,
        slot=one.slot,
        due=None if one.due_s is None else format_time(one.due_s),
        state=one.state,
        met_at=None if one.met_at_s is None else format_time(one.met_at_s),
        lapse=one.lapse,
    )
