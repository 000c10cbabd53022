"""Opening a node's folder: settings, keys and store that belong together."""

from datetime import UTC, datetime
from pathlib import Path

from detente.errors import CredentialError, InputError, StateError
from detente.node import accounts
from detente.node.certificates import renew_if_due
from detente.node.clock import Clock, RealClock
from detente.node.core import Core
from detente.node.keys import SEALING_BEFORE, card_of, read_sealing_key, read_signing_key
from detente.node.marks import Marks
from detente.node.protection import is_protected
from detente.node.rekeying import finish
from detente.node.settings import Settings, database_of, load_settings
from detente.node.vault import open_vault
from detente.record import SigningKey, open_card
from detente.store import identity
from detente.store.store import Store, Tx


def open_core(directory: Path, clock: Clock | None, secret: bytes | None) -> Core:
    """What the use cases work with. Raises as ``Node.open`` does."""
    clock = clock or RealClock()
    settings = load_settings(directory)
    finish(directory, settings, secret)
    key = _signing_key(directory, secret)
    authority = _read(directory / "keys" / "ca.crt")
    sealing = read_sealing_key(directory / "keys", secret)
    before = read_sealing_key(directory / "keys", secret, SEALING_BEFORE)
    public = None if sealing is None else sealing.public
    card = open_card(card_of(settings, key, authority, public))
    _renew(directory / "keys", settings, clock, secret)
    marks, vault = Marks(directory), open_vault(directory / "keys", secret)
    store = Store.open(database_of(directory, settings))
    try:
        core = Core(key, card, store, clock, marks, settings.quota, sealing, before, vault=vault)
        core.folder = directory
        store.write(lambda tx: _claim(core, tx))
    except BaseException:
        store.close()
        raise
    return core


def _claim(core: Core, tx: Tx) -> None:
    """Make a new store ours, or find that it is."""
    owner = identity.owner(tx)
    ours = (core.party, core.card.public.raw)
    if owner is None:
        identity.set_owner(tx, *ours)
    elif owner != ours:
        raise StateError(
            f"this database is that of {owner[0]}, with another signing key",
            remedy="give every node a database of its own, and restore keys and database together",
        )
    accounts.seal_all(core, tx)


def _renew(keys: Path, settings: Settings, clock: Clock, secret: bytes | None) -> None:
    try:
        now = datetime.fromtimestamp(clock.now_s(), UTC)
        renew_if_due(keys, settings.party, now, secret)
    except (OSError, ValueError) as error:
        raise InputError(
            f"the node's certificate cannot be read or renewed: {error}",
            where=str(keys),
            remedy="restore the node's keys from a backup",
        ) from error


def _signing_key(directory: Path, secret: bytes | None) -> SigningKey:
    if secret is None and is_protected(directory / "keys"):
        raise CredentialError(
            "the node's keys are protected by a passphrase",
            where=str(directory),
            remedy="open them with it first (`detente.node.protection.unlock`)",
        )
    return read_signing_key(directory / "keys", secret)


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise InputError(
            f"cannot be read: {error.strerror}",
            where=str(path),
            remedy="restore the node's keys from a backup",
        ) from error
