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

import numpy as np

from detente.conflict import filters
from detente.conflict.arena import Arena
from detente.conflict.compiled import WORKLOAD
from detente.conflict.filters import NODE, SIDES
from detente.conflict.hits import conflicts_of, hits_of
from detente.conflict.meeting import in_order
from detente.conflict.model import Conflict, Key, Separation
from detente.conflict.pack import TIME, Pack, key_of, pack, reach_of
from detente.conflict.trees import Boxes, Tree, boxes_of, outward, queries_of, tree_of
from detente.volumes.geodesy import Floats32, Ints
from detente.volumes.model import Activity

DELTA_NODES = 32
"""The delta has room for this many nodes' worth of boxes: 2,048, looked through in 10 µs."""
TREES_RATIO = 2
"""A tree joins a merge if it has at most this many times the boxes that are merged already."""
GAPS_MIN = 10_000
"""Fewer gaps than this are not worth the closing."""
AT_ONCE = 16_384
"""Activities that ``put_many`` packs in one go."""


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
        self._parties: dict[str, int] = {}
        self._trees: list[Tree] = []
        self._in_delta, self._epoch_s = 0, 0.0
        self._empty_delta()

    def __len__(self) -> int:
        """How many activities are held."""
        return len(self._rows)

    def memory_bytes(self) -> int:
        """Memory of all arrays and tables; not of the activities and keys they refer to."""
        arrays = self._delta.nbytes + self._delta_of.nbytes + self._arena.nbytes
        tables = sys.getsizeof(self._rows) + sys.getsizeof(self._arena.activities)
        return arrays + tables + sum(tree.nbytes for tree in self._trees)

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
            self._merge(np.concatenate([tree.volume_of for tree in self._trees]))

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
        query = pack([activity])
        if not self._rows:
            return []
        _, volumes = self._candidates(query)
        held = self._arena.pack
        rows = np.unique(held.owner[volumes]).tolist()
        return sorted((held.activities[row] for row in rows), key=key_of)

    def check(self, activity: Activity) -> list[Conflict]:
        """The conflicts of an activity with those held of other parties, as ``find`` has them."""
        query, key = pack([activity]), key_of(activity)
        if not self._rows:
            return []
        held = self._arena.pack
        own, others = self._candidates(query)
        rows = held.owner[others].tolist()
        behind = np.array([key < key_of(held.activities[row]) for row in rows], dtype=np.bool_)
        found: list[Conflict] = []
        # Two are always compared in the order of their keys: see ``hits``.
        for a, first, b, second in (
            (query, own[behind], held, others[behind]),
            (held, others[~behind], query, own[~behind]),
        ):
            if len(first):
                hits = hits_of(a, first, b, second, self.separation)
                found += conflicts_of(a, b, [hits], self.separation)
        return sorted(found, key=in_order)

    def _candidates(self, query: Pack) -> tuple[Ints, Ints]:
        """Pairs of a query's volumes and held ones of other parties whose boxes meet."""
        boxes = boxes_of(query.cores, np.arange(len(query.owner)), query.low, query.high)
        party = self._parties.get(query.activities[0].party, -1)
        queries = queries_of(boxes, self._reach, self._epoch_s)
        trees = [*self._trees, self._delta_tree()] if self._in_delta else self._trees
        found = [self._proposed(tree, queries, boxes.volume, query, party) for tree in trees]
        first, second = (np.concatenate(volumes) for volumes in zip(*found, strict=True))
        pairs = np.unique(first * self._arena.volumes + second)
        return np.divmod(pairs, max(1, self._arena.volumes))

    def _proposed(
        self, tree: Tree, queries: Floats32, query_of: Ints, query: Pack, party: int
    ) -> tuple[Ints, Ints]:
        held = self._arena.pack
        apart = np.full(len(query.owner), party, dtype=np.int64)
        module = WORKLOAD.module(filters, len(queries) * (len(tree.volume_of) / 16 + 1))
        # Every box of the tree may meet every one of the query; few do.
        room, most = 1024, len(queries) * len(tree.volume_of)
        while True:
            first, second = np.empty(room, dtype=np.int64), np.empty(room, dtype=np.int64)
            count, reached = module.propose(
                tree.nodes,
                tree.starts,
                tree.volume_of,
                queries,
                query_of,
                query.low,
                query.high,
                apart,
                held.low,
                held.high,
                self._arena.party,
                self._reach,
                False,
                0,
                len(queries),
                first,
                second,
            )
            if reached == len(queries):
                return first[:count], second[:count]
            room = min(4 * room, most)

    def _add(self, activities: list[Activity]) -> None:
        # What is refused is refused before anything has changed.
        packed = pack(activities)
        if not self._trees and not self._in_delta:
            self._epoch_s = float(packed.low[0, TIME])
        for activity in activities:
            row = self._rows.pop(key_of(activity), None)
            if row is not None:
                self._arena.drop(row)
        codes = [self._parties.setdefault(one.party, len(self._parties)) for one in activities]
        for row, activity in enumerate(activities, len(self._arena.activities)):
            self._rows[key_of(activity)] = row
        volumes = self._arena.add(packed, np.array(codes, dtype=np.int64)[packed.owner])
        held = self._arena.pack
        boxes = boxes_of(held.cores, volumes, held.low, held.high)
        if self._in_delta + len(boxes.volume) <= len(self._delta_of):
            self._to_delta(boxes)
        else:
            self._merge(volumes)
        self._close_gaps()

    def _to_delta(self, boxes: Boxes) -> None:
        end = self._in_delta + len(boxes.volume)
        node, entry = np.divmod(np.arange(self._in_delta, end), NODE)
        self._delta[node, :, entry] = outward(boxes.low, boxes.high, self._epoch_s)
        self._delta_of[self._in_delta : end] = boxes.volume
        self._in_delta = end

    def _empty_delta(self) -> None:
        self._delta: Floats32 = np.empty((self._delta_nodes, 2 * SIDES, NODE), dtype=np.float32)
        self._delta[:, :SIDES], self._delta[:, SIDES:] = np.inf, -np.inf
        self._delta_of: Ints = np.zeros(self._delta_nodes * NODE, dtype=np.int64)
        self._in_delta = 0

    def _delta_tree(self) -> Tree:
        """The delta as a tree of one level."""
        nodes = -(-self._in_delta // NODE)
        starts = np.array([0, nodes], dtype=np.int64)
        return Tree(self._delta, starts, self._delta_of[: self._in_delta], self._epoch_s)

    def _merge(self, volumes: Ints) -> None:
        """Makes a tree of these volumes, of the delta and of the trees that are not much larger."""
        size = len(volumes)
        while self._trees and len(self._trees[-1].volume_of) <= TREES_RATIO * size:
            merged = self._trees.pop().volume_of
            volumes, size = np.concatenate([volumes, merged]), size + len(merged)
        volumes = np.unique(np.concatenate([volumes, self._delta_of[: self._in_delta]]))
        volumes = volumes[self._arena.living(volumes)]
        self._empty_delta()
        if len(volumes):
            held = self._arena.pack
            boxes = boxes_of(held.cores, volumes, held.low, held.high)
            self._trees.append(tree_of(boxes, self._epoch_s))

    def _close_gaps(self) -> None:
        gaps, volumes = self._arena.gaps, self._arena.volumes
        if gaps < self._gaps_min or 2 * gaps < volumes:
            return
        self._arena = self._arena.closed()
        self._rows = {key_of(one): row for row, one in enumerate(self._arena.activities)}
        # Trees and delta number the volumes as they were before.
        self._trees.clear()
        self._empty_delta()
        self._merge(np.arange(self._arena.volumes))
