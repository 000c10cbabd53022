"""Keys, against the vectors of RFC 8032 and against curve arithmetic written out here."""

import hashlib

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, x25519

from detente.errors import InputError, RecordError, SignatureError
from detente.record import PublicKey, SigningKey

# RFC 8032, section 7.1: secret key, public key, message, signature.
RFC_8032 = [
    (
        "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
        "",
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e06522490155"
        "5fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
    ),
    (
        "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
        "72",
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
        "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
    ),
    (
        "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
        "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
        "af82",
        "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac"
        "18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a",
    ),
]

P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, -1, P) % P
Point = tuple[int, int]


@pytest.mark.parametrize(("secret", "public", "message", "signature"), RFC_8032)
def test_rfc_8032(secret: str, public: str, message: str, signature: str) -> None:
    key = SigningKey(ed25519.Ed25519PrivateKey.from_private_bytes(bytes.fromhex(secret)))
    assert key.public == PublicKey(bytes.fromhex(public))
    assert key.sign(bytes.fromhex(message)).hex() == signature
    key.public.verify(bytes.fromhex(signature), bytes.fromhex(message))


def test_a_signature_with_s_beyond_the_order_is_refused() -> None:
    """Adding the order to S gives a second signature of the same message, if one lets it."""
    _, public, message, signature = (bytes.fromhex(part) for part in RFC_8032[2])
    s = int.from_bytes(signature[32:], "little") + L
    with pytest.raises(SignatureError):
        PublicKey(public).verify(signature[:32] + s.to_bytes(32, "little"), message)


@pytest.mark.parametrize("length", [0, 1, 32, 63, 65, 128])
def test_a_signature_of_another_length_is_refused(us: SigningKey, length: int) -> None:
    signature = (us.sign(b"x") * 2)[:length]
    with pytest.raises(SignatureError):
        us.public.verify(signature, b"x")


def test_every_bit_of_a_signature_counts(us: SigningKey) -> None:
    signature = us.sign(b"said")
    for bit in range(512):
        changed = bytearray(signature)
        changed[bit // 8] ^= 1 << bit % 8
        with pytest.raises(SignatureError):
            us.public.verify(bytes(changed), b"said")


def test_the_key_id_is_the_hash_of_the_raw_key(us: SigningKey) -> None:
    assert us.public.keyid == hashlib.sha256(us.public.raw).hexdigest()


def test_pem_round_trip(us: SigningKey) -> None:
    again = SigningKey.from_pem(us.to_pem())
    assert again.public == us.public
    assert again.sign(b"x") == us.sign(b"x")
    assert us.to_pem().startswith(b"-----BEGIN PRIVATE KEY-----\n")


def test_generated_keys_differ() -> None:
    assert SigningKey.generate().public != SigningKey.generate().public


def test_other_key_files_are_refused(us: SigningKey) -> None:
    pem, pkcs8 = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    plain = serialization.NoEncryption()
    inner = ed25519.Ed25519PrivateKey.generate()
    locked = serialization.BestAvailableEncryption(b"secret")
    for data in (
        b"",
        b"not a key",
        us.to_pem()[:-40],
        us.public.raw,
        ec.generate_private_key(ec.SECP256R1()).private_bytes(pem, pkcs8, plain),
        x25519.X25519PrivateKey.generate().private_bytes(pem, pkcs8, plain),
        inner.private_bytes(pem, pkcs8, locked),
    ):
        with pytest.raises(InputError, match="Ed25519 private key"):
            SigningKey.from_pem(data)


def test_a_key_never_shows_its_secret(us: SigningKey) -> None:
    assert "us" * 4 not in repr(us)
    assert (b"us" * 4).hex() not in repr(us)


@pytest.mark.parametrize("length", [0, 31, 33, 64])
def test_a_public_key_has_32_bytes(length: int) -> None:
    with pytest.raises(RecordError, match="32 bytes"):
        PublicKey(b"\x07" * length)


def test_keys_of_small_order_are_refused() -> None:
    """All eight points of small order, found here by multiplying points by the group's order."""
    found = small_order_points()
    assert len(found) == 8
    for x, y in found:
        for sign in {x & 1, 1}:
            # A point with x = 0 also has an encoding with the sign bit set, which some accept.
            encoded = (y | sign << 255).to_bytes(32, "little")
            with pytest.raises(RecordError, match="does not bind"):
                PublicKey(encoded)


def test_a_small_order_key_would_verify_a_signature_of_anything() -> None:
    """Why such keys are refused: without the check, one signature fits every message."""
    neutral = ed25519.Ed25519PublicKey.from_public_bytes((1).to_bytes(32, "little"))
    signature = (1).to_bytes(32, "little") + bytes(32)
    neutral.verify(signature, b"I release orbit 1")
    neutral.verify(signature, b"I never released anything")


@pytest.mark.parametrize("y", [P, P + 1, P + 3, 2**255 - 1])
def test_keys_that_are_not_canonical_are_refused(y: int) -> None:
    with pytest.raises(RecordError, match="not canonical"):
        PublicKey(y.to_bytes(32, "little"))


def small_order_points() -> set[Point]:
    """The subgroup of order 8: multiples of a point of order exactly 8."""
    for y in range(2, 1000):
        point = with_y(y)
        if point is not None:
            torsion = times(L, point)
            points = {times(n, torsion) for n in range(8)}
            if len(points) == 8:
                return points
    raise AssertionError("no point of order 8 found")


def with_y(y: int) -> Point | None:
    square = (y * y - 1) * pow(D * y * y + 1, -1, P) % P
    x = pow(square, (P + 3) // 8, P)
    if x * x % P != square:
        x = x * pow(2, (P - 1) // 4, P) % P
    return (x, y) if x * x % P == square else None


def plus(a: Point, b: Point) -> Point:
    product = D * a[0] * b[0] * a[1] * b[1]
    x = (a[0] * b[1] + a[1] * b[0]) * pow(1 + product, -1, P) % P
    return x, (a[1] * b[1] + a[0] * b[0]) * pow(1 - product, -1, P) % P


def times(n: int, point: Point) -> Point:
    result: Point = (0, 1)
    while n:
        if n & 1:
            result = plus(result, point)
        n, point = n >> 1, plus(point, point)
    return result
