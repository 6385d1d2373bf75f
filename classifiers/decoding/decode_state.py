"""One decoding under way: where what is read is put, what is still to be read, and how much more
may be.
"""

from collections import deque
from typing import NamedTuple

from classifiers.codecs.content_encoding import TOO_MUCH, Undone
from classifiers.codecs.limits import Limits
from classifiers.payload import Carrier, Document, Path, Payload, Segment, Unread
from core.text import printable
from core.vocabulary.unread import UnreadKind

_new = tuple.__new__
_SAME_REASON = 20


class Piece(NamedTuple):
    """Something packed inside the payload that is read after what it was found in. Holds
    payload.
    """

    data: bytes | str | list[object] | dict[str, object]
    """Bytes and text are recognised by their content; lists and dicts are parsed already."""
    media_type: str
    key: str | None
    path: Path
    depth: int
    name: str | None = None

    def __repr__(self) -> str:
        return f"<Piece {self.media_type} depth {self.depth}>"


class Reading:
    """Collects a payload within limits. Holds payload."""

    __slots__ = tuple(
        (
            "begins carrier ends full label limits payload pending piece_bytes pieces queued"
            " reasons runs"
        ).split()
    )

    def __init__(self, payload: Payload, limits: Limits, label: str | None = None) -> None:
        self.payload = payload
        self.limits = limits
        self.label = label
        self.begins = self.ends = True
        """False when what is read begins or ends somewhere inside a larger body."""
        self.carrier = Carrier.BODY
        self.pending: deque[tuple[Carrier, str | None, Piece]] = deque()
        self.pieces = 0
        self.piece_bytes = 0
        self.runs = 0
        self.queued = set[int]()
        """What was queued, each by what it is and where it stands."""
        self.full = False
        self.reasons: dict[str, int] = {}

    def emit(
        self, text: str, key: str | None, path: Path, *, quoted: bool = True, tabular: bool = False
    ) -> None:
        """Add one segment."""
        segments = self.payload.segments
        if len(segments) >= self.limits.segments:
            if not self.full:
                self.full = True
                self.cut("more separate texts than are read", ())
            return
        segments.append(_new(Segment, (text, key, path, self.carrier, self.label, quoted, tabular)))

    def later(self, piece: Piece) -> bool:
        """Queue a packed piece; False, with a reason kept, when it is too deep or one too many.
        What says the same as what it was found in is read once.
        """
        if self._is_known(piece):
            return True
        if piece.depth > self.limits.depth:
            self.unread("formats packed inside each other too deeply", piece.path)
            return False
        size = len(piece.data) if isinstance(piece.data, str | bytes) else 0
        if self.pieces >= self.limits.pieces or self.piece_bytes + size > self.limits.piece_bytes:
            self.cut("more packed parts than are read", ())
            return False
        self.payload.controls = True
        self.pieces += 1
        self.piece_bytes += size
        label = f"attachment {printable(piece.name, 120)}" if piece.name else self.label
        self.pending.append((self.carrier, label, piece))
        return True

    def _is_known(self, piece: Piece) -> bool:
        if not isinstance(piece.data, str | bytes):
            return False
        size = len(piece.path)
        while size and str(piece.path[size - 1])[:1] == "(":
            size -= 1
        same = hash((piece.data, piece.media_type, piece.key, piece.name, piece.path[:size]))
        if same in self.queued:
            return True
        self.queued.add(same)
        return False

    def document(self, data: bytes, media_type: str | None, name: str | None, path: Path) -> None:
        """Add a file for a reader of its own."""
        self.payload.documents.append(Document(data, media_type, name, path, self.label))

    def cut(self, reason: str, path: Path) -> None:
        """Say what was left unread because it is too much."""
        self.payload.cut = True
        self.unread(reason, path)

    def undone(self, undone: Undone, path: Path, depth: int) -> bytes:
        """Return the content that was unpacked; queue what stands beside it, say what may be
        missing.
        """
        for reason in undone.reasons:
            self.payload.cut |= reason == TOO_MUCH
            self.unread(reason, path)
        for number, beside in enumerate(undone.beside, 1):
            self.later(
                Piece(beside, "", None, (*path, f"(beside the content {number})"), depth + 1)
            )
        return undone.data

    def unread(self, reason: str, path: Path, kind: UnreadKind = UnreadKind.CONTENT) -> None:
        """Say what could not be read; the same reason is kept at most twenty times."""
        seen = self.reasons.get(reason, 0)
        self.reasons[reason] = seen + 1
        if seen < _SAME_REASON:
            self.payload.unread.append(Unread(reason, path, kind))
