"""Certificates: what OpenSSL makes of them, and who is taken for an issuer."""

import stat
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import trustme
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from detente.errors import InputError, SignatureError
from detente.node.certificates import (
    NODE_LIFE,
    RENEW_BEFORE,
    Authority,
    issuer_of,
    make_authority,
    make_node_certificate,
    renew_if_due,
)
from detente.node.protection import write_private

NOW = datetime.now(UTC).replace(microsecond=0)


def der(pem: bytes) -> bytes:
    return x509.load_pem_x509_certificate(pem).public_bytes(serialization.Encoding.DER)


def node_of(authority: tuple[bytes, bytes], party: str, now: datetime = NOW) -> bytes:
    return der(make_node_certificate(party, *authority, now)[1])


def twin_of(pem: bytes) -> tuple[bytes, bytes]:
    """An authority with another key that bears the same name and claims the same key id."""
    old = x509.load_pem_x509_certificate(pem)
    key = ec.generate_private_key(ec.SECP256R1())
    builder = (
        x509.CertificateBuilder()
        .subject_name(old.subject)
        .issuer_name(old.subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(NOW - timedelta(days=1))
        .not_valid_after(NOW + timedelta(days=30))
    )
    for extension in old.extensions:
        builder = builder.add_extension(extension.value, extension.critical)
    made = builder.sign(key, hashes.SHA256())
    return (
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        ),
        made.public_bytes(serialization.Encoding.PEM),
    )


def test_openssl_takes_a_node_certificate_for_both_ends(tmp_path: Path) -> None:
    key, authority = make_authority("us", NOW)
    (tmp_path / "ca.crt").write_bytes(authority)
    (tmp_path / "node.crt").write_bytes(make_node_certificate("us", key, authority, NOW)[1])
    for purpose in ("sslclient", "sslserver"):
        checked = subprocess.run(
            ["openssl", "verify", "-x509_strict", "-purpose", purpose, "-CAfile", "ca.crt",
             "-verify_hostname", "node.us.detente.invalid", "node.crt"],
            cwd=tmp_path, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert checked.returncode == 0, checked.stderr


def test_an_authority_can_vouch_for_no_other_name(tmp_path: Path) -> None:
    key, authority = make_authority("us", NOW)
    (tmp_path / "ca.crt").write_bytes(authority)
    (tmp_path / "node.crt").write_bytes(make_node_certificate("ru", key, authority, NOW)[1])
    checked = subprocess.run(
        ["openssl", "verify", "-CAfile", "ca.crt", "node.crt"],
        cwd=tmp_path, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert checked.returncode != 0
    assert "permitted subtree" in checked.stderr


def test_the_issuer_is_found_by_its_key() -> None:
    authorities = {party: make_authority(party, NOW) for party in ("us", "ru")}
    known = {party: Authority(made[1].decode()) for party, made in authorities.items()}
    for party, made in authorities.items():
        found = issuer_of(node_of(made, party), known.values(), NOW)
        assert found is known[party]


def test_a_twin_of_an_authority_is_not_taken_for_it() -> None:
    ours = make_authority("us", NOW)
    twin = twin_of(ours[1])
    known = [Authority(ours[1].decode())]
    assert Authority(twin[1].decode()).subject == known[0].subject
    with pytest.raises(SignatureError, match="not issued by a member"):
        issuer_of(node_of(twin, "us"), known, NOW)


@pytest.mark.parametrize("shift", [-timedelta(days=2), NODE_LIFE + timedelta(seconds=1)])
def test_a_certificate_counts_only_while_it_is_valid(shift: timedelta) -> None:
    ours = make_authority("us", NOW)
    known = [Authority(ours[1].decode())]
    issued = node_of(ours, "us")
    issuer_of(issued, known, NOW)
    with pytest.raises(SignatureError):
        issuer_of(issued, known, NOW + shift)


def test_neither_an_authority_nor_a_server_alone_is_a_client() -> None:
    key, authority = make_authority("us", NOW)
    known = [Authority(authority.decode())]
    with pytest.raises(SignatureError):
        issuer_of(der(authority), known, NOW)
    signing = serialization.load_pem_private_key(key, None)
    assert isinstance(signing, ec.EllipticCurvePrivateKey)
    bare = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "node")]))
        .issuer_name(known[0].certificate.subject)
        .public_key(ec.generate_private_key(ec.SECP256R1()).public_key())
        .serial_number(1)
        .not_valid_before(NOW)
        .not_valid_after(NOW + timedelta(days=1))
        .sign(signing, hashes.SHA256())
    )
    with pytest.raises(SignatureError):
        issuer_of(bare.public_bytes(serialization.Encoding.DER), known, NOW)


def test_a_certificate_that_is_none_is_refused() -> None:
    known = [Authority(make_authority("us", NOW)[1].decode())]
    for junk in (b"", b"\x30\x03\x02\x01\x01", b"\xff" * 4000):
        with pytest.raises(SignatureError):
            issuer_of(junk, known, NOW)


def test_only_a_self_signed_authority_makes_an_authority() -> None:
    key, authority = make_authority("us", NOW)
    node = make_node_certificate("us", key, authority, NOW)[1].decode()
    ours = authority.decode()
    foreign = trustme.CA().create_child_ca().cert_pem.bytes().decode()
    for pem in (
        "",
        "no certificate",
        node,
        ours + ours,
        ours[:200],
        foreign,
        "é" * 100,
        "x" * 20_000,
    ):
        with pytest.raises(InputError, match="authority's certificate"):
            Authority(pem)


def test_renewal_keeps_the_authority_and_changes_key_and_certificate(tmp_path: Path) -> None:
    key, authority = make_authority("us", NOW)
    node_key, node = make_node_certificate("us", key, authority, NOW)
    files = {"ca.pem": key, "ca.crt": authority, "node.pem": node_key, "node.crt": node}
    for name, data in files.items():
        write_private(tmp_path / name, data)
    last_day = NOW + NODE_LIFE - RENEW_BEFORE
    assert not renew_if_due(tmp_path, "us", last_day - timedelta(seconds=1))
    assert (tmp_path / "node.crt").read_bytes() == node

    assert renew_if_due(tmp_path, "us", last_day)
    assert (tmp_path / "ca.crt").read_bytes() == authority
    assert (tmp_path / "node.pem").read_bytes() != node_key
    renewed = (tmp_path / "node.crt").read_bytes()
    assert issuer_of(der(renewed), [Authority(authority.decode())], last_day)
    assert stat.S_IMODE((tmp_path / "node.pem").stat().st_mode) == 0o600
    assert {path.name for path in tmp_path.iterdir()} == set(files)
