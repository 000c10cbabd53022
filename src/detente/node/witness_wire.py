"""The wire to one witness: a request's bytes there, its answer's bytes back, bounded in all.

A witness is a stranger's server. It proves the name in its URL with a certificate of the one
authority that the terms give for it or, where they give none, of those that the operating system
trusts; neither has a say in what counts, which is its cosignature alone. So nothing but the answer
is lost to who stands in between, and that is shown as a witness that does not sign.
"""

import socket
import ssl
import threading
from typing import Any, NamedTuple, Protocol

import httpx

from detente.errors import InputError, LimitError
from detente.node.views import WitnessCall
from detente.node.wire import LIMITS, UnreachableError
from detente.record.note import MAX_NOTE_BYTES

ANSWER_BYTES_MAX = MAX_NOTE_BYTES
ANSWER_SECONDS_MAX = 20.0
TIMEOUT = httpx.Timeout(connect=5.0, read=10.0, write=10.0, pool=5.0)


class Answer(NamedTuple):
    """What a witness answered: status, content type without parameters, and body."""

    status: int
    kind: str
    body: bytes


class WitnessWire(Protocol):
    """Carries requests to one witness."""

    def ask(self, method: str, path: str, content: bytes | None) -> Answer:
        """The answer; ``path`` begins behind the witness's URL.

        Raises UnreachableError if none came in time, LimitError for one that is too large.
        """
        ...

    def close(self) -> None:
        """Let go of the connection."""
        ...


class HttpsWire:
    """HTTP/1.1 over TLS to the witness's URL."""

    def __init__(self, call: WitnessCall, *, seconds_max: float = ANSWER_SECONDS_MAX) -> None:
        """``seconds_max`` bounds a whole exchange, whatever drips in. Raises InputError."""
        self._where = f"witness {call.name}"
        self._base = call.url.rstrip("/")
        self._seconds_max = seconds_max
        self._socket: socket.socket | None = None
        # trust_env: no proxy and no certificate from the environment may come in between.
        self._client = httpx.Client(
            verify=self._context(call.ca),
            timeout=TIMEOUT,
            limits=LIMITS,
            trust_env=False,
            follow_redirects=False,
        )

    def close(self) -> None:
        """Close the connection."""
        self._client.close()

    def ask(self, method: str, path: str, content: bytes | None) -> Answer:
        """One request and its answer."""
        # A read that waits for each byte anew never ends while one comes now and then, in a head
        # as in a body. So the socket itself is shut when time is up.
        late = threading.Event()
        timer = threading.Timer(self._seconds_max, self._shut, [late])
        timer.daemon = True
        timer.start()
        try:
            return self._exchange(method, path, content)
        except (httpx.HTTPError, OSError, ValueError) as error:
            why = "did not answer in time" if late.is_set() else f"cannot be reached ({error})"
            raise UnreachableError(
                why, where=self._where, remedy="it is tried again by itself"
            ) from None
        finally:
            timer.cancel()

    def _exchange(self, method: str, path: str, content: bytes | None) -> Answer:
        with self._client.stream(
            method, self._base + path, content=content, extensions={"trace": self._trace}
        ) as response:
            body = b""
            # Raw: what was compressed is not unpacked, however small it looks.
            for chunk in response.iter_raw():
                body += chunk
                if len(body) > ANSWER_BYTES_MAX:
                    raise LimitError(
                        f"its answer is larger than {ANSWER_BYTES_MAX} bytes",
                        where=self._where,
                        remedy="tell its operator",
                    )
            kind = response.headers.get("content-type", "").partition(";")[0].strip().lower()
            return Answer(response.status_code, kind, body)

    def _trace(self, event: str, told: dict[str, Any]) -> None:
        if event in ("connection.connect_tcp.complete", "connection.start_tls.complete"):
            self._socket = told["return_value"].get_extra_info("socket")

    def _shut(self, late: threading.Event) -> None:
        late.set()
        if self._socket is not None:
            try:
                # Not SSLSocket's own, which would take the TLS state from under the reader.
                socket.socket.shutdown(self._socket, socket.SHUT_RDWR)
            except OSError:
                # It is closed already.
                return

    def _context(self, ca: str | None) -> ssl.SSLContext:
        try:
            context = ssl.create_default_context() if ca is None else _pinned(ca)
        except (ssl.SSLError, ValueError) as error:
            raise InputError(
                f"its certificate in the terms cannot be read: {error}",
                where=self._where,
                remedy="agree on terms with the certificate that the witness shows",
            ) from None
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        return context


def _pinned(ca: str) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(cadata=ca)
    return context
