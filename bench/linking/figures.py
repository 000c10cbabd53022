"""Pairwise precision and recall, and the plain rule that suggestions are measured beside."""

from collections.abc import Collection, Iterable
from itertools import product
from typing import NamedTuple

from detente.linking.reports import Suggestion

Pair = tuple[str, str]

DISTANCES_M = (1000.0, 2000.0, 3000.0, 5000.0, 7500.0, 10_000.0, 15_000.0)
TIMES_S = (900.0, 1800.0, 3600.0, 7200.0, 10_800.0, 14_400.0, 21_600.0)


class Figures(NamedTuple):
    """Of the pairs suggested, how many are true; of the true pairs, how many are suggested."""

    suggested: int
    right: int
    true: int

    @property
    def precision(self) -> float:
        """1 where nothing is suggested: nothing is wrong then."""
        return self.right / self.suggested if self.suggested else 1.0

    @property
    def recall(self) -> float:
        return self.right / self.true if self.true else 1.0

    @property
    def f1(self) -> float:
        return 2 * self.right / (self.suggested + self.true) if self.suggested + self.true else 1.0


def figures(suggested: Collection[Pair], truth: Collection[Pair]) -> Figures:
    """How good these pairs are, each sorted."""
    return Figures(len(set(suggested)), len(set(suggested) & set(truth)), len(set(truth)))


class Plain(NamedTuple):
    """The rule "so near, so soon after each other", and of one kind or of any."""

    distance_m: float
    apart_s: float
    same_kind: bool

    def pairs(self, of: Iterable[Suggestion]) -> list[Pair]:
        return [
            (one.a, one.b)
            for one in of
            if one.distance_m <= self.distance_m
            and one.apart_s <= self.apart_s
            and (one.same_kind or not self.same_kind)
        ]

    def __str__(self) -> str:
        kind = "same kind" if self.same_kind else "any kind"
        return f"{self.distance_m / 1000:g} km, {self.apart_s / 60:g} min, {kind}"


def best_plain(of: list[Suggestion], truth: Collection[Pair]) -> Plain:
    """The plain rule with the greatest F1: chosen on the very pairs that it is measured on."""
    rules = [Plain(*one) for one in product(DISTANCES_M, TIMES_S, (False, True))]
    return max(rules, key=lambda rule: figures(rule.pairs(of), truth).f1)
