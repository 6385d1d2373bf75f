"""PNG, JPEG, GIF and BMP, walked from their first byte to their end."""

import struct

from classifiers.codecs.deflate import checksum, first_inflated, inflates_to
from classifiers.codecs.media.file import SHORT, Media, sorted_out, whole
from core.vocabulary.unread import UnreadKind

_MOST_PIXELS = 1 << 26
"""Bytes of pixels that are unpacked to see that they are pixels."""
_MOST_TEXT = 1 << 22
_CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
_KNOWN = frozenset(
    b"IHDR PLTE IDAT IEND tRNS cHRM gAMA sBIT sRGB cICP mDCV cLLI bKGD hIST pHYs sPLT eXIf tIME"
    b" acTL fcTL fdAT oFFs pCAL sCAL sTER".split()
)
"""Chunks of which the readable runs say all: pixels, numbers, and texts as they are."""
_PACKED = {b"zTXt": 1, b"iCCP": 1, b"iTXt": 2}
"""Chunks with a packed text behind a name and so many bytes."""


def png(data: bytes) -> Media | None:
    """Walk the chunks: each has its checksum, and the pixels are as many as the head says."""
    at, head = 8, b""
    parts, texts, pixels = list[bytes](), list[bytes](), list[bytes]()
    while at + 12 <= len(data):
        size = int.from_bytes(data[at : at + 4])
        name, end = data[at + 4 : at + 8], at + 8 + size
        stated = int.from_bytes(data[end : end + 4])
        if end + 4 > len(data) or checksum(data[at + 4 : end]) != stated:
            return None
        content, at = data[at + 8 : end], end + 4
        if name == b"IHDR":
            head = content
        elif name == b"IDAT":
            pixels.append(content)
        elif name == b"IEND":
            fits = _fits(head, pixels)
            return whole(UnreadKind.PICTURE, parts, data[at:], texts) if fits else None
        elif name in _PACKED or name == b"tEXt":
            sorted_out(_texts_of(name, content), texts, parts)
        elif name not in _KNOWN and len(content) > SHORT:
            parts.append(content)
    return None


def _texts_of(name: bytes, content: bytes) -> list[bytes]:
    """Return the name and the text of a chunk, unpacked where it is packed."""
    label, _, rest = content.partition(b"\0")
    if name == b"tEXt" or (name == b"iTXt" and not rest.startswith(b"\1")):
        return [label, rest.lstrip(b"\0")]
    rest = rest[_PACKED[name] :]
    if name == b"iTXt":
        rest = rest.split(b"\0", 2)[-1]
    text = first_inflated(rest, wrapped=True, most=_MOST_TEXT)
    return [label, text or content]


def _fits(head: bytes, pixels: list[bytes]) -> bool:
    if len(head) != 13 or not pixels:
        return False
    width, height, bits, colour, _, _, laced = struct.unpack(">IIBBBBB", head)
    if colour not in _CHANNELS or bits not in {1, 2, 4, 8, 16} or not width or not height:
        return False
    wanted = height * (1 + (width * bits * _CHANNELS[colour] + 7) // 8)
    rows = 16 * (height + 8) if laced else 0
    got = inflates_to(b"".join(pixels), min(wanted + rows, _MOST_PIXELS) + 1)
    if got is None:
        return False
    return wanted <= got <= wanted + rows or got > _MOST_PIXELS


_APPLICATIONS = (
    *(b"JFIF\0", b"JFXX\0", b"Exif\0", b"http://ns.adobe.com/", b"ICC_PROFILE\0", b"MPF\0"),
    *(b"Photoshop 3.0\0", b"Adobe\0", b"Adobe\0d", b"Ducky\0", b"FPXR\0", b"XMP\0"),
)
"""Whose segments are what they say: pictures are full of them."""


def jpeg(data: bytes) -> Media | None:
    """Walk the segments, and between them the pixels, in which a mark is always escaped."""
    at, parts, texts, frame = 2, list[bytes](), list[bytes](), False
    while at + 4 <= len(data):
        if data[at] != 0xFF:
            return None
        mark = data[at + 1]
        if mark == 0xFF:
            at += 1
            continue
        if mark == 0xD9:
            return whole(UnreadKind.PICTURE, parts, data[at + 2 :], texts) if frame else None
        if mark == 1 or 0xD0 <= mark <= 0xD8:
            at += 2
            continue
        size = int.from_bytes(data[at + 2 : at + 4])
        if size < 2:
            return None
        frame |= 0xC0 <= mark <= 0xCF and mark not in {0xC4, 0xC8, 0xCC} and size >= 11
        content, at = data[at + 4 : at + 2 + size], at + 2 + size
        if mark == 0xFE or (0xE0 <= mark <= 0xEF and not content.startswith(_APPLICATIONS)):
            sorted_out([content], texts, parts)
        if mark == 0xDA:
            at = _scan_end(data, at)
    return _ends(data, at, parts) if frame else None


def _ends(data: bytes, at: int, parts: list[bytes]) -> Media | None:
    return whole(UnreadKind.PICTURE, parts) if data[at:] == b"\xff\xd9" else None


def _scan_end(data: bytes, at: int) -> int:
    """Return where the next segment begins behind pixels."""
    while True:
        at = data.find(b"\xff", at)
        if at < 0 or at + 1 >= len(data):
            return len(data)
        if data[at + 1] != 0 and not 0xD0 <= data[at + 1] <= 0xD7:
            return at
        at += 2


def gif(data: bytes) -> Media | None:
    """Walk the blocks to the trailer."""
    if len(data) < 14:
        return None
    at, images = 13 + _colours(data[10]), 0
    parts, texts = list[bytes](), list[bytes]()
    while at < len(data):
        mark = data[at]
        if mark == 0x3B:
            return whole(UnreadKind.PICTURE, parts, data[at + 1 :], texts) if images else None
        if mark == 0x21 and at + 2 < len(data):
            begin = at + 2
        elif mark == 0x2C and at + 10 < len(data):
            begin = at + 11 + _colours(data[at + 9])
            images += 1
        else:
            return None
        blocks, at = _blocks(data, begin)
        if at < 0:
            return None
        if mark == 0x21:
            sorted_out([blocks], texts, parts if len(blocks) > SHORT else texts)
    return None


def _colours(flags: int) -> int:
    return 3 << ((flags & 7) + 1) if flags & 0x80 else 0


def _blocks(data: bytes, at: int) -> tuple[bytes, int]:
    """Return what the blocks hold and where they end; -1 when they do not."""
    held: list[bytes] = []
    while at < len(data):
        size = data[at]
        if size == 0:
            return b"".join(held), at + 1
        held.append(data[at + 1 : at + 1 + size])
        at += 1 + size
    return b"", -1


def bmp(data: bytes) -> Media | None:
    """Take the sizes in its head for its structure: they tell its length to the byte."""
    if len(data) < 54:
        return None
    size, pixels, header = (int.from_bytes(data[at : at + 4], "little") for at in (2, 10, 14))
    width, height = (
        abs(int.from_bytes(data[at : at + 4], "little", signed=True)) for at in (18, 22)
    )
    bits, packing = int.from_bytes(data[28:30], "little"), data[30]
    row = (width * bits + 31) // 32 * 4
    if header < 40 or bits not in {1, 4, 8, 16, 24, 32} or size > len(data) or not width * height:
        return None
    if packing in {0, 3} and pixels + row * height > size:
        return None
    return whole(UnreadKind.PICTURE, [], data[size:])
