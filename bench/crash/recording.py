"""One recording of the script, and the crashes that can be had from it."""

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

from bench.crash.dbapi import recorded
from bench.crash.disk import KINDS, Op
from bench.crash.oracle import Held
from bench.crash.recorder import Recorder, Told, files_below
from bench.crash.scene import NEWCOMER, A, Scene, Script, Step
from bench.crash.scripts import SCRIPTS
from bench.crash.third import make_witness
from bench.simulation.disk import DATABASE, Templates


class Crash(NamedTuple):
    """The power goes, or the process ends, when ``at`` operations have been done."""

    at: int
    kind: str
    seed: int


class Recording(NamedTuple):
    """What happened in the script ``name``: ``steps`` is for each operation the number of the step
    it was done in.

    ``final`` are the ids of the entries of each log in the end.
    """

    name: str
    line: str
    before: dict[str, bytes]
    ops: list[Op]
    steps: list[int]
    told: list[Told]
    final: dict[str, list[str]]

    @property
    def script(self) -> Script:
        """What was played."""
        return SCRIPTS[self.name]

    def crashes(self, seeds: int) -> Iterator[Crash]:
        """One of each kind before every operation, and after the last; ``seeds`` of the random."""
        for at in range(len(self.ops) + 1):
            for kind in KINDS:
                for seed in range(seeds if kind in KINDS[2:] else 1):
                    yield Crash(at, kind, seed)

    def number(self, at: int) -> int:
        """The step that a crash comes in; -1 before the first, more than the last behind it."""
        return self.steps[min(at, len(self.steps) - 1)]

    def step(self, at: int) -> Step | None:
        """The step that a crash comes in, if it comes in one."""
        number = self.number(at)
        steps = self.script.steps
        return steps[number] if 0 <= number < len(steps) else None

    def heard(self, at: int) -> list[Told]:
        """What had left the nodes when ``at`` operations had been done."""
        return [one for one in self.told if one.at <= at]


def record(
    folder: Path, templates: Templates, script: Script, synchronous: str = "FULL"
) -> Recording:
    """Play a script in a new folder, once, from the moment that the founders have met."""
    template = templates.line_of(script.kind)
    shutil.copytree(template.folder, folder)
    if script.newcomer:
        shutil.copytree(templates._alone(NEWCOMER, script.kind.hybrid), folder / NEWCOMER)
    recorder = Recorder(folder)
    scene = Scene(folder, template.line, recorder.tell, script)
    if script.witness is not None:
        make_witness(folder, _founding(folder, template.line))
    before = files_below(folder)
    with recorded(recorder, synchronous):
        try:
            scene.open_all()
            for recorder.step, step in enumerate(script.steps):
                step.run(scene)
            recorder.step = len(script.steps)
        finally:
            scene.close()
    held = {party: Held.of_file(folder / party / DATABASE) for party in script.parties}
    final = {party: [row.id for row in held[party].log(party)] for party in script.parties}
    ops, steps, told = recorder.ops, recorder.steps, recorder.told
    return Recording(script.name, template.line, before, ops, steps, told, final)


def _founding(folder: Path, line: str) -> bytes:
    with closing(sqlite3.connect(folder / A / DATABASE)) as connection:
        [(document,)] = connection.execute("SELECT founding FROM lines WHERE line = ?", (line,))
    return bytes(document)
