"""One source of formulas, run compiled or as it stands.

The kernels are plain functions over numbers and arrays. Importing numba and loading compiled code
takes about a second, more than a check of a handful of activities takes without it. So each
kernel module is imported as it stands for small work, and executed a second time, under the name
with ``_compiled`` at its end, for large work; there ``@kernel`` compiles every function. Both
are the same text, so the two cannot disagree.

Compiled code is kept on disk, in a folder that is named after the text of all kernel modules
(``KERNELS``) and of those whose constants they use (``CONSTANTS``). So it is made anew when any of
them changes, also where one calls another: numba by itself looks only at the file in which a
function stands, and keeps constants as they were when it compiled.
"""

import builtins
import importlib
import importlib.util
import os
import sys
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from functools import cache, wraps
from hashlib import sha256
from pathlib import Path
from types import ModuleType
from typing import Any, BinaryIO, ParamSpec, TypeVar

P = ParamSpec("P")
R = TypeVar("R")

SUFFIX = "_compiled"
KERNELS = ("ellipsoid", "pieces", "bounds", "kernels", "filters", "laying", "asking")
"""The modules of this package that hold kernels."""
CONSTANTS = (
    *("compiled", "cores", "model", "outlines", "pack", "trees"),
    *("../volumes/areas", "../volumes/geodesy"),
)
"""The modules from which kernels take constants, and those from which these do."""
SMALL_WORK = 10_000
"""Pairs of pieces that are examined faster as plain Python than numba takes to load."""


def kernel(function: Callable[P, R]) -> Callable[P, R]:
    """Compiles ``function`` if its module is executed for that. It may not make arrays.

    Numba counts the references to every array of every argument at every call, with an atomic
    operation each. What makes no arrays need not count: it is spared those, and threads do not
    wait for each other's counting.
    """
    return _compiled(function, counts_references=False)


def making_kernel(function: Callable[P, R]) -> Callable[P, R]:
    """The same for a function that makes arrays: best one that is called once, and calls others."""
    return _compiled(function, counts_references=True)


def _compiled(function: Callable[P, R], *, counts_references: bool) -> Callable[P, R]:
    if not function.__module__.endswith(SUFFIX):
        return function
    from numba import config, njit

    # Who debugs numba's code has it compile nothing; then there is nothing to keep either.
    settings: Any = config
    if settings.DISABLE_JIT:
        return function
    # Not fastmath: it may reorder sums and drop the infinities that unlimited bands rely on.
    folder = _folder()
    options: Any = {
        "cache": folder is not None,
        "nogil": True,
        "error_model": "numpy",
        "_nrt": counts_references,
    }
    compiled: Any = njit(**options)(function)
    if folder is not None:
        kept = compiled._cache
        kept.save_overload = one_at_a_time(kept.save_overload, folder / "lock")
    kernel: Callable[P, R] = compiled
    return kernel


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
_executing = threading.RLock()


def compiled_form(plain: ModuleType) -> ModuleType:
    """The module executed again with its kernels compiled (once in a process)."""
    name = plain.__name__ + SUFFIX
    with _executing:
        if name not in _forms:
            spec = importlib.util.spec_from_file_location(name, plain.__file__)
            assert spec is not None
            assert spec.loader is not None
            module = importlib.util.module_from_spec(spec)
            # What it imports of other kernel modules, it must find compiled.
            module.__dict__["__builtins__"] = {**vars(builtins), "__import__": _import}
            # Numba looks the module up by its name when it loads what it kept.
            sys.modules[name] = module
            with _kept_on_disk():
                spec.loader.exec_module(module)
            _forms[name] = module
        return _forms[name]


def _import(
    name: str,
    names: Mapping[str, object] | None = None,
    places: Mapping[str, object] | None = None,
    fromlist: Sequence[str] = (),
    level: int = 0,
) -> ModuleType:
    """What an import statement in a compiled form means."""
    module = importlib.__import__(name, names, places, fromlist, level)
    package, _, last = name.rpartition(".")
    if package == __package__ and last in KERNELS:
        return compiled_form(module)
    return module


@contextmanager
def _kept_on_disk() -> Iterator[None]:
    """Has numba keep what is compiled meanwhile in this version's folder, if there is one."""
    from numba import config

    settings: Any = config
    before, settings.CACHE_DIR = settings.CACHE_DIR, str(_folder() or "")
    try:
        yield
    finally:
        settings.CACHE_DIR = before


def one_at_a_time(save: Callable[P, None], lock: Path) -> Callable[P, None]:
    """``save``, for which processes wait for each other.

    Numba writes first under which name it keeps the code for some types of arguments, and then the
    code. Of two processes that compile for different types at once, both may take the same name:
    from then on the code for one would be run for the other, and compute nonsense. What cannot be
    kept, because the disk is full, is made again next time.
    """

    @wraps(save)
    def alone(*args: P.args, **kwargs: P.kwargs) -> None:
        with suppress(OSError), lock.open("wb") as file:
            _wait_for(file)
            save(*args, **kwargs)

    return alone


def _wait_for(file: BinaryIO) -> None:
    """Locks a file until it is closed, also by a process that dies."""
    if sys.platform == "win32":
        import msvcrt

        msvcrt.locking(file.fileno(), msvcrt.LK_LOCK, 1)
    else:
        import fcntl

        fcntl.flock(file, fcntl.LOCK_EX)


@cache
def _folder() -> Path | None:
    """This version's folder, beside the modules or, if they may not be changed, in the user's."""
    here = Path(__file__).parent
    files = [here / f"{name}.py" for name in (*KERNELS, *CONSTANTS)]
    # By their times numba tells whether its list of names still holds: where it would begin a new
    # one, old code would lie under the same names.
    text = b"".join(b"%d %b" % (file.stat().st_mtime_ns, file.read_bytes()) for file in files)
    users = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    return first_writable(
        Path(parent, f"kernels-{sha256(text).hexdigest()[:16]}")
        for parent in (here / "__pycache__", Path(users, "detente"))
    )


def first_writable(folders: Iterable[Path]) -> Path | None:
    """The first of these folders that is there, or can be made, and can be written; or None.

    Numba would refuse to compile for none, and look for one of its own, named after less.
    """
    from tempfile import TemporaryFile

    for folder in folders:
        # A service may have no home, and a relative path would be made wherever it runs.
        if not folder.is_absolute():
            continue
        try:
            folder.mkdir(parents=True, exist_ok=True)
            with TemporaryFile(dir=folder):
                return folder
        except OSError:
            continue
    return None
