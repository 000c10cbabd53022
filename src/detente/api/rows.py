"""How a path of the officers' face is written as one row: by what its method usually implies.

Each module of ``calls`` ends with its rows, beside the calls they name; ``table`` puts them all
together.
"""

from typing import Any

from detente.api.route import V1, Handler, Route
from detente.errors import StateError
from detente.node.views import EntryView


def get(tag: str, path: str, handler: Handler, summary: str, answer: Any, **more: Any) -> Route:
    """A path that is read."""
    return _row("GET", tag, path, handler, summary, answer=answer, **more)


def post(
    tag: str, path: str, handler: Handler, summary: str, body: Any, answer: Any, **more: Any
) -> Route:
    """A path that makes something, which may not be possible in the state that things are in."""
    more = {"status": 201, "may_raise": (StateError,), **more}
    return _row("POST", tag, path, handler, summary, body=body, answer=answer, **more)


def entry(tag: str, path: str, handler: Handler, summary: str, body: Any, **more: Any) -> Route:
    """A path that writes an entry onto a line; with an idempotency key, once."""
    answer = more.pop("answer", EntryView)
    return post(tag, path, handler, summary, body, answer, writes=True, **more)


def put(
    tag: str, path: str, handler: Handler, summary: str, body: Any, answer: Any, **more: Any
) -> Route:
    """A path that changes what is private; with an idempotency key, once."""
    more = {"writes": True, "may_raise": (StateError,), **more}
    return _row("PUT", tag, path, handler, summary, body=body, answer=answer, **more)


def delete(tag: str, path: str, handler: Handler, summary: str, **more: Any) -> Route:
    """A path that ends something."""
    return _row("DELETE", tag, path, handler, summary, **more)


def _row(method: str, tag: str, path: str, handler: Handler, summary: str, **more: Any) -> Route:
    return Route(method=method, path=V1 + path, handler=handler, summary=summary, tag=tag, **more)
