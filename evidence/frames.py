"""How texts are kept in the file: zstd frames made with a shipped dictionary, each behind the
number of its dictionary.

What is hashed is the text, never the frame: a newer zstd may write other bytes.
"""

import sqlite3
import threading
from collections.abc import Callable
from functools import cache
from pathlib import Path

import zstandard

from core.case_keys import case_id
from evidence.said import certainty_in, hold_ending_in

DICTIONARY = 1
"""That new frames are made with. Those before stay, for the frames that were made with them."""
_LEVEL = 3
_PLAIN = b"\x00"
_MOST_BYTES = 1 << 28
"""No record is so long: a frame that claims it is damaged."""
_DAMAGED = b"damaged"
_BEGIN = bytes((DICTIONARY,)) + zstandard.FRAME_HEADER
_LONG = 0x80
"""From so much on, the byte behind it says that the text's length takes four bytes, or eight."""
_local = threading.local()


@cache
def dictionary(number: int) -> bytes:
    """Return a dictionary of this version. Raises ValueError where there is none of that number."""
    try:
        return (Path(__file__).parent / "dictionaries" / f"{number}.zdict").read_bytes()
    except OSError:
        raise ValueError("its text was packed by a later version") from None


def tightly(text: bytes) -> bytes:
    """Return a frame made without a dictionary: of what is long and no record."""
    return zstandard.ZstdCompressor(level=_LEVEL).compress(text)


def loosened(frame: bytes) -> bytes:
    """Return the text of such a frame. Raises ValueError where it is damaged or too long."""
    try:
        return zstandard.ZstdDecompressor().decompress(frame, max_output_size=_MOST_BYTES)
    except zstandard.ZstdError:
        raise ValueError("it is damaged") from None


def packed(text: bytes) -> bytes:
    """Return the frame of a text."""
    compressor = getattr(_local, "compressor", None)
    if compressor is None:
        made = zstandard.ZstdCompressionDict(dictionary(DICTIONARY))
        made.precompute_compress(level=_LEVEL)
        compressor = _local.compressor = zstandard.ZstdCompressor(
            level=_LEVEL, dict_data=made, write_checksum=False, write_dict_id=False
        )
    return bytes((DICTIONARY,)) + compressor.compress(text)


def unpacked(frame: bytes | str) -> bytes:
    """Return the text in a frame; nothing for what was erased. Raises ValueError where it is
    damaged.

    A frame may be followed by zeros, where a shorter one took the place of a longer one.
    """
    if isinstance(frame, str):
        return frame.encode()
    if not frame or frame[:1] == _PLAIN:
        return b""
    number = frame[0]
    known: dict[int, zstandard.ZstdDecompressor] = _local.__dict__.setdefault("known", {})
    if number not in known:
        known[number] = zstandard.ZstdDecompressor(
            dict_data=zstandard.ZstdCompressionDict(dictionary(number))
        )
    try:
        if zstandard.frame_content_size(frame[1:]) > _MOST_BYTES:
            raise ValueError("its text is damaged")
        return known[number].decompress(frame[1:])
    except zstandard.ZstdError:
        raise ValueError("its text is damaged") from None


def opener() -> Callable[[object], bytes | None]:
    """Return `text_of` in fewer steps for frames of this version and of ordinary length; one with
    something behind it is not read.
    """
    made = zstandard.ZstdDecompressor(
        dict_data=zstandard.ZstdCompressionDict(dictionary(DICTIONARY))
    )
    decompress, damaged = made.decompress, zstandard.ZstdError

    def opened(frame: object) -> bytes | None:
        if type(frame) is bytes and frame[:5] == _BEGIN and frame[5] < _LONG:
            try:
                return decompress(frame[1:], allow_extra_data=False)
            except damaged:
                return _DAMAGED
        return text_of(frame)

    return opened


def behind(frame: object) -> bytes:
    """Return what stands behind a frame; nothing of what is no frame."""
    if not isinstance(frame, bytes) or frame[1:5] != zstandard.FRAME_HEADER:
        return b""
    reading = zstandard.ZstdDecompressor(
        dict_data=zstandard.ZstdCompressionDict(dictionary(frame[0]))
    ).decompressobj()
    try:
        reading.decompress(frame[1:])
    except zstandard.ZstdError:
        return b""
    return reading.unused_data


def text_of(frame: object) -> bytes | None:
    """Return the text, or what is no JSON where it cannot be had: one entry hides no other."""
    if frame is None:
        return None
    try:
        return unpacked(frame) if isinstance(frame, bytes | str) else _DAMAGED
    except ValueError:
        return _DAMAGED


def teach(connection: sqlite3.Connection) -> None:
    """Let the statements of this connection say `unpacked(body)`, `packed(text)`, `mark(hex)`,
    `case_id_of(key)`, `certainty_in(body)` and `hold_ending_in(body)`.
    """
    of_key = lambda key: case_id(str(key))  # noqa: E731
    connection.create_function("case_id_of", 1, of_key, deterministic=True)
    connection.create_function("certainty_in", 1, _certainty, deterministic=True)
    connection.create_function("hold_ending_in", 1, _hold_ending, deterministic=True)
    connection.create_function("unpacked", 1, text_of, deterministic=True)
    connection.create_function("packed", 1, _frame, deterministic=True)
    connection.create_function("mark", 1, mark, deterministic=True)


def _frame(text: bytes | str) -> bytes:
    return packed(text.encode() if isinstance(text, str) else text)


def mark(fingerprint: str) -> int | None:
    """Return a fingerprint as the whole number that it is looked up by; None for what is none."""
    try:
        return int(fingerprint[:16], 16) >> 1
    except (ValueError, TypeError):
        return None


def _certainty(frame: object) -> str | None:
    found = certainty_in(text_of(frame))
    return found if isinstance(found, str) else None


def _hold_ending(frame: object) -> str | None:
    found = hold_ending_in(text_of(frame))
    return found if isinstance(found, str) else None
