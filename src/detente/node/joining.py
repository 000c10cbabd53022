"""Founding a line and joining it: docs/protocol.md, section 3.

A founding document is only bytes until its parties join on it. Who joins has compared, with the
other operators and over another channel, the fingerprint of every other card in it; that
comparison is asked for here and nothing else tells a genuine card from a false one.
"""

import os
from collections.abc import Mapping, Sequence
from typing import Any

from detente.errors import DetenteError, InputError, SignatureError, StateError
from detente.line import (
    Founding,
    Terms,
    join_draft,
    make_founding,
    open_founding,
    read,
    terms_from_wire,
)
from detente.line.founding import NONCE_BYTES
from detente.node.channel import check_authorities
from detente.node.core import Core
from detente.node.writing import write
from detente.record import open_card
from detente.store import auditing, changes, logs
from detente.store.projection import rows_of
from detente.store.store import Tx


def found(
    core: Core, name: str, terms: Terms | Mapping[str, Any], peer_cards: Sequence[bytes]
) -> bytes:
    """A founding document with our card and the others'. Nothing is joined or kept by that.

    Raises InputError if the cards are not those of the terms' members, or not genuine.
    """
    agreed = terms if isinstance(terms, Terms) else terms_from_wire(terms)
    cards = {core.party: core.card.raw}
    for raw in peer_cards:
        try:
            card = open_card(raw).card
        except DetenteError as error:
            raise InputError(error.message, where="card", remedy=error.remedy) from error
        if card.party in cards:
            raise InputError(
                f"there are two cards of {card.party}",
                where="cards",
                remedy="give one card of every other party",
            )
        cards[card.party] = raw
    return make_founding(name, agreed, cards, os.urandom(NONCE_BYTES))


def join(
    core: Core, document: bytes, confirm: Mapping[str, str], *, newcomer: bool, officer: str
) -> str:
    """Join the line that a document founds. Returns its id; joining again changes nothing.

    A store that is an older copy of itself may know nothing of a line that was joined since. Then
    nothing is written: our log, from its first entry on, is taken back from a peer.

    Args:
        newcomer: we are not named in it, and its parties take us in (``admitting``). We are on the
            line once all of them have signed for that; until then we are a stranger to them.
        confirm: per other party, the fingerprint that its operator read out.

    Raises:
        InputError: the document is unsound, a party's fingerprint was not confirmed, or its
            certificates could not be told from another's.
        SignatureError: a fingerprint is another than its card's, or our own card is not ours.
        StateError: another line here has its name.
    """
    founding = open_founding(document)
    _check_own(core, founding, newcomer)
    _check_confirmed(core, founding, confirm)

    def work(tx: Tx) -> None:
        for joined in core.lines(tx):
            if joined.id == founding.id:
                return
            if joined.name == founding.name:
                raise StateError(
                    f"there is another line named {founding.name} here",
                    remedy="found the new one under another name",
                )
        rows = rows_of(tx, founding.id)
        with_us = core.with_members(tx, rows, founding)
        _check_authorities(core, tx, with_us)
        kept = core.card.raw if newcomer else None
        logs.add_line(tx, founding.id, founding.name, founding.raw, kept)
        changes.note(tx, founding.id, "line", [founding.name])
        if core.marks.of(founding.id, core.party)[0]:
            auditing.add(
                tx,
                time_s=core.clock.now_s(),
                officer=officer,
                action="line.take-back",
                subject=founding.id,
            )
            return
        write(core, tx, with_us, rows, join_draft(founding.raw), officer=officer)

    core.store.write(work)
    return founding.id


def _check_own(core: Core, founding: Founding, newcomer: bool) -> None:
    own = founding.cards.get(core.party)
    if newcomer:
        if own is None:
            return
        raise InputError(
            f"{core.party} is one of the founders of this line",
            where=f"founding document of {founding.name}",
            remedy="join it as one",
        )
    if own is None:
        raise InputError(
            f"{core.party} is no member of this line",
            where=f"founding document of {founding.name}",
            remedy="ask who founded it to put in your card; or have its parties take you in, and "
            "join as a newcomer",
        )
    ours = core.card
    if own.public != ours.public or own.card.ca != ours.card.ca:
        raise SignatureError(
            f"the card of {core.party} in it is not this node's",
            where=f"founding document of {founding.name}",
            remedy="ask who founded it to put in your present card",
        )


def _check_authorities(core: Core, tx: Tx, founding: Founding) -> None:
    known = [
        card.card.ca
        for line in core.lines(tx)
        for party, founded in line.cards.items()
        for card in (founded, read.card(rows_of(tx, line.id), line, party))
    ]
    check_authorities({party: card.card.ca for party, card in founding.cards.items()}, known)


def _check_confirmed(core: Core, founding: Founding, confirm: Mapping[str, str]) -> None:
    others = set(founding.cards) - {core.party}
    if set(confirm) != others:
        raise InputError(
            f"fingerprints are confirmed for {', '.join(sorted(confirm)) or 'nobody'}, and the "
            f"other parties are {', '.join(sorted(others))}",
            where=f"founding document of {founding.name}",
            remedy="compare the fingerprint of every other party's card with its operator",
        )
    for party in sorted(others):
        card = founding.cards[party]
        if _digits(confirm[party]) != _digits(card.fingerprint):
            raise SignatureError(
                f"the card of {party} has another fingerprint: {card.fingerprint}",
                where=f"founding document of {founding.name}",
                remedy=f"do not join; ask {party} over another channel which card is its own",
            )


def _digits(fingerprint: str) -> str:
    return "".join(fingerprint.split()).lower()
