"""Which volumes meet, when and by how much; what would part them (pure; numba kernels inside)."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from detente.conflict.model import Conflict, Key, Kind, Part, Separation

if TYPE_CHECKING:
    from detente.conflict.index import Index
    from detente.conflict.meeting import between, find
    from detente.conflict.shifts import Shifts, part, shifted

__all__ = [
    "Conflict",
    "Index",
    "Key",
    "Kind",
    "Part",
    "Separation",
    "Shifts",
    "between",
    "find",
    "part",
    "shifted",
]

# What computes needs numpy; who only reads conflicts should not wait for it.
_COMPUTES = {
    "Index": "index",
    "Shifts": "shifts",
    "between": "meeting",
    "find": "meeting",
    "part": "shifts",
    "shifted": "shifts",
}


def __getattr__(name: str) -> Any:
    if name not in _COMPUTES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_COMPUTES[name]}"), name)
