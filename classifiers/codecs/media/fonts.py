"""TrueType, OpenType and WOFF fonts: a directory of tables that adds up."""

from classifiers.codecs.media.file import Media, whole
from core.vocabulary.unread import UnreadKind

_OUTLINES = (b"\0\1\0\0", b"OTTO", b"true")
_NEEDED = frozenset({b"cmap", b"head"})


def font(data: bytes) -> Media | None:
    """Walk the directory of tables; what stands behind the last one is read for itself."""
    if data[:4] in _OUTLINES:
        return _tables(data)
    if data[:4] in {b"wOFF", b"wOF2"} and len(data) > 44:
        size = int.from_bytes(data[8:12])
        if 44 < size <= len(data) and data[4:8] in _OUTLINES:
            return whole(UnreadKind.FONT, [], data[size:])
    return None


def _tables(data: bytes) -> Media | None:
    count, end, names = int.from_bytes(data[4:6]), 0, set[bytes]()
    if 12 + 16 * count > len(data):
        return None
    for at in range(12, 12 + 16 * count, 16):
        entry = data[at : at + 16]
        end = max(end, int.from_bytes(entry[8:12]) + int.from_bytes(entry[12:16]))
        names.add(entry[:4])
    if not names >= _NEEDED or not 12 < end <= len(data):
        return None
    return whole(UnreadKind.FONT, [], data[end:])
