"""Calling one peer: the requests of docs/protocol.md, section 8.

What it answers is read as strictly as a stranger's request.
"""

from typing import Any, TypeVar

import msgspec

from detente.errors import (
    DetenteError,
    ForkError,
    GapError,
    InputError,
    QuotaError,
    RecordError,
    StateError,
)
from detente.node.views import Head, Json, LogPage, Receipt
from detente.node.wire import ANSWER_BYTES_MAX, Wire
from detente.record import strict_json

T = TypeVar("T")


class NotThereError(StateError):
    """The peer knows no such line, or no such log, for us."""


class Peer:
    """One other member of one line, as a server."""

    def __init__(self, party: str, wire: Wire) -> None:
        """``wire`` leads to ``party``, on the one line this is about."""
        self.party = party
        self._where = f"peer {party}"
        self._wire = wire

    def close(self) -> None:
        """Close the wire."""
        self._wire.close()

    def heads(self) -> dict[str, Head]:
        """How much the peer holds of every log of the line."""
        return self._ask("GET", "/heads", _Heads).heads

    def read_log(self, party: str, start: int) -> LogPage:
        """A page of a log from entry ``start`` on; an empty one is the end."""
        return self._ask("GET", f"/logs/{party}?from={start}", LogPage)

    def push(
        self,
        party: str,
        start: int,
        entries: list[Json],
        checkpoint: str | None,
        *,
        urgent: bool = False,
    ) -> Receipt:
        """Send entries of a log; ``urgent`` says that they, or what follows, are such.

        Raises ``GapError`` when the peer lacks earlier ones, ``QuotaError`` when it takes no more.
        """
        body: Json = {"from": start, "entries": entries, "checkpoint": checkpoint}
        if urgent:
            body["urgent"] = True
        return self._ask("POST", f"/logs/{party}", Receipt, body)

    def send_cosignatures(self, party: str, note: str) -> None:
        """Deliver cosignatures of a log's checkpoint."""
        self._ask("POST", f"/logs/{party}/cosignatures", None, {"checkpoint": note})

    def _ask(self, method: str, path: str, kind: type[T] | None, body: Any = None) -> T:
        """One request. Every failure is a ``DetenteError`` that an officer can read."""
        content = None if body is None else msgspec.json.encode(body)
        status, answer = self._wire.ask(method, path, content)
        if status not in (200, 204):
            raise self._refusal(status, answer)
        if kind is None:
            return None  # type: ignore[return-value]
        return self._read(answer, kind)

    def _read(self, answer: bytes, kind: type[T]) -> T:
        try:
            return msgspec.convert(strict_json.loads(answer, ANSWER_BYTES_MAX), kind)
        except (InputError, msgspec.ValidationError) as error:
            raise InputError(
                f"its answer is not what the protocol says: {error}",
                where=self._where,
                remedy="tell its operators; their node may be of another version",
            ) from None

    def _refusal(self, status: int, answer: bytes) -> DetenteError:
        try:
            told = msgspec.convert(strict_json.loads(answer, 64 * 1024), _Refused)
        except (InputError, msgspec.ValidationError):
            told = _Refused()
        if told.error == "gap" and told.size is not None and told.size >= 0:
            return GapError("lacks earlier entries", size=told.size, where=self._where)
        message = f"refused with {status} {told.error[:40]}: {told.message[:300]}"
        if told.error == "over-quota":
            retry_s = max(0, told.retry_s or 0)
            return QuotaError(message, retry_s=retry_s, where=self._where, remedy=told.remedy[:300])
        if status == 404:
            return NotThereError(message, where=self._where, remedy="it may not have joined yet")
        if told.error == "fork":
            return ForkError(message, where=self._where, remedy=told.remedy[:300])
        kind = RecordError if told.error in ("bad-record", "bad-signature") else StateError
        return kind(message, where=self._where, remedy=told.remedy[:300])


class _Heads(msgspec.Struct, frozen=True):
    heads: dict[str, Head]


class _Refused(msgspec.Struct, frozen=True):
    error: str = "unknown"
    message: str = "it gave no reason"
    remedy: str = ""
    size: int | None = None
    retry_s: int | None = None
