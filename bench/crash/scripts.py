"""Every script, by its name, and what goes on after a crash in any of them."""

from contextlib import suppress
from itertools import combinations

from bench.crash.hand import HAND
from bench.crash.scene import NEWCOMER, Scene, confirm_all, say_something
from bench.crash.script import LINE
from bench.crash.third import THIRD, allow_all, call_all
from detente.errors import DetenteError

SCRIPTS = {script.name: script for script in (LINE, THIRD, HAND)}


def exchange_all(scene: Scene) -> None:
    """Exchange, either way, until all hold the same."""
    _exchange_once(scene)
    pairs = [pair[::-1] for pair in combinations(scene.joined, 2)]
    for one, other in (*pairs, pairs[0][::-1]):
        scene.exchange(one, other)


def _exchange_once(scene: Scene) -> None:
    for one, other in combinations(scene.joined, 2):
        # Who has just changed its key, or was just taken in, is understood the second time, which
        # delivery sees to.
        with suppress(DetenteError):
            scene.exchange(one, other)


def go_on(scene: Scene) -> None:
    """What follows a crash: what waits is confirmed, everybody says something more and hears it."""
    scene.raise_quota()
    if NEWCOMER in scene.joined:
        # It may speak when it holds everybody's signature.
        _exchange_once(scene)
    for party in scene.joined:
        confirm_all(scene, party)
        # Who has left, or was left alone, says nothing more.
        if not any(scene.nodes[party].parted(scene.line, one) for one in scene.joined):
            say_something(scene, party)
    exchange_all(scene)
    if scene.witness is not None:
        for party in scene.joined:
            allow_all(scene, party)
            call_all(scene, party)
