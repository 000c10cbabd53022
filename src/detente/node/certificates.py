"""A party's private certificate authority, and who a peer is by the one that issued it.

Every party has an authority (CA) of its own: an ECDSA P-256 key and a self-signed X.509
certificate (RFC 5280) that stands in its card. It issues one certificate, the node's, for
``node.<party>.detente.invalid`` and for both ends of TLS. A peer trusts that authority for that
party and for nothing else (docs/protocol.md, section 8; docs/decisions/0007).

Why P-256 and not Ed25519 as in the record: every TLS library that a second implementation might
use accepts P-256. Why the authority's subject carries a digest of its key: the TLS library picks
the authority to check against by name, so two authorities of one name could shut each other out.
Why a name constraint: an operator who imports a peer's authority into a browser by mistake gives
it no power over any name but that node's.

Certificates always use the real clock. ``now`` is an aware ``datetime`` in UTC throughout.
"""

import hashlib
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from detente.errors import InputError, SignatureError, StateError
from detente.node.protection import read_key, write_key, write_private

AUTHORITY_LIFE = timedelta(days=3653)
NODE_LIFE = timedelta(days=365)
RENEW_BEFORE = timedelta(days=30)
BACKDATED = timedelta(days=1)
"""Peers' clocks differ; a certificate is valid a little before it was made."""

CERTIFICATE_BYTES_MAX = 16 * 1024

OVERLAP = timedelta(days=30)
"""How long a party's earlier authority is trusted beside its new one (protocol, section 2)."""
SHOWN_AS_SERVER = timedelta(days=15)
"""How long a server shows its earlier certificate to callers that may not know the new one."""
NODE, BEFORE = "node", "node.before"
"""Names of the pairs ``.crt`` and ``.pem``: the present one, and one of our earlier authority."""


def node_host(party: str) -> str:
    """The name that ``party``'s node proves: ``node.us.detente.invalid``."""
    return f"node.{party}.detente.invalid"


def _organisation(party: str) -> str:
    return f"detente party {party}"


def shows_before(keys: Path) -> bool:
    """Whether a certificate of our earlier authority is kept, for who knows no other."""
    return (keys / f"{BEFORE}.crt").exists()


def forget_before(keys: Path) -> None:
    """Forget our earlier authority: everybody knows the new one."""
    for suffix in (".pem", ".crt"):
        (keys / f"{BEFORE}{suffix}").unlink(missing_ok=True)


def make_authority(party: str, now: datetime) -> tuple[bytes, bytes]:
    """Make a new authority for ``party``. Returns its key and its certificate, both PEM."""
    key = ec.generate_private_key(ec.SECP256R1())
    digest = hashlib.sha256(_spki(key.public_key())).hexdigest()[:16]
    name = x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, _organisation(party)),
            x509.NameAttribute(NameOID.COMMON_NAME, f"detente authority {digest}"),
        ]
    )
    only_this_node = x509.NameConstraints([x509.DNSName(node_host(party))], None)
    certificate = (
        _builder(name, name, key.public_key(), now, AUTHORITY_LIFE)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(signs_certificates=True), critical=True)
        .add_extension(only_this_node, critical=True)
        .add_extension(_key_id(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )
    return _key_pem(key), certificate.public_bytes(serialization.Encoding.PEM)


def make_node_certificate(
    party: str, authority_key: bytes, authority: bytes, now: datetime
) -> tuple[bytes, bytes]:
    """Issue a node certificate with a fresh key. Returns key and certificate, both PEM."""
    issuer_key = serialization.load_pem_private_key(authority_key, password=None)
    if not isinstance(issuer_key, ec.EllipticCurvePrivateKey):
        raise StateError(
            "the authority's key is not an elliptic-curve key",
            where="keys/ca.pem",
            remedy="restore keys/ca.pem from a backup",
        )
    issuer = x509.load_pem_x509_certificate(authority)
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, node_host(party))])
    both_ends = [ExtendedKeyUsageOID.CLIENT_AUTH, ExtendedKeyUsageOID.SERVER_AUTH]
    certificate = (
        _builder(name, issuer.subject, key.public_key(), now, NODE_LIFE)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(signs_certificates=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage(both_ends), critical=False)
        .add_extension(
            x509.SubjectAlternativeName([x509.DNSName(node_host(party))]), critical=False
        )
        .add_extension(_key_id(key.public_key()), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key()),
            critical=False,
        )
        .sign(issuer_key, hashes.SHA256())
    )
    return _key_pem(key), certificate.public_bytes(serialization.Encoding.PEM)


def renew_if_due(keys: Path, party: str, now: datetime, secret: bytes | None = None) -> bool:
    """Replace ``keys/node.pem`` and ``node.crt`` when they expire within 30 days.

    ``keys`` holds ``ca.pem`` and ``ca.crt``; ``secret`` opens protected keys. The authority itself
    is never replaced here: it stands in the card, and changes with it (``rekeying``). Returns
    whether a new certificate was issued.
    """
    certificate = x509.load_pem_x509_certificate((keys / "node.crt").read_bytes())
    if now + RENEW_BEFORE < certificate.not_valid_after_utc:
        return False
    key_pem, certificate_pem = make_node_certificate(
        party, read_key(keys / "ca.pem", secret), (keys / "ca.crt").read_bytes(), now
    )
    # Certificate and key change together or not at all as far as a reader can tell: TLS refuses
    # a pair that does not match, and the next start renews again.
    write_key(keys / "node.pem", key_pem, secret)
    write_private(keys / "node.crt", certificate_pem)
    return True


class Authority:
    """A peer's authority, read from its card: whom it vouches for is decided by its key alone."""

    def __init__(self, pem: str, *, where: str = "card") -> None:
        """Read and check one CA certificate in PEM. Raises ``InputError``."""
        self.certificate = _read_authority(pem, where)
        self.pem = pem
        self.subject = self.certificate.subject.public_bytes()
        self.key_sha256 = hashlib.sha256(_spki(self.certificate.public_key())).hexdigest()

    def names(self, party: str) -> bool:
        """Whether it says itself whose it is: then no other party can claim it."""
        given = self.certificate.subject.get_attributes_for_oid(NameOID.ORGANIZATION_NAME)
        return [one.value for one in given] == [_organisation(party)]

    def issued(self, certificate: x509.Certificate) -> bool:
        """Whether this authority's key signed ``certificate``, with no one in between."""
        try:
            certificate.verify_directly_issued_by(self.certificate)
        except (InvalidSignature, ValueError, TypeError):
            return False
        return True


def issuer_of(der: bytes, authorities: Iterable[Authority], now: datetime) -> Authority:
    """The authority that issued the client certificate ``der``.

    Checks what matters again, on its own, after the TLS library has: the signature by the
    authority's key, both validity periods, and that the certificate is for a client and for no
    authority. Raises ``SignatureError`` when none of ``authorities`` issued it.
    """
    try:
        certificate = x509.load_der_x509_certificate(der)
        found = [a for a in authorities if a.issued(certificate)]
        usable = _is_client(certificate) and _valid(certificate, now)
    except ValueError:
        found, usable = [], False
    if len(found) != 1 or not usable or not _valid(found[0].certificate, now):
        raise SignatureError(
            "the client's certificate was not issued by a member's authority, or has expired",
            where="TLS client certificate",
            remedy="join a line with this node first, or renew the certificate",
        )
    return found[0]


def _read_authority(pem: str, where: str) -> x509.Certificate:
    """One certificate of an authority, signed by itself, or ``InputError``."""
    why = "is not one PEM certificate"
    try:
        if len(pem) <= CERTIFICATE_BYTES_MAX and pem.count("BEGIN CERTIFICATE") == 1:
            certificate = x509.load_pem_x509_certificate(pem.encode("ascii"))
            basic = certificate.extensions.get_extension_for_class(x509.BasicConstraints).value
            certificate.verify_directly_issued_by(certificate)
            if basic.ca:
                return certificate
            why = "is not a certificate authority"
    except x509.ExtensionNotFound:
        why = "does not say that it is a certificate authority"
    except InvalidSignature:
        why = "is not signed by itself"
    except (ValueError, TypeError, UnicodeEncodeError):
        pass
    raise InputError(
        f"the authority's certificate {why}",
        where=where,
        remedy="ask the party for a new card made by its own node",
    )


def _is_client(certificate: x509.Certificate) -> bool:
    """Whether a certificate is for a TLS client and cannot itself issue others."""
    try:
        usage = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
        basic = certificate.extensions.get_extension_for_class(x509.BasicConstraints).value
    except x509.ExtensionNotFound:
        return False
    return ExtendedKeyUsageOID.CLIENT_AUTH in usage and not basic.ca


def _valid(certificate: x509.Certificate, now: datetime) -> bool:
    return certificate.not_valid_before_utc <= now <= certificate.not_valid_after_utc


def _builder(
    subject: x509.Name,
    issuer: x509.Name,
    public_key: ec.EllipticCurvePublicKey,
    now: datetime,
    life: timedelta,
) -> x509.CertificateBuilder:
    now = now.astimezone(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(public_key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - BACKDATED)
        .not_valid_after(now + life)
    )


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _key_id(key: ec.EllipticCurvePublicKey) -> x509.SubjectKeyIdentifier:
    return x509.SubjectKeyIdentifier.from_public_key(key)


def _key_pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )


def _spki(key: object) -> bytes:
    """A public key's SubjectPublicKeyInfo, DER (RFC 5280, 4.1)."""
    encoded: bytes = key.public_bytes(  # type: ignore[attr-defined]
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return encoded
