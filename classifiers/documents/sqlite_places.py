"""What an SQLite file holds beside its rows: the words of its schema, deleted rows in free pages
and in the free space of others, and what stands behind its last page.
"""

import struct
from collections.abc import Iterator

from classifiers.codecs.charset import readable_runs
from classifiers.documents.behind import read_behind
from classifiers.documents.reader import Work
from classifiers.payload import Document

_HEAD = 100
_TREES = {2: 12, 5: 12, 10: 8, 13: 8}
"""Kinds of pages that hold cells, and how long their heads are."""
_MOST_FREE = 1 << 20
"""Pages and free blocks that are followed: a chain may lead in a circle."""
_FEWEST = 512
"""Bytes of free space that are no text, from which on it is said that they were not read."""


def read_beside(document: Document, work: Work) -> None:
    """Read the free space of all pages, and what stands behind the last one."""
    data = document.data
    size = int.from_bytes(data[16:18])
    size = 65_536 if size == 1 else size
    if size < _FEWEST:
        return
    pages = int.from_bytes(data[28:32]) or len(data) // size
    read_behind(data[pages * size :], document, work)
    free = b"\n".join(
        stripped for part in _free(data, size, pages) if (stripped := part.strip(b"\0"))
    )
    runs = readable_runs(free)
    path = (*document.path, "(free space)")
    work.text(runs.decode("utf-8", "replace"), None, path)
    if len(free) - len(runs) > max(_FEWEST, len(runs)):
        work.unread("free space of the database in no known format", path)


def _free(data: bytes, size: int, pages: int) -> Iterator[bytes]:
    """Yield what is free in the pages that hold cells, and the pages that are free."""
    for number in range(min(pages, _MOST_FREE)):
        page = data[number * size : (number + 1) * size]
        yield from _free_in(page, _HEAD if number == 0 else 0)
    trunk, steps = int.from_bytes(data[32:36]), 0
    while trunk and steps < _MOST_FREE:
        page = data[(trunk - 1) * size : trunk * size]
        count = min(int.from_bytes(page[4:8]), max(0, size // 4 - 2))
        yield page[8 + 4 * count :]
        for leaf in struct.unpack(f">{count}I", page[8 : 8 + 4 * count].ljust(4 * count, b"\0")):
            yield data[(leaf - 1) * size : leaf * size] if leaf else b""
        steps += 1 + count
        trunk = int.from_bytes(page[:4])


def _free_in(page: bytes, start: int) -> Iterator[bytes]:
    """Yield the space between the list of cells and the cells, and the blocks that were freed."""
    head = _TREES.get(page[start] if len(page) > start else 0)
    if head is None or len(page) < start + 8:
        return
    block, count, content = struct.unpack(">HHH", page[start + 1 : start + 7])
    yield page[start + head + 2 * count : content or 65_536]
    steps = 0
    while block and block + 4 <= len(page) and steps < len(page) // 4:
        following, length = struct.unpack(">HH", page[block : block + 4])
        yield page[block + 4 : block + length]
        block, steps = following if following > block else 0, steps + 1
