"""Which volumes meet, when and by how much; what would part them (pure; numba kernels inside)."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from detente.conflict.model import Conflict, Key, Kind, Part, Separation

if TYPE_CHECKING:
    from detente.conflict.detours import Difference, difference
    from detente.conflict.index import Index
    from detente.conflict.meeting import between, find
    from detente.conflict.parting import Ways, surroundings, ways
    from detente.conflict.shifts import Shifts, part, shifted
    from detente.conflict.sideways import Sideways, moved

__all__ = [
    "Conflict",
    "Difference",
    "Index",
    "Key",
    "Kind",
    "Part",
    "Separation",
    "Shifts",
    "Sideways",
    "Ways",
    "between",
    "difference",
    "find",
    "moved",
    "part",
    "shifted",
    "surroundings",
    "ways",
]

# What computes needs numpy; who only reads conflicts should not wait for it.
_COMPUTES = {
    "Difference": "detours",
    "Index": "index",
    "Shifts": "shifts",
    "Sideways": "sideways",
    "Ways": "parting",
    "between": "meeting",
    "difference": "detours",
    "find": "meeting",
    "moved": "sideways",
    "part": "shifts",
    "shifted": "shifts",
    "surroundings": "parting",
    "ways": "parting",
}


def __getattr__(name: str) -> Any:
    if name not in _COMPUTES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_COMPUTES[name]}"), name)
