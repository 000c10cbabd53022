"""Taking a party into a line that is there already: docs/protocol.md, section 3.

Every party signs for it on its own log, each after its operator has compared the fingerprint of the
newcomer's card with the newcomer. Who signs agrees that the newcomer is sent *everything* that was
ever said on the line: a line has one record, and nobody can verify half of it. So how much that is
stands beside the question (``admissions``), and has to be assented to in as many words.
"""

from detente.errors import DetenteError, InputError, SignatureError, StateError
from detente.line import Draft, admit_draft, read
from detente.line.read import Admission
from detente.node.channel import check_authorities
from detente.node.core import Core
from detente.node.saying import say
from detente.node.seconding import Second
from detente.node.show.reader import LineReader
from detente.node.views import AdmissionsView, AdmissionView, EntryView
from detente.record import OpenCard, PublicKey, open_card
from detente.record.header import MAX_PARTIES
from detente.store import logs
from detente.store.projection import rows_of


def admissions(reader: LineReader) -> AdmissionsView:
    """Who is being taken in or was, and how much of the record a newcomer is sent."""
    entries, bodies = logs.extent(reader.tx, reader.id)
    return AdmissionsView(
        entries=entries,
        bodies=bodies,
        parties=[_view(one) for one in read.admissions(reader.rows, reader.founding)],
    )


def admit(
    core: Core,
    line: str,
    raw: bytes,
    fingerprint: str,
    *,
    officer: str,
    key: str | None,
    second: Second | None = None,
) -> EntryView:
    """Sign for taking in the party of a card; its operator read out ``fingerprint``.

    Raises InputError for what is no card or one whose keys are another party's, SignatureError for
    another fingerprint, StateError if that party is or was on the line or the line is full.
    """
    card = confirmed_card(raw, fingerprint)

    def make(reader: LineReader) -> Draft:
        _check_room(reader, card.card.party)
        _check_keys(reader, card)
        _check_authority(reader, card)
        return admit_draft(card)

    content = {"card": card.raw.decode(), "fingerprint": card.fingerprint}
    return say(
        core, line, make, officer=officer, key=key, action="admit", content=content, second=second
    )


def confirmed_card(raw: bytes, fingerprint: str) -> OpenCard:
    """A card whose party's operator read out ``fingerprint``.

    Raises InputError for what is no card, SignatureError for another fingerprint.
    """
    try:
        card = open_card(raw)
    except DetenteError as error:
        raise InputError(error.message, where="card", remedy=error.remedy) from error
    if "".join(fingerprint.split()).lower() != "".join(card.fingerprint.split()):
        raise SignatureError(
            f"the card of {card.card.party} has another fingerprint: {card.fingerprint}",
            where="card",
            remedy="do not sign; ask that party over another channel which card is its own",
        )
    return card


def _check_room(reader: LineReader, party: str) -> None:
    if party in reader.founding.cards:
        raise StateError(
            f"{party} is or was on this line, and nobody comes onto a line twice",
            where=f"line {reader.name}",
            remedy="take it in under another party id, or found a new line with it",
        )
    if len(reader.founding.cards) >= MAX_PARTIES:
        raise StateError(
            f"the line has {MAX_PARTIES} parties, and no more have room",
            where=f"line {reader.name}",
            remedy="found another line with that party",
        )


def _check_keys(reader: LineReader, card: OpenCard) -> None:
    """Two under one key could sign for each other, and a party is no third."""
    rows, founding = reader.rows, reader.founding
    taken = [(one, read.keys(rows, founding, one).all) for one in founding.members]
    for whose, keys in [*taken, *read.witness_keys(rows, founding).items()]:
        if any(_share_a_half(card.public, key) for key in keys):
            raise InputError(
                f"its signing key is or was that of {whose}",
                where=f"card of {card.card.party}",
                remedy="have it make a key of its own",
            )


def _share_a_half(one: PublicKey, other: PublicKey) -> bool:
    seconds = one.ml_dsa is not None and other.ml_dsa is not None
    return one.raw == other.raw or (seconds and one.ml_dsa == other.ml_dsa)


def _check_authority(reader: LineReader, card: OpenCard) -> None:
    """Refuse a party whose certificates we could not tell from another's, on any line."""
    core, tx = reader.core, reader.tx
    own = {
        one: read.card(reader.rows, reader.founding, one).card.ca for one in reader.founding.members
    }
    known = [
        found.card.ca
        for line in core.lines(tx)
        for party in line.members
        for found in (line.cards[party], read.card(rows_of(tx, line.id), line, party))
    ]
    check_authorities({**own, card.card.party: card.card.ca}, known)


def _view(one: Admission) -> AdmissionView:
    return AdmissionView(
        party=one.party,
        name="" if one.card is None else one.card.card.name,
        fingerprint="" if one.card is None else one.card.fingerprint,
        signed_by=list(one.signed_by),
        waits_for=list(one.waits_for),
        admitted=one.admitted,
    )
