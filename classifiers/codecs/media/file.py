"""What the walk through a file without text returns: what it is, and what stands in it to be
read.
"""

from dataclasses import dataclass

from classifiers.codecs.packed import is_plain
from core.vocabulary.unread import UnreadKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Media:
    """A file whose structure holds to its end. Holds payload."""

    kind: UnreadKind
    parts: tuple[bytes, ...] = ()
    """What must be read for itself: parts nobody knows, what stands behind the end."""
    texts: tuple[bytes, ...] = ()
    """What was packed or cut into blocks: its readable runs say all, as those of the file do."""

    def __repr__(self) -> str:
        return f"<Media {self.kind} {len(self.parts)} parts>"


def sorted_out(told: list[bytes], texts: list[bytes], parts: list[bytes]) -> None:
    """Put what is a text, or a profile of colours, to the texts, and all else to the parts."""
    for data in told:
        plain = is_plain(data) or data[36:40] == _PROFILE
        (texts if plain else parts).append(data)


_PROFILE = b"acsp"
"""Where every profile of colours has its mark."""

SHORT = 32
"""Bytes of an unknown part whose readable runs say all."""


def whole(
    kind: UnreadKind, parts: list[bytes], rest: bytes = b"", texts: list[bytes] | None = None
) -> Media:
    """Return the file with what stands in it, and behind its end."""
    behind = [rest] if rest.strip(b"\0\r\n ") else []
    return Media(kind=kind, parts=(*parts, *behind), texts=tuple(texts or ()))
