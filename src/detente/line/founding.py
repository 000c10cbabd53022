"""The founding document: the bytes on which parties found a line, protocol section 3.

::

    {"v":1,"name":"northern-watch","nonce":"hex of 16 random bytes",
     "cards":{"ru":"b64 of the card's envelope bytes","us":"…"},"terms":{…version 1…}}

The line id is the SHA-256 of these exact bytes, and every header names the line id. So whoever
writes one entry on a line has signed its members, their keys and its first terms.
"""

import hashlib
import re
from collections.abc import Iterable, Mapping
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from detente.errors import DetenteError, InputError
from detente.line.terms import Terms, terms_from_wire, terms_to_wire
from detente.line.wire import LineName, PartyId, read_json, read_struct
from detente.line.witnesses import Witness
from detente.record.card import OpenCard, open_card
from detente.record.reading import decode_base64, encode_base64
from detente.record.strict_json import canonical

MAX_FOUNDING_BYTES = 1024 * 1024
NONCE_BYTES = 16

_LINE_ID = re.compile(r"[0-9a-f]{64}")
"""A line is asked for by name or id: on one so named, what is said might go to another line."""


class Founding(msgspec.Struct, frozen=True):
    """A founding document that holds together. ``id`` is the line id; ``raw`` the exact bytes.

    ``cards`` are those that logs of the line begin under: the founding members' and, where they are
    known (``with_members``), those of the parties taken in since. ``terms`` is version 1, whose
    members are the founding ones.
    """

    raw: bytes
    id: str
    name: str
    terms: Terms
    cards: dict[str, OpenCard]

    @property
    def members(self) -> tuple[str, ...]:
        """Every party of the line, sorted."""
        return tuple(sorted(self.cards))

    @property
    def founders(self) -> tuple[str, ...]:
        """The parties that the document itself names, sorted."""
        return self.terms.members

    def with_members(self, cards: Mapping[str, OpenCard]) -> "Founding":
        """The same line with the parties that it has taken in since, under these cards."""
        return msgspec.structs.replace(self, cards={**self.cards, **cards}) if cards else self


class _Wire(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    v: Literal[1]
    name: LineName
    nonce: Annotated[str, Meta(pattern=r"^[0-9a-f]{32}\Z")]
    cards: Annotated[dict[PartyId, str], Meta(max_length=16)]
    terms: dict[str, Any]


def make_founding(name: str, terms: Terms, cards: dict[str, bytes], nonce: bytes) -> bytes:
    """The bytes of a founding document, checked as their reader will check them.

    Args:
        cards: each member's card, as it came from that member.
        nonce: 16 new random bytes, so that two lines of equal terms are two lines.

    Raises:
        InputError: members and cards differ, a card is not genuine, or a field is out of range.
    """
    raw = canonical(
        {
            "v": 1,
            "name": name,
            "nonce": nonce.hex(),
            "cards": {party: encode_base64(card) for party, card in cards.items()},
            "terms": terms_to_wire(terms),
        }
    )
    open_founding(raw)
    return raw


def open_founding(raw: bytes) -> Founding:
    """Read a founding document and verify the cards in it. Raises InputError or LimitError."""
    wire = read_struct(
        read_json(raw, MAX_FOUNDING_BYTES, "founding document"), _Wire, "founding document"
    )
    if _LINE_ID.fullmatch(wire.name):
        raise InputError(
            "its name could be taken for the id of a line",
            remedy="choose a name that people can say",
            where="founding document",
        )
    terms = terms_from_wire(wire.terms)
    if terms.version != 1:
        raise InputError(
            f"founds the line on version {terms.version} of its terms",
            remedy="begin with version 1",
            where="founding document",
        )
    if set(terms.members) != set(wire.cards):
        raise InputError(
            f"the terms name {', '.join(terms.members)}, but there are cards of "
            f"{', '.join(sorted(wire.cards)) or 'nobody'}",
            remedy="put in the card of every member, and of nobody else",
            where="founding document",
        )
    cards = {party: _open(party, text) for party, text in sorted(wire.cards.items())}
    _check_keys(cards, terms.witnesses)
    return Founding(raw, hashlib.sha256(raw).hexdigest(), wire.name, terms, cards)


def _open(party: str, text: str) -> OpenCard:
    where = f"founding document: card of {party}"
    try:
        card = open_card(decode_base64(text, "card"))
    except DetenteError as error:
        # What the record calls a bad record is, here, a document that cannot be used.
        raise InputError(
            error.message, remedy=f"ask {party} for its card again", where=where
        ) from error
    if card.card.party != party:
        raise InputError(
            f"is the card of {card.card.party}", remedy="put it under its own party", where=where
        )
    return card


def _check_keys(cards: dict[str, OpenCard], witnesses: Iterable[Witness]) -> None:
    """Two under one key could sign for each other, and a party is no third."""
    keys = [*(card.public for card in cards.values()), *(one.public for one in witnesses)]
    seconds = [key.ml_dsa.raw for key in keys if key.ml_dsa is not None]
    one_each = len({key.keyid for key in keys}) == len(keys)
    if not one_each or len(set(seconds)) != len(seconds):
        raise InputError(
            "two parties, or a party and a witness, have the same signing key",
            remedy="have each make a key of its own",
            where="founding document",
        )
