"""The wire to one peer: a request's bytes there, its answer's bytes back, and nothing understood.

The peer is whoever proves ``node.<party>.detente.invalid`` with a certificate of the authority in
its card, at whatever address the card gives. What it answers is bounded in bytes and in time.

What the requests mean is ``peer``'s. The two stand apart so that a line can be carried by something
else than sockets: the simulation in ``tests/simulation`` carries it through every fault it knows.
"""

import ssl
import time
from typing import Protocol

import httpx

from detente.errors import LimitError, StateError
from detente.node.certificates import node_host
from detente.node.views import PeerView

ANSWER_BYTES_MAX = 8 * 1024 * 1024
ANSWER_SECONDS_MAX = 60.0
TIMEOUT = httpx.Timeout(connect=5.0, read=20.0, write=20.0, pool=5.0)
LIMITS = httpx.Limits(max_connections=1, max_keepalive_connections=1, keepalive_expiry=45.0)


class UnreachableError(StateError):
    """No answer came, or none from who should have given it."""


class Wire(Protocol):
    """Carries requests to one peer on one line."""

    def ask(self, method: str, path: str, content: bytes | None) -> tuple[int, bytes]:
        """Status and body of the answer; ``path`` begins behind the line's id.

        Raises UnreachableError if none came, LimitError for one larger than ANSWER_BYTES_MAX.
        """
        ...

    def close(self) -> None:
        """Let go of the connection."""
        ...


class TlsWire:
    """HTTP/1.1 over the peer's own TLS and no other."""

    def __init__(self, view: PeerView, context: ssl.SSLContext) -> None:
        """``context`` trusts the peer's authority alone (``channel.client_context``)."""
        self._party = view.party
        self._where = f"peer {view.party}"
        self._base = f"{view.endpoint.rstrip('/')}/line/v1/{view.line}"
        # trust_env: no proxy and no certificate from the environment may come in between.
        self._client = httpx.Client(
            verify=context, timeout=TIMEOUT, limits=LIMITS, trust_env=False, follow_redirects=False
        )

    def close(self) -> None:
        """Close the connection."""
        self._client.close()

    def ask(self, method: str, path: str, content: bytes | None) -> tuple[int, bytes]:
        """One request and its answer."""
        try:
            return self._exchange(method, path, content)
        except httpx.HTTPError as error:
            raise self._unreachable(error) from None

    def _exchange(self, method: str, path: str, content: bytes | None) -> tuple[int, bytes]:
        deadline_s = time.monotonic() + ANSWER_SECONDS_MAX
        with self._client.stream(
            method,
            self._base + path,
            content=content,
            headers={"Content-Type": "application/json"} if content is not None else None,
            # The name that the certificate must prove; the address is only where to find it.
            extensions={"sni_hostname": node_host(self._party)},
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
