"""One process of a witness: its store and its one face, begun and ended in order."""

import asyncio
import contextlib
import os
import ssl
import time
from pathlib import Path
from typing import Self

from detente.api.server import Face, bind
from detente.cli.folder import remove_run_file, write_run_file
from detente.cli.passphrase import unlocked
from detente.cli.serving import set_by_signals, url_of
from detente.errors import InputError, StateError
from detente.node.settings import address
from detente.witness.app import WitnessFace
from detente.witness.cosigner import Cosigner
from detente.witness.settings import TLS_CERTIFICATE, TLS_KEY, load_settings


class Witnessing:
    """A witness being served. Use it as a context manager, then ``run`` it."""

    def __init__(self, directory: Path, port: int | None = None) -> None:
        """Open everything; nothing answers yet. ``port`` goes before the one set.

        Raises ``DetenteError`` when the witness cannot be opened or its address is taken.
        """
        self._directory = directory
        settings = load_settings(directory)
        host, set_port = address(settings.listen, "witness.toml: listen")
        secret = unlocked(directory)
        tls = _server_context(directory / "keys", secret)
        with contextlib.ExitStack() as self._open:
            try:
                bound = bind(host, set_port if port is None else port)
            except OSError as error:
                raise StateError(
                    f"cannot listen on {settings.listen}: {error.strerror}",
                    where="witness.toml: listen",
                    remedy="stop what uses that address, or set another one",
                ) from None
            self._open.callback(bound.close)
            self._cosigner = Cosigner.open(directory, secret, time.time)
            self._open.callback(self._cosigner.close)
            self._face = Face(WitnessFace(self._cosigner).app(), bound, tls=tls, known=False)
            self._open = self._open.pop_all()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._open.close()

    async def run(self) -> None:
        """Serve until SIGTERM or SIGINT."""
        stop = asyncio.Event()
        serving = asyncio.create_task(self._face.serve())
        try:
            with set_by_signals(stop):
                while not (self._face.started or serving.done()):
                    await asyncio.sleep(0.01)
                url = url_of(self._face)
                write_run_file(self._directory, {"pid": os.getpid(), "url": url})
                print(f"The witness {self._cosigner.name} answers at {url}.", flush=True)
                stopped = asyncio.create_task(stop.wait())
                await asyncio.wait([stopped, serving], return_when=asyncio.FIRST_COMPLETED)
                stopped.cancel()
        finally:
            remove_run_file(self._directory)
            self._face.should_exit = True
            await serving


def _server_context(keys: Path, secret: bytes | None) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    try:
        # Without a password OpenSSL would ask for one on the terminal.
        context.load_cert_chain(keys / TLS_CERTIFICATE, keys / TLS_KEY, password=secret or b"")
    except (OSError, ssl.SSLError) as error:
        raise InputError(
            f"its TLS key and certificate cannot be used: {error}",
            where=str(keys),
            remedy=f"put a certificate and its key into {TLS_CERTIFICATE} and {TLS_KEY}",
        ) from None
    return context
