"""What the walk through a file without text returns: what it is, and what stands in it to be
read.
"""

from dataclasses import dataclass

from core.vocabulary.unread import UnreadKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Media:
    """A file whose structure holds to its end. Holds payload."""

    kind: UnreadKind
    parts: tuple[bytes, ...] = ()
    """What must be read for itself: packed texts, parts nobody knows, what stands behind the
    end."""

    def __repr__(self) -> str:
        return f"<Media {self.kind} {len(self.parts)} parts>"


def whole(kind: UnreadKind, parts: list[bytes], rest: bytes = b"") -> Media:
    """Return the file with what stands in it, empty parts left out."""
    return Media(kind=kind, parts=tuple(part for part in (*parts, rest) if part.strip(b"\0")))
