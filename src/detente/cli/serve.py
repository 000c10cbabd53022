"""`detente serve`: one process runs the node's two faces and its delivery until it is stopped."""

import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Annotated

import typer

from detente.cli.options import Directory

IN_USE_SECONDS_MAX = 15.0
"""A command that has the node open is soon done; another server is not."""
TOLD_AFTER_SECONDS = 2.0
"""Most commands are done before anybody needs to know of them."""


def serve(
    directory: Directory,
    port: Annotated[
        int | None,
        typer.Option(
            min=0, max=65535, help="The officers' port, instead of the one set. 0: any free one."
        ),
    ] = None,
) -> None:
    """Run a node: API and console for its officers, and the line for other nodes.

    Ends cleanly on SIGTERM and Ctrl-C. While it runs, DIR/run.json says where it answers.
    """
    import asyncio
    import os

    from detente.cli.folder import remove_run_file

    with _locked(directory):
        from detente.cli.serving import Serving, log_to_stderr

        os.umask(0o077)
        log_to_stderr()
        # A server that was killed leaves its file behind; we hold the lock, so it is gone.
        remove_run_file(directory)
        with Serving(directory, port) as serving:
            asyncio.run(serving.run())


@contextmanager
def _locked(directory: Path) -> Iterator[None]:
    """Have the node to ourselves, after a command that has it open; another server ends the wait.

    Raises ``InUseError``.
    """
    from detente.cli.folder import InUseError, locked

    with ExitStack() as stack:
        try:
            stack.enter_context(locked(directory, wait_s=TOLD_AFTER_SECONDS))
        except InUseError:
            if _is_served(directory):
                raise
            more_s = IN_USE_SECONDS_MAX - TOLD_AFTER_SECONDS
            print(
                f"detente: {directory}: a command has this node open; "
                f"waiting up to {more_s:g} s for it",
                file=sys.stderr,
                flush=True,
            )
            stack.enter_context(locked(directory, wait_s=more_s))
        yield


def _is_served(directory: Path) -> bool:
    """Whether a server answers where ``run.json`` says; a killed one has left the file behind."""
    import socket
    from urllib.parse import urlsplit

    from detente.cli.folder import read_run_file

    run = read_run_file(directory)
    if run is None:
        return False
    with suppress(OSError, ValueError):
        there = urlsplit(run["api"])
        socket.create_connection((there.hostname, there.port), timeout=1.0).close()
        return True
    return False
