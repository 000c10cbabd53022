"""Which keys a party signs with on a line, which card is its newest, and who vouched for one."""

from detente.line.founding import Founding
from detente.line.keychain import KeyChain, Link
from detente.line.read.agreement import present
from detente.line.view import View, decode, scan
from detente.record.card import OpenCard, open_card
from detente.record.keys import PublicKey
from detente.record.reading import decode_base64


def keys(view: View, founding: Founding, party: str) -> KeyChain:
    """The keys of a member's log, as far as the log is held."""
    first = founding.cards[party].public
    rotated = [
        Link(
            row["index"] + (not row["vouched"]),
            PublicKey(decode_base64(row["sign_key"], "sign_key"), first.ml_dsa),
            row["vouched"],
        )
        for _, row in scan(view, "key", f"{party}/")
    ]
    return KeyChain((*KeyChain.from_card(first).links, *rotated))


def card(view: View, founding: Founding, party: str) -> OpenCard:
    """The newest card of a member that is held: where to call it, and whose certificates it has."""
    held = founding.cards[party]
    for _, doc in view.scan("key", f"{party}/"):
        content = decode(doc)["content"]
        if content is not None:
            held = open_card(decode_base64(content["card"], "card"))
    return held


def unvouched(view: View, founding: Founding, party: str, card_sha256: str) -> set[str]:
    """The other members that have not vouched for this card of ``party``."""
    given = {row["party"] for _, row in scan(view, "vouch", f"{party}/{card_sha256}/")}
    return set(present(view, founding)) - {party} - given
