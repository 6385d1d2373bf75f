"""Whether a file is what its git repository has committed, from git's own index: git itself is
never run.

Format: gitformat-index(5), versions 2 to 4, and its TREE extension; gitformat-pack is not read.
"""

import hashlib
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

_HEADER = struct.Struct(">4sII")
_FIXED = 40
"""Bytes of an entry before the object's name: times, device, inode, mode, owner, size."""
_EXTENDED = 0x4000
_NAME_MASK = 0xFFF
_MOST_ENTRIES = 50_000
_MOST_COMMIT = 1 << 16


class FileState(StrEnum):
    """How a file stands to the commit that is checked out."""

    COMMITTED = "committed"
    MODIFIED = "modified"
    UNTRACKED = "untracked"


@dataclass(frozen=True, slots=True, kw_only=True)
class Index:
    """What the index says of one path."""

    blob: str | None
    """Name of the object that is staged for it; None when it is not tracked."""
    tree: str | None
    """Name of the whole tree that the index stands for; None when something was staged since the
    last commit.
    """


def file_state(index: Index | None, content: bytes, commit: bytes, size: int) -> FileState | None:
    """Return how this content stands to the commit; None when that cannot be said.

    `commit`: the commit's object as it lies on the disk, or empty. `size`: of an object's name in
    hex.
    """
    if index is None:
        return None
    if index.blob is None:
        return FileState.UNTRACKED
    same = index.blob in {_blob(content, size), _blob(content.replace(b"\r\n", b"\n"), size)}
    if not same:
        return FileState.MODIFIED
    tree = _tree_of(commit)
    if index.tree is None or (tree is not None and tree != index.tree):
        return None  # as it is staged; whether that was committed stands in packed objects
    return FileState.COMMITTED


def read_index(data: bytes, path: bytes, hexes: int) -> Index | None:
    """Return what an index file says of a path from the repository's root; None when it cannot be
    read.
    """
    whole = read_whole_index(data, hexes)
    return None if whole is None else whole.of(path)


@dataclass(frozen=True, slots=True, kw_only=True)
class WholeIndex:
    """What the index says of all paths."""

    blobs: dict[bytes, bytes]
    tree: str | None

    def of(self, path: bytes) -> Index:
        """Return what it says of one path from the repository's root."""
        blob = self.blobs.get(path)
        return Index(blob=None if blob is None else blob.hex(), tree=self.tree)


def read_whole_index(data: bytes, hexes: int) -> WholeIndex | None:
    """Return what an index file says; None when it cannot be read."""
    size = hexes // 2
    blobs: dict[bytes, bytes] = {}
    try:
        signature, version, count = _HEADER.unpack_from(data)
        if signature != b"DIRC" or version not in {2, 3, 4} or count > _MOST_ENTRIES:
            return None
        at, name = _HEADER.size, b""
        for _ in range(count):
            found, name, at = _entry(data, at, version, size, name)
            blobs[name] = found
        return WholeIndex(blobs=blobs, tree=_cached_tree(data, at, size))
    except (struct.error, ValueError, IndexError):
        return None


def _entry(
    data: bytes, at: int, version: int, size: int, before: bytes
) -> tuple[bytes, bytes, int]:
    """Return the object's name, the path, and where the next entry begins."""
    flags_at = at + _FIXED + size
    (flags,) = struct.unpack_from(">H", data, flags_at)
    name_at = flags_at + 2 + (2 if version >= 3 and flags & _EXTENDED else 0)
    found = data[at + _FIXED : flags_at]
    if version == 4:
        dropped, name_at = _varint(data, name_at)
        end = data.index(b"\0", name_at)
        return found, before[: len(before) - dropped] + data[name_at:end], end + 1
    length = flags & _NAME_MASK
    end = name_at + length if length < _NAME_MASK else data.index(b"\0", name_at)
    return found, data[name_at:end], at + (end - at + 8) // 8 * 8


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value = data[at] & 0x7F
    while data[at] & 0x80:
        at += 1
        value = ((value + 1) << 7) | (data[at] & 0x7F)
        if value > 1 << 20:
            raise ValueError("not a path's length")
    return value, at + 1


def _cached_tree(data: bytes, at: int, size: int) -> str | None:
    for name, content in _extensions(data, at, size):
        if name == b"TREE":
            end = content.index(b"\n")
            entries = content[content.index(b"\0") + 1 : end].split(b" ")[0]
            return content[end + 1 : end + 1 + size].hex() if int(entries) >= 0 else None
    return None


def _extensions(data: bytes, at: int, size: int) -> Iterator[tuple[bytes, bytes]]:
    while at + 8 <= len(data) - size:
        name, length = struct.unpack_from(">4sI", data, at)
        yield name, data[at + 8 : at + 8 + length]
        at += 8 + length


def _blob(content: bytes, hexes: int) -> str:
    whole = b"blob %d\0" % len(content) + content
    if hexes == 64:
        return hashlib.sha256(whole).hexdigest()
    return hashlib.sha1(whole, usedforsecurity=False).hexdigest()


def _tree_of(commit: bytes) -> str | None:
    """Return the tree that a loose commit object names; None when there is none to read."""
    try:
        text = zlib.decompressobj().decompress(commit, _MOST_COMMIT)
    except zlib.error:
        return None
    head, _, body = text.partition(b"\0")
    first = body.partition(b"\n")[0]
    return (
        first[5:].decode("ascii", "replace")
        if head.startswith(b"commit ") and first.startswith(b"tree ")
        else None
    )
