"""Folders for runs of the simulation."""

from collections.abc import Callable, Iterator

import pytest
from bench.simulation.disk import Templates, scratch
from bench.simulation.runs import Outcome, play


@pytest.fixture(scope="session")
def run_seed() -> Iterator[Callable[[int], Outcome]]:
    """Plays one seed."""
    with scratch() as folder:
        templates = Templates(folder)
        yield lambda seed: play(seed, templates, folder / f"seed-{seed}")
