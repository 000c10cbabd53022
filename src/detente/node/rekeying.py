"""New keys, and a new card: handed over by the old ones, or vouched for by every other party.

Two ways, docs/protocol.md, section 2:

- ``rotate``: we still have the present keys. They sign, on every line, an entry that names the next
  ones. Nobody has to be asked. The authority of our certificates is replaced where that is asked
  for; our node then shows a certificate of the old one to whoever does not know the new one yet.
- ``replace``, then ``adopt`` on each line: the present keys are lost, or somebody else may have
  them. Nothing that they could sign would prove anything, so every other party compares the
  fingerprint of the new card with us over another channel and ``vouch``es for it on the record.
  Everything is new then, the authority too.

The new files lie beside the old ones, as ``signing.next.pem`` and so on, until the store is known
to have the new key; the store's identity decides which are ours after a crash (``finish``).
``signing.next.pem`` is written last and put in its place last: while it is there, and only then,
is there a change to be finished.
"""

from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from detente.errors import DetenteError, InputError, StateError
from detente.line import Draft, read, rotate_draft, vouch_draft
from detente.node import recalling
from detente.node.admitting import confirmed_card
from detente.node.certificates import (
    BEFORE,
    NODE,
    make_authority,
    make_node_certificate,
    shows_before,
)
from detente.node.clock import Clock, RealClock
from detente.node.core import Core
from detente.node.keys import (
    ML_DSA,
    SEALING,
    SEALING_BEFORE,
    SIGNING,
    card_of,
    read_sealing_key,
)
from detente.node.protection import read_key, sync_folder, write_key, write_private
from detente.node.saying import say
from detente.node.settings import Settings, database_of, load_settings
from detente.node.show.reader import LineReader
from detente.node.views import EntryView
from detente.node.writing import write
from detente.record import MlDsaKey, OpenCard, SealingKey, SigningKey, open_card
from detente.store import auditing, identity
from detente.store.projection import rows_of
from detente.store.store import Store, Tx

CHANGED = (
    ML_DSA,
    *SEALING_BEFORE,
    *SEALING,
    "ca.pem",
    "ca.crt",
    f"{NODE}.pem",
    f"{NODE}.crt",
    f"{BEFORE}.pem",
    f"{BEFORE}.crt",
    SIGNING,
)
"""What may change together, in the order in which it is written and put in its place."""


def rotate(
    core: Core, directory: Path, secret: bytes | None, *, authority: bool, officer: str
) -> OpenCard:
    """Sign with new keys from now on, on every line. Returns the new card.

    ``authority``: replace that of our certificates as well. ``core`` is to be closed and opened
    again. Raises StateError where a line does not know our present key, may have forgotten entries
    of ours, or has members who do not know our present authority yet; then nothing has changed.
    """
    if authority and shows_before(directory / "keys"):
        raise StateError(
            "not everybody knows our present authority yet",
            remedy="wait until every party has received the last change of it",
        )

    def hand_over(tx: Tx, card: OpenCard) -> None:
        for founding in core.lines(tx):
            rows = rows_of(tx, founding.id)
            present = read.present(rows, founding)
            if core.party not in present or len(present) == 1:
                # Nobody is there who would verify anything more.
                continue
            draft = rotate_draft(card, core.keys(tx, founding, core.party).newest, vouched=False)
            write(core, tx, founding, rows, draft, officer=officer)

    change = _Change(directory, secret, core.clock, authority=authority)
    return change.make(core.store, officer, "key.rotate", hand_over)


def replace(
    directory: Path, secret: bytes | None, *, officer: str, clock: Clock | None = None
) -> OpenCard:
    """Make all keys new without the old ones. Returns the new card, to be vouched for."""
    change = _Change(directory, secret, clock or RealClock(), authority=True)
    store = Store.open(database_of(directory, load_settings(directory)))
    try:
        return change.make(store, officer, "key.replace", lambda tx, card: None)
    finally:
        store.close()


class _Change:
    """New keys for a node, made and not yet in force."""

    def __init__(
        self, directory: Path, secret: bytes | None, clock: Clock, *, authority: bool
    ) -> None:
        self._keys, self._settings = directory / "keys", load_settings(directory)
        self._secret, self._clock = secret, clock
        second = MlDsaKey.generate()
        self._key = SigningKey.generate(second)
        self._files = {ML_DSA: second.to_pem(), SIGNING: self._key.to_pem()}
        certificate = self._renew_authority() if authority else (self._keys / "ca.crt").read_bytes()
        sealing = self._renew_sealing()
        self._card = open_card(card_of(self._settings, self._key, certificate, sealing.public))

    def _renew_sealing(self) -> SealingKey:
        new = SealingKey.generate()
        self._files |= dict(zip(SEALING, new.to_pems(), strict=True))
        with suppress(DetenteError):
            # What others have sealed to the old one may still be on its way.
            if (old := read_sealing_key(self._keys, self._secret)) is not None:
                self._files |= dict(zip(SEALING_BEFORE, old.to_pems(), strict=True))
        return new

    def _renew_authority(self) -> bytes:
        party = self._settings.party
        now = datetime.fromtimestamp(self._clock.now_s(), UTC)
        key, certificate = make_authority(party, now)
        issued = {NODE: make_node_certificate(party, key, certificate, now)}
        # Where it is lost, peers who have vouched for the new card know the new one.
        with suppress(OSError, ValueError, DetenteError):
            old = read_key(self._keys / "ca.pem", self._secret)
            old_certificate = (self._keys / "ca.crt").read_bytes()
            # The old authority's last certificate; its key is then kept nowhere.
            issued[BEFORE] = make_node_certificate(party, old, old_certificate, now)
        self._files |= {"ca.pem": key, "ca.crt": certificate}
        for name, (private, public) in issued.items():
            self._files |= {f"{name}.pem": private, f"{name}.crt": public}
        return certificate

    def make(
        self, store: Store, officer: str, action: str, tell: Callable[[Tx, OpenCard], None]
    ) -> OpenCard:
        """Put the change in force: here and, by what ``tell`` writes, on every line."""
        for name in CHANGED:
            path = _next(self._keys, name)
            path.unlink(missing_ok=True)
            if name in self._files:
                if name.endswith(".pem"):
                    write_key(path, self._files[name], self._secret)
                else:
                    write_private(path, self._files[name])
        party, card = self._settings.party, self._card

        def work(tx: Tx) -> None:
            owner = identity.owner(tx)
            if owner is not None and owner[0] != party:
                raise StateError(
                    f"this database is that of {owner[0]}",
                    remedy="restore keys and database together",
                )
            tell(tx, card)
            identity.set_owner(tx, party, card.public.raw)
            now_s = self._clock.now_s()
            auditing.add(tx, time_s=now_s, officer=officer, action=action, subject=card.fingerprint)

        store.write(work)
        _settle(self._keys, is_ours=True)
        return card


def finish(directory: Path, settings: Settings, secret: bytes | None) -> None:
    """Finish a change of keys that a crash cut off: it happened if the store says so."""
    keys = directory / "keys"
    if not _next(keys, SIGNING).exists():
        # What else may lie there was written before the change could happen.
        _settle(keys, is_ours=False)
        return
    store = Store.open(database_of(directory, settings))
    try:
        with store.read() as tx:
            owner = identity.owner(tx)
    finally:
        store.close()
    following = SigningKey.from_pem(read_key(_next(keys, SIGNING), secret))
    _settle(keys, is_ours=owner == (settings.party, following.public.raw))


def _next(keys: Path, name: str) -> Path:
    stem, _, suffix = name.rpartition(".")
    return keys / f"{stem}.next.{suffix}"


def _settle(keys: Path, *, is_ours: bool) -> None:
    for name in CHANGED:
        path = _next(keys, name)
        if not path.exists():
            continue
        if is_ours:
            path.replace(keys / name)
        else:
            path.unlink()
        sync_folder(keys)


def vouch(
    core: Core, line: str, raw: bytes, fingerprint: str, *, officer: str, key: str | None
) -> EntryView:
    """Say on a line that a new card is its party's own; its operator read out ``fingerprint``.

    Raises InputError for what is no card of another member, SignatureError for another fingerprint.
    """
    card = confirmed_card(raw, fingerprint)

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
        known = read.keys(reader.rows, reader.founding, core.party).newest
        return rotate_draft(core.card, known, vouched=True)

    done = say(core, line, make, officer=officer, key=key, action="adopt", content={})
    # What was recalled while we could write nothing has waited for this.
    recalling.honour(core, line)
    return done
