"""The seeded simulation of a line: safety always, liveness once the network heals.

Real nodes over real stores, with the product's own exchange between them; the network, the clocks
and the disks are the simulation's, and so is what everybody does. A run is told by its seed alone,
and any failure is lived through again with ``./dev bench simulation --seed N``.
"""

from bench.simulation.runs import Outcome, options, play, run

__all__ = ["Outcome", "options", "play", "run"]
