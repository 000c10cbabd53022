"""``./dev bench linking``: suggestions measured against planted truth, beside a plain rule.

Invented events are told by one to four parties, with decoys near them (``planted``). Printed are
the pairwise precision and recall of the suggestions at several scores, and of the rule "so near,
so soon": once as a person would set it, and once as it is best on the very reports it is measured
on.
``--learn`` prints the model's figures anew, counted over reports of another seed.
"""

import argparse
import math
import platform
import time
from collections import Counter
from collections.abc import Iterable

from bench.linking.figures import Figures, Plain, best_plain, figures
from bench.linking.planted import plant
from detente.linking import Suggestion, suggest
from detente.linking.model import COMPARISONS

SCORES = (0.5, 0.8, 0.9, 0.95, 0.99)
USUAL = Plain(5000.0, 3600.0, True)
LEARNT_FROM = 1000
"""The seed of the reports that the model was counted over; no figure is measured on it."""
EVERYTHING = 100_000_000


def options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--events", type=int, default=4000)
    parser.add_argument("--days", type=float, default=30.0, help="fewer: denser, and harder")
    parser.add_argument("--learn", action="store_true", help="count the model's figures anew")


def run(arguments: argparse.Namespace) -> None:
    if arguments.learn:
        learn(arguments.events, arguments.days)
        return
    planted = plant(arguments.seed, arguments.events, days=arguments.days)
    truth = planted.truth()
    begun_s = time.perf_counter()
    found = suggest(planted.reports, score_min=0.0, most=EVERYTHING, timeout_s=3600)
    took_s = time.perf_counter() - begun_s
    print(f"machine: {platform.machine()}, Python {platform.python_version()}")
    print(f"seed: {arguments.seed}, {arguments.events:,} events in {arguments.days:g} days")
    print(f"reports: {len(planted.reports):,}, true pairs: {len(truth):,}")
    print(f"pairs compared: {len(found):,}, of them true: {figures(_pairs(found), truth).right:,}")
    print(f"took: {took_s:.1f} s, starting the process included")
    for score in SCORES:
        said = figures(_pairs(one for one in found if one.score >= score), truth)
        _print(f"splink, score {score:g}", said)
    _print(f"plain rule, {USUAL}", figures(USUAL.pairs(found), truth))
    best = best_plain(found, truth)
    _print(f"plain rule at its best, {best}", figures(best.pairs(found), truth))


def _pairs(of: Iterable[Suggestion]) -> list[tuple[str, str]]:
    return [(one.a, one.b) for one in of]


def _print(name: str, one: Figures) -> None:
    print(
        f"{name}: precision {one.precision:.3f}, recall {one.recall:.3f}, F1 {one.f1:.3f} "
        f"({one.suggested:,} suggested, {one.right:,} right)"
    )


def learn(events: int, days: float) -> None:
    """Print m and u of every level, and the prior, counted over the pairs of one block."""
    planted = plant(LEARNT_FROM, events, days=days)
    truth = planted.truth()
    found = suggest(planted.reports, score_min=0.0, most=EVERYTHING, timeout_s=3600)
    right = [one for one in found if (one.a, one.b) in truth]
    wrong = [one for one in found if (one.a, one.b) not in truth]
    print(f"prior: {len(right) / len(found):.4f} of {len(found):,} pairs")
    for comparison in COMPARISONS:
        weights = [math.log2(level.m / level.u) for level in comparison.levels]
        for of, name in ((right, "m"), (wrong, "u")):
            met: Counter[int] = Counter()
            for one in of:
                if (weight := one.weights.get(comparison.name)) is not None:
                    met[_nearest(weights, weight)] += 1
            # One more of each, so that what was never met is rare and not impossible.
            total = sum(met.values()) + len(weights)
            shares = ", ".join(f"{(met[n] + 1) / total:.5f}" for n in range(len(weights)))
            print(f"{comparison.name} {name}: {shares}")


def _nearest(weights: list[float], weight: float) -> int:
    return min(range(len(weights)), key=lambda n: abs(weights[n] - weight))
