"""A witness's folder: its settings, its keys, and how both are made.

::

    DIR/witness.toml
    DIR/keys/signing.pem            the key of its Ed25519 cosignatures
    DIR/keys/signing-ml-dsa.pem     the key of its ML-DSA-44 cosignatures
    DIR/keys/tls.pem, tls.crt       its TLS key and certificate
    DIR/witness.db                  what it has cosigned
    DIR/shown.json                  the same once more, outside the database

The certificate is made by the witness for itself and stands in the terms of a line. A witness that
has one of an authority that everybody trusts puts that in its place, and the terms name none.
"""

import ipaddress
import tomllib
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

import msgspec
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from detente.errors import InputError, StateError, StoreError
from detente.line.witnesses import Witness, check_witnesses
from detente.node.keys import ML_DSA, SIGNING
from detente.node.protection import protect, write_private
from detente.node.settings import address
from detente.record import MlDsaKey, SigningKey
from detente.record.checkpoint import cosigner_keys

SETTINGS = "witness.toml"
SETTINGS_BYTES_MAX = 64 * 1024
TLS_KEY, TLS_CERTIFICATE = "tls.pem", "tls.crt"
CERTIFICATE_LIFE = timedelta(days=3653)
BACKDATED = timedelta(days=1)


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``name`` is its key name, ``url`` where logs reach it, ``listen`` where it listens, and
    ``keys`` are its public keys as others are told them."""

    name: str
    url: str
    listen: str
    keys: tuple[str, ...]


def create(directory: Path, name: str, url: str, listen: str, passphrase: str | None) -> None:
    """Make a witness in an empty folder.

    Raises StateError if there is one, InputError for a name or an address that is none.
    """
    if (directory / SETTINGS).exists() or (directory / "keys").exists():
        raise StateError(
            "there is a witness or a node in this folder already",
            where=str(directory),
            remedy="choose another folder; its keys are never written over",
        )
    second = MlDsaKey.generate()
    key = SigningKey.generate(second)
    tls_key, certificate = _certificate(url, datetime.now(UTC))
    settings = Settings(name, url, listen, tuple(cosigner_keys(name, key.public)))
    address(listen, "--listen")
    check_witnesses([_witness(settings, certificate.decode())])
    files = {
        SIGNING: key.to_pem(),
        ML_DSA: second.to_pem(),
        TLS_KEY: tls_key,
        TLS_CERTIFICATE: certificate,
    }
    try:
        keys = directory / "keys"
        keys.mkdir(mode=0o700, parents=True)
        for file, data in files.items():
            write_private(keys / file, data)
        if passphrase is not None:
            protect(keys, passphrase, None)
        text = "".join(
            f"{field} = {msgspec.json.encode(value).decode()}\n"
            for field, value in msgspec.structs.asdict(settings).items()
        )
        write_private(directory / SETTINGS, text.encode())
    except OSError as error:
        raise StoreError(
            f"the witness's folder cannot be written: {error.strerror}",
            where=str(directory),
            remedy="choose a folder that may be written",
        ) from error


def load_settings(directory: Path) -> Settings:
    """The settings of a witness. Raises InputError where there is none, or for a bad file."""
    path = directory / SETTINGS
    try:
        with path.open("rb") as file:
            value = tomllib.loads(file.read(SETTINGS_BYTES_MAX).decode("utf-8"))
        return msgspec.convert(value, Settings)
    except FileNotFoundError:
        raise InputError(
            "there is no witness in this folder",
            where=str(directory),
            remedy="name a witness's folder, or make one with `detente witness init`",
        ) from None
    except (OSError, ValueError) as error:
        raise InputError(
            f"cannot be read: {error}", where=str(path), remedy="restore it from a backup"
        ) from None


def as_in_terms(directory: Path) -> Witness:
    """The witness as the terms of a line name it. Raises InputError.

    Its certificate is among it where the witness made it for itself.
    """
    settings = load_settings(directory)
    path = directory / "keys" / TLS_CERTIFICATE
    try:
        certificate = path.read_bytes()
        parsed = x509.load_pem_x509_certificate(certificate)
    except (OSError, ValueError) as error:
        raise InputError(
            f"cannot be read: {error}", where=str(path), remedy="restore it from a backup"
        ) from None
    own = parsed.issuer == parsed.subject
    witness = _witness(settings, certificate.decode("ascii") if own else None)
    check_witnesses([witness])
    return witness


def _witness(settings: Settings, ca: str | None) -> Witness:
    return Witness(name=settings.name, keys=settings.keys, url=settings.url, ca=ca)


def _certificate(url: str, now: datetime) -> tuple[bytes, bytes]:
    """A TLS key and a certificate for the host in ``url``, by nobody but itself."""
    host = urlsplit(url).hostname or ""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "detente witness")])
    try:
        names: list[x509.GeneralName] = [x509.IPAddress(ipaddress.ip_address(host))]
    except ValueError:
        names = [x509.DNSName(host)]
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - BACKDATED)
        .not_valid_after(now + CERTIFICATE_LIFE)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    return pem, certificate.public_bytes(serialization.Encoding.PEM)
