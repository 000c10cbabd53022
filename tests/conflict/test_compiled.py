"""What is imported when, and how compiled kernels come to be used."""

import ast
import subprocess
import sys
import threading
from pathlib import Path

from detente.conflict import asking, compiled, kernels


def _run(program: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *program.split("\n")],
        capture_output=True,
        text=True,
        timeout=280,
        check=True,
    )


def test_importing_the_package_imports_nothing_that_computes() -> None:
    program = (
        "import sys, detente.conflict as c; c.Separation(); "
        "print([m for m in ('numpy', 'numba', 'pyproj', 'shapely') if m in sys.modules])"
    )
    assert _run(f"-c\n{program}").stdout == "[]\n"


def test_small_work_runs_without_numba_and_adds_up_to_large_work() -> None:
    program = (
        "import sys; from detente.conflict import asking, compiled, kernels; "
        "w = compiled.Workload(100); "
        "print(w.module(kernels, 60).__name__, 'numba' in sys.modules); "
        "print(w.module(kernels, 60).__name__, 'numba' in sys.modules)"
    )
    assert _run(f"-c\n{program}").stdout.split() == [
        "detente.conflict.kernels",
        "False",
        "detente.conflict.kernels_compiled",
        "True",
    ]


def test_a_compiled_module_is_made_once_from_the_same_text() -> None:
    module = compiled.compiled_form(kernels)
    assert module is compiled.compiled_form(kernels)
    assert module.__file__ == kernels.__file__
    assert module.closest.py_func.__code__.co_code == kernels.closest.__code__.co_code


def test_warming_says_what_it_does_on_stderr() -> None:
    ran = _run("-m\ndetente.conflict.warm")
    assert ran.stdout == ""
    assert "numeric kernels" in ran.stderr
    assert "done in" in ran.stderr


def test_a_compiled_module_calls_compiled_kernels_of_others() -> None:
    module = compiled.compiled_form(asking)
    assert module.decide is compiled.compiled_form(kernels).decide


def test_what_is_kept_is_named_after_everything_that_kernels_are_made_of() -> None:
    folder = Path(compiled.__file__).parent
    named = {(folder / f"{name}.py").resolve() for name in (*compiled.KERNELS, *compiled.CONSTANTS)}
    sources = folder.parent.parent
    used = {
        sources / f"{module.replace('.', '/')}.py"
        for name in compiled.KERNELS
        for node in ast.walk(ast.parse((folder / f"{name}.py").read_text()))
        if isinstance(node, ast.ImportFrom) and (module := node.module or "").startswith("detente.")
    }
    assert used
    assert used <= named


def test_where_nothing_can_be_written_nothing_is_kept(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.touch()
    refused, granted = file / "kernels", tmp_path / "of a user" / "kernels"
    assert compiled.first_writable([refused, Path("relative"), granted]) == granted
    assert granted.is_dir()
    assert compiled.first_writable([refused, Path("relative")]) is None


def test_processes_that_keep_code_wait_for_each_other(tmp_path: Path) -> None:
    lock, order = tmp_path / "lock", list[str]()
    program = (
        "import fcntl, sys; file = open(sys.argv[1], 'wb'); fcntl.flock(file, fcntl.LOCK_EX); "
        "print('held', flush=True); sys.stdin.read(); print('let go', flush=True)"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program, str(lock)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as other:
        assert other.stdin is not None
        assert other.stdout is not None
        assert other.stdout.readline() == "held\n"
        save = compiled.one_at_a_time(order.append, lock)
        waiting = threading.Thread(target=save, args=("saved",))
        waiting.start()
        waiting.join(0.3)
        assert order == []
        other.stdin.close()
        waiting.join(60)
    assert order == ["saved"]


def test_every_kernel_is_kept_under_the_lock() -> None:
    module = compiled.compiled_form(kernels)
    for name in ("closest", "decide", "examine"):
        kept = getattr(module, name)._cache
        assert kept.save_overload.__wrapped__.__self__ is kept
