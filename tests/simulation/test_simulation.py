"""A line under every fault of network, disk, clock and peer; and that the simulation would tell.

``./dev bench simulation`` runs 10,000 seeds; here are as many as a change has time for. With
``DETENTE_SEEDS`` in the environment there are as many as it says.
"""

import os
from collections import Counter
from collections.abc import Callable

from bench.simulation.disk import Templates, scratch
from bench.simulation.runs import Outcome, outcomes, play

SEEDS = 24

HAPPENS = (
    "conflicts open",
    "conflicts ended",
    "entries",
    "forks found",
    "restored and behind",
    "states compared",
)
"""What must have come up, or the seeds have shown less than they seem to."""


def test_safety_always_and_liveness_once_the_network_heals() -> None:
    counts: Counter[str] = Counter()
    for outcome in outcomes(range(int(os.environ.get("DETENTE_SEEDS", SEEDS)))):
        assert not outcome.wrong, outcome.told()
        counts.update(outcome.counts)
    assert [what for what in HAPPENS if not counts[what]] == []


def test_a_seed_tells_the_whole_run(run_seed: Callable[[int], Outcome]) -> None:
    """Also with other keys, salts and folders: a failure elsewhere replays here."""
    with scratch() as folder:
        for seed in (3, 5):
            again = play(seed, Templates(folder / f"of-{seed}"), folder / f"seed-{seed}")
            assert again.trace == run_seed(seed).trace
