"""Which keys a party signs with on a line, which cards it had, and who vouched for one."""

from collections.abc import Iterable
from typing import NamedTuple

from detente.line.founding import Founding
from detente.line.keychain import KeyChain, Link, key_after
from detente.line.read.agreement import present
from detente.line.view import View, decode, scan
from detente.record.card import OpenCard, open_card
from detente.record.reading import decode_base64


def keys(view: View, founding: Founding, party: str) -> KeyChain:
    """The keys of a member's log, as far as the log is held."""
    links = [*KeyChain.from_card(founding.cards[party].public).links]
    for _, row in scan(view, "key", f"{party}/"):
        key = key_after(row["sign_key"], row.get("ml_dsa_44_key"), links[-1].key)
        links.append(Link(row["index"] + (not row["vouched"]), key, row["vouched"]))
    return KeyChain(tuple(links))


class Brought(NamedTuple):
    """A card, and the entry that brought it: its index, the time it claims, whether vouched.

    That of the founding document is ``at`` 0.
    """

    card: OpenCard
    at: int
    time: str
    vouched: bool


def cards(view: View, founding: Founding, party: str) -> list[Brought]:
    """Every card of a member that is held, oldest first; one at least."""
    held = [Brought(founding.cards[party], 0, "", False)]
    for _, doc in view.scan("key", f"{party}/"):
        row = decode(doc)
        if row["content"] is not None:
            opened = open_card(decode_base64(row["content"]["card"], "card"))
            held.append(Brought(opened, row["index"], row["time"], row["vouched"]))
    return held


def card(view: View, founding: Founding, party: str) -> OpenCard:
    """The newest card of a member that is held."""
    return cards(view, founding, party)[-1].card


def unvouched(
    view: View, founding: Founding, party: str, card_sha256: str, seen: Iterable[str]
) -> set[str]:
    """The other members that have not vouched for this card of ``party``.

    A party taken in since the founding has to, if the rotation's writer had ``seen`` its log: the
    keys that were changed before it came are for the others to have vouched for.
    """
    given = {row["party"] for _, row in scan(view, "vouch", f"{party}/{card_sha256}/")}
    needed = {*founding.founders, *seen} & set(present(view, founding))
    return needed - {party} - given
