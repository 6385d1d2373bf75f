"""Bytes written as one large number: in tens, thirty-sixes, fifty-eights or sixty-twos."""

import math
from collections.abc import Iterator

_DIGITS = b"0123456789"
_SMALL, _LARGE = b"abcdefghijklmnopqrstuvwxyz", b"ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_58 = b"123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
_62 = (_DIGITS + _LARGE + _SMALL, _DIGITS + _SMALL + _LARGE)
_LONGEST = 1400
"""Letters: a number of so many digits is read in less than a millisecond. What is longer and means
nothing is said to be unread."""
_LEADING = 12
_PACKED = (0x1F8B08, 0x28B52F)
_FEWEST_IN_THREES, _FIRST_LETTER, _BEHIND_LETTERS = 36, 32, 127
_STEP = 10
"""Digits that are put together before they meet the whole number."""


def read(run: bytes) -> Iterator[bytes]:
    """Yield what a run of letters and digits may say in each base that it can be of; only what
    begins as text or as a packed stream does.
    """
    if len(run) > _LONGEST:
        return
    if not run.translate(None, _DIGITS):
        yield from _in_threes(run)
    for alphabet in _alphabets(run):
        if _is_telling(run, alphabet) and (data := _bytes_of(_number(run, alphabet))):
            yield data


def _in_threes(run: bytes) -> Iterator[bytes]:
    """Yield the text that digits say of which each three are a letter, in tens or eights."""
    if len(run) % 3 or len(run) < _FEWEST_IN_THREES:
        return
    threes = [run[at : at + 3] for at in range(0, len(run), 3)]
    for base in (10, 8):
        if base == 8 and run.translate(None, b"01234567"):
            continue
        values = [int(three, base) for three in threes]
        if min(values) >= _FIRST_LETTER and max(values) < _BEHIND_LETTERS:
            yield bytes(values)


def of_number(number: int) -> bytes:
    """Return the bytes of one whole number, the first of them first."""
    return _bytes_of(number) if 0 < number.bit_length() < _LONGEST * 6 else b""


def _alphabets(run: bytes) -> Iterator[bytes]:
    if not run.translate(None, _DIGITS):
        yield _DIGITS
        return
    for letters in (_SMALL, _LARGE):
        if not run.translate(None, _DIGITS + letters):
            yield _DIGITS + letters
    if not run.translate(None, _58):
        yield _58
    if not run.translate(None, _62[0]):
        yield from _62


def _is_telling(run: bytes, alphabet: bytes) -> bool:
    """True when the first three bytes of the number are those of text or of a packed stream: they
    are told by its first digits.
    """
    first = _number(run[:_LEADING], alphabet)
    if not first:
        return False
    bits = math.log2(first) + max(0, len(run) - _LEADING) * math.log2(len(alphabet))
    top = int(2 ** (bits - (int(bits) // 8 - 2) * 8)) if bits >= 24 else 0
    return top in _PACKED or all(32 <= top >> at & 255 < 127 for at in (16, 8, 0))


def _number(run: bytes, alphabet: bytes) -> int:
    digits = [alphabet.index(letter) for letter in run]
    base = len(alphabet)
    number = 0
    for at in range(0, len(digits), _STEP):
        part = 0
        group = digits[at : at + _STEP]
        for digit in group:
            part = part * base + digit
        number = number * base ** len(group) + part
    return number


def _bytes_of(number: int) -> bytes:
    return number.to_bytes((number.bit_length() + 7) // 8)
