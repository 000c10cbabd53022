"""Folders for runs of the simulation."""

from collections.abc import Callable, Iterator

import pytest
from bench.simulation import planted
from bench.simulation.disk import Templates, scratch
from bench.simulation.runs import Outcome, play


@pytest.fixture(scope="session")
def run_seed() -> Iterator[Callable[..., Outcome]]:
    """Plays one seed, with or without a bug."""
    with scratch() as folder:
        templates = Templates(folder)

        def run(seed: int, bug: planted.Bug = planted.NONE) -> Outcome:
            return play(seed, templates, folder / f"seed-{seed}", bug)

        yield run
