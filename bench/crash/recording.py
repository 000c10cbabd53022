"""One recording of the script, and the crashes that can be had from it."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from bench.crash.dbapi import recorded
from bench.crash.disk import KINDS, Op
from bench.crash.oracle import Held
from bench.crash.recorder import Recorder, Told, files_below
from bench.crash.script import PARTIES, STEPS, Scene, Step
from bench.simulation.disk import DATABASE, Kind, Templates


class Crash(NamedTuple):
    """The power goes, or the process ends, when ``at`` operations have been done."""

    at: int
    kind: str
    seed: int


class Recording(NamedTuple):
    """What happened: ``steps`` is for each operation the number of the step it was done in.

    ``final`` are the ids of the entries of each log in the end.
    """

    line: str
    before: dict[str, bytes]
    ops: list[Op]
    steps: list[int]
    told: list[Told]
    final: dict[str, list[str]]

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
        return STEPS[number] if 0 <= number < len(STEPS) else None

    def heard(self, at: int) -> list[Told]:
        """What had left the nodes when ``at`` operations had been done."""
        return [one for one in self.told if one.at <= at]


def record(folder: Path, templates: Templates, synchronous: str = "FULL") -> Recording:
    """Play the script in a new folder, once, from the moment that the parties have met."""
    template = templates.line_of(Kind(len(PARTIES), met=True, hybrid=True))
    shutil.copytree(template.folder, folder)
    recorder, before = Recorder(folder), files_below(folder)
    scene = Scene(folder, template.line, recorder.tell)
    with recorded(recorder, synchronous):
        try:
            for party in PARTIES:
                scene.open(party)
            for recorder.step, step in enumerate(STEPS):
                step.run(scene)
            recorder.step = len(STEPS)
        finally:
            scene.close()
    held = {party: Held.of_file(folder / party / DATABASE) for party in PARTIES}
    final = {party: [row.id for row in held[party].log(party)] for party in PARTIES}
    return Recording(template.line, before, recorder.ops, recorder.steps, recorder.told, final)
