"""The Merkle tree of a log (RFC 6962, section 2.1; RFC 9162, section 2.1), without its storage.

::

    leaf hash = SHA-256(0x00 ‖ leaf)        node hash = SHA-256(0x01 ‖ left ‖ right)

    size 7          root                    Only *complete* subtrees are ever kept, each as
                  ╱      ╲                  (level, index): level 2 index 0 spans leaves 0–3.
              (2,0)        ·                Those never change again, whatever is appended; the
             ╱     ╲     ╱   ╲              rest (the dots) is computed when a root or proof is
          (1,0)  (1,1) (1,2)  ╲             asked for.
          ╱ ╲    ╱ ╲    ╱ ╲    ╲
         0   1  2   3  4   5    6

``Frontier`` holds the few complete subtrees at the right edge ((2,0), (1,2) and (0,6) here), which
is all that is needed to append. Proofs read complete subtrees through a function
``node(level, index) -> hash``, so that they work over a list in a test and over a table in a store.
Verifiers recompute the roots along the definition of the tree and raise instead of answering no.
"""

import hashlib
from collections.abc import Callable, Iterable, Sequence
from typing import Self

from detente.errors import RecordError

HASH_BYTES = 32
EMPTY_ROOT = hashlib.sha256(b"").digest()

NodeReader = Callable[[int, int], bytes]
"""``node(level, index)``: the hash of leaves index·2^level … (index+1)·2^level − 1."""


def leaf_hash(leaf: bytes) -> bytes:
    """The hash of a leaf's bytes."""
    return hashlib.sha256(b"\x00" + leaf).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """The hash of two subtrees side by side."""
    return hashlib.sha256(b"\x01" + left + right).digest()


class Frontier:
    """A log's tree, as much of it as is needed to append to it and to know its root."""

    __slots__ = ("_peaks", "size")

    def __init__(self) -> None:
        self.size = 0
        self._peaks: list[bytes] = []

    @classmethod
    def from_nodes(cls, size: int, node: NodeReader) -> Self:
        """The frontier of a tree of ``size`` leaves whose complete subtrees ``node`` gives."""
        frontier = cls()
        frontier.size = size
        frontier._peaks = [node(level, index) for level, index in peaks(0, size)]
        return frontier

    def root(self) -> bytes:
        """The root of the tree so far."""
        return _fold(self._peaks)

    def append(self, leaf: bytes) -> list[tuple[int, int, bytes]]:
        """Append a leaf *hash*.

        Returns the subtrees it completes as (level, index, hash), the leaf itself first. Kept, they
        are what ``node`` has to give.
        """
        complete = [(0, self.size, leaf)]
        level, index, subtree = 0, self.size, leaf
        while index & 1:
            level, index = level + 1, index >> 1
            subtree = node_hash(self._peaks.pop(), subtree)
            complete.append((level, index, subtree))
        self._peaks.append(subtree)
        self.size += 1
        return complete


def peaks(start: int, end: int) -> list[tuple[int, int]]:
    """The complete subtrees that make up leaves ``start`` … ``end`` − 1, left to right.

    ``start`` is one at which a subtree of that width begins, as in every split that RFC 6962 makes.
    """
    found = []
    while start < end:
        level = (end - start).bit_length() - 1
        found.append((level, start >> level))
        start += 1 << level
    return found


def root_of(leaf_hashes: Iterable[bytes]) -> bytes:
    """The root over leaf hashes."""
    frontier = Frontier()
    for leaf in leaf_hashes:
        frontier.append(leaf)
    return frontier.root()


def root_at(size: int, node: NodeReader) -> bytes:
    """The root that the tree had when it had ``size`` leaves."""
    return _range_hash(0, size, node)


def inclusion_proof(index: int, size: int, node: NodeReader) -> list[bytes]:
    """The proof that leaf ``index`` stands in the tree of ``size`` leaves, lowest sibling first."""
    if not 0 <= index < size:
        raise RecordError(f"no leaf {index} in a log of {size}", remedy=f"ask for one below {size}")
    proof = []
    start, end = 0, size
    while end - start > 1:
        middle = start + _split(end - start)
        if index < middle:
            proof.append(_range_hash(middle, end, node))
            end = middle
        else:
            proof.append(_range_hash(start, middle, node))
            start = middle
    return proof[::-1]


def verify_inclusion(
    leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes
) -> None:
    """Return if leaf hash ``leaf`` stands at ``index`` under ``root``; else raise RecordError."""
    if not 0 <= index < size or not _are_hashes([leaf, root, *proof]):
        raise _unproven("inclusion")
    leaf_is_left = []
    while size > 1:
        left = _split(size)
        leaf_is_left.append(index < left)
        index, size = (index, left) if index < left else (index - left, size - left)
    if len(proof) != len(leaf_is_left):
        raise _unproven("inclusion")
    subtree = leaf
    for sibling, is_left in zip(proof, reversed(leaf_is_left), strict=True):
        subtree = node_hash(subtree, sibling) if is_left else node_hash(sibling, subtree)
    if subtree != root:
        raise _unproven("inclusion")


def consistency_proof(old_size: int, new_size: int, node: NodeReader) -> list[bytes]:
    """The proof that the tree of ``new_size`` leaves begins with the tree of ``old_size``."""
    if not 0 <= old_size <= new_size:
        raise RecordError(
            f"a log of {new_size} has no earlier size {old_size}",
            remedy=f"ask for a size up to {new_size}",
        )
    proof = []
    start, end = 0, new_size
    while old_size not in (0, end):
        middle = start + _split(end - start)
        if old_size <= middle:
            proof.append(_range_hash(middle, end, node))
            end = middle
        else:
            proof.append(_range_hash(start, middle, node))
            start = middle
    # A verifier knows the old root already, so where the old tree is one of the subtrees that
    # the path ends in, its hash is left out.
    if start > 0:
        proof.append(_range_hash(start, end, node))
    return proof[::-1]


def verify_consistency(
    old_size: int, new_size: int, proof: Sequence[bytes], old_root: bytes, new_root: bytes
) -> None:
    """Return if the tree under ``new_root`` begins with that under ``old_root``; else raise.

    Raises:
        RecordError: it does not, or the proof does not show it.
    """
    if not 0 <= old_size <= new_size or not _are_hashes([old_root, new_root, *proof]):
        raise _unproven("consistency")
    rest = list(proof)
    if old_size == 0:
        # Every tree begins with the empty one; only the empty one's own root can be wrong.
        roots = EMPTY_ROOT, new_root if new_size else EMPTY_ROOT
    else:
        roots = _roots(old_size, new_size, rest, old_root)
    if rest or roots != (old_root, new_root):
        raise _unproven("consistency")


def _roots(old: int, new: int, rest: list[bytes], known: bytes | None) -> tuple[bytes, bytes]:
    """Both roots that a consistency proof leads to; takes the hashes it uses off ``rest``.

    ``known`` is the old root while the subtree looked at still begins at leaf 0.
    """
    if old == new and known is not None:
        return known, known
    if not rest:
        raise _unproven("consistency")
    sibling = rest.pop()
    if old == new:
        return sibling, sibling
    left = _split(new)
    if old <= left:
        old_root, new_root = _roots(old, left, rest, known)
        return old_root, node_hash(new_root, sibling)
    old_root, new_root = _roots(old - left, new - left, rest, None)
    return node_hash(sibling, old_root), node_hash(sibling, new_root)


def _split(size: int) -> int:
    """The largest power of two below ``size``: how many leaves stand in the left subtree."""
    return 1 << ((size - 1).bit_length() - 1)


def _range_hash(start: int, end: int, node: NodeReader) -> bytes:
    return _fold([node(level, index) for level, index in peaks(start, end)])


def _fold(subtrees: Sequence[bytes]) -> bytes:
    """The hash over complete subtrees of falling size, left to right."""
    if not subtrees:
        return EMPTY_ROOT
    root = subtrees[-1]
    for left in reversed(subtrees[:-1]):
        root = node_hash(left, root)
    return root


def _are_hashes(values: Sequence[bytes]) -> bool:
    return all(len(value) == HASH_BYTES for value in values)


def _unproven(what: str) -> RecordError:
    return RecordError(
        f"the proof of {what} does not hold",
        remedy="do not trust this log until its party has explained it",
    )
