"""A new signing key: handed over by the old one, or vouched for by every other party.

Two ways, docs/protocol.md, section 2:

- ``rotate``: we still have the present key. It signs, on every line, an entry that names the next
  one. Nobody has to be asked.
- ``replace``, then ``adopt`` on each line: the present key is lost, or somebody else may have it.
  Nothing that it could sign would prove anything, so every other party compares the fingerprint of
  the new card with us over another channel and ``vouch``es for it on the record.

The new key lies beside the old one, as ``signing.next.pem``, until the store is known to have it;
the store's identity decides which of the two is ours after a crash (``finish``).
"""

from collections.abc import Callable
from pathlib import Path

from detente.errors import DetenteError, InputError, SignatureError, StateError
from detente.line import Draft, read, rotate_draft, vouch_draft
from detente.node.clock import Clock, RealClock
from detente.node.core import Core
from detente.node.keys import card_of, read_ml_dsa, read_sealing_key
from detente.node.protection import read_key, sync_folder, write_key
from detente.node.saying import say
from detente.node.settings import Settings, database_of, load_settings
from detente.node.show.reader import LineReader
from detente.node.views import EntryView
from detente.node.writing import write
from detente.record import OpenCard, SigningKey, open_card
from detente.store import auditing, identity
from detente.store.projection import LineRows
from detente.store.store import Store, Tx

PRESENT, NEXT = "signing.pem", "signing.next.pem"


def rotate(core: Core, directory: Path, secret: bytes | None, *, officer: str) -> OpenCard:
    """Sign with a new key from now on, on every line. Returns the new card.

    ``core`` is to be closed and opened again. Raises StateError where a line does not know our
    present key, or may have forgotten entries of ours; then nothing has changed.
    """

    def hand_over(tx: Tx, card: OpenCard) -> None:
        for founding in core.lines(tx):
            draft = rotate_draft(card, vouched=False)
            write(core, tx, founding, LineRows(tx, founding.id), draft, officer=officer)

    return _change(core.store, core.clock, directory, secret, officer, "key.rotate", hand_over)


def replace(
    directory: Path, secret: bytes | None, *, officer: str, clock: Clock | None = None
) -> OpenCard:
    """Make a new signing key without the old one. Returns the new card, to be vouched for."""
    store = Store.open(database_of(directory, load_settings(directory)))
    try:
        clock = clock or RealClock()
        return _change(
            store, clock, directory, secret, officer, "key.replace", lambda tx, card: None
        )
    finally:
        store.close()


def _change(
    store: Store,
    clock: Clock,
    directory: Path,
    secret: bytes | None,
    officer: str,
    action: str,
    tell: Callable[[Tx, OpenCard], None],
) -> OpenCard:
    keys, settings = directory / "keys", load_settings(directory)
    # The second half stays: what is signed needs both, and one that is new is enough.
    key = SigningKey.generate(read_ml_dsa(keys, secret))
    sealing = read_sealing_key(keys, secret)
    public = None if sealing is None else sealing.public
    card = open_card(card_of(settings, key, (keys / "ca.crt").read_bytes(), public))
    write_key(keys / NEXT, key.to_pem(), secret)

    def work(tx: Tx) -> None:
        owner = identity.owner(tx)
        if owner is not None and owner[0] != settings.party:
            raise StateError(
                f"this database is that of {owner[0]}",
                remedy="restore keys and database together",
            )
        tell(tx, card)
        identity.set_owner(tx, settings.party, key.public.raw)
        now_s = clock.now_s()
        auditing.add(tx, time_s=now_s, officer=officer, action=action, subject=card.fingerprint)

    store.write(work)
    _settle(keys, is_ours=True)
    return card


def finish(directory: Path, settings: Settings, secret: bytes | None) -> None:
    """Finish a change of keys that a crash cut off: it happened if the store says so."""
    keys = directory / "keys"
    if not (keys / NEXT).exists():
        return
    store = Store.open(database_of(directory, settings))
    try:
        with store.read() as tx:
            owner = identity.owner(tx)
    finally:
        store.close()
    following = SigningKey.from_pem(read_key(keys / NEXT, secret))
    _settle(keys, is_ours=owner == (settings.party, following.public.raw))


def _settle(keys: Path, *, is_ours: bool) -> None:
    if is_ours:
        (keys / NEXT).replace(keys / PRESENT)
    else:
        (keys / NEXT).unlink()
    sync_folder(keys)


def vouch(
    core: Core, line: str, raw: bytes, fingerprint: str, *, officer: str, key: str | None
) -> EntryView:
    """Say on a line that a new card is its party's own; its operator read out ``fingerprint``.

    Raises InputError for what is no card of another member, SignatureError for another fingerprint.
    """
    try:
        card = open_card(raw)
    except DetenteError as error:
        raise InputError(error.message, where="card", remedy=error.remedy) from error
    if "".join(fingerprint.split()).lower() != "".join(card.fingerprint.split()):
        raise SignatureError(
            f"the card of {card.card.party} has another fingerprint: {card.fingerprint}",
            where="card",
            remedy="do not vouch; ask that party over another channel which card is its own",
        )

    def make(reader: LineReader) -> Draft:
        party = card.card.party
        if party == core.party or party not in reader.founding.cards:
            raise InputError(
                f"{party} is no other member of this line",
                where="card",
                remedy="vouch for the new card of another party of the line",
            )
        known = read.keys(reader.rows, reader.founding, party).all
        if card.public.raw in {one.raw for one in known}:
            raise StateError(
                f"{party} signs or has signed with that key on this line",
                where="card",
                remedy="ask for the card with its new key",
            )
        return vouch_draft(card)

    content = {"card": card.fingerprint}
    return say(core, line, make, officer=officer, key=key, action="vouch", content=content)


def adopt(core: Core, line: str, *, officer: str, key: str | None) -> EntryView:
    """Sign with our replaced key on a line, once every other party has vouched for it."""

    def make(reader: LineReader) -> Draft:
        if read.keys(reader.rows, reader.founding, core.party).newest.raw == core.key.public.raw:
            raise StateError(
                "the line knows our key",
                where=f"line {reader.name}",
                remedy="there is nothing to adopt",
            )
        return rotate_draft(core.card, vouched=True)

    return say(core, line, make, officer=officer, key=key, action="adopt", content={})
