"""A line under every fault of network, disk, clock and peer; and that the simulation would tell.

``./dev bench simulation`` runs 10,000 seeds; here are as many as a change has time for. With
``DETENTE_SEEDS`` in the environment there are as many as it says. See docs/simulation.md.
"""

import os
from collections import Counter
from collections.abc import Callable

import pytest
from bench.simulation import planted
from bench.simulation.disk import Templates, scratch
from bench.simulation.runs import Outcome, outcomes, play

SEEDS = 70

HAPPENS = (
    "act: recall",
    "act: rotate",
    "bodies recalled",
    "conflicts open",
    "entries",
    "fault: power failed at a commit",
    "forks found",
    "recalls shown",
    "restored and behind",
    "states compared",
    "witness: calls done",
    "witness: entries shown as joint",
)
"""What must have come up, or the seeds have shown less than they seem to."""

FINDS = {
    "a node says received of what it has not stored": 0,
    "a recall is said to be honoured while the bytes are still on the disk": 11,
    "a restored node does not look at its marks": 5,
    "of a witness that signed two histories nothing is kept": 137,
    "what the witness has not signed is shown as joint": 2,
}
"""Planted bugs, and a seed that finds each."""

FAILED = {
    10002: "entries that a restored node took back were not marked as shown",
    10010: "a hostile party was expected to give back what it alone held",
    20470: "a restored node could not write, because it had seen what was nowhere any more",
    101045: "a change of keys in one of two histories hid that there were two",
    105298: "a recall that came before a crash was answered by nothing that came after it",
    102469: "a restored node did not answer a recall once its own log was back",
    10336: "the tenth commitment was taken for the first",
}
"""Seeds that a long run found, and what was wrong then, in the product or in what it is held to."""


def test_safety_always_and_liveness_once_the_network_heals() -> None:
    counts: Counter[str] = Counter()
    for outcome in outcomes(range(int(os.environ.get("DETENTE_SEEDS", SEEDS)))):
        assert not outcome.wrong, outcome.told()
        counts.update(outcome.counts)
    assert [what for what in HAPPENS if not counts[what]] == []


@pytest.mark.parametrize("seed", FAILED)
def test_what_once_failed_does_not_fail_again(seed: int, run_seed: Callable[..., Outcome]) -> None:
    outcome = run_seed(seed)
    assert not outcome.wrong, outcome.told()


def test_a_seed_tells_the_whole_run(run_seed: Callable[..., Outcome]) -> None:
    """Also with other keys, salts and folders: a failure elsewhere replays here."""
    with scratch() as folder:
        for seed in (3, 5):
            again = play(seed, Templates(folder / f"of-{seed}"), folder / f"seed-{seed}")
            assert again.trace == run_seed(seed).trace


@pytest.mark.parametrize(
    "bug", [bug for bug in planted.BUGS if bug.name in FINDS], ids=lambda bug: bug.name
)
def test_a_planted_bug_is_found(bug: planted.Bug, run_seed: Callable[..., Outcome]) -> None:
    assert run_seed(FINDS[bug.name], bug).wrong
