"""MP4, M4A, HEIC, AVIF and WebM: boxes laid end to end."""

from classifiers.codecs.media.file import Media, whole
from core.vocabulary.unread import UnreadKind

_KNOWN = frozenset(
    b"ftyp moov mdat moof meta free skip wide mfra sidx styp uuid pdin emsg prft ssix".split()
)
_FREE = frozenset({b"free", b"skip", b"wide"})
_CONTENT = frozenset({b"mdat", b"moof"})
_INDEX = frozenset({b"moov", b"meta", b"moof"})


def _walk(data: bytes, kind: UnreadKind) -> Media | None:
    """Walk the outer boxes; what is no box behind the last one stands apart."""
    at, names, parts = 0, set[bytes](), list[bytes]()
    while at + 8 <= len(data):
        size, name, head = int.from_bytes(data[at : at + 4]), data[at + 4 : at + 8], 8
        if name not in _KNOWN:
            break
        if size == 1:
            size, head = int.from_bytes(data[at + 8 : at + 16]), 16
        elif size == 0:
            size = len(data) - at
        if size < head or at + size > len(data):
            return None
        names.add(name)
        if name in _FREE and data[at + head : at + size].strip(b"\0"):
            parts.append(data[at + head : at + size])
        at += size
    if names.isdisjoint(_CONTENT) or names.isdisjoint(_INDEX):
        return None
    return whole(kind, parts, data[at:])


def webm(data: bytes) -> Media | None:
    """Walk a head and one segment, whose length is stated or is all the rest."""
    head, at = _length(data, 4)
    at += head
    if head <= 0 or not data.startswith(b"\x18\x53\x80\x67", at):
        return None
    size, begin = _length(data, at + 4)
    end = len(data) if size < 0 else begin + size
    if end > len(data) or b"\x16\x54\xae\x6b" not in data[begin : begin + 4096]:
        return None
    return whole(UnreadKind.FILM, [], data[end:])


def _length(data: bytes, at: int) -> tuple[int, int]:
    """Return a length and where it ends; -1 for one that is not stated."""
    first = data[at] if at < len(data) else 0
    width = 9 - first.bit_length()
    value = int.from_bytes(data[at : at + width]) & (1 << 7 * width) - 1
    return (-1 if value == (1 << 7 * width) - 1 else value), at + width


def film(data: bytes) -> Media | None:
    """Walk a film."""
    return _walk(data, UnreadKind.FILM)


def sound(data: bytes) -> Media | None:
    """Walk a sound recording."""
    return _walk(data, UnreadKind.SOUND)


def picture(data: bytes) -> Media | None:
    """Walk a picture."""
    return _walk(data, UnreadKind.PICTURE)
