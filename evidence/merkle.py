"""Merkle trees over a chain, as RFC 6962 and RFC 9162 define them: roots, proofs that an entry is
in, proofs that a tree grew out of an earlier one. Pure.

A leaf's data is the hash of an entry, so that one tree proves place and content.
"""

import hashlib
from collections.abc import Iterable, Iterator, Sequence

HASH_BYTES = 32
_LEAF, _NODE = b"\0", b"\1"
EMPTY = hashlib.sha256().digest()
"""The root of a tree without entries."""


def leaf_hash(data: bytes) -> bytes:
    """Return the 32-byte hash of one leaf."""
    return hashlib.sha256(_LEAF + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Return the 32-byte hash of two subtrees."""
    return hashlib.sha256(_NODE + left + right).digest()


class Frontier:
    """A tree that only grows, held as its complete subtrees: at most 64 hashes."""

    def __init__(self) -> None:
        self.size = 0
        self._hashes: list[bytes] = []
        """One for each 1 bit of the size, the largest subtree first."""

    def append(self, data: bytes) -> None:
        """Add one leaf."""
        found, size, hashes = leaf_hash(data), self.size, self._hashes
        while size & 1:
            found = node_hash(hashes.pop(), found)
            size >>= 1
        hashes.append(found)
        self.size += 1

    def append_subtree(self, found: bytes, height: int) -> None:
        """Add a complete subtree of 2^height leaves; the size must be a multiple of that."""
        size, hashes = self.size >> height, self._hashes
        while size & 1:
            found = node_hash(hashes.pop(), found)
            size >>= 1
        hashes.append(found)
        self.size += 1 << height

    def copy(self) -> "Frontier":
        """Return a tree like this one that grows by itself."""
        return Frontier.from_bytes(self.size, self.to_bytes())

    def root(self) -> bytes:
        """Return the root of the tree as it is now."""
        if not self._hashes:
            return EMPTY
        *others, found = self._hashes
        for left in reversed(others):
            found = node_hash(left, found)
        return found

    def to_bytes(self) -> bytes:
        """Return the hashes one after the other; the size is kept elsewhere."""
        return b"".join(self._hashes)

    def blocks(self) -> Iterator[tuple[int, int, bytes]]:
        """Yield the complete subtrees it is made of: height, place among those, hash."""
        left = 0
        for found in self._hashes:
            height = (self.size - left).bit_length() - 1
            yield height, left >> height, found
            left += 1 << height

    @classmethod
    def from_bytes(cls, size: int, text: bytes) -> "Frontier":
        """Return the tree of this size. Raises ValueError where these are not its hashes."""
        if size < 0 or len(text) != size.bit_count() * HASH_BYTES:
            raise ValueError("these are not the subtrees of a tree of that size")
        tree = cls()
        tree.size = size
        tree._hashes = [text[at : at + HASH_BYTES] for at in range(0, len(text), HASH_BYTES)]
        return tree


type Subtrees = tuple[tuple[bytes, int], ...]
"""Complete subtrees that stand side by side, from the left: hash, and height."""


def subtrees(before: int, leaves: Sequence[bytes]) -> Subtrees:
    """Return the largest complete subtrees of the leaves that follow the first `before` of a tree:
    `Frontier.append_subtree` of each is `append` of all leaves.
    """
    sha256 = hashlib.sha256
    level = [sha256(_LEAF + data).digest() for data in leaves]
    first: list[tuple[bytes, int]] = []
    last: list[tuple[bytes, int]] = []
    height = 0
    while level:
        if before & 1:
            first.append((level[0], height))
            del level[0]
            before += 1
        if len(level) & 1:
            last.append((level.pop(), height))
        both = zip(level[::2], level[1::2], strict=True)
        level = [sha256(_NODE + left + right).digest() for left, right in both]
        before >>= 1
        height += 1
    return (*first, *reversed(last))


class Tree:
    """All levels of a tree in memory, for proofs: 64 bytes an entry, 0.6 µs to make. Of the first
    leaves only their `Frontier` need be known: it holds all that proofs of later ones take.
    """

    def __init__(self, leaves: Iterable[bytes], before: Frontier | None = None) -> None:
        gone = Frontier() if before is None else before
        known = {(height, at): found for height, at, found in gone.blocks()}
        level: list[bytes | None] = [None] * gone.size
        level += [leaf_hash(data) for data in leaves]
        self._levels: list[list[bytes | None]] = []
        while True:
            height = len(self._levels)
            for (high, at), found in known.items():
                if high == height:
                    level[at] = found
            self._levels.append(level)
            if len(level) < 2:
                return
            paired = [_node_of(*level[at : at + 2]) for at in range(0, len(level) - 1, 2)]
            # The odd one goes up as it is: the same tree as the RFC's.
            level = [*paired, level[-1]] if len(level) % 2 else paired

    @property
    def leaves(self) -> int:
        """How many there are."""
        return len(self._levels[0])

    def root(self) -> bytes:
        """Return the root."""
        return _known(self._levels[-1][0]) if self.leaves else EMPTY

    def inclusion(self, index: int) -> tuple[bytes, ...]:
        """Return the proof that the leaf at `index` (from 0) is in. Raises ValueError."""
        if not 0 <= index < self.leaves or self._levels[0][index] is None:
            raise ValueError("there is no such leaf")
        found = []
        for level in self._levels[:-1]:
            if index ^ 1 < len(level):
                found.append(_known(level[index ^ 1]))
            index >>= 1
        return tuple(found)

    def consistency(self, size: int) -> tuple[bytes, ...]:
        """Return the proof that this tree grew out of its first `size` leaves.

        Raises ValueError.
        """
        if not 0 < size <= self.leaves:
            raise ValueError("there was no such tree")
        found: list[bytes] = []
        start, end, whole = 0, self.leaves, True
        while size != end:
            split = start + _largest_power_below(end - start)
            if size <= split:
                found.append(self._subtree(split, end))
                end = split
            else:
                found.append(self._subtree(start, split))
                start, whole = split, False
        if not whole:
            found.append(self._subtree(start, end))
        return tuple(reversed(found))

    def _subtree(self, start: int, end: int) -> bytes:
        height = (end - start - 1).bit_length()
        return _known(self._levels[height][start >> height])


def _node_of(left: bytes | None, right: bytes | None) -> bytes | None:
    return None if left is None or right is None else node_hash(left, right)


def _known(found: bytes | None) -> bytes:
    if found is None:
        raise ValueError("its leaves are not known any more")
    return found


def _largest_power_below(size: int) -> int:
    return 1 << ((size - 1).bit_length() - 1)


def proves_inclusion(
    data: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes
) -> bool:
    """Return whether the proof shows that the leaf with this data is at `index` in the tree of this
    size and root.
    """
    if not 0 <= index < size:
        return False
    found, at, last = leaf_hash(data), index, size - 1
    for other in proof:
        if last == 0:
            return False
        if at & 1 or at == last:
            found = node_hash(other, found)
            while at and not at & 1:
                at, last = at >> 1, last >> 1
        else:
            found = node_hash(found, other)
        at, last = at >> 1, last >> 1
    return last == 0 and found == root


def proves_consistency(
    before: tuple[int, bytes], now: tuple[int, bytes], proof: Sequence[bytes]
) -> bool:
    """Return whether the proof shows that the tree `now` (size, root) grew out of the one
    `before`.
    """
    (old_size, old_root), (size, root) = before, now
    if not 0 < old_size <= size:
        return False
    if old_size == size:
        return not proof and old_root == root
    path = list(proof)
    if old_size & (old_size - 1) == 0:
        path.insert(0, old_root)
    if not path:
        return False
    at, last = old_size - 1, size - 1
    while at & 1:
        at, last = at >> 1, last >> 1
    old = new = path[0]
    for other in path[1:]:
        if last == 0:
            return False
        if at & 1 or at == last:
            old, new = node_hash(other, old), node_hash(other, new)
            while at and not at & 1:
                at, last = at >> 1, last >> 1
        else:
            new = node_hash(new, other)
        at, last = at >> 1, last >> 1
    return last == 0 and (old, new) == (old_root, root)
