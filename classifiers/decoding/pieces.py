"""One text in many pieces: characters, encoded pieces, bits, bytes or words of some bytes in a
list, in the parts of a path, in fields of one name.
"""

import binascii
from collections.abc import Iterator, Sequence
from itertools import chain
from typing import Any, Literal

from classifiers.codecs.linear import compiled, ready
from classifiers.decoding import number_bases, number_lists
from classifiers.decoding.decoded import is_text, known, said_in

FEWEST_BYTES = 12
FIRST_NUMBERS = frozenset({"0", "1"})
"""With which languages begin to count what an array holds."""
_FEWEST, _FEWEST_WORDS = 8, 3
_FEWEST_PARTS = 3
_BYTE, _LETTERS = 256, frozenset({int, float, str})
_NUMBERS = frozenset({int, bool})
_MOST_DIMENSIONS = 8
_WIDEST = 200
_DIGITS_OF_BYTE = 3
_WIDE = 16
"""Letters of a piece from which on two of them may be a text."""
_IN_GROUPS = {ord(sign): None for sign in "-:#. "}
"""What parts the digits of ids, of addresses of networks, of colours."""
_LONGEST_NUMBER = 10
_BEGIN_NUMBERS = frozenset("0123456789&$#'\"")
_WORDS = (2, 3, 4, 8)
"""Bytes of the words that a text is kept in."""
_FEWEST_BITS = 96
_ORDERS: tuple[Literal["big", "little"], ...] = ("little", "big")
_OF_WORDS = 20
"""Digits of the longest word."""
_OF_ADDRESS = 4
_BASE_64 = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/-_="
_HEX = b"0123456789abcdefABCDEF"
_LARGE = 25
"""Digits of a number that no machine word holds."""
_RUN = b"\1" * _LARGE
_ARE_DIGITS = bytes(chr(byte).isdecimal() for byte in range(256))
_URLSAFE = bytes.maketrans(b"-_", b"+/")


def of_list(values: Sequence[Any]) -> str | bytes | None:
    """Return what a list says whose members are characters, pieces of an encoded text, bytes or
    words of four bytes; None for a list of anything else.
    """
    kind = type(values[0])
    if kind is str:
        return _of_strings(values)
    if kind is int and len(values) >= _FEWEST_WORDS:
        return _of_numbers(values)
    if kind is float and len(values) >= FEWEST_BYTES:
        if not _are_whole(values[:FEWEST_BYTES]) or not _are_whole(values):
            return None
        return of_bytes([int(v) for v in values])
    if kind is bool and len(values) >= _FEWEST_BITS and all(type(v) is bool for v in values):
        return _of_bits(values)
    return None


def _of_strings(values: Sequence[Any]) -> str | bytes | None:
    if len(values) >= FEWEST_BYTES and _may_be_written(values[0]):
        return _of_written(values)
    if len(values) >= FEWEST_BYTES and (said := _of_decimals(values)) is not None:
        return said
    if len(values) >= _FEWEST_WORDS and (said := _of_words(values)) is not None:
        return said
    fewest = _FEWEST_PARTS if len(values[0]) < _WIDE else 2
    return of_texts(values) if len(values) >= fewest else None


def _may_be_written(text: str) -> bool:
    """True for a number in the notation of a program, as `0x41`."""
    return 2 < len(text) <= _LONGEST_NUMBER and text[0] in _BEGIN_NUMBERS and not text.isdecimal()


def _of_written(values: Sequence[Any]) -> str | bytes | None:
    """Return what numbers say that are written as texts, each a byte."""
    if any(type(value) is not str or len(value) > _LONGEST_NUMBER for value in values):
        return of_texts(values)
    written = " ".join(values).encode("utf-8", "replace")
    return next(number_lists.read(written), None) or of_texts(values)


def _of_decimals(values: Sequence[Any]) -> bytes | None:
    """Return what numbers of one byte say that are written as texts."""
    if not values[0].isdecimal() or any(
        type(value) is not str or not 0 < len(value) <= _DIGITS_OF_BYTE or not value.isdecimal()
        for value in values
    ):
        return None
    return of_bytes([int(value) for value in values])


def letters_of(column: Sequence[Any]) -> str | None:
    """Return what the values of a column say, a letter or a byte each; None for any other."""
    first = column[0]
    if type(first) is str and len(first) != 1:
        return None
    if type(first) is int and not 0 <= first < _BYTE:
        return None
    said = of_list(column)
    return said.decode("utf-8", "replace") if isinstance(said, bytes) else said


def of_rows(rows: Sequence[Any]) -> Iterator[str]:
    """Yield what rows of bytes or letters say, one after another and each column by itself; of rows
    in rows, what all of them say.
    """
    if rows[0] and type(rows[0][0]) is list:
        yield from _of_array(rows)
        return
    width = len(rows[0])
    if not 0 < width <= _WIDEST or len(rows) * width < FEWEST_BYTES:
        return
    if not _LETTERS.issuperset(map(type, rows[0])) or any(type(row) is not list for row in rows):
        return
    if len(rows) >= FEWEST_BYTES:
        yield from filter(None, map(letters_of, zip(*rows, strict=False)))
    if (said := letters_of(list(chain.from_iterable(rows)))) is not None:
        yield said


def _of_array(rows: Sequence[Any]) -> Iterator[str]:
    """Yield what an array of more than two dimensions says."""
    for _ in range(_MOST_DIMENSIONS):
        if any(type(row) is not list for row in rows):
            return
        rows = list(chain.from_iterable(rows))
        if not rows or type(rows[0]) is not list:
            break
    if len(rows) >= FEWEST_BYTES and _LETTERS.issuperset(map(type, rows[:FEWEST_BYTES])):
        said = letters_of(rows)
        if said is not None:
            yield said


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
    return _undone(whole, width)


def _undone(whole: str, width: int) -> bytes | None:
    """Return what pieces of this width say together, as bytes, in hex or in base64."""
    if width == _DIGITS_OF_BYTE and whole.isdecimal():
        return of_bytes([int(whole[at : at + width]) for at in range(0, len(whole), width)])
    if not whole.isascii() or len(whole) < 2 * FEWEST_BYTES:
        return None
    run = whole.encode()
    for alphabet, undo in ((_HEX, _from_hex), (_BASE_64, _from_base_64)):
        if not run.translate(None, alphabet):
            data = undo(run)
            if known(data) is not None:
                return data
    bare = whole.translate(_IN_GROUPS).encode()
    if len(bare) < len(whole) and not bare.translate(None, _HEX):
        return said_in(_from_hex(bare))
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
    if -128 <= values[0] < _BYTE and len(values) >= FEWEST_BYTES:
        if len(values) >= _FEWEST_BITS and {0, 1}.issuperset(values):
            return _of_bits(values)
        return of_bytes(values)
    if values[0] < _BYTE or not all(type(value) is int and value >= 0 for value in values):
        return None
    return _in_words(values)


def _in_words(values: Sequence[int]) -> bytes | None:
    """Return what words of one width say in each order of their bytes; the last may be short."""
    largest = max(values)
    width = next((width for width in _WORDS if largest < 1 << 8 * width), 0)
    if not width or len(values) * width < FEWEST_BYTES:
        return None
    said: list[bytes] = []
    for order in _ORDERS:
        data = b"".join(value.to_bytes(width, order) for value in values[:-1])
        data += values[-1].to_bytes(width, order).strip(b"\0")
        if is_text(data):
            said.append(data)
    return b"\n\n".join(said) or None  # a text is one in either order: who reads it knows which


def _of_words(values: Sequence[Any]) -> bytes | None:
    """Return what numbers of several bytes say that are written as texts, and addresses of IPv4."""
    first = values[0]
    if not first.isdecimal() and first.count(".") != _OF_ADDRESS - 1:
        return None
    if any(type(value) is not str or len(value) > _OF_WORDS for value in values):
        return None
    if _are_digits(values):
        return _of_numbers([int(value) for value in values])
    return _of_addresses(values)


def _of_addresses(values: Sequence[str]) -> bytes | None:
    """Return the text that addresses of IPv4 say, a letter for each number."""
    parts = [part for value in values for part in value.split(".")]
    if len(parts) != _OF_ADDRESS * len(values) or len(parts) < FEWEST_BYTES:
        return None
    data = of_bytes([int(part) for part in parts]) if _are_digits(parts) else None
    return data if data is not None and data.rstrip(b"\0").isascii() else None


def _are_digits(texts: Sequence[str]) -> bool:
    return all(text.isascii() and text.isdecimal() for text in texts)


def _of_bits(values: Sequence[Any]) -> bytes | None:
    """Return the text that bits say, eight a byte; labels of rows are none."""
    bits = "".join("1" if value else "0" for value in values)
    data = int(bits[: len(bits) & ~7], 2).to_bytes(len(bits) // 8).rstrip(b"\0")
    return data if is_text(data) else None


def of_bytes(values: Sequence[Any]) -> bytes | None:
    """Return what numbers of one byte each say; None for numbers that say nothing."""
    try:
        data = bytes(values)
    except ValueError:
        if (
            not _NUMBERS.issuperset(map(type, values))
            or not -128 <= min(values) <= max(values) < 256
        ):
            return None
        data = bytes([value & 255 for value in values])
    except TypeError:
        return None
    return said_in(data)


def numbered(fields: dict[str, Any]) -> list[Any] | None:
    """Return the values of an object whose names count from 0 or 1; None of any other."""
    if len(fields) < FEWEST_BYTES or (first := next(iter(fields))) not in FIRST_NUMBERS:
        return None
    if any(name != str(number) for number, name in enumerate(fields, int(first))):
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


def may_be_large(data: bytes, digits: int) -> bool:
    """Return True when in a text of so many digits they may make a number of `large_numbers`."""
    return digits >= _LARGE and data.translate(_ARE_DIGITS).find(_RUN) >= 0


def large_numbers(data: bytes) -> Iterator[bytes]:
    """Yield what whole numbers in a JSON text say that no machine word holds."""
    for found in _large().finditer(data):
        digits = found.group(1)
        yield from number_bases.read(digits)


@ready
def _large() -> Any:
    return compiled(rf"(?:^|[:,\[ ])(\d{{{_LARGE},}})(?:[,\]}}\s]|$)")
