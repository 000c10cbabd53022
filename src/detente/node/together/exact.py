"""Bodies as officers give them: of their kind to the last field, before they are on the record."""

from typing import Any, TypeVar

import msgspec

from detente.errors import InputError
from detente.line.wire import read_struct

T = TypeVar("T", bound=msgspec.Struct)


def exactly(value: Any, kind: type[T], where: str) -> T:
    """An officer's JSON as a ``kind``; InputError also for a field that nothing reads.

    Readers of the record skip what they do not know; who writes has misspelt it.
    """
    found = read_struct(value, kind, where)
    _check_fields(value, msgspec.to_builtins(found), where)
    return found


def _check_fields(given: Any, known: Any, where: str) -> None:
    if isinstance(given, dict) and isinstance(known, dict):
        for name, value in given.items():
            if name not in known:
                raise InputError(
                    f"{name[:60]!r} is no field of it",
                    where=where,
                    remedy=f"use {', '.join(known)}",
                )
            _check_fields(value, known[name], f"{where}: {name}")
    elif isinstance(given, list | tuple) and isinstance(known, list | tuple):
        for one, other in zip(given, known, strict=True):
            _check_fields(one, other, where)
