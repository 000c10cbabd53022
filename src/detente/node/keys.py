"""A node's keys: made once, when the node is, and the card that they and the settings give."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

from detente.errors import DetenteError, InputError, StateError, StoreError
from detente.node.certificates import make_authority, make_node_certificate
from detente.node.clock import Clock
from detente.node.protection import protect, read_key, write_key, write_private
from detente.node.settings import FILE, Settings
from detente.record import MlDsaKey, SealingKey, SealingPublicKey, SigningKey, make_card

T = TypeVar("T")

SIGNING = "signing.pem"
ML_DSA = "signing-ml-dsa.pem"
SEALING = ("sealing-ml-kem.pem", "sealing-x25519.pem")
SEALING_BEFORE = ("sealing-ml-kem.before.pem", "sealing-x25519.before.pem")


def make_keys(directory: Path, settings: Settings, clock: Clock, passphrase: str | None) -> None:
    """Make every key, once it is known that a valid card can be made with them.

    With a ``passphrase`` they are protected by it.
    """
    now = datetime.fromtimestamp(clock.now_s(), UTC)
    second = MlDsaKey.generate()
    key = SigningKey.generate(second)
    sealing = SealingKey.generate()
    authority_key, authority = make_authority(settings.party, now)
    node_key, node_certificate = make_node_certificate(
        settings.party, authority_key, authority, now
    )
    card_of(settings, key, authority, sealing.public)
    files = {
        SIGNING: key.to_pem(),
        ML_DSA: second.to_pem(),
        **dict(zip(SEALING, sealing.to_pems(), strict=True)),
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


def read_signing_key(keys: Path, secret: bytes | None) -> SigningKey:
    """The party's signing key, with its second half where the node has one.

    Raises ``InputError`` for what cannot be read.
    """
    second = read_ml_dsa(keys, secret)
    return _key(keys / SIGNING, secret, lambda pem: SigningKey.from_pem(pem, second))


def read_ml_dsa(keys: Path, secret: bytes | None) -> MlDsaKey | None:
    """The second half of the party's signing key; None where the node has none.

    Raises ``InputError`` for what cannot be read.
    """
    path = keys / ML_DSA
    return _key(path, secret, MlDsaKey.from_pem) if path.exists() else None


def read_sealing_key(
    keys: Path, secret: bytes | None, names: tuple[str, str] = SEALING
) -> SealingKey | None:
    """The key that opens what others carry to us; None where the node has none.

    With ``SEALING_BEFORE``, the one before it. Raises ``InputError`` for what cannot be read.
    """
    ml_kem, x25519 = (keys / name for name in names)
    if not x25519.exists():
        return None
    first = _key(ml_kem, secret, lambda pem: pem)
    return _key(x25519, secret, lambda pem: SealingKey.from_pems(first, pem))


def add_sealing(keys: Path, secret: bytes | None) -> None:
    """Give a node made before there were such keys the one that carried files are sealed to.

    Raises ``StateError`` if it has one.
    """
    ml_kem, x25519 = (keys / name for name in SEALING)
    if x25519.exists():
        raise StateError(
            "the node has a sealing key already",
            where=str(x25519),
            remedy="keep it: what others have sealed to it opens with no other",
        )
    first, second = SealingKey.generate().to_pems()
    write_key(ml_kem, first, secret)
    # The second file makes the key: until it is there, the first is no half of anything.
    write_key(x25519, second, secret)


def _key(path: Path, secret: bytes | None, read: Callable[[bytes], T]) -> T:
    try:
        return read(read_key(path, secret))
    except OSError as error:
        raise InputError(
            f"cannot be read: {error.strerror}",
            where=str(path),
            remedy="restore the node's keys from a backup",
        ) from error
    except DetenteError as error:
        raise error.at(str(path)) from None


def card_of(
    settings: Settings,
    key: SigningKey,
    authority: bytes,
    sealing: SealingPublicKey | None = None,
) -> bytes:
    """The party's card. The same settings and keys give the same bytes."""
    try:
        return make_card(
            key,
            party=settings.party,
            name=settings.name,
            ca=authority.decode("ascii", "replace"),
            endpoint=settings.endpoint,
            languages=settings.languages,
            sealing=sealing,
        )
    except DetenteError as error:
        raise InputError(
            error.message, where=FILE, remedy="correct name, endpoint and languages"
        ) from error
