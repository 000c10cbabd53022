"""The Merkle tree, against published vectors and the definitions of RFC 9162 written out here."""

import hashlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detente.errors import RecordError
from detente.record import tree

# The sample tree of the certificate-transparency project: leaves, and the roots of all its sizes.
LEAVES = [
    bytes.fromhex(leaf)
    for leaf in (
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    )
]
ROOTS = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
LEAF_0 = "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"
LEAF_1 = "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7"
LEAF_4 = "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b"
NODE_2_3 = "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e"
NODE_4_5 = "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a"
NODE_6_7 = "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0"
NODE_4_7 = "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4"

# (index, size, proof) and (old size, new size, proof) from the same project's tests.
INCLUSION = [
    (0, 1, []),
    (0, 8, [LEAF_1, NODE_2_3, NODE_4_7]),
    (5, 8, [LEAF_4, NODE_6_7, ROOTS[4]]),
    (2, 3, [ROOTS[2]]),
    (1, 5, [LEAF_0, NODE_2_3, LEAF_4]),
]
CONSISTENCY = [
    (1, 1, []),
    (1, 8, [LEAF_1, NODE_2_3, NODE_4_7]),
    (6, 8, [NODE_4_5, NODE_6_7, ROOTS[4]]),
    (2, 5, [NODE_2_3, LEAF_4]),
]

MAX_SIZE = 40
OTHER = hashlib.sha256(b"something else").digest()


# Definitions, word for word from RFC 9162, sections 2.1.1, 2.1.3.1 and 2.1.4.1.


def left_of(n: int) -> int:
    k = 1
    while k * 2 < n:
        k *= 2
    return k


def mth(leaves: list[bytes]) -> bytes:
    if not leaves:
        return hashlib.sha256().digest()
    if len(leaves) == 1:
        return hashlib.sha256(b"\0" + leaves[0]).digest()
    k = left_of(len(leaves))
    return hashlib.sha256(b"\1" + mth(leaves[:k]) + mth(leaves[k:])).digest()


def path(m: int, leaves: list[bytes]) -> list[bytes]:
    if len(leaves) == 1:
        return []
    k = left_of(len(leaves))
    if m < k:
        return [*path(m, leaves[:k]), mth(leaves[k:])]
    return [*path(m - k, leaves[k:]), mth(leaves[:k])]


def subproof(m: int, leaves: list[bytes], whole: bool) -> list[bytes]:
    n = len(leaves)
    if m == n:
        return [] if whole else [mth(leaves)]
    k = left_of(n)
    if m <= k:
        return [*subproof(m, leaves[:k], whole), mth(leaves[k:])]
    return [*subproof(m - k, leaves[k:], False), mth(leaves[:k])]


def leaves_of(size: int) -> list[bytes]:
    return [b"leaf %d" % n for n in range(size)]


def nodes_of(leaves: list[bytes]) -> tree.NodeReader:
    """A store of complete subtrees, filled as a frontier completes them."""
    kept: dict[tuple[int, int], bytes] = {}
    frontier = tree.Frontier()
    for leaf in leaves:
        for level, index, subtree in frontier.append(tree.leaf_hash(leaf)):
            assert (level, index) not in kept, "a complete subtree never changes"
            kept[level, index] = subtree
    return lambda level, index: kept[level, index]


NODES = nodes_of(leaves_of(MAX_SIZE))
MTH = [mth(leaves_of(size)) for size in range(MAX_SIZE + 1)]


@pytest.mark.parametrize("size", range(9))
def test_published_roots(size: int) -> None:
    hashes = [tree.leaf_hash(leaf) for leaf in LEAVES[:size]]
    assert tree.root_of(hashes).hex() == ROOTS[size]
    assert mth(LEAVES[:size]).hex() == ROOTS[size]


@pytest.mark.parametrize(("index", "size", "proof"), INCLUSION)
def test_published_inclusion_proofs(index: int, size: int, proof: list[str]) -> None:
    made = tree.inclusion_proof(index, size, nodes_of(LEAVES))
    assert [part.hex() for part in made] == proof
    root = bytes.fromhex(ROOTS[size])
    tree.verify_inclusion(tree.leaf_hash(LEAVES[index]), index, size, made, root)


@pytest.mark.parametrize(("old", "new", "proof"), CONSISTENCY)
def test_published_consistency_proofs(old: int, new: int, proof: list[str]) -> None:
    made = tree.consistency_proof(old, new, nodes_of(LEAVES))
    assert [part.hex() for part in made] == proof
    tree.verify_consistency(old, new, made, bytes.fromhex(ROOTS[old]), bytes.fromhex(ROOTS[new]))


@pytest.mark.parametrize("size", range(MAX_SIZE + 1))
def test_every_way_to_a_root_agrees_with_the_definition(size: int) -> None:
    hashes = [tree.leaf_hash(leaf) for leaf in leaves_of(size)]
    assert tree.root_of(hashes) == MTH[size]
    assert tree.root_at(size, NODES) == MTH[size]
    frontier = tree.Frontier.from_nodes(size, NODES)
    assert (frontier.size, frontier.root()) == (size, MTH[size])


@pytest.mark.parametrize("size", range(MAX_SIZE))
def test_a_frontier_taken_up_again_goes_on_as_if_never_put_down(size: int) -> None:
    again = tree.Frontier.from_nodes(size, NODES)
    for n, leaf in enumerate(leaves_of(MAX_SIZE)[size:], size):
        for level, index, subtree in again.append(tree.leaf_hash(leaf)):
            assert subtree == NODES(level, index)
        assert again.root() == MTH[n + 1]


def test_appending_reports_each_subtree_it_completes() -> None:
    frontier = tree.Frontier()
    reported = [[node[:2] for node in frontier.append(OTHER)] for _ in range(8)]
    assert reported == [
        [(0, 0)],
        [(0, 1), (1, 0)],
        [(0, 2)],
        [(0, 3), (1, 1), (2, 0)],
        [(0, 4)],
        [(0, 5), (1, 2)],
        [(0, 6)],
        [(0, 7), (1, 3), (2, 1), (3, 0)],
    ]


@pytest.mark.parametrize("size", range(1, MAX_SIZE + 1))
def test_inclusion_of_every_leaf_and_of_nothing_else(size: int) -> None:
    leaves = leaves_of(size)
    for index in range(size):
        leaf = tree.leaf_hash(leaves[index])
        proof = tree.inclusion_proof(index, size, NODES)
        assert proof == path(index, leaves)
        tree.verify_inclusion(leaf, index, size, proof, MTH[size])

        wrong = [
            (OTHER, index, proof, MTH[size]),
            (leaf, index, proof, OTHER),
            (leaf, index, [*proof, OTHER], MTH[size]),
            (leaf, index, [OTHER, *proof], MTH[size]),
            *((leaf, other, proof, MTH[size]) for other in range(-1, size + 1) if other != index),
            *((leaf, index, bad, MTH[size]) for bad in spoilt_proofs(proof)),
        ]
        for bad_leaf, bad_index, bad_proof, bad_root in wrong:
            with pytest.raises(RecordError, match="inclusion"):
                tree.verify_inclusion(bad_leaf, bad_index, size, bad_proof, bad_root)


@pytest.mark.parametrize("new", range(1, MAX_SIZE + 1))
def test_consistency_of_every_two_sizes_and_of_nothing_else(new: int) -> None:
    leaves = leaves_of(new)
    for old in range(1, new + 1):
        proof = tree.consistency_proof(old, new, NODES)
        assert proof == subproof(old, leaves, True)
        tree.verify_consistency(old, new, proof, MTH[old], MTH[new])

        wrong = [
            (proof, OTHER, MTH[new]),
            (proof, MTH[old], OTHER),
            (proof, MTH[old - 1], MTH[new]),
            ([*proof, OTHER], MTH[old], MTH[new]),
            ([OTHER, *proof], MTH[old], MTH[new]),
            *((bad, MTH[old], MTH[new]) for bad in spoilt_proofs(proof)),
        ]
        for bad_proof, old_root, new_root in wrong:
            with pytest.raises(RecordError, match="consistency"):
                tree.verify_consistency(old, new, bad_proof, old_root, new_root)


def spoilt_proofs(proof: list[bytes]) -> list[list[bytes]]:
    """Each hash changed in one bit, cut short, or left out; neighbours exchanged."""
    spoilt = []
    for place, part in enumerate(proof):
        before, after = proof[:place], proof[place + 1 :]
        spoilt += [
            [*before, bytes([part[0] ^ 1]) + part[1:], *after],
            [*before, part[:-1], *after],
            [*before, part + b"\0", *after],
            [*before, *after],
        ]
        if after:
            spoilt.append([*before, after[0], part, *after[1:]])
    return spoilt


def test_a_forked_log_has_no_consistency_proof() -> None:
    """A party that rewrites leaf 2 cannot show its new log as a continuation of the old one."""
    forked = leaves_of(7)
    forked[2] = b"what was never said"
    proof = tree.consistency_proof(5, 7, nodes_of(forked))
    tree.verify_consistency(5, 7, proof, mth(forked[:5]), mth(forked))
    with pytest.raises(RecordError):
        tree.verify_consistency(5, 7, proof, MTH[5], mth(forked))
    with pytest.raises(RecordError):
        tree.verify_consistency(5, 7, tree.consistency_proof(5, 7, NODES), MTH[5], mth(forked))


@pytest.mark.parametrize("new", [0, 1, 2, 7])
def test_every_log_begins_empty(new: int) -> None:
    assert tree.consistency_proof(0, new, NODES) == []
    tree.verify_consistency(0, new, [], tree.EMPTY_ROOT, MTH[new])
    with pytest.raises(RecordError):
        tree.verify_consistency(0, new, [], OTHER, MTH[new])
    with pytest.raises(RecordError):
        tree.verify_consistency(0, new, [OTHER], tree.EMPTY_ROOT, MTH[new])


def test_the_empty_log_has_one_root() -> None:
    with pytest.raises(RecordError):
        tree.verify_consistency(0, 0, [], tree.EMPTY_ROOT, OTHER)


@pytest.mark.parametrize(("index", "size"), [(0, 0), (-1, 3), (3, 3), (7, 3)])
def test_no_proof_of_a_leaf_that_is_not_there(index: int, size: int) -> None:
    with pytest.raises(RecordError, match="no leaf"):
        tree.inclusion_proof(index, size, NODES)
    with pytest.raises(RecordError):
        tree.verify_inclusion(OTHER, index, size, [], OTHER)


@pytest.mark.parametrize(("old", "new"), [(-1, 3), (4, 3), (1, 0)])
def test_no_proof_of_a_size_that_never_was(old: int, new: int) -> None:
    with pytest.raises(RecordError, match="no earlier size"):
        tree.consistency_proof(old, new, NODES)
    with pytest.raises(RecordError):
        tree.verify_consistency(old, new, [], OTHER, OTHER)


def test_a_leaf_cannot_pose_as_a_node() -> None:
    """Their prefixes differ, so nobody can offer the hashes of two leaves as one leaf."""
    left, right = tree.leaf_hash(b"l"), tree.leaf_hash(b"r")
    assert tree.leaf_hash(left + right) != tree.node_hash(left, right)


@settings(max_examples=25, deadline=None)
@given(st.data())
def test_larger_logs(data: st.DataObject) -> None:
    size = data.draw(st.integers(41, 700))
    leaves = leaves_of(size)
    node = nodes_of(leaves)
    root = mth(leaves)
    index = data.draw(st.integers(0, size - 1))
    old = data.draw(st.integers(1, size))

    inclusion = tree.inclusion_proof(index, size, node)
    assert inclusion == path(index, leaves)
    tree.verify_inclusion(tree.leaf_hash(leaves[index]), index, size, inclusion, root)

    consistency = tree.consistency_proof(old, size, node)
    assert consistency == subproof(old, leaves, True)
    tree.verify_consistency(old, size, consistency, mth(leaves[:old]), root)


@settings(max_examples=200, deadline=None)
@given(
    st.integers(-1, 2**53), st.integers(-1, 2**53), st.lists(st.binary(max_size=33), max_size=60)
)
def test_proofs_from_strangers_are_only_ever_refused(m: int, n: int, proof: list[bytes]) -> None:
    # The root is none that these hashes could lead to, so there is one right answer.
    with pytest.raises(RecordError):
        tree.verify_inclusion(OTHER, m, n, proof, b"\xff" * 32)
    if m != n and m != 0:
        with pytest.raises(RecordError):
            tree.verify_consistency(m, n, proof, OTHER, b"\xff" * 32)
