"""One text in many pieces: characters, encoded pieces, bytes or words of four bytes in a list, in
the parts of a path, in fields of one name.
"""

import binascii
import struct
from collections.abc import Iterator, Sequence
from functools import cache
from typing import Any

from classifiers.decoding import number_bases
from classifiers.decoding.decoded import known

_FEWEST, _FEWEST_BYTES, _FEWEST_WORDS = 8, 12, 3
_FEWEST_PARTS = 3
_WIDEST = 200
_SMALLEST_WORD = 1 << 24
_BASE_64 = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/-_="
_HEX = b"0123456789abcdefABCDEF"
_URLSAFE = bytes.maketrans(b"-_", b"+/")


def of_list(values: Sequence[Any]) -> str | bytes | None:
    """Return what a list says whose members are characters, pieces of an encoded text, bytes or
    words of four bytes; None for a list of anything else.
    """
    kind = type(values[0])
    if kind is str:
        return of_texts(values) if len(values) >= _FEWEST_PARTS else None
    if kind is int and len(values) >= _FEWEST_WORDS:
        return _of_numbers(values)
    if kind is float and len(values) >= _FEWEST_BYTES:
        if not _are_whole(values[:_FEWEST_BYTES]) or not values[0] or not _are_whole(values):
            return None
        return _of_bytes([int(v) for v in values])
    return None


def _are_whole(values: Sequence[Any]) -> bool:
    return all(type(value) is float and value.is_integer() for value in values)


def of_texts(values: Sequence[Any]) -> str | bytes | None:
    """Return the text of characters, or what pieces of one width say in base64 or hex."""
    width = len(values[0])
    if not 0 < width <= _WIDEST or type(values[1]) is not str or len(values[1]) != width:
        return None
    if (width == 1 and len(values) < _FEWEST) or not all(type(value) is str for value in values):
        return None
    if any(len(value) != width for value in values[:-1]) or len(values[-1]) > width:
        return None
    whole = "".join(values)
    if width == 1:
        return whole
    if not whole.isascii() or len(whole) < 2 * _FEWEST_BYTES:
        return None
    return _undone(whole.encode())


def _undone(run: bytes) -> bytes | None:
    for alphabet, undo in ((_HEX, _from_hex), (_BASE_64, _from_base_64)):
        if not run.translate(None, alphabet):
            data = undo(run)
            if known(data) is not None:
                return data
    return None


def _from_hex(run: bytes) -> bytes:
    return binascii.unhexlify(run[: len(run) & ~1])


def _from_base_64(run: bytes) -> bytes:
    run = run.rstrip(b"=").translate(_URLSAFE)
    if b"=" in run:
        return b""
    run = run[:-1] if len(run) % 4 == 1 else run + b"=" * (-len(run) % 4)
    return binascii.a2b_base64(run)


def _of_numbers(values: Sequence[Any]) -> bytes | None:
    first = values[0]
    if -128 <= first < 256:
        return _of_bytes(values) if len(values) >= _FEWEST_BYTES else None
    if not _SMALLEST_WORD <= first < 1 << 32:
        return None
    if not all(type(value) is int and 0 <= value < 1 << 32 for value in values):
        return None
    for order in "<>":
        data = struct.pack(f"{order}{len(values)}I", *values)
        if known(data) is not None:
            return data
    return None


def _of_bytes(values: Sequence[Any]) -> bytes | None:
    head = values[:_FEWEST_BYTES]
    if not _are_bytes(head) or known(bytes([value & 255 for value in head])) is None:
        return None
    if not _are_bytes(values):
        return None
    data = bytes([value & 255 for value in values])
    return None if known(data) is None else data


def _are_bytes(values: Sequence[Any]) -> bool:
    return all(type(value) is int and -128 <= value < 256 for value in values)


def numbered(fields: dict[str, Any]) -> list[Any] | None:
    """Return the values of an object whose names are the numbers from 0 on; None of any other."""
    if len(fields) < _FEWEST_BYTES or next(iter(fields)) != "0":
        return None
    if any(name != str(number) for number, name in enumerate(fields)):
        return None
    return list(fields.values())


def in_a_row(parts: Sequence[str]) -> Iterator[bytes | str]:
    """Yield what parts say that stand side by side and are all as long but the last."""
    start = 0
    while start < len(parts) - 1:
        end = start + 1
        width = len(parts[start])
        while end < len(parts) and len(parts[end]) == width:
            end += 1
        if end - start > 1 and width > 3:
            for stop in (end + 1, end):
                chosen = parts[start:stop]
                if len(chosen) >= _FEWEST_PARTS and len(chosen[-1]) <= width:
                    yield from _told(chosen)
                    break
        start = end


def _told(parts: Sequence[str]) -> Iterator[bytes | str]:
    whole = "".join(parts)
    if sum(map(str.isdecimal, whole)) >= _FEWEST:
        yield whole
    if (data := of_texts(parts)) is not None:
        yield data


def large_numbers(data: bytes) -> Iterator[bytes]:
    """Yield what whole numbers in a JSON text say that no machine word holds."""
    for found in _large().finditer(data):
        digits = found.group(1)
        yield from number_bases.read(digits)


@cache
def _large() -> Any:
    return _compiled(r"(?:[:,\[ ])(\d{25,})(?:[,\]}\s])")


def _compiled(pattern: str) -> Any:
    import re2

    options = re2.Options()
    options.encoding = re2.Options.Encoding.LATIN1
    return re2.compile(pattern.encode("latin-1"), options)
