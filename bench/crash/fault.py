"""What may go wrong, and one entry as the oracle reads it."""

import hashlib
from typing import Any, NamedTuple

LOST, DOUBLED, INCONSISTENT, OTHER = FAULTS = ("lost", "doubled", "inconsistent", "other")
PAYLOAD_TYPE = b"application/vnd.detente.header.v1+json"


class FaultError(Exception):
    """Something that must never happen, of one of the ``FAULTS``."""

    def __init__(self, fault: str, what: str) -> None:
        super().__init__(what)
        self.fault = fault


def check(holds: bool, fault: str, what: str) -> None:
    """Raise FaultError unless it holds."""
    if not holds:
        raise FaultError(fault, what)


def leaf_of(payload: bytes) -> bytes:
    """The leaf of an entry with this header: DSSE's pre-authentication encoding of it."""
    return b"DSSEv1 %d %s %d %s" % (len(PAYLOAD_TYPE), PAYLOAD_TYPE, len(payload), payload)


class Row(NamedTuple):
    """One entry: its header as it was signed, what stands in it, and the body if that is there."""

    payload: bytes
    header: dict[str, Any]
    body: bytes | None

    @property
    def leaf(self) -> bytes:
        return leaf_of(self.payload)

    @property
    def id(self) -> str:
        return hashlib.sha256(self.leaf).hexdigest()

    @property
    def type(self) -> str:
        return str(self.header["type"])


class Statement(NamedTuple):
    """``signer`` has signed that the first ``size`` leaves of the log of ``party`` have a root."""

    signer: str
    party: str
    size: int
    root: bytes
