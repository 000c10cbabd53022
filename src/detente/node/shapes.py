"""What is computed from shapes and kept in memory, to be let go of once a shape is recalled."""

from collections.abc import Callable
from functools import lru_cache
from typing import ParamSpec, TypeVar, cast

P = ParamSpec("P")
T = TypeVar("T")

_forgets: list[Callable[[], None]] = []


def kept(maxsize: int) -> Callable[[Callable[P, T]], Callable[P, T]]:
    """Have the last ``maxsize`` results of a function kept, until shapes are forgotten."""

    def keep(function: Callable[P, T]) -> Callable[P, T]:
        cached = lru_cache(maxsize=maxsize)(function)
        _forgets.append(cached.cache_clear)
        return cast(Callable[P, T], cached)

    return keep


def forget() -> None:
    """Let go of every shape that was kept to spare computing anew."""
    for one in _forgets:
        one()
