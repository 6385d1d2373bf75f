"""What is looked for in one body, and what was found: contents with the size of a file near the
sender. Holds no payload, hashes only.
"""

import hashlib
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field

from classifiers.codecs.content_encoding import undo_content_encoding
from classifiers.codecs.limits import DEFAULT

MOST_UNPACKED = 64 << 20
"""Bytes of all that is unpacked of one body: as much as the largest file that is read."""
SMALLEST = 24
"""Bytes of the smallest file that is looked for: smaller contents are the same by chance."""
LARGE = 10_000
"""Bytes from where on it matters that a content is read once only."""
_PIECE = 1 << 16
"""Bytes hashed and counted at a time: what stays in the processor's cache."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A part of a body that has the size of a file. Holds no payload, its hash only."""

    sha256: str
    size: int
    decoded: bool
    """False where it stands in the body as it is."""
    lines: int
    opened: bool = True
    """False where nobody looked for what is in it: if it is not the file, that is to be done."""


@dataclass(slots=True)
class Search:
    """What is looked for in one body, and what was found."""

    sizes: Collection[int]
    deep: bool = False
    """Look into large contents, too, that have the size of a file and so are likely that file."""
    found: dict[tuple[str, int], Part] = field(default_factory=dict)
    strings: int = 0
    left: int = MOST_UNPACKED
    """Bytes that may still be unpacked."""

    def unpacked(self, data: bytes, coding: str) -> bytes:
        """Undo a coding; nothing once so much was unpacked as may be."""
        if self.left <= 0:
            return b""
        content = undo_content_encoding(data, coding, DEFAULT).data
        self.left -= len(content)
        return content

    def ends_with(self, data: bytes, *, decoded: bool) -> bool:
        """Take what may be a file; True when it may be one and is so large that nobody looks into
        it before that is known.
        """
        ends = len(data) >= LARGE and len(data) in self.sizes and not self.deep
        self.offer(data, decoded=decoded, opened=not ends)
        return ends

    def offer(self, data: bytes, *, decoded: bool, opened: bool = True) -> None:
        """Take what may be a file."""
        if len(data) < SMALLEST or len(data) not in self.sizes:
            return
        view = memoryview(data)
        pieces = (bytes(view[at : at + _PIECE]) for at in range(0, len(data), _PIECE))
        self.offer_pieces(pieces, decoded=decoded, opened=opened)

    def offer_pieces(self, pieces: Iterable[bytes], *, decoded: bool, opened: bool) -> None:
        """Take what may be a file and comes in pieces. Raises what the pieces raise."""
        digest, size, lines, last = hashlib.sha256(), 0, 0, b""
        for last in pieces:
            digest.update(last)
            size += len(last)
            lines += last.count(b"\n")
        sha256 = digest.hexdigest()
        known = self.found.get((sha256, size))
        if known is None or (known.decoded and not decoded):
            self.found[sha256, size] = Part(
                sha256=sha256,
                size=size,
                decoded=decoded,
                lines=lines + (not last.endswith(b"\n")),
                opened=opened,
            )
