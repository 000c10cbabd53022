"""Vectors that others publish for whoever implements these standards, read where they are kept.

They are too many to be written down here, and theirs. The few that are known by heart stand in
``tests/record``::

    git clone https://github.com/transparency-dev/merkle     # RFC 6962 / 9162 proofs, good and bad
    git clone https://github.com/C2SP/wycheproof             # RFC 8032 and FIPS 204 signatures
    DETENTE_MERKLE=merkle DETENTE_WYCHEPROOF=wycheproof pytest tests/foreign
"""

import base64
import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey

from detente.errors import RecordError
from detente.record import PublicKey, tree
from detente.record.mldsa import MlDsaPublicKey

MERKLE = os.environ.get("DETENTE_MERKLE", "")
WYCHEPROOF = os.environ.get("DETENTE_WYCHEPROOF", "")
SEED_BYTES = 32

needs_merkle = pytest.mark.skipif(
    not MERKLE, reason="DETENTE_MERKLE does not name a copy of transparency-dev/merkle"
)
needs_wycheproof = pytest.mark.skipif(
    not WYCHEPROOF, reason="DETENTE_WYCHEPROOF does not name a copy of C2SP/wycheproof"
)


def refuses(verify: Callable[..., None], *given: Any) -> bool:
    """Whether a verifier refuses, with an error of ours; any other one passes through."""
    try:
        verify(*given)
    except RecordError:
        return True
    return False


def proofs(kind: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """The published proofs of one kind, by where they stand; what is left out is 0 or nothing."""
    folder = Path(MERKLE) / "testdata" / kind
    for path in sorted(folder.rglob("*.json")):
        yield str(path.relative_to(folder)), json.loads(path.read_bytes())


def hash_of(case: dict[str, Any], name: str) -> bytes:
    return base64.b64decode(case.get(name) or "")


def hashes_of(case: dict[str, Any]) -> list[bytes]:
    return [base64.b64decode(one) for one in case.get("proof") or []]


@needs_merkle
def test_inclusion_proofs() -> None:
    wrong = [
        where
        for where, case in proofs("inclusion")
        if refuses(
            tree.verify_inclusion,
            hash_of(case, "leafHash"),
            case.get("leafIdx", 0),
            case.get("treeSize", 0),
            hashes_of(case),
            hash_of(case, "root"),
        )
        is not case["wantErr"]
    ]
    assert wrong == []
    assert len(list(proofs("inclusion"))) > 90


@needs_merkle
def test_consistency_proofs() -> None:
    wrong = [
        where
        for where, case in proofs("consistency")
        if refuses(
            tree.verify_consistency,
            case.get("size1", 0),
            case.get("size2", 0),
            hashes_of(case),
            hash_of(case, "root1"),
            hash_of(case, "root2"),
        )
        is not case["wantErr"]
    ]
    # Both of its roots are the words "don't care 2": what is no hash is refused here all the same.
    assert wrong == ["additional/sizes-are-equal-one-and-proof-is-empty.json"]
    assert len(list(proofs("consistency"))) > 90


def signatures(file: str) -> Iterator[tuple[int, str, dict[str, Any]]]:
    """Each published signature: its number, its key, and itself. None with a context."""
    groups = json.loads((Path(WYCHEPROOF) / "testvectors_v1" / file).read_bytes())["testGroups"]
    for group in groups:
        key = group["publicKey"]
        for case in group["tests"]:
            if not case.get("ctx"):
                yield case["tcId"], key if isinstance(key, str) else key["pk"], case


@needs_wycheproof
@pytest.mark.parametrize(
    ("file", "key_of"),
    [("ed25519_test.json", PublicKey), ("mldsa_44_verify_test.json", MlDsaPublicKey)],
)
def test_signatures(file: str, key_of: Callable[[bytes], Any]) -> None:
    def verify(key: str, case: dict[str, Any]) -> None:
        public = key_of(bytes.fromhex(key))
        public.verify(bytes.fromhex(case["sig"]), bytes.fromhex(case["msg"]))

    wrong = [
        number
        for number, key, case in signatures(file)
        if refuses(verify, key, case) is (case["result"] == "valid")
    ]
    assert wrong == []
    assert len(list(signatures(file))) > 100


@needs_wycheproof
def test_a_seed_gives_its_public_key() -> None:
    file = Path(WYCHEPROOF) / "testvectors_v1" / "mldsa_44_sign_seed_test.json"
    seeds = {
        group["privateSeed"]: group["publicKey"]
        for group in json.loads(file.read_bytes())["testGroups"]
        if len(group["privateSeed"]) == 2 * SEED_BYTES
    }
    assert len(seeds) > 5
    for seed, public in seeds.items():
        key = MLDSA44PrivateKey.from_seed_bytes(bytes.fromhex(seed))
        assert key.public_key().public_bytes_raw().hex() == public
