"""`detente serve`: one process runs the node's two faces and its delivery until it is stopped."""

from pathlib import Path
from typing import Annotated

import typer

IN_USE_SECONDS_MAX = 2.0
"""A command that has the node open is soon done; another server is not."""


def serve(
    directory: Annotated[Path, typer.Argument(metavar="DIR", help="The node's folder.")],
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

    from detente.cli.folder import locked, remove_run_file

    with locked(directory, wait_s=IN_USE_SECONDS_MAX):
        from detente.cli.serving import Serving, log_to_stderr

        os.umask(0o077)
        log_to_stderr()
        # A server that was killed leaves its file behind; we hold the lock, so it is gone.
        remove_run_file(directory)
        with Serving(directory, port) as serving:
            asyncio.run(serving.run())
