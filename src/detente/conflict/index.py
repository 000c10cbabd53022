"""The activities a node knows, kept ready to be checked against one more.

The index is derived: it holds nothing that cannot be put in again from the store. It answers as
``find`` would, because both use the same boxes and the same exact test. Trees of boxes
(``trees``) propose volumes, their full boxes are compared, and then comes the exact test.

What is put in goes to a *delta*, which is looked through from end to end. When that is full, it
becomes a tree, together with all trees that are not much larger (Bentley and Saxe 1980): each
box is moved a few times in all, and a check looks into few trees. What is removed leaves a gap
whose full box meets nothing, so what a tree still proposes of it comes to nothing; gaps are closed
when they are half of all.

It is not safe for threads; its owner serialises access.
"""

import sys
from collections.abc import Callable, Sequence
from itertools import groupby
from operator import itemgetter
from typing import Any

import numpy as np
import numpy.typing as npt

from detente.conflict import asking
from detente.conflict.arena import Arena
from detente.conflict.asking import DONE, FULL, LONG, ODD, Held, scratch_for
from detente.conflict.compiled import WORKLOAD
from detente.conflict.filters import NODE
from detente.conflict.hits import conflict_of
from detente.conflict.meeting import in_order
from detente.conflict.model import Conflict, Key, Part, Separation
from detente.conflict.outlines import outlines_of
from detente.conflict.pack import (
    TIME,
    Pack,
    area_number,
    key_of,
    pack,
    reach_of,
    refuse,
    uncut,
)
from detente.conflict.trees import Boxes, Forest, Tree, boxes_of, forest_of, outward, tree_of
from detente.volumes.geodesy import Floats, Ints
from detente.volumes.model import Activity

DELTA_NODES = 32
"""The delta has room for this many nodes' worth of boxes: 2,048, few enough to look through."""
TREES_RATIO = 2
"""A tree joins a merge if it has at most this many times the boxes that are merged already."""
GAPS_MIN = 10_000
"""Fewer gaps than this are not worth the closing."""
AT_ONCE = 16_384
"""Activities that ``put_many`` packs in one go."""


PAIRS_AT_FIRST = 256
"""An answer with more pairs than this is asked for again, with room for four times as many."""


class Index:
    """Activities by party and identifier, under one separation."""

    def __init__(
        self, separation: Separation, *, delta_nodes: int = DELTA_NODES, gaps_min: int = GAPS_MIN
    ) -> None:
        self.separation = separation
        self._delta_nodes, self._gaps_min = delta_nodes, gaps_min
        self._reach = reach_of(separation)
        self._arena = Arena()
        self._rows: dict[Key, int] = {}
        self._keys: list[Key] = []
        self._parties: dict[str, int] = {}
        self._trees: list[Tree] = []
        self._epoch_s, self._in_delta = 0.0, 0
        self._forest = forest_of([])
        self._held: Held | None = None
        self._pairs: Ints = np.empty((PAIRS_AT_FIRST, 2), dtype=np.int64)
        self._figures: Floats = np.empty((PAIRS_AT_FIRST, 6))
        self._plant()

    def __len__(self) -> int:
        """How many activities are held."""
        return len(self._rows)

    def memory_bytes(self) -> int:
        """Memory of all arrays and tables; not of the activities and keys they refer to."""
        arrays: list[npt.NDArray[Any]] = [*self._forest, *self._scratch, self._delta_of]
        arrays += [self._pairs, self._figures, *(tree.volumes for tree in self._trees)]
        arrays += [] if self._held is None else [self._held.stamps]
        tables = sys.getsizeof(self._rows) + sys.getsizeof(self._keys)
        tables += sys.getsizeof(self._arena.activities)
        return self._arena.nbytes + tables + sum(array.nbytes for array in arrays)

    def put(self, activity: Activity) -> None:
        """Adds an activity, or puts it in the place of the one with the same key."""
        self._add([activity])

    def put_many(
        self,
        activities: Sequence[Activity],
        *,
        progress: Callable[[int, int], None] | None = None,
    ) -> None:
        """Puts in one after another, faster than one by one; of the same key the last remains.

        ``progress`` is called with how many are in and how many there are. If one is refused
        (InputError), those before it may be in or not.
        """
        for start in range(0, len(activities), AT_ONCE):
            some = {key_of(one): one for one in activities[start : start + AT_ONCE]}
            self._add(list(some.values()))
            if progress is not None:
                progress(min(start + AT_ONCE, len(activities)), len(activities))
        if len(self._trees) > 1:
            # The time it takes is small beside the packing; checks then look into one tree.
            self._merge(np.concatenate([tree.volumes for tree in self._trees]))

    def remove(self, party: str, id: str) -> None:
        """Takes an activity out; does nothing if it is not held."""
        row = self._rows.pop(Key(party, id), None)
        if row is not None:
            self._arena.drop(row)
            self._close_gaps()

    def near(self, activity: Activity) -> list[Activity]:
        """Activities of other parties that may conflict with this one, and never too few.

        Sorted by party and identifier. ``activity`` itself need not be held.
        """
        count = self._ask(activity, exact=False)
        if not count:
            return []
        held = self._arena.pack
        rows = np.unique(held.owner[self._pairs[:count, 1]]).tolist()
        return sorted((held.activities[row] for row in rows), key=key_of)

    def check(self, activity: Activity) -> list[Conflict]:
        """The conflicts of an activity with those held of other parties, as ``find`` has them."""
        count = self._ask(activity, exact=True)
        if not count:
            return []
        held, key, area = self._arena.pack, key_of(activity), area_number(activity)
        pairs, figures = self._pairs[:count].tolist(), self._figures[:count].tolist()
        met = [(int(held.owner[j]), i, j, *of) for (i, j), of in zip(pairs, figures, strict=True)]
        if count > 1:
            met.sort()
        found = []
        for row, some in groupby(met, key=itemgetter(0)):
            other, first = self._keys[row], int(held.first[row])
            kind = max(area, int(held.area[first]))
            if key < other:
                parts = [Part(i, j - first, *of) for _, i, j, *of in some]
                found.append(conflict_of(key, other, kind, tuple(parts)))
            else:
                parts = [Part(j - first, i, *of) for _, i, j, *of in some]
                parts.sort(key=lambda part: (part.a_volume, part.b_volume))
                found.append(conflict_of(other, key, kind, tuple(parts)))
        if len(found) > 1:
            found.sort(key=in_order)
        return found

    def _ask(self, activity: Activity, *, exact: bool) -> int:
        """Has the pairs of volumes and their figures written; returns how many there are."""
        volumes = activity.volumes
        if not volumes or not self._rows:
            # There is nothing to compare with, but what cannot be compared is refused all the same.
            pack([activity])
            return 0
        outlines, cut = outlines_of(volumes), False
        module = WORKLOAD.module(asking, len(outlines.vertices) * (1 + len(self._rows)))
        while True:
            state, number = module.ask(
                outlines,
                cut,
                self._parties.get(activity.party, -1),
                area_number(activity),
                self._forest,
                self._epoch_s,
                self._held,
                self._reach,
                self.separation.time_s,
                exact,
                self._scratch,
                self._pairs,
                self._figures,
            )
            if state == DONE:
                return int(number)
            owner = np.zeros(len(volumes), dtype=np.int64)
            if state == LONG:
                # Once, as ``pack`` does, so that the figures are the same to the last bit.
                outlines, cut = uncut(outlines, owner), True
            elif state == FULL:
                room = 4 * len(self._pairs)
                self._pairs = np.empty((room, 2), dtype=np.int64)
                self._figures = np.empty((room, 6))
            else:
                refuse([activity], owner, *((number, -1) if state == ODD else (-1, number)))

    def _add(self, activities: list[Activity]) -> None:
        # What is refused is refused before anything has changed.
        packed = pack(activities)
        if not self._trees and not self._in_delta:
            self._epoch_s = float(packed.low[0, TIME])
        keys = [key_of(activity) for activity in activities]
        for key in keys:
            row = self._rows.pop(key, None)
            if row is not None:
                self._arena.drop(row)
        codes = [self._parties.setdefault(one.party, len(self._parties)) for one in activities]
        self._rows.update((key, row) for row, key in enumerate(keys, len(self._keys)))
        self._keys += keys
        volumes = self._arena.add(packed, np.array(codes, dtype=np.int64)[packed.owner])
        held = self._hold()
        boxes = boxes_of(held.cores, volumes, held.low, held.high)
        if self._in_delta + len(boxes.volume) <= len(self._delta_of):
            self._to_delta(boxes)
        else:
            self._merge(volumes)
        self._close_gaps()

    def _to_delta(self, boxes: Boxes) -> None:
        end = self._in_delta + len(boxes.volume)
        node, entry = np.divmod(np.arange(self._in_delta, end), NODE)
        self._forest.nodes[node, :, entry] = outward(boxes.low, boxes.high, self._epoch_s)
        self._forest.entries[node, entry] = boxes.volume
        self._delta_of[self._in_delta : end] = boxes.volume
        self._in_delta = end
        # Each of the delta's nodes is a tree of its own.
        self._forest = self._forest._replace(roots=self._roots[: len(self._trees) + 1 + node[-1]])

    def _plant(self) -> None:
        """Puts all trees behind an empty delta."""
        forest = forest_of(self._trees, self._delta_nodes)
        delta = np.zeros((self._delta_nodes, 3), dtype=np.int64)
        delta[:, 0] = np.arange(self._delta_nodes)
        self._roots = np.concatenate([forest.roots, delta])
        self._forest = Forest(forest.nodes, forest.entries, self._roots[: len(self._trees)])
        self._delta_of: Ints = np.zeros(self._delta_nodes * NODE, dtype=np.int64)
        self._in_delta = 0
        self._scratch = scratch_for(forest)

    def _hold(self) -> Pack:
        """Takes the arena's arrays as they are now."""
        pack, parties = self._arena.pack, self._arena.party
        stamps = self._held.stamps if self._held is not None else np.zeros(0, dtype=np.int64)
        if len(stamps) != len(parties) + 1:
            # What a question has come across does not outlive it.
            stamps = np.zeros(len(parties) + 1, dtype=np.int64)
        self._held = Held(pack.cores, pack.low, pack.high, parties, pack.area, stamps)
        return pack

    def _merge(self, volumes: Ints) -> None:
        """Makes a tree of these volumes, of the delta and of the trees that are not much larger."""
        size = len(volumes)
        while self._trees and len(self._trees[-1].volumes) <= TREES_RATIO * size:
            merged = self._trees.pop().volumes
            volumes, size = np.concatenate([volumes, merged]), size + len(merged)
        volumes = np.unique(np.concatenate([volumes, self._delta_of[: self._in_delta]]))
        volumes = volumes[self._arena.living(volumes)]
        if len(volumes):
            held = self._arena.pack
            boxes = boxes_of(held.cores, volumes, held.low, held.high)
            self._trees.append(tree_of(boxes, self._epoch_s))
        self._plant()

    def _close_gaps(self) -> None:
        gaps, volumes = self._arena.gaps, self._arena.volumes
        if gaps < self._gaps_min or 2 * gaps < volumes:
            return
        # Trees and delta number the volumes as they were before.
        self._trees.clear()
        self._in_delta = 0
        if not self._rows:
            self._arena, self._keys, self._held = Arena(), [], None
            self._plant()
            return
        self._arena = self._arena.closed()
        self._hold()
        self._keys = [key_of(one) for one in self._arena.activities]
        self._rows = {key: row for row, key in enumerate(self._keys)}
        self._merge(np.arange(self._arena.volumes))
