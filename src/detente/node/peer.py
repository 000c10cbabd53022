"""Calling one peer: the requests of docs/protocol.md, section 8, over its own TLS and no other.

The peer is whoever proves ``node.<party>.detente.invalid`` with a certificate of the authority in
its card, at whatever address the card gives. What it answers is bounded in bytes and in time and
read as strictly as a stranger's request.
"""

import ssl
import time
from typing import Any, TypeVar

import httpx
import msgspec

from detente.errors import DetenteError, GapError, InputError, LimitError, RecordError, StateError
from detente.node.certificates import node_host
from detente.node.views import Head, Json, LogPage, PeerView, Receipt
from detente.record import strict_json

ANSWER_BYTES_MAX = 8 * 1024 * 1024
ANSWER_SECONDS_MAX = 60.0
TIMEOUT = httpx.Timeout(connect=5.0, read=20.0, write=20.0, pool=5.0)
LIMITS = httpx.Limits(max_connections=1, max_keepalive_connections=1, keepalive_expiry=45.0)

T = TypeVar("T")


class UnreachableError(StateError):
    """No answer came, or none from who should have given it."""


class Peer:
    """One other member of one line, as a server."""

    def __init__(self, view: PeerView, context: ssl.SSLContext) -> None:
        """``context`` trusts the peer's authority alone (``channel.client_context``)."""
        self.party = view.party
        self._where = f"peer {view.party}"
        self._base = f"{view.endpoint.rstrip('/')}/line/v1/{view.line}"
        # trust_env: no proxy and no certificate from the environment may come in between.
        self._client = httpx.Client(
            verify=context, timeout=TIMEOUT, limits=LIMITS, trust_env=False, follow_redirects=False
        )

    def close(self) -> None:
        """Close the connection."""
        self._client.close()

    def heads(self) -> dict[str, Head]:
        """How much the peer holds of every log of the line."""
        return self._ask("GET", "/heads", _Heads).heads

    def read_log(self, party: str, start: int) -> LogPage:
        """A page of a log from entry ``start`` on; an empty one is the end."""
        return self._ask("GET", f"/logs/{party}?from={start}", LogPage)

    def push(self, party: str, start: int, entries: list[Json], checkpoint: str | None) -> Receipt:
        """Send entries of a log. Raises ``GapError`` when the peer lacks earlier ones."""
        body = {"from": start, "entries": entries, "checkpoint": checkpoint}
        return self._ask("POST", f"/logs/{party}", Receipt, body)

    def send_cosignatures(self, party: str, note: str) -> None:
        """Deliver cosignatures of a log's checkpoint."""
        self._ask("POST", f"/logs/{party}/cosignatures", None, {"checkpoint": note})

    def _ask(self, method: str, path: str, kind: type[T] | None, body: Any = None) -> T:
        """One request. Every failure is a ``DetenteError`` that an officer can read."""
        try:
            status, answer = self._exchange(method, path, body)
        except httpx.HTTPError as error:
            raise self._unreachable(error) from None
        if status not in (200, 204):
            raise self._refusal(status, answer)
        if kind is None:
            return None  # type: ignore[return-value]
        return self._read(answer, kind)

    def _exchange(self, method: str, path: str, body: Any) -> tuple[int, bytes]:
        deadline_s = time.monotonic() + ANSWER_SECONDS_MAX
        content = None if body is None else msgspec.json.encode(body)
        with self._client.stream(
            method,
            self._base + path,
            content=content,
            headers={"Content-Type": "application/json"} if content is not None else None,
            # The name that the certificate must prove; the address is only where to find it.
            extensions={"sni_hostname": node_host(self.party)},
        ) as response:
            chunks, held = [], 0
            # Raw: what the peer compressed is not unpacked, however small it looks.
            for chunk in response.iter_raw():
                held += len(chunk)
                if held > ANSWER_BYTES_MAX or time.monotonic() > deadline_s:
                    raise LimitError(
                        "its answer is larger or slower than this protocol allows",
                        where=self._where,
                        remedy="tell its operators",
                    )
                chunks.append(chunk)
            return response.status_code, b"".join(chunks)

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
        if status == 404:
            return StateError(message, where=self._where, remedy="it may not have joined yet")
        kind = RecordError if told.error in ("fork", "bad-record", "bad-signature") else StateError
        return kind(message, where=self._where, remedy=told.remedy[:300])

    def _unreachable(self, error: httpx.HTTPError) -> UnreachableError:
        if isinstance(error, httpx.TimeoutException):
            why, remedy = "did not answer in time", "it is tried again by itself"
        elif "certificate verify failed" in str(error) or "CERTIFICATE_VERIFY" in str(error):
            why = "showed a certificate that is not of the authority in its card"
            remedy = "do not trust what answers there; speak to its operators"
        elif "alert" in str(error).lower() or isinstance(error, httpx.RemoteProtocolError):
            # In TLS 1.3 a client learns that its certificate is refused when it reads; many
            # servers just close the connection then.
            why = "closed the connection, perhaps because it does not know our certificate"
            remedy = "it may not have joined the line yet; it is tried again by itself"
        else:
            why, remedy = "cannot be reached", "it is tried again by itself"
        return UnreachableError(f"{why} ({error})", where=self._where, remedy=remedy)


class _Heads(msgspec.Struct, frozen=True):
    heads: dict[str, Head]


class _Refused(msgspec.Struct, frozen=True):
    error: str = "unknown"
    message: str = "it gave no reason"
    remedy: str = ""
    size: int | None = None
