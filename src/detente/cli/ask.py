"""How a command asks its node: through the node's own API, served or not.

While ``detente serve`` runs, the command calls the server on this machine, with the token that the
server left in ``run.json``. Otherwise it opens the node itself and calls the same application
within this process. So every command does exactly what the API does, checks what the API checks,
and nothing writes to a store behind a running node's back.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from detente.cli.folder import InUseError, locked, read_run_file, settings_file
from detente.errors import DetenteError, StateError

if TYPE_CHECKING:
    import httpx

IN_USE_SECONDS_MAX = 10.0
"""A server that is starting has the node open before it answers; another command is soon done."""
TIMEOUT_S = 600.0
"""Verifying a long record takes its time."""


class RefusedError(DetenteError):
    """The node refused; its own words are passed on."""


def ask_json(directory: Path, method: str, path: str, body: Any = None, **query: str | int) -> Any:
    """Ask the node in ``directory`` and decode its JSON answer. ``path`` is below ``/api/v1``."""
    import msgspec

    return msgspec.json.decode(ask(directory, method, path, body, **query))


def ask(directory: Path, method: str, path: str, body: Any = None, **query: str | int) -> bytes:
    """Ask the node in ``directory`` and return the exact bytes of its answer.

    Raises ``RefusedError`` with the node's reasons, ``StateError`` when the node cannot be asked.
    """
    settings_file(directory)
    request = (method, f"/api/v1{path}", body, query)
    deadline_s = time.monotonic() + IN_USE_SECONDS_MAX
    while True:
        # The lock comes first: a server that was killed leaves its run.json behind, and somebody
        # else may answer at that address by now.
        try:
            with locked(directory):
                return _checked(_ask_here(directory, *request))
        except InUseError:
            run = read_run_file(directory)
            if run is not None and (answer := _ask_server(run, *request)) is not None:
                return _checked(answer)
            if time.monotonic() >= deadline_s:
                raise
        time.sleep(0.1)


@contextmanager
def asking(directory: Path) -> Iterator[Callable[..., bytes]]:
    """``ask`` of one node, many times: where no server runs it is opened once for all of them."""
    settings_file(directory)
    with ExitStack() as stack:
        with suppress(InUseError):
            stack.enter_context(locked(directory))
            here = stack.enter_context(_opened(directory))

            def ask_here(method: str, path: str, body: Any = None, **query: str | int) -> bytes:
                return _checked(here(method, f"/api/v1{path}", body, query))

            yield ask_here
            return
        yield partial(ask, directory)


def _ask_server(
    run: dict[str, Any], method: str, path: str, body: Any, query: dict[str, str | int]
) -> "httpx.Response | None":
    """The running server's answer; None when it does not listen (yet, or any more)."""
    import httpx

    try:
        return httpx.request(
            method,
            run["api"] + path,
            json=body,
            params=query,
            headers={"Authorization": f"Bearer {run['token']}"},
            timeout=TIMEOUT_S,
            trust_env=False,
        )
    except httpx.ConnectError:
        return None
    except httpx.HTTPError as error:
        raise StateError(
            f"the running server does not answer: {error}",
            where=run["api"],
            remedy="look at its log; try again",
        ) from None


def _ask_here(
    directory: Path, method: str, path: str, body: Any, query: dict[str, str | int]
) -> "httpx.Response":
    """The answer of the same application, opened in this process."""
    with _opened(directory) as here:
        return here(method, path, body, query)


@contextmanager
def _opened(
    directory: Path,
) -> "Iterator[Callable[[str, str, Any, dict[str, str | int]], httpx.Response]]":
    """The node's application in this process, to be asked as often as needed."""
    import asyncio
    import secrets

    import httpx

    from detente.api.app import build
    from detente.cli.passphrase import unlocked
    from detente.node import Node

    token = secrets.token_urlsafe(32)
    node = Node.open(directory, secret=unlocked(directory))
    try:
        transport = httpx.ASGITransport(app=build(node, operator_token=token))

        async def request(
            method: str, path: str, body: Any, query: dict[str, str | int]
        ) -> httpx.Response:
            async with httpx.AsyncClient(transport=transport, timeout=TIMEOUT_S) as client:
                return await client.request(
                    method,
                    "http://127.0.0.1" + path,
                    json=body,
                    params=query,
                    headers={"Authorization": f"Bearer {token}"},
                )

        yield lambda *asked: asyncio.run(request(*asked))
    finally:
        node.close()


def _checked(answer: "httpx.Response") -> bytes:
    if answer.is_success:
        return answer.content
    try:
        problem = answer.json()
        raise RefusedError(
            str(problem["message"]),
            remedy=str(problem.get("remedy", "")),
            where=str(problem.get("where", "")),
        )
    except (ValueError, KeyError, TypeError):
        raise StateError(
            f"the server answered {answer.status_code} and no reason",
            remedy="look at its log",
        ) from None
