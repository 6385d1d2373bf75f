"""Where a large form is cut: between its parts, and within one only where that is larger than a
window. Pure.
"""

from dataclasses import dataclass
from enum import Enum, auto

from classifiers.decoding.forms import boundary_of, head_of, split_header

MOST_PARTS = 1_000
"""So many parts stand in one window at most: each is read for itself."""
_LONGEST_BOUNDARY = 200
_LONGEST_HEAD = 16 * 1024
_AS_IT_IS = frozenset({"", "7bit", "8bit", "binary", "identity"})


class Piece(Enum):
    """What a piece of a form is."""

    PARTS = auto()
    """Whole parts."""
    HEAD = auto()
    """The head of a part that is larger than a window."""
    CONTENT = auto()
    """Of such a part."""
    END = auto()
    """The last of such a part."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """What the head of a part says of its content."""

    content_type: str
    is_plain: bool
    """False where the content is written in a coding, or has parts itself: it means nothing in
    pieces."""


class FormParts:
    """Cuts one form. `boundary`: what parts its parts, without the dashes before it."""

    def __init__(self, boundary: bytes) -> None:
        self._mark = b"\n--" + boundary
        self.closing = b"--" + boundary + b"--\r\n"
        """What ends a form."""
        self._is_inside = False

    def next(self, data: bytearray, size: int) -> tuple[int, Piece]:
        """Return how many of the bytes make the next piece, and what it is; of all that is left,
        `size` is the length.
        """
        if self._is_inside:
            return self._inside(data, size)
        if at := self._between(data, size):
            return at, Piece.PARTS
        if size == len(data):
            return size, Piece.PARTS
        self._is_inside = True
        return _end_of_head(bytes(data[:_LONGEST_HEAD])), Piece.HEAD

    def is_over(self, piece: bytes) -> bool:
        """Return True for what stands behind the last part."""
        return piece.startswith(self.closing[:-2])

    def _inside(self, data: bytearray, size: int) -> tuple[int, Piece]:
        at = data.find(self._mark, 0, size)
        if at < 0 and size < len(data):
            return size - len(self._mark), Piece.CONTENT
        self._is_inside = False
        return (at + 1 if at >= 0 else size), Piece.END

    def _between(self, data: bytearray, size: int) -> int:
        """Return where the last part begins that does not end there; 0 where that is the first. Of
        more parts than stand in one window, no more is looked at.
        """
        at = 0
        for _ in range(MOST_PARTS):
            found = data.find(self._mark, at + 1, size)
            if found < 0:
                return at + 1 if at and size < len(data) else 0
            at = found
        return at + 1


def parts_of(start: bytes, content_type: str) -> FormParts | None:
    """Return how a form is cut that begins so; None where it does not begin as one."""
    boundary = boundary_of(start, split_header(content_type)[1].get("boundary"))
    if not 0 < len(boundary) <= _LONGEST_BOUNDARY or b"--" + boundary not in start:
        return None
    return FormParts(boundary)


def _end_of_head(start: bytes) -> int:
    """Return where the head ends, with the boundary before it."""
    for gap in (b"\r\n\r\n", b"\n\n"):
        if (at := start.find(gap)) >= 0:
            return at + len(gap)
    return start.find(b"\n") + 1 or len(start)


def told_in(head: bytes) -> Head:
    """Return what such a head says."""
    told = {name.lower(): value for name, value in head_of(head.partition(b"\n")[2])}
    codings = (told.get("content-transfer-encoding", ""), told.get("content-encoding", ""))
    content_type = told.get("content-type", "").strip().lower()
    is_plain = _AS_IT_IS.issuperset(coding.strip().lower() for coding in codings)
    return Head(
        content_type=content_type,
        is_plain=is_plain and not content_type.startswith(("multipart/", "message/")),
    )
