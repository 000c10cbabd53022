"""A node's keys: made once, when the node is, and the card that they and the settings give."""

from datetime import UTC, datetime
from pathlib import Path

from detente.errors import DetenteError, InputError, StoreError
from detente.node.certificates import make_authority, make_node_certificate
from detente.node.clock import Clock
from detente.node.protection import protect, write_private
from detente.node.settings import FILE, Settings
from detente.record import SigningKey, make_card


def make_keys(directory: Path, settings: Settings, clock: Clock, passphrase: str | None) -> None:
    """Make every key, once it is known that a valid card can be made with them.

    With a ``passphrase`` they are protected by it.
    """
    now = datetime.fromtimestamp(clock.now_s(), UTC)
    key = SigningKey.generate()
    authority_key, authority = make_authority(settings.party, now)
    node_key, node_certificate = make_node_certificate(
        settings.party, authority_key, authority, now
    )
    card_of(settings, key, authority)
    files = {
        "signing.pem": key.to_pem(),
        "ca.pem": authority_key,
        "ca.crt": authority,
        "node.pem": node_key,
        "node.crt": node_certificate,
    }
    try:
        keys = directory / "keys"
        keys.mkdir(mode=0o700, parents=True)
        for name, data in files.items():
            write_private(keys / name, data)
        if passphrase is not None:
            protect(keys, passphrase, None)
    except OSError as error:
        raise StoreError(
            f"the node's folder cannot be written: {error.strerror}",
            where=str(directory),
            remedy="choose a folder that may be written",
        ) from error


def card_of(settings: Settings, key: SigningKey, authority: bytes) -> bytes:
    """The party's card. The same settings and keys give the same bytes."""
    try:
        return make_card(
            key,
            party=settings.party,
            name=settings.name,
            ca=authority.decode("ascii", "replace"),
            endpoint=settings.endpoint,
            languages=settings.languages,
        )
    except DetenteError as error:
        raise InputError(
            error.message, where=FILE, remedy="correct name, endpoint and languages"
        ) from error
