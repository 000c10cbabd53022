"""One process of a node: its store, its two faces, and its delivery, begun and ended in order.

Order matters at both ends. Peers' authorities are known before the line's face listens, so that no
peer is turned away that may call; ``run.json`` is written when everything answers and removed
before anything stops; the store is closed last.
"""

import asyncio
import contextlib
import ipaddress
import logging
import os
import secrets
import signal
import socket
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Self

import structlog

from detente.api.app import build
from detente.api.peers import PeerFace
from detente.api.server import Face, bind
from detente.cli.folder import remove_run_file, write_run_file
from detente.cli.passphrase import unlocked
from detente.console import Console
from detente.errors import DetenteError, StateError
from detente.node import Node
from detente.node.attending import Attendant, Told
from detente.node.certificates import renew_if_due
from detente.node.channel import Trust, server_context, show_certificate
from detente.node.delivery import Delivery
from detente.node.settings import address, load_settings

RENEWAL_CHECK_S = 6 * 3600.0
DESKS_CHECK_S = 5.0
"""How soon a session at a guest's desk that nobody looks at any more is over on the record, too."""
TOLD_MIN = 2000
"""Fewer activities than this are read in less than a second."""
TOLD_STEP_PERCENT = 10
ANYWHERE = frozenset({"0.0.0.0", "::"})  # noqa: S104  # compared with, not listened on

log = structlog.get_logger("detente.serve")


class Serving:
    """A node being served. Use it as a context manager, then ``run`` it."""

    def __init__(self, directory: Path, port: int | None = None) -> None:
        """Open everything; nothing answers yet. ``port`` goes before the officers' port set.

        Raises ``DetenteError`` when the node cannot be opened or an address is taken.
        """
        self._directory = directory
        self._keys = directory / "keys"
        self._token = secrets.token_urlsafe(32)
        settings = load_settings(directory)
        with contextlib.ExitStack() as self._open:
            host, set_port = address(settings.api, "detente.toml: api")
            officers = self._bound(host, set_port if port is None else port, "api")
            peers = self._bound(*address(settings.line, "detente.toml: line"), "line")
            # Asked for before anything answers: a node without its keys is no node.
            self._secret = unlocked(directory)
            self._node = Node.open(directory, secret=self._secret)
            self._open.callback(self._node.close)
            console = Console(self._node)
            app = build(
                self._node,
                console.app,
                operator_token=self._token,
                hosts=[*settings.hosts, *([] if host in ANYWHERE else [host])],
            )
            # Live streams never end by themselves; they are ended before the faces stop.
            self._bell, self._console = app.state.bell, console
            self._poll_s = settings.poll_s
            self._tls = server_context(self._keys, self._secret)
            self._trust = Trust(self._tls)
            self._delivery = self._new_delivery()
            self._attendant = Attendant(self._node, _tell_progress())
            self._faces = (
                Face(app, officers),
                Face(PeerFace(self._node, self._trust).app(), peers, tls=self._tls),
            )
            # All is well: what was opened stays open until ``__exit__``.
            self._open = self._open.pop_all()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._open.close()

    async def run(self) -> None:
        """Serve until SIGTERM or SIGINT, or until a face cannot go on."""
        stop = asyncio.Event()
        self._attendant.start()
        self._delivery.start()
        faces = [asyncio.create_task(face.serve()) for face in self._faces]
        renewal = asyncio.create_task(self._renew_when_due())
        sessions = asyncio.create_task(self._end_sessions())
        try:
            with set_by_signals(stop):
                await self._until_all_answer(faces)
                self._announce()
                stopped = asyncio.create_task(stop.wait())
                await asyncio.wait([stopped, *faces], return_when=asyncio.FIRST_COMPLETED)
                stopped.cancel()
        finally:
            remove_run_file(self._directory)
            renewal.cancel()
            sessions.cancel()
            await asyncio.to_thread(self._delivery.stop)
            await asyncio.to_thread(self._attendant.stop)
            self._bell.close()
            self._console.close()
            for face in self._faces:
                face.should_exit = True
            await asyncio.gather(*faces)
            # Whoever still waits for a change asks the store, which is closed next.
            await asyncio.to_thread(self._bell.join)
            await asyncio.to_thread(self._console.join)

    async def _until_all_answer(self, faces: list["asyncio.Task[None]"]) -> None:
        while not all(face.started for face in self._faces):
            if any(task.done() for task in faces):
                break
            await asyncio.sleep(0.01)

    def _announce(self) -> None:
        """Say where the node answers: to commands in ``run.json``, to people on standard output."""
        officers, peers = (url_of(face) for face in self._faces)
        run = {"pid": os.getpid(), "api": officers, "line": peers, "token": self._token}
        write_run_file(self._directory, run)
        print(f"The node of {self._node.party} answers its officers at {officers}")
        print(f"and other nodes at {peers}.")
        if not _is_loopback(self._faces[0].address[0]):
            log.warning(
                "officers' tokens cross the network in the clear",
                remedy="put a proxy with TLS before this address, or listen on 127.0.0.1",
            )
        if self._secret is None:
            log.warning(
                "the node's private keys lie unprotected on the disk",
                remedy=f"stop it and run: detente keys protect {self._directory}",
            )
        print(f"Log in to the console with: detente login {self._directory}", flush=True)

    async def _end_sessions(self) -> None:
        """End the sessions at guests' desks whose time is over, or whose escort is gone."""
        while True:
            await asyncio.sleep(DESKS_CHECK_S)
            try:
                await asyncio.to_thread(self._node.end_sessions_over)
            except DetenteError as error:
                # Nothing is served meanwhile: each action looks for itself whether it may.
                log.warning("sessions at guests' desks cannot be ended", why=str(error))

    async def _renew_when_due(self) -> None:
        """Renew the node's certificate also in a process that runs for a year."""
        while True:
            await asyncio.sleep(RENEWAL_CHECK_S)
            try:
                now = datetime.now(UTC)
                if not renew_if_due(self._keys, self._node.party, now, self._secret):
                    continue
            except (OSError, DetenteError) as error:
                # There are weeks left to try again, and to be read in the log.
                log.warning("node certificate not renewed", why=str(error))
                continue
            log.info("node certificate renewed")
            show_certificate(self._tls, self._keys, self._secret)
            await asyncio.to_thread(self._delivery.stop)
            self._delivery = self._new_delivery()
            self._delivery.start()

    def _new_delivery(self) -> Delivery:
        return Delivery(
            self._node, self._keys, secret=self._secret, trust=self._trust, poll_s=self._poll_s
        )

    def _bound(self, host: str, port: int, key: str) -> socket.socket:
        try:
            bound = bind(host, port)
        except OSError as error:
            raise StateError(
                f"cannot listen on {host} port {port}: {error.strerror}",
                where=f"detente.toml: {key}",
                remedy="stop what uses that address, or set another one",
            ) from None
        self._open.callback(bound.close)
        return bound


def _tell_progress() -> Told:
    """Says on standard error how far the conflict engine is, where that takes a while."""
    told: dict[str, int] = {}

    def tell(line: str, done: int, total: int) -> None:
        percent = 100 * done // max(1, total)
        if total < TOLD_MIN or percent < told.get(line, 0) + TOLD_STEP_PERCENT:
            return
        told[line] = percent
        print(
            f"detente: conflict engine: {percent}% of {total:,} activities of {line}"
            f"{'' if done < total else ': ready'}",
            file=sys.stderr,
            flush=True,
        )

    return tell


@contextlib.contextmanager
def set_by_signals(stop: asyncio.Event) -> Iterator[None]:
    """``stop`` is set by SIGTERM and SIGINT while this runs."""
    loop = asyncio.get_running_loop()
    old = {
        number: signal.signal(number, lambda *_: loop.call_soon_threadsafe(stop.set))
        for number in (signal.SIGTERM, signal.SIGINT)
    }
    try:
        yield
    finally:
        for number, handler in old.items():
            signal.signal(number, handler)


def _is_loopback(host: str) -> bool:
    return ipaddress.ip_address(host.partition("%")[0]).is_loopback


def url_of(face: Face) -> str:
    """Where a face answers."""
    host, port = face.address
    return f"{face.scheme}://{f'[{host}]' if ':' in host else host}:{port}"


def log_to_stderr() -> None:
    """Our own log and the libraries' warnings, one line each, on standard error."""
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr, format="%(name)s: %(message)s")
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.LogfmtRenderer(key_order=["timestamp", "level", "event"]),
        ],
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
