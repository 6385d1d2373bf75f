"""Merkle trees (RFC 6962), over the hashes of entries."""

import hashlib
from typing import List


def leaf(data: bytes) -> bytes:
    return hashlib.sha256(b"\0" + data).digest()


def node(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\1" + left + right).digest()


class Tree:
    """A tree that grows, with its root at the sizes that are asked for."""

    def __init__(self) -> None:
        self.size = 0
        self.hashes: List[bytes] = []

    def append(self, data: bytes) -> None:
        found, size = leaf(data), self.size
        while size & 1:
            found, size = node(self.hashes.pop(), found), size >> 1
        self.hashes.append(found)
        self.size += 1

    def root(self) -> bytes:
        if not self.hashes:
            return hashlib.sha256().digest()
        found = self.hashes[-1]
        for left in reversed(self.hashes[:-1]):
            found = node(left, found)
        return found


def proves(data: bytes, index: int, size: int, proof: List[bytes], root: bytes) -> bool:
    """Return whether a leaf is in a tree (RFC 9162, 2.1.3.2)."""
    if not 0 <= index < size:
        return False
    first, last, found = index, size - 1, leaf(data)
    for one in proof:
        if last == 0:
            return False
        if first & 1 or first == last:
            found = node(one, found)
            while not first & 1 and first:
                first, last = first >> 1, last >> 1
        else:
            found = node(found, one)
        first, last = first >> 1, last >> 1
    return last == 0 and found == root
