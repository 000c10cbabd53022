"""One source of formulas, run compiled or as it stands.

The kernels are plain functions over numbers and arrays. Importing numba and loading compiled code
takes about a second, more than a check of a handful of activities takes without it. So each
kernel module is imported as it stands for small work, and executed a second time, under the name
with ``_compiled`` at its end, for large work; there ``@kernel`` compiles every function. Both
are the same text, so the two cannot disagree.

Compiled code is kept in ``__pycache__`` beside the source and is made anew when the source file
changes. That stamp covers one file, which is why kernels that call each other share a file.
"""

import importlib.util
import sys
import threading
from collections.abc import Callable
from types import ModuleType
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
R = TypeVar("R")

SUFFIX = "_compiled"
SMALL_WORK = 10_000
"""Pairs of pieces that are examined faster as plain Python than numba takes to load."""


def kernel(function: Callable[P, R]) -> Callable[P, R]:
    """Compiles ``function`` if its module is executed for that."""
    if not function.__module__.endswith(SUFFIX):
        return function
    from numba import njit

    # Not fastmath: it may reorder sums and drop the infinities that unlimited bands rely on.
    compiled: Callable[P, R] = njit(cache=True, nogil=True, error_model="numpy")(function)
    return compiled


class Workload:
    """Remembers how much work was asked for, so that many small checks add up to a large one."""

    def __init__(self, small_work: float = SMALL_WORK) -> None:
        self.small_work = small_work
        self.done = 0.0

    def module(self, plain: ModuleType, work: float) -> ModuleType:
        """The form of a kernel module in which to do ``work`` (pairs of pieces or boxes)."""
        self.done += work
        if self.done <= self.small_work:
            return plain
        return compiled_form(plain)


WORKLOAD = Workload()
_forms: dict[str, ModuleType] = {}
_executing = threading.Lock()


def compiled_form(plain: ModuleType) -> ModuleType:
    """The module executed again with its kernels compiled (once in a process)."""
    name = plain.__name__ + SUFFIX
    with _executing:
        if name not in _forms:
            spec = importlib.util.spec_from_file_location(name, plain.__file__)
            assert spec is not None
            assert spec.loader is not None
            module = importlib.util.module_from_spec(spec)
            # Numba looks the module up by its name when it loads what it kept.
            sys.modules[name] = module
            spec.loader.exec_module(module)
            _forms[name] = module
        return _forms[name]
