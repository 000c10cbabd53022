"""Doing a thing once, however often it is asked for under the same key."""

import hashlib
from collections.abc import Callable
from typing import Any

from detente.errors import InputError, StateError
from detente.record.strict_json import canonical
from detente.store import requests
from detente.store.store import Tx

KEY_LENGTH_MAX = 200


def once(
    tx: Tx, key: str | None, action: str, content: dict[str, Any], do: Callable[[], str]
) -> str:
    """Do ``do``, unless ``key`` was used before; the id of what came of it, then or now.

    ``content`` is what was asked for. Raises StateError if the key was used for something else.
    """
    if key is None:
        return do()
    if not 1 <= len(key) <= KEY_LENGTH_MAX or not key.isprintable():
        raise InputError(
            f"an idempotency key has 1 to {KEY_LENGTH_MAX} printable characters",
            remedy="use a new UUID for every new request",
            where="idempotency key",
        )
    digest = hashlib.sha256(canonical({"action": action, "content": content})).digest()
    before = requests.get(tx, key)
    if before is None:
        answer = do()
        requests.put(tx, key, digest, answer)
        return answer
    if before.digest != digest:
        raise StateError(
            "this idempotency key was used before, for something else",
            remedy="use a new key for every new request",
            where="idempotency key",
        )
    return before.answer
