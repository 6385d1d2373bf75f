"""Merkle trees: the roots of RFC 6962, and proofs that convince exactly when they are true."""

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evidence.merkle import (
    EMPTY,
    Frontier,
    Tree,
    leaf_hash,
    node_hash,
    proves_consistency,
    proves_inclusion,
    subtrees,
)

LEAVES = [bytes([n]) * 32 for n in range(40)]
RFC_INPUTS = [
    bytes.fromhex(text) for text in ("", "00", "10", "2021", "3031", "40414243", "5051525354555657")
] + [bytes.fromhex("606162636465666768696a6b6c6d6e6f")]
RFC_ROOTS = {
    1: "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    8: "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
}
"""Of the reference implementation of certificate transparency."""


def by_definition(leaves: list[bytes]) -> bytes:
    """Return the root as RFC 6962, 2.1, words it."""
    if not leaves:
        return hashlib.sha256().digest()
    if len(leaves) == 1:
        return leaf_hash(leaves[0])
    split = 1
    while split * 2 < len(leaves):
        split *= 2
    return node_hash(by_definition(leaves[:split]), by_definition(leaves[split:]))


@pytest.mark.parametrize("size", range(len(LEAVES)))
def test_roots_are_those_of_the_definition(size: int) -> None:
    """However a tree is made, its root is the one that anybody can compute."""
    frontier = Frontier()
    for data in LEAVES[:size]:
        frontier.append(data)
    again = Frontier.from_bytes(size, frontier.to_bytes())
    assert by_definition(LEAVES[:size]) == frontier.root() == again.root()
    assert Tree(LEAVES[:size]).root() == frontier.root()


@pytest.mark.parametrize(("size", "root"), RFC_ROOTS.items())
def test_roots_are_those_of_certificate_transparency(size: int, root: str) -> None:
    """Other people's programs compute the same."""
    assert Tree(RFC_INPUTS[:size]).root().hex() == root


def test_a_tree_without_entries_has_a_root() -> None:
    """Also before the first record something can be signed."""
    assert Frontier().root() == EMPTY == Tree([]).root()


@given(st.integers(1, 70), st.data())
def test_an_entry_that_is_in_can_be_shown_alone(size: int, data: st.DataObject) -> None:
    """The proof holds for this entry at this place of this tree, and for nothing else."""
    leaves = [n.to_bytes(4, "big") for n in range(size)]
    index = data.draw(st.integers(0, size - 1))
    tree = Tree(leaves)
    proof, root = tree.inclusion(index), tree.root()
    assert proves_inclusion(leaves[index], index, size, proof, root)
    assert not proves_inclusion(b"other", index, size, proof, root)
    assert not proves_inclusion(leaves[index], index, size, proof, EMPTY)
    assert not proves_inclusion(leaves[index], index, size, (*proof, EMPTY), root)
    if proof:
        assert not proves_inclusion(leaves[index], index, size, proof[:-1], root)
        assert not proves_inclusion(leaves[index], index, size, (EMPTY, *proof[1:]), root)
    other = data.draw(st.integers(-1, size))
    if other != index:
        assert not proves_inclusion(leaves[index], other, size, proof, root)


@given(st.integers(1, 70), st.data())
def test_a_tree_that_only_grew_can_be_shown_so(size: int, data: st.DataObject) -> None:
    """The proof holds between these two trees; a tree in which anything was changed has none."""
    leaves = [n.to_bytes(4, "big") for n in range(size)]
    before = data.draw(st.integers(1, size))
    old, new = Tree(leaves[:before]).root(), Tree(leaves)
    proof = new.consistency(before)
    assert proves_consistency((before, old), (size, new.root()), proof)
    changed = data.draw(st.integers(0, before - 1))
    forged = [b"forged" if n == changed else leaf for n, leaf in enumerate(leaves)]
    rewritten = Tree(forged)
    assert not proves_consistency((before, old), (size, rewritten.root()), proof)
    assert not proves_consistency(
        (before, old), (size, rewritten.root()), rewritten.consistency(before)
    )
    if proof:
        assert not proves_consistency((before, old), (size, new.root()), proof[:-1])
    assert not proves_consistency((before, old), (size, new.root()), (*proof, EMPTY))


@pytest.mark.parametrize("size", [-1, 0, 5])
def test_what_was_never_there_has_no_proof(size: int) -> None:
    """Asked for what is not in the tree, it refuses."""
    tree = Tree(LEAVES[:4])
    with pytest.raises(ValueError, match="no such"):
        tree.consistency(size)
    with pytest.raises(ValueError, match="no such"):
        tree.inclusion(-1 if size < 1 else size)
    with pytest.raises(ValueError, match="subtrees"):
        Frontier.from_bytes(3, b"short")


@pytest.mark.parametrize("before", range(18))
def test_subtrees_grow_a_tree_as_its_leaves_do(before: int) -> None:
    """A tree made of what several processes hashed is the tree of all entries, wherever they
    parted.
    """
    leaves = [bytes([number]) * 32 for number in range(60)]
    for end in range(before, 60):
        whole, parted = Frontier(), Frontier()
        for leaf in leaves[:end]:
            whole.append(leaf)
        for leaf in leaves[:before]:
            parted.append(leaf)
        for found, height in subtrees(before, leaves[before:end]):
            parted.append_subtree(found, height)
        assert (parted.size, parted.to_bytes()) == (whole.size, whole.to_bytes())


@given(st.integers(1, 70), st.data())
def test_an_entry_can_be_shown_when_those_before_it_are_gone(
    size: int, data: st.DataObject
) -> None:
    """Of what expired only the frontier is kept; the proofs of what is left are the same."""
    leaves = [n.to_bytes(4, "big") for n in range(size)]
    cut = data.draw(st.integers(0, size - 1))
    gone, whole = Frontier(), Tree(leaves)
    for leaf in leaves[:cut]:
        gone.append(leaf)
    left = Tree(leaves[cut:], gone)
    assert (left.leaves, left.root()) == (size, whole.root())
    for index in range(cut, size):
        assert left.inclusion(index) == whole.inclusion(index)
    for index in range(cut - 1):
        with pytest.raises(ValueError, match="no such leaf"):
            left.inclusion(index)
