"""Protecting a node's private keys on the disk with a passphrase.

Every private key is PKCS#8 (RFC 5958), encrypted under one random *secret*; the secret lies beside
them, sealed by the passphrase::

    keys/protection.json
    {"v":1,"kdf":"argon2id","memory_kib":65536,"iterations":3,"lanes":4,
     "salt":"b64","nonce":"b64","sealed":"b64"}

``sealed`` is AES-256-GCM of the secret under Argon2id (RFC 9106, its second recommended setting) of
the passphrase. Why a secret in between: PKCS#8's own derivation is too cheap to guard what people
choose; a new passphrase is one small file replaced at once; and at no moment of ``protect`` does a
crash leave a key that neither the old nor the new state can open. Every file says of itself whether
it is encrypted, so a folder caught half way opens as well, and ``protect`` run again finishes it.
"""

import os
import secrets
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Literal

import msgspec
from cryptography.exceptions import InvalidTag, UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id
from msgspec import Meta

from detente.errors import CredentialError, InputError

FILE = "protection.json"
PASSPHRASE_LENGTH_MIN = 12
PASSPHRASE_LENGTH_MAX = 1024
FILE_BYTES_MAX = 4096
_ENCRYPTED = b"-----BEGIN ENCRYPTED PRIVATE KEY-----"
_USE = b"detente/keys/v1"
"""Bound into the seal, so that it opens for nothing else."""

Ask = Callable[[], str]
"""Asks for the passphrase; called only where there is something to open."""


class _Protection(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    v: Literal[1] = 1
    kdf: Literal["argon2id"] = "argon2id"
    # Bounded, so that a damaged file asks for neither all memory nor all day.
    memory_kib: Annotated[int, Meta(ge=8 * 1024, le=1024 * 1024)] = 64 * 1024
    iterations: Annotated[int, Meta(ge=1, le=16)] = 3
    lanes: Annotated[int, Meta(ge=1, le=16)] = 4
    salt: bytes
    nonce: bytes
    sealed: bytes

    def cipher(self, passphrase: str) -> AESGCM:
        derivation = Argon2id(
            salt=self.salt,
            length=32,
            iterations=self.iterations,
            lanes=self.lanes,
            memory_cost=self.memory_kib,
        )
        return AESGCM(derivation.derive(passphrase.encode("utf-8", "surrogatepass")))


def is_protected(keys: Path) -> bool:
    """Whether a passphrase is needed to open the keys in ``keys``."""
    return (keys / FILE).exists()


def unlock(keys: Path, ask: Ask) -> bytes | None:
    """The secret that opens the keys in ``keys``; None where they are not protected.

    Raises ``CredentialError`` for another passphrase, ``InputError`` for a damaged file.
    """
    if not is_protected(keys):
        return None
    protection = _read(keys / FILE)
    try:
        return protection.cipher(ask()).decrypt(protection.nonce, protection.sealed, _USE)
    except InvalidTag:
        raise CredentialError(
            "this is not the passphrase of the node's keys",
            where=str(keys),
            remedy="try again; without it the keys can only be restored from a backup",
        ) from None
    except ValueError as error:
        raise _damaged(keys / FILE, str(error)) from None


def protect(keys: Path, passphrase: str, secret: bytes | None) -> None:
    """Encrypt every private key in ``keys`` and let ``passphrase`` open them from now on.

    ``secret`` is what ``unlock`` gave: None for keys that have not been protected. Each file is
    replaced at once or not at all; stopped at any point, everything opens, and running this again
    finishes. Raises ``InputError`` for a passphrase too short, or a key that cannot be read.
    """
    if not PASSPHRASE_LENGTH_MIN <= len(passphrase) <= PASSPHRASE_LENGTH_MAX:
        raise InputError(
            f"a passphrase has {PASSPHRASE_LENGTH_MIN} to {PASSPHRASE_LENGTH_MAX} characters",
            where="passphrase",
            remedy="choose several words that nobody would put together",
        )
    secret = secret or secrets.token_urlsafe(32).encode()
    # First the seal, durably: a key encrypted under a secret that is nowhere would be lost.
    write_private(keys / FILE, _sealed(secret, passphrase))
    for path in sorted(keys.glob("*.pem")):
        if not path.read_bytes().startswith(_ENCRYPTED):
            write_key(path, read_key(path, None), secret)


def read_key(path: Path, secret: bytes | None) -> bytes:
    """A private key's plain PEM, whether ``path`` is encrypted or not.

    Raises ``InputError`` for what does not open, and ``OSError``.
    """
    data = path.read_bytes()
    if not data.startswith(_ENCRYPTED):
        return data
    if secret is None:
        raise InputError(
            f"is encrypted, and {FILE} is not there",
            where=str(path),
            remedy="restore the node's keys from a backup, all of them together",
        )
    return _converted(data, secret, serialization.NoEncryption(), str(path))


def write_key(path: Path, pem: bytes, secret: bytes | None) -> None:
    """Write a private key, encrypted where the folder is protected; whole or not at all."""
    if secret is not None:
        # The secret is 256 random bits: the derivation inside PKCS#8 has nothing to guard.
        closed = serialization.BestAvailableEncryption(secret)
        pem = _converted(pem, None, closed, str(path))
    write_private(path, pem)


def write_private(path: Path, data: bytes) -> None:
    """Write ``data`` so that only the owner can read it, whole or not at all, and durably."""
    partial = path.with_name(path.name + ".new")
    partial.unlink(missing_ok=True)
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    partial.replace(path)
    sync_folder(path.parent)


def sync_folder(path: Path) -> None:
    """Have the names in a folder on the disk, where the operating system can be asked to."""
    if hasattr(os, "O_DIRECTORY"):
        folder = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def _converted(
    pem: bytes,
    password: bytes | None,
    closed: serialization.KeySerializationEncryption,
    where: str,
) -> bytes:
    try:
        key = serialization.load_pem_private_key(pem, password)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise InputError(
            f"is not a private key that opens: {error}",
            where=where,
            remedy="restore the node's keys from a backup, all of them together",
        ) from None
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, closed)


def _sealed(secret: bytes, passphrase: str) -> bytes:
    salt, nonce = secrets.token_bytes(16), secrets.token_bytes(12)
    empty = _Protection(salt=salt, nonce=nonce, sealed=b"")
    sealed = empty.cipher(passphrase).encrypt(nonce, secret, _USE)
    return msgspec.json.encode(msgspec.structs.replace(empty, sealed=sealed)) + b"\n"


def _read(path: Path) -> _Protection:
    try:
        with path.open("rb") as file:
            return msgspec.json.decode(file.read(FILE_BYTES_MAX), type=_Protection)
    except OSError as error:
        raise _damaged(path, str(error.strerror)) from error
    except msgspec.MsgspecError as error:
        raise _damaged(path, str(error)) from error


def _damaged(path: Path, why: str) -> InputError:
    return InputError(
        f"cannot be read: {why}",
        where=str(path),
        remedy="restore the node's keys from a backup",
    )
