"""Secrets that have to lie in the database as they are, sealed for whoever reads it or a backup.

The key is ``keys/store.pem``, beside the database and not in it: an X25519 private key that serves
as 32 random bytes in the form of the other keys, so that a passphrase protects it like them
(``protection``). What is kept is ``0x01 ‖ nonce (12) ‖ AES-256-GCM``, bound to what it is for and
whose it is, so that no row can stand in another's place.

A lost key makes what it sealed unreadable: officers then enrol anew.
"""

import secrets
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from detente.errors import InputError
from detente.node.protection import read_key, write_key

FILE = "store.pem"
_SEALED = b"\x01"
_NONCE_BYTES = 12


class Vault:
    """Seals and opens what a database keeps."""

    def __init__(self, key: X25519PrivateKey) -> None:
        derivation = HKDF(SHA256(), 32, salt=None, info=b"detente/store/v1")
        self._cipher = AESGCM(derivation.derive(key.private_bytes_raw()))

    def seal(self, plain: bytes, use: str) -> bytes:
        """``plain`` for the database; ``use`` says what for, and has to be told again."""
        nonce = secrets.token_bytes(_NONCE_BYTES)
        return _SEALED + nonce + self._cipher.encrypt(nonce, plain, use.encode())

    def open(self, sealed: bytes, use: str) -> bytes | None:
        """What was sealed; None where it was by another key, for another use, or not at all."""
        nonce, data = sealed[1 : 1 + _NONCE_BYTES], sealed[1 + _NONCE_BYTES :]
        try:
            return self._cipher.decrypt(nonce, data, use.encode())
        except (InvalidTag, ValueError):
            return None


def open_vault(keys: Path, secret: bytes | None) -> Vault:
    """The vault of the node whose keys lie in ``keys``; made where there is none yet.

    ``secret`` opens protected keys. Raises ``InputError`` for a key that cannot be read.
    """
    path = keys / FILE
    if not path.exists():
        new = X25519PrivateKey.generate().private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        write_key(path, new, secret)
    key = serialization.load_pem_private_key(read_key(path, secret), password=None)
    if not isinstance(key, X25519PrivateKey):
        raise InputError(
            "is not the key of a store", where=str(path), remedy="restore it from a backup"
        )
    return Vault(key)
