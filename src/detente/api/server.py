"""How requests reach the applications: uvicorn, bounded, with the client's certificate in scope.

uvicorn hands an application no client certificate, waits for ever for a request's first bytes,
and takes over the process's signals. The two classes here change just that:

- ``PatientProtocol`` closes a connection that has not sent a whole request head in time, and
  ``PeerProtocol`` also puts the verified client certificate's DER bytes into
  ``scope["state"]["client_certificate"]``;
- ``Face`` is one listening socket among several in one process. Whoever runs it handles signals.
"""

import asyncio
import contextlib
import socket
import ssl
from collections.abc import Generator
from typing import Any

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

HEAD_BYTES_MAX = 16 * 1024
"""What of an unfinished request head is kept. One that came whole may be as long as one read."""
HEAD_SECONDS_MAX = 10.0
HANDSHAKE_SECONDS_MAX = 10.0
HANDSHAKES_MAX = 128
"""Connections whose caller has shown no certificate yet. A stranger can open any number; each takes
one of the files that the process may have open, which the officers' face and the store need too."""
KEEP_ALIVE_S = 60
CONNECTIONS_PER_PEER_MAX = 8
CONNECTIONS_PER_ADDRESS_MAX = 32
STRANGERS_MAX = 512
SHUTDOWN_SECONDS_MAX = 5


class PatientProtocol(H11Protocol):
    """HTTP/1.1 in which a connection must show a request's head within ``HEAD_SECONDS_MAX``."""

    _head_deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Start the clock for the first request."""
        super().connection_made(transport)
        self._head_deadline = self.loop.call_later(HEAD_SECONDS_MAX, self._head_is_late)

    def data_received(self, data: bytes) -> None:
        """Take bytes; a request head that has begun but not ended is on the clock."""
        super().data_received(data)
        waiting = self.conn.their_state.__name__ == "IDLE" and bool(self.conn.trailing_data[0])
        if waiting and self._head_deadline is None:
            self._head_deadline = self.loop.call_later(HEAD_SECONDS_MAX, self._head_is_late)
        elif not waiting:
            self._forget_deadline()

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop the clock with the connection."""
        self._forget_deadline()
        super().connection_lost(exc)

    def _head_is_late(self) -> None:
        self._head_deadline = None
        self.transport.close()

    def _forget_deadline(self) -> None:
        if self._head_deadline is not None:
            self._head_deadline.cancel()
            self._head_deadline = None


class PeerProtocol(PatientProtocol):
    """HTTP/1.1 over TLS that tells the application whose certificate the client showed.

    Connections are counted by the certificate's issuer: a peer can make itself any number of
    certificates, but has one authority, whose name no other has (``channel.Trust``).
    """

    issuer: str
    greeted = False
    """Whether the TLS handshake is done."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Read the certificate once a connection; TLS 1.3 cannot change it later."""
        super().connection_made(transport)
        self.greeted = True
        tls: ssl.SSLObject = transport.get_extra_info("ssl_object")
        certificate = tls.getpeercert(binary_form=True)
        # uvicorn copies ``app_state`` into the scope of every request of this connection.
        self.app_state = {**self.app_state, "client_certificate": certificate}
        self.issuer = str((tls.getpeercert() or {}).get("issuer"))
        of_issuer = [c for c in self.connections if getattr(c, "issuer", None) == self.issuer]
        if len(of_issuer) > CONNECTIONS_PER_PEER_MAX:
            transport.abort()


class StrangerProtocol(PatientProtocol):
    """HTTP/1.1 over TLS for callers who show no certificate, counted by their address."""

    address: str
    greeted = False
    """Whether the TLS handshake is done."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Count the connection with those from the same address."""
        super().connection_made(transport)
        self.greeted = True
        self.address = str((transport.get_extra_info("peername") or [""])[0])
        same = [c for c in self.connections if getattr(c, "address", None) == self.address]
        if len(same) > CONNECTIONS_PER_ADDRESS_MAX or len(self.connections) > STRANGERS_MAX:
            transport.abort()


class Face(uvicorn.Server):
    """One application on one bound socket. Set ``should_exit`` to stop it."""

    def __init__(
        self,
        app: Any,
        bound: socket.socket,
        *,
        tls: ssl.SSLContext | None = None,
        known: bool = True,
    ) -> None:
        """``bound`` is bound but not yet listening; with ``tls``, clients need certificates.

        Without ``known``, ``tls`` asks nobody for one.
        """
        self._bound = bound
        self._tls = tls
        self._over_tls = PeerProtocol if known else StrangerProtocol
        self._strangers: list[tuple[float, PeerProtocol | StrangerProtocol]] = []
        super().__init__(
            uvicorn.Config(
                app,
                http=PatientProtocol if tls is None else self._over_tls,
                ws="none",
                lifespan="off",
                log_config=None,
                access_log=False,
                server_header=False,
                proxy_headers=False,
                timeout_keep_alive=KEEP_ALIVE_S,
                timeout_graceful_shutdown=SHUTDOWN_SECONDS_MAX,
                h11_max_incomplete_event_size=HEAD_BYTES_MAX,
            )
        )

    @property
    def address(self) -> tuple[str, int]:
        """The host and the port it is bound to."""
        host, port = self._bound.getsockname()[:2]
        return str(host), int(port)

    @property
    def scheme(self) -> str:
        """``http``, or ``https`` with TLS."""
        return "http" if self._tls is None else "https"

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        """Leave the process's signals alone: more than one face runs in it."""
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Listen. Unlike uvicorn's own, this bounds the time a TLS handshake may take."""
        await self.lifespan.startup()
        loop = asyncio.get_running_loop()
        bound_s = None if self._tls is None else HANDSHAKE_SECONDS_MAX
        server = await loop.create_server(
            self._protocol,
            sock=self._bound,
            ssl=self._tls,
            backlog=128,
            ssl_handshake_timeout=bound_s,
            ssl_shutdown_timeout=bound_s,
        )
        self.servers = [server]
        self.started = True

    def _protocol(self) -> asyncio.Protocol:
        """The protocol of a connection just accepted, before its TLS handshake."""
        if self._tls is None:
            return PatientProtocol(self.config, self.server_state, self.lifespan.state)
        now_s = asyncio.get_running_loop().time()
        self._strangers = [
            (since_s, one)
            for since_s, one in self._strangers
            if not one.greeted and now_s - since_s < HANDSHAKE_SECONDS_MAX
        ]
        if len(self._strangers) >= HANDSHAKES_MAX:
            # asyncio gives no other way to turn a connection away here; it lets go of the socket.
            raise ConnectionRefusedError("too many strangers at once")
        protocol = self._over_tls(self.config, self.server_state, self.lifespan.state)
        self._strangers.append((now_s, protocol))
        return protocol


def bind(host: str, port: int) -> socket.socket:
    """A TCP socket bound to ``host`` and ``port`` (0: any free one). Raises ``OSError``."""
    family, kind, proto, _, address = socket.getaddrinfo(
        host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
    )[0]
    bound = socket.socket(family, kind, proto)
    try:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind(address)
    except OSError:
        bound.close()
        raise
    return bound
