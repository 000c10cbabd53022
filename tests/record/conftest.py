"""Two parties with fixed keys; an entry, a checkpoint, a card of the first; how to spoil them."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from detente.errors import InputError, RecordError
from detente.record import (
    Checkpoint,
    Entry,
    Seen,
    SigningKey,
    checkpoint,
    entry_to_bundle,
    make_card,
    tree,
    write_entry,
)
from detente.record.strict_json import canonical

LINE = "5b" * 32
CA = "-----BEGIN CERTIFICATE-----\nMIIBszCCAVmgAwIBAgIUTm90UmVhbA==\n-----END CERTIFICATE-----\n"


@pytest.fixture(scope="session")
def line() -> str:
    return LINE


@pytest.fixture(scope="session")
def ca() -> str:
    return CA


@pytest.fixture(scope="session")
def us() -> SigningKey:
    return SigningKey(Ed25519PrivateKey.from_private_bytes(b"us" * 16))


@pytest.fixture(scope="session")
def ru() -> SigningKey:
    return SigningKey(Ed25519PrivateKey.from_private_bytes(b"ru" * 16))


@pytest.fixture(scope="session")
def fields() -> dict[str, Any]:
    """What ``write_entry`` takes besides the key."""
    return {
        "line": LINE,
        "party": "us",
        "index": 3,
        "type": "message",
        "time": "2026-11-22T08:00:00.123Z",
        "seen": {"ru": Seen(5, "00" * 32)},
        "about": {"precedence": "routine", "reply_to": None, "conflict": None},
        "body": '{"language":"ru","text":"проверка связи"}'.encode(),
        "salt": bytes(range(32)),
    }


@pytest.fixture(scope="session")
def entry(us: SigningKey, fields: dict[str, Any]) -> Entry:
    return write_entry(us, **fields)


@pytest.fixture(scope="session")
def bundle(entry: Entry) -> bytes:
    return canonical(entry_to_bundle(entry))


@pytest.fixture(scope="session")
def origin() -> str:
    return checkpoint.origin(LINE, "us")


@pytest.fixture(scope="session")
def note(us: SigningKey, origin: str) -> str:
    """A checkpoint of four leaves."""
    root = tree.root_of([tree.leaf_hash(b"%d" % n) for n in range(4)])
    return checkpoint.sign_checkpoint(us, Checkpoint(origin, 4, root))


@pytest.fixture(scope="session")
def card(us: SigningKey) -> bytes:
    return make_card(
        us,
        party="us",
        name="Deconfliction cell, Gulf",
        ca=CA,
        endpoint="https://192.0.2.1:7443",
        languages=["en"],
    )


@pytest.fixture(scope="session")
def spoilt() -> Callable[[bytes], Iterator[bytes]]:
    """All of: each byte changed in three ways, each byte left out, each byte doubled."""

    def every_way(data: bytes) -> Iterator[bytes]:
        for place, byte in enumerate(data):
            before, after = data[:place], data[place + 1 :]
            # One bit, the case of a letter, and white space, which a lax reader skips.
            for other in {byte ^ 0x01, byte ^ 0x20, 0x20} - {byte}:
                yield before + bytes([other]) + after
            yield before + after
            yield before + bytes([byte, byte]) + after

    return every_way


@pytest.fixture(scope="session")
def refused() -> Callable[..., bool]:
    """Whether a call raises one of the errors it may raise; any other error passes through."""

    def is_refused(call: Callable[..., object], *args: Any, **kwargs: Any) -> bool:
        try:
            call(*args, **kwargs)
        except (RecordError, InputError) as error:
            refusal = error
        else:
            return False
        # An error that says nothing, leaves its reader alone, or writes to the terminal what a
        # stranger put into it, is a defect of its own.
        assert refusal.message
        assert refusal.remedy
        assert str(refusal).isprintable()
        return True

    return is_refused
