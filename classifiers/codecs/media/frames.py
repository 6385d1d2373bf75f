"""MP3, AAC, FLAC and Ogg: sounds as frames or pages, laid end to end."""

from classifiers.codecs.media.file import Media, whole
from core.vocabulary.unread import UnreadKind

_RATES = {
    True: (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 0),
    False: (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160, 0),
}
"""Kilobits a second of layer III, by whether it is MPEG 1."""
_SAMPLES = {3: (44100, 48000, 32000, 0), 2: (22050, 24000, 16000, 0), 0: (11025, 12000, 8000, 0)}
_FEWEST = 3
_TAG = 128


def mp3(data: bytes) -> Media | None:
    """Walk the tag and then every frame; what is no frame behind the last one stands apart."""
    at = 0
    if data.startswith(b"ID3") and len(data) > 10:
        size = 0
        for byte in data[6:10]:
            size = size << 7 | byte & 0x7F
        at = 10 + size
    frames = 0
    while at + 4 <= len(data):
        length = _frame(data, at)
        if not length or at + length > len(data):
            break
        at, frames = at + length, frames + 1
    if frames < _FEWEST:
        return None
    rest = data[at:]
    # The readable runs of a tag say all; what is neither is read for itself.
    tagged = len(rest) == _TAG and rest.startswith(b"TAG")
    return whole(UnreadKind.SOUND, [], b"" if tagged else rest)


def _frame(data: bytes, at: int) -> int:
    """Return the length of the frame that begins here; 0 when none does."""
    head = int.from_bytes(data[at : at + 4])
    if head >> 21 != 0x7FF or head >> 17 & 3 != 1:
        return 0
    version = head >> 19 & 3
    rate = _RATES[version == 3][head >> 12 & 15]
    samples = _SAMPLES.get(version, (0, 0, 0, 0))[head >> 10 & 3]
    if not rate or not samples:
        return 0
    return (144 if version == 3 else 72) * rate * 1000 // samples + (head >> 9 & 1)


def aac(data: bytes) -> Media | None:
    """Walk the frames of an ADTS stream; what is none behind the last one stands apart."""
    at = frames = 0
    while at + 7 <= len(data) and data[at] == 0xFF and data[at + 1] & 0xF6 == 0xF0:
        size = int.from_bytes(data[at + 3 : at + 6]) >> 5 & 0x1FFF
        if size < 7 or at + size > len(data):
            break
        at, frames = at + size, frames + 1
    return whole(UnreadKind.SOUND, [], data[at:]) if frames >= _FEWEST else None


def flac(data: bytes) -> Media | None:
    """Walk the blocks before the samples; these begin with the mark of a frame."""
    at, last = 4, False
    while not last and at + 4 <= len(data):
        last = bool(data[at] & 0x80)
        at += 4 + int.from_bytes(data[at + 1 : at + 4])
    framed = last and at + 2 <= len(data) and data[at] == 0xFF and data[at + 1] & 0xFC == 0xF8
    return whole(UnreadKind.SOUND, []) if framed else None


def ogg(data: bytes) -> Media | None:
    """Walk the pages; what is no page behind the last one stands apart."""
    at = pages = 0
    while at + 27 <= len(data) and data.startswith(b"OggS\0", at):
        segments = data[at + 26]
        at += 27 + segments + sum(data[at + 27 : at + 27 + segments])
        pages += 1
    if not pages or at > len(data):
        return None
    return whole(UnreadKind.SOUND, [], data[at:])
