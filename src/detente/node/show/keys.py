"""Which keys each party of a line signs with, since when, and who knows its newest card."""

import hashlib

from detente.line import read
from detente.line.keychain import Link
from detente.node.show.reader import LineReader
from detente.node.views import KeyView, PartyKeysView
from detente.store import logs


def keys(reader: LineReader) -> list[PartyKeysView]:
    """Every member of a line with its keys."""
    return [_of(reader, party) for party in reader.founding.members]


def _of(reader: LineReader, party: str) -> PartyKeysView:
    rows, founding = reader.rows, reader.founding
    newest = read.cards(rows, founding, party)[-1]
    others = [one for one in read.present(rows, founding) if one != party]
    return PartyKeysView(
        party=party,
        own=reader.is_own(party),
        card=newest.card.fingerprint,
        brought_by=newest.at,
        unknown_to=[one for one in others if not _knows(reader, party, one, newest.at)],
        keys=[_key(link) for link in read.keys(rows, founding, party).links],
    )


def _knows(reader: LineReader, party: str, other: str, at: int) -> bool:
    if at == 0 or reader.is_own(other):
        return True
    return logs.newest_cosigned(reader.tx, reader.id, party, other) > at


def _key(link: Link) -> KeyView:
    second = link.key.ml_dsa
    return KeyView(
        start=link.start,
        key=link.key.keyid,
        second=None if second is None else hashlib.sha256(second.raw).hexdigest(),
        vouched=link.vouched,
    )
