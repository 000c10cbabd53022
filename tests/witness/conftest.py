"""A witness in this process, and a log for it whose leaves are known."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from detente.record import Checkpoint, SigningKey
from detente.record.checkpoint import sign_checkpoint
from detente.record.keys import PublicKey
from detente.record.mldsa import MlDsaKey
from detente.record.note import ED25519, ML_DSA_44, verifier_key
from detente.record.tree import consistency_proof, leaf_hash, node_hash, root_of
from detente.record.witness import Submission, encode_submission
from detente.witness import served, store
from detente.witness.cosigner import Cosigner
from detente.witness.settings import as_in_terms, create
from detente.witness.store import FILE, WitnessStore

NAME = "witness.example/w1"
NOW_S = 1_795_334_400.0
ORIGIN = "log.example/one"


class Log:
    """A log of which every leaf is at hand; two with one key and other leaves are a fork."""

    def __init__(self, key: SigningKey, leaves: Sequence[bytes], origin: str = ORIGIN) -> None:
        self.key = key
        self.origin = origin
        self.leaves = list(leaves)

    def note(self, size: int) -> str:
        root = root_of(leaf_hash(one) for one in self.leaves[:size])
        return sign_checkpoint(self.key, Checkpoint(self.origin, size, root))

    def proof(self, old: int, size: int) -> tuple[bytes, ...]:
        def node(level: int, index: int) -> bytes:
            if level == 0:
                return leaf_hash(self.leaves[index])
            return node_hash(node(level - 1, 2 * index), node(level - 1, 2 * index + 1))

        return tuple(consistency_proof(old, size, node))

    def submission(self, old: int, size: int) -> bytes:
        return encode_submission(Submission(old, self.proof(old, size), self.note(size)))

    def verifier_keys(self) -> list[str]:
        second = self.key.public.ml_dsa
        found = [verifier_key(self.origin, ED25519, self.key.public.raw)]
        return (
            found if second is None else [*found, verifier_key(self.origin, ML_DSA_44, second.raw)]
        )


class Kept:
    """A witness's folder, opened and opened again."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        create(directory, NAME, "https://127.0.0.1:7450", "127.0.0.1:7450", None)
        self.public: PublicKey = as_in_terms(directory).public
        self.cosigner = self.open()

    def open(self) -> Cosigner:
        self.cosigner = Cosigner.open(self.directory, None, lambda: NOW_S)
        return self.cosigner

    def allow(self, log: Log) -> None:
        kept = WitnessStore(self.directory / FILE)
        for key in log.verifier_keys():
            served.allow(kept, key)
        kept.close()

    def refused(self) -> list[store.Refused]:
        kept = WitnessStore(self.directory / FILE)
        try:
            with kept.read() as tx:
                return store.all_refused(tx)
        finally:
            kept.close()


@pytest.fixture
def kept(tmp_path: Path) -> Iterator[Kept]:
    """A witness that serves nothing yet."""
    one = Kept(tmp_path / "witness")
    yield one
    one.cosigner.close()


@pytest.fixture(scope="session")
def make_log() -> Callable[..., Log]:
    """Makes logs, hybrid unless told not to be."""

    def make(count: int = 8, *, hybrid: bool = True, key: SigningKey | None = None) -> Log:
        second = MlDsaKey.generate() if hybrid else None
        leaves = [b"leaf %d" % n for n in range(count)]
        return Log(key or SigningKey.generate(second), leaves)

    return make


@pytest.fixture
def log(make_log: Callable[..., Log], kept: Kept) -> Log:
    """A log of eight that the witness serves."""
    one = make_log()
    kept.allow(one)
    return one


@pytest.fixture
def fork(log: Log) -> Log:
    """The same log, with other leaves from the fourth on."""
    return Log(log.key, [*log.leaves[:3], *(b"other %d" % n for n in range(5))])
