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
from typing import TYPE_CHECKING, Any, TypeVar

from detente.cli.folder import InUseError, locked, read_run_file, settings_file
from detente.errors import DetenteError, StateError

if TYPE_CHECKING:
    import httpx

T = TypeVar("T")

IN_USE_SECONDS_MAX = 10.0
"""A server that is starting has the node open before it answers; another command is soon done."""
TIMEOUT_S = 600.0
"""Verifying a long record takes its time."""


class RefusedError(DetenteError):
    """The node refused; its own words are passed on."""


def ask_json(
    directory: Path,
    method: str,
    path: str,
    body: Any = None,
    *,
    token: str | None = None,
    **query: str | int,
) -> Any:
    """Ask the node in ``directory`` and decode its JSON answer. ``path`` is below ``/api/v1``."""
    import msgspec

    return msgspec.json.decode(ask(directory, method, path, body, token=token, **query))


def ask(
    directory: Path,
    method: str,
    path: str,
    body: Any = None,
    *,
    token: str | None = None,
    **query: str | int,
) -> bytes:
    """Ask the node in ``directory`` and return the exact bytes of its answer.

    ``token`` is of the officer in whose name; None: in the operator's (``consent``).
    Raises ``RefusedError`` with the node's reasons, ``StateError`` when the node cannot be asked.
    """
    request = (method, f"/api/v1{path}", body, query)
    return checked(
        either(
            directory,
            lambda: _ask_here(directory, token, *request),
            lambda run: _ask_server(run, token, *request),
        )
    )


def either(directory: Path, here: Callable[[], T], server: Callable[[dict[str, Any]], T]) -> T:
    """Do something in a node: ``here``, with the node to ourselves, or through its ``server``.

    ``server`` is given ``run.json``; ``httpx.ConnectError`` means that nobody listens (yet, or any
    more), and it is tried again for a while.
    """
    settings_file(directory)
    deadline_s = time.monotonic() + IN_USE_SECONDS_MAX
    while True:
        # The lock comes first: a server that was killed leaves its run.json behind, and somebody
        # else may answer at that address by now.
        try:
            with locked(directory):
                return here()
        except InUseError:
            import httpx

            run = read_run_file(directory)
            with suppress(httpx.ConnectError):
                if run is not None:
                    with _answering(run):
                        return server(run)
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
                return checked(here(method, f"/api/v1{path}", body, query))

            yield ask_here
            return
        yield partial(ask, directory)


def _ask_server(
    run: dict[str, Any],
    token: str | None,
    method: str,
    path: str,
    body: Any,
    query: dict[str, str | int],
) -> "httpx.Response":
    """The running server's answer."""
    with calling(run, token) as client:
        return client.request(method, path, json=body, params=query)


def calling(run: dict[str, Any], token: str | None = None) -> "httpx.Client":
    """Calls the server that ``run`` is of, as ``token``'s officer, else in the operator's name."""
    import httpx

    return httpx.Client(
        base_url=run["api"],
        headers={"Authorization": f"Bearer {token or run['token']}"},
        timeout=TIMEOUT_S,
        trust_env=False,
    )


@contextmanager
def _answering(run: dict[str, Any]) -> Iterator[None]:
    """A server that listens and then does not answer is an error; one that does not, is not."""
    import httpx

    try:
        yield
    except httpx.ConnectError:
        raise
    except httpx.HTTPError as error:
        raise StateError(
            f"the running server does not answer: {error}",
            where=run["api"],
            remedy="look at its log; try again",
        ) from None


def _ask_here(
    directory: Path,
    token: str | None,
    method: str,
    path: str,
    body: Any,
    query: dict[str, str | int],
) -> "httpx.Response":
    """The answer of the same application, opened in this process."""
    with _opened(directory, token) as here:
        return here(method, path, body, query)


@contextmanager
def _opened(
    directory: Path, token: str | None = None
) -> "Iterator[Callable[[str, str, Any, dict[str, str | int]], httpx.Response]]":
    """The node's application in this process, to be asked as often as needed."""
    import asyncio
    import secrets

    import httpx

    from detente.api.app import build
    from detente.cli.passphrase import unlocked
    from detente.node import Node

    operator = secrets.token_urlsafe(32)
    node = Node.open(directory, secret=unlocked(directory))
    try:
        transport = httpx.ASGITransport(app=build(node, operator_token=operator))

        async def request(
            method: str, path: str, body: Any, query: dict[str, str | int]
        ) -> httpx.Response:
            async with httpx.AsyncClient(transport=transport, timeout=TIMEOUT_S) as client:
                return await client.request(
                    method,
                    "http://127.0.0.1" + path,
                    json=body,
                    params=query,
                    headers={"Authorization": f"Bearer {token or operator}"},
                )

        yield lambda *asked: asyncio.run(request(*asked))
    finally:
        node.close()


def checked(answer: "httpx.Response") -> bytes:
    """The body of an answer. Raises what the node says it refuses for."""
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
