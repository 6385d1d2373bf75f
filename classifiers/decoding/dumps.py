"""Bytes as programs dump them: octal and swapped words, calls for each character, records with
lengths, encoded pieces with signs between them, lines of uuencode without their head.
"""

import binascii
import re
from collections.abc import Callable, Iterator
from itertools import groupby
from typing import Any

from classifiers.codecs.bases import base_32, from_base_45, from_base_64
from classifiers.codecs.linear import compiled, ready
from classifiers.decoding.decoded import known

CALLS = (
    r"(?:(?i:(?:string\.)?(?:chrw?|n?char|unichr|fromcharcode))\((?:0[xX])?[0-9A-Fa-f]{1,4}\)"
    r"[ +.&|,]{0,5}){8,}"
)
OCTAL = r"(?:[0-7]{3}(?:[ \t\r\n]|\\[nrt]){1,4}){11,}[0-7]{3}"
SEVEN_BITS = r"(?:[01]{7}(?:[ \t\r\n,;]|\\[nrt]){1,4}){12,}[01]{7}"
RECORDS = r"(?::|S[123])[0-9A-F]{12,}"
"""Of Intel and Motorola: a sign, a length, an address, bytes, a sum."""
GROUPS = r"(?:[0-9A-Fa-f]{8}[_. :|-]){5,}[0-9A-Fa-f]{2,8}"
_LETTER = r"[A-Za-z0-9+/]"
_MIXED = rf"{_LETTER}*(?:[a-z][A-Z0-9+/]|[A-Z][a-z0-9+/][A-Z]){_LETTER}*"
_SEPARATOR = r"(?:[^A-Za-z0-9+/=\\]|\\+[nrt\"']?|<[a-z]{1,4} ?/?>)+"
_NUMBERED = rf"{_SEPARATOR}(?:[0-9]{{1,4}}[:.)\]][ \t]*)?"
MIXED_PIECES = rf"(?:{_MIXED}={{0,2}}{_NUMBERED}){{2,}}{_LETTER}{{2,}}={{0,2}}"
PIECES = rf"(?:{_LETTER}{{2,}}={{0,2}}{_NUMBERED}){{2,}}{_LETTER}{{2,}}={{0,2}}"
PADDED = r"(?:[A-Za-z0-9+/_-]{2,}={1,2}(?:[^A-Za-z0-9+/=]|\\[nrt])*){3,}"
"""Base64 in pieces with signs between, and in pieces that are encoded one by one."""
BARE_UU = r"M[\x20-\x60]{60}(?:\r?\n|\\[nr])[\x21-\x60]"
_SIGN = (
    r"(?:[ \t]|\r?\n|\\[nrt]|[\x00-\x08]|[|,;_.:/-]|[\xc2-\xdf][\x80-\xbf]"
    r"|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3})"
)
APART = rf"(?:(?:[!-~]{_SIGN}){{11,}}|(?:[0-9A-Za-z][!-/:-@\[-`{{-~]){{11,}})[!-~]"
"""Letters with one sign behind each."""
UUIDS = r"(?:[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}[^0-9A-Za-z]*){2,}"
BASE_45 = r"[0-9A-Z$%*+./:-][0-9A-Z $%*+./:-]{34,}"
_RUN_OF_45 = b"\1" * 35
_ARE_OF_45 = bytes(byte in b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+./:-" for byte in range(256))

_CALL = re.compile(rb"\((0[xX])?([0-9A-Fa-f]{1,4})\)")
_NO_HEX = bytes(range(256)).translate(None, b"0123456789abcdefABCDEF")
_ADDRESS = {b"1": 4, b"2": 6, b"3": 8}
_FULL_UU = 61
_FEWEST_APART = 11
_FEWEST_LETTERS, _WORDS_BEFORE = 20, 4
_SURE = 24
"""Bytes that are text by chance in no language; fewer are where all of them are ASCII."""
_NUMERALS = b"0123456789"
_XX = b"+-0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_FROM_XX = bytes.maketrans(_XX, bytes(range(32, 96)))


def from_calls(stretch: bytes) -> bytes:
    """Return the characters that calls such as `chr(68)` name."""
    numbers = [int(digits, 16 if mark else 10) for mark, digits in _calls(stretch)]
    if max(numbers, default=0) > 255:
        return "".join(chr(n) for n in numbers if n < 0xD800).encode()
    return bytes(numbers)


def _calls(stretch: bytes) -> list[tuple[bytes, bytes]]:
    found = [(one[1] or b"", one[2]) for one in _CALL.finditer(stretch)]
    return [(mark, digits) for mark, digits in found if mark or digits.isdigit()]


def from_names(stretch: bytes) -> bytes:
    """Return the characters whose numbers stand there, as Unicode and style sheets write them."""
    codes = (int(number, 16) for number in stretch.translate(_SIGNS_APART).split())
    return "".join(chr(c) for c in codes if c < 0x110000 and not 0xD800 <= c < 0xE000).encode()


_SIGNS_APART = bytes.maketrans(b"U+\\,;", b"     ")


def from_bits(stretch: bytes) -> bytes:
    """Return the bytes of which every bit stands there."""
    bits = stretch.translate(None, _NO_BITS)
    return int(bits[: len(bits) & ~7], 2).to_bytes(len(bits) // 8)


_NO_BITS = bytes(range(256)).translate(None, b"01")


def from_octal(stretch: bytes) -> bytes:
    """Return the bytes that numbers of three octal digits name."""
    numbers = [int(part, 8) for part in _words(stretch) if len(part) == 3]
    return _if_known(bytes(numbers)) if max(numbers, default=256) < 256 else b""


def from_seven_bits(stretch: bytes) -> bytes:
    """Return the characters of ASCII that seven bits each name."""
    return _if_known(bytes(int(part, 2) for part in _words(stretch.translate(_GAPS))))


_GAPS = bytes.maketrans(b",;", b"  ")


def _words(stretch: bytes) -> list[bytes]:
    for escape in (b"\\n", b"\\r", b"\\t"):
        stretch = stretch.replace(escape, b" ")
    return stretch.split()


def swapped(stretch: bytes) -> bytes:
    """Return words of two bytes the other way round, as machines keep them."""
    even = stretch[: len(stretch) & ~1]
    out = bytearray(even)
    out[::2], out[1::2] = even[1::2], even[::2]
    return _if_known(bytes(out))


def from_record(stretch: bytes) -> bytes:
    """Return the bytes of one record whose length is true."""
    if stretch[:1] == b":":
        whole, start = int(stretch[1:3], 16) * 2 + 11, 9
    else:
        whole, start = int(stretch[2:4], 16) * 2 + 4, 4 + _ADDRESS[stretch[1:2]]
    return binascii.unhexlify(stretch[start:-2]) if len(stretch) == whole else b""


def from_groups(stretch: bytes) -> bytes:
    """Return the bytes of hex digits by eights, where they are known."""
    digits = stretch.translate(None, _NO_HEX)
    return _if_known(binascii.unhexlify(digits[: len(digits) & ~1]))


def from_pieces(stretch: bytes) -> bytes:
    """Return what base64 or base32 says that was cut into pieces of one length with one sign
    between them, where it is known: the last piece is no longer than the others.
    """
    if len(stretch) < _FEWEST_LETTERS or stretch.translate(None, _NUMERALS) == stretch:
        return b""  # words, and names in code
    if _mixed_pieces().search(stretch) is None:
        return b""
    pieces = _piece().findall(stretch)
    out, at = [], 0
    while at < len(pieces):
        (piece, sign), end = pieces[at], at + 1
        while (
            end < len(pieces) and len(pieces[end][0]) == len(piece) and pieces[end - 1][1] == sign
        ):
            end += 1
        run = [one for one, _ in pieces[at:end]]
        if end < len(pieces) and pieces[end - 1][1] == sign and len(pieces[end][0]) < len(piece):
            run.append(pieces[end][0])
        if len(run) > 1:
            out.append(_from_run(run))
        at = end
    return b"\n".join(filter(None, out))


@ready
def _piece() -> Any:
    return compiled(rf"({_LETTER}+)=*((?:{_SEPARATOR})?)(?:[0-9]{{1,4}}[:.)\]][ \t]*)?")


@ready
def _mixed_pieces() -> Any:
    return compiled(MIXED_PIECES)


def _from_run(pieces: list[bytes]) -> bytes:
    """Words before it may be as long as its pieces."""
    for first in range(min(len(pieces), _WORDS_BEFORE)):
        run = b"".join(pieces[first:])
        if len(run) < _FEWEST_LETTERS:
            break
        letters = run[:-1] if len(run) % 4 == 1 else run + b"=" * (-len(run) % 4)
        for data in (binascii.a2b_base64(letters), *base_32(run)):
            if known(data) is not None and (len(data) >= _SURE or data.isascii()):
                return data
    return b""


def holds_base_45(data: bytes) -> bool:
    """Return True when a text holds base45 that is known."""
    return _RUN_OF_45 in data.translate(_ARE_OF_45) and next(base_45_places(data), None) is not None


def base_45_places(data: bytes) -> Iterator[tuple[int, int]]:
    """Yield the places of base45 that is known."""
    yield from (found.span() for found in _base_45().finditer(data) if _from_45(found.group()))


def in_base_45(data: bytes) -> Iterator[bytes]:
    """Yield what base45 says, with the mark of a health certificate before it or a colon, where it
    is known.
    """
    yield from filter(None, (_from_45(found.group()) for found in _base_45().finditer(data)))


def _from_45(stretch: bytes) -> bytes:
    bare = stretch.lstrip(b" :").removeprefix(b"HC1:")
    for run in {stretch, stretch.strip(), bare, bare.rstrip()}:
        if plain := _if_known(from_base_45(run[: len(run) - (len(run) % 3 == 1)])):
            return plain
    return b""


@ready
def _base_45() -> Any:
    return compiled(BASE_45)


def from_padded(stretch: bytes) -> bytes:
    """Return what pieces of base64 say that end in signs of equality each."""
    return _if_known(from_base_64(stretch))


def from_apart(stretch: bytes) -> bytes:
    """Return letters without the one sign that stands between them; digits alone are read so
    anyway, and columns of digits are no text.
    """
    text = stretch.replace(b"\r\n", b"\n").decode("utf-8", "replace")
    start = 0
    for sign, run in groupby(text[1::2]):
        end = start + len(list(run))
        letters = text[start * 2 : end * 2 + 1 : 2]
        plain = sum(map(str.isalnum, letters)) * 2 > len(letters) and not letters.isdigit()
        if sign and plain and len(letters) > _FEWEST_APART:
            return letters.encode() + b"\n"
        start = end
    return b""


def bare_uuencode(data: bytes) -> bytes:
    """Return what lines of uuencode say that stand in a text without head and end."""
    out: list[bytes] = []
    for line in data.splitlines():
        width = 1 + (line[0] - 30) // 3 * 4 if line and 31 < line[0] < 97 else 0
        if len(line) == width and (out or width == _FULL_UU):
            out.append(uu_line(line))
    return _if_known(b"".join(out))


def xx_line(line: bytes) -> bytes:
    """Return what one line of xxencode says."""
    return b"" if line.translate(None, _XX) else uu_line(line.translate(_FROM_XX))


def uu_line(line: bytes) -> bytes:
    """Return what one line of uuencode says; nothing for what is none."""
    try:
        return binascii.a2b_uu(line)
    except (binascii.Error, ValueError):
        return b""


def without_yenc(data: bytes) -> tuple[bytes, bytes] | None:
    """Return what stands between the marks of yEnc, or behind the first where the second is
    missing, and the data without it; None without any.
    """
    begin = data.find(b"=ybegin ")
    start = data.find(b"\n", begin) + 1
    if data.startswith(b"=ypart ", start):
        start = data.find(b"\n", start) + 1
    end = data.find(b"=yend", start)
    if begin < 0 or not start:
        return None
    end = len(data) if end < 0 else end
    first, *rest = data[start:end].translate(None, b"\r\n").split(b"=")
    escaped = (bytes((part[0] - 64 & 255,)) + part[1:] for part in rest if part)
    plain = b"".join((first, *escaped)).translate(_FROM_YENC)
    return plain, data[:start] + data[end:]


_FROM_YENC = bytes(byte - 42 & 255 for byte in range(256))


def _if_known(data: bytes) -> bytes:
    return b"" if known(data) is None else data


WAYS: tuple[tuple[str, str, Callable[[bytes], bytes]], ...] = (
    ("calls", rf"\b{CALLS}", from_calls),
    ("octal", rf"\b{OCTAL}\b", from_octal),
    ("bits", rf"\b{SEVEN_BITS}\b", from_seven_bits),
    ("records", RECORDS, from_record),
    ("hex", GROUPS, from_groups),
    ("hex", UUIDS, from_groups),
    ("base64", rf"\b{PIECES}", from_pieces),
    ("base64", rf"\b{PADDED}", from_padded),
    ("letters", APART, from_apart),
)
"""How a stretch is called, what it looks like, and what undoes it."""
