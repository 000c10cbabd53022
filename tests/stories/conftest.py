"""Two real nodes, each a process with a directory of its own, joined as two operators join them."""

from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path

import pytest

from detente.exercise.officer import Officer
from detente.exercise.opening import wait_until_in_force
from detente.exercise.stage import Stage


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """Both nodes made, joined and serving; stopped by process id in the end."""
    directory: Path = tmp_path_factory.mktemp("stage")
    with Stage(directory) as stage:
        stage.set()
        stage.start()
        yield stage


@pytest.fixture
def officers(stage: Stage) -> Iterator[Mapping[str, Officer]]:
    """The first officer of each party, at the public API."""
    with ExitStack() as stack:
        officers = stage.officers(stack)
        wait_until_in_force(officers)
        yield officers
