"""Idempotency: a request repeated under the same key is answered, and done, once.

The key and what came of it are kept in the transaction that did it, so that a caller who was cut
off may ask again without knowing whether the first time counted.
"""

from typing import NamedTuple

from sqlalchemy import bindparam, insert, select, update

from detente.store.tables import requests
from detente.store.writer import Tx


class Request(NamedTuple):
    """What a key was first used for (a digest of it), and the id of what came of it."""

    digest: bytes
    answer: str


_REQUEST = select(requests.c.digest, requests.c.answer).where(requests.c.key == bindparam("of_key"))
_ADD = insert(requests)


def get(tx: Tx, key: str) -> Request | None:
    """What was done under ``key``, or None."""
    known: dict[str, Request] = tx.held.get(Request, {})
    if key in known:
        return known[key]
    row = tx.as_written.execute(_REQUEST, {"of_key": key}).first()
    return None if row is None else Request(*row)


def blur(tx: Tx, answer: str, digest: bytes) -> None:
    """Put something else in the place of what was asked for; the keys stay used up.

    A digest of a short request gives the request away to whoever tries all likely ones.
    """
    tx.held.pop(Request, None)
    tx.connection.execute(update(requests).where(requests.c.answer == answer).values(digest=digest))


def put(tx: Tx, key: str, digest: bytes, answer: str) -> None:
    """Remember what was done under ``key``."""
    tx.held.setdefault(Request, {})[key] = Request(digest, answer)
    tx.later((requests, key), _ADD, {"key": key, "digest": digest, "answer": answer})
