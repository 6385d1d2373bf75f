"""WAV, WebP and AVI: chunks in a RIFF file."""

from classifiers.codecs.media.file import SHORT, Media, whole
from core.vocabulary.unread import UnreadKind

_FILLING = frozenset({b"JUNK", b"PAD ", b"data", b"VP8 ", b"VP8L", b"VP8X", b"ALPH", b"ANIM"})
_READ_BY_RUNS = _FILLING | frozenset(
    b"fmt |fact|LIST|cue |smpl|bext|inst|EXIF|XMP |ANMF|ICCP|idx1|hdrl|movi|id3 |PEAK".split(b"|")
)
_OF_WORDS = frozenset({b"LIST", b"bext"})
"""What holds words, behind the last of which the name of the next chunk may stand at once."""


def _walk(data: bytes, kind: UnreadKind, needed: tuple[frozenset[bytes], ...]) -> Media | None:
    """Walk the chunks up to the size the head states; some of each set in `needed` must be
    there.
    """
    end = 8 + int.from_bytes(data[4:8], "little")
    if end > len(data) + (end & 1):
        return None
    at, names, parts, texts = 12, set[bytes](), list[bytes](), list[bytes]()
    while at + 8 <= end:
        name, size = data[at : at + 4], int.from_bytes(data[at + 4 : at + 8], "little")
        if at + 8 + size > end:
            return None
        if name not in _READ_BY_RUNS and size > SHORT:
            parts.append(data[at + 8 : at + 8 + size])
        if name in _OF_WORDS:
            texts.append(data[at + 8 : at + 8 + size])
        names.add(name)
        at += 8 + size + (size & 1)
    if any(names.isdisjoint(some) for some in needed):
        return None
    return whole(kind, parts, data[min(end, len(data)) :], texts)


def wav(data: bytes) -> Media | None:
    """Walk a WAV file: a format and samples."""
    return _walk(data, UnreadKind.SOUND, (frozenset({b"fmt "}), frozenset({b"data"})))


def webp(data: bytes) -> Media | None:
    """Walk a WebP file: one picture at least."""
    return _walk(data, UnreadKind.PICTURE, (frozenset({b"VP8 ", b"VP8L", b"ANMF"}),))


def avi(data: bytes) -> Media | None:
    """Walk an AVI file: lists of streams and frames."""
    return _walk(data, UnreadKind.FILM, (frozenset({b"LIST"}),))
