"""Bytes to text: declared charset, byte order mark, UTF-8, UTF-16, else a Western set; binary stays
binary.
"""

import codecs
import re
import unicodedata
from typing import Any

from classifiers.codecs.linear import compiled, ready

_CONTROLS = bytes(set(range(32)) - {9, 10, 11, 12, 13, 27}) + b"\x7f"
_HIGH = bytes(range(128, 256))
_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_TRUSTED = frozenset(
    (
        "utf-8 utf8 us-ascii ascii iso-8859-1 latin-1 latin1 utf-16 utf-16le utf-16be utf-32"
        " utf-32le utf-32be utf-7 koi8-r koi8-u big5 gbk gb2312 gb18030 euc-jp euc-kr"
        " shift_jis iso-2022-jp"
    ).split()
)
_SAMPLE = 65_536
_STRETCH, _MOST_ODD = 64, 4
_DAMAGED_SHARE = 200
_FOREIGN_SHARE = 4
"""Chinese in UTF-16 looks like ASCII for a few letters here and there, never for a quarter."""
_ANY_SHARE = 1 << 40
_SHIFTED = tuple(chr(letter << 8) for letter in range(0x21, 0x7F))
"""What ASCII in UTF-16 turns into where it is read from the wrong side, or one byte too late."""
_NO_CONTROLS = bytes(set(range(256)) - (set(range(32)) - {7, 8, 9, 10, 11, 12, 13, 27}))
"""All but the control bytes that terminals and printers do not know."""
_ASCII = bytes(range(128))
SHORTEST_RUN = 8
"""Readable characters in a row that count in binary data: hardly any personal value is shorter."""


def text_of(data: bytes, declared: str | None = None) -> str | None:
    """Return the text in `data`, or None when it is not text."""
    for mark, charset in _MARKS:
        if data.startswith(mark):
            marked = data[len(mark) :].decode(charset, "replace")
            if charset == "utf-8" or not _is_other(data, marked, _FOREIGN_SHARE):
                return marked
    if declared and (text := _declared(data, declared)) is not None:
        return text
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        return _not_utf8(data)
    if "\0" in text:
        return _utf16(data) or (None if binary(data) else text)
    return None if binary(data) else text


def as_it_stands(data: bytes, text: str) -> str | None:
    """Return what plain ASCII says that was taken for another set and says something else there:
    all of it, or its runs among wide letters; None where both say the same.
    """
    if is_wide(data, text):
        return b"\n".join(_narrow_runs(data)).decode() or None
    if not data.isascii():
        return None
    plain = data.decode("ascii")
    return None if plain == text else plain


def is_wide(data: bytes, text: str) -> bool:
    """True when each letter of the text was two bytes or four, as in UTF-16 and UTF-32. UTF-8 is
    not: its letters of three and four bytes say nothing else however they are looked at.
    """
    if len(data) <= 3 or len(text) * 2 > len(data) + 1:
        return False
    try:
        return data.decode("utf-8").removeprefix("\ufeff") != text
    except UnicodeDecodeError:
        return True


def is_damaged(text: str) -> bool:
    """True when something in it is no letter of anybody's, but for one that is cut at its end."""
    return any(map(_is_no_letter, set(text[:-1])))


def _is_no_letter(char: str) -> bool:
    if char < " ":
        return char not in "\t\n\r\f\v"
    return char == "\ufffd" or unicodedata.category(char) in _NO_LETTERS


_NO_LETTERS = frozenset({"Cn", "Co", "Cs"})


def _is_other(data: bytes, text: str, share: int) -> bool:
    """True when what was decoded as wide letters is something else: too much could not be decoded,
    or one part in `share` of it is runs of plain ASCII.
    """
    if text[:-1].count("\ufffd") * _DAMAGED_SHARE > len(text):
        return True
    sample = text[:_SAMPLE]
    shifted = sum(map(sample.count, _SHIFTED))
    if shifted * _FOREIGN_SHARE > len(sample) or binary(sample.encode("utf-8", "replace")):
        return True
    return sum(map(len, _narrow_runs(data))) * share >= max(1, len(data))


def _narrow_runs(data: bytes) -> list[bytes]:
    return [found.group() for found in _ascii_runs().finditer(data)]


def without_surrogates(text: str) -> str:
    """Return text that can be encoded: bytes that came in as escaped surrogates are read as
    `text_of` reads bytes.
    """
    if text.isascii():
        return text
    try:
        data = text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return text.encode("utf-8", "replace").decode()
    return text_of(data) or data.decode("utf-8", "replace")


def _declared(data: bytes, declared: str) -> str | None:
    charset = declared.strip("\"' ").lower()
    if charset in {"utf-8", "utf8"}:
        return None
    if charset.startswith(("utf-16", "utf-32", "utf_16", "utf_32")) and b"\0" not in data:
        # Text of whatever language has blanks, line ends or signs with a zero byte.
        return None
    if _EBCDIC_NAMES.match(charset):
        return ebcdic(data)
    if charset not in _TRUSTED and not charset.startswith(("windows-125", "cp125", "iso-8859-")):
        return None
    try:
        text = data.decode(charset)
    except (LookupError, UnicodeError):
        return None
    if is_wide(data, text):
        return None if _is_other(data, text, _FOREIGN_SHARE) else text
    return None if binary(data) and not charset.startswith(("utf-16", "utf-32")) else text


def _not_utf8(data: bytes) -> str | None:
    if (wide := _utf16(data)) is not None:
        return wide
    if (mainframe := ebcdic(data)) is not None:
        return mainframe
    if binary(data):
        return None
    sample = data[:_SAMPLE]
    high = len(sample) - len(sample.translate(None, _HIGH))
    if high * 3 > len(sample):
        text = data.decode("utf-8", "replace")
        return None if text.count("�") * 20 > len(text) else text
    return data.decode("cp1252", "replace") if high * 20 > len(sample) else _mostly_utf8(data)


def _mostly_utf8(data: bytes) -> str:
    """UTF-8 cut inside a character or with stray bytes keeps its letters; text in another set keeps
    its own.
    """
    text = data.decode("utf-8", "replace")
    strange = text.count("�")
    cut = strange == 1 and text.endswith("�")
    letters = not text.replace("�", "").isascii()
    return text if cut or (letters and strange <= 2) else data.decode("cp1252", "replace")


def binary(data: bytes) -> bool:
    """True when control bytes make up more than a trace."""
    sample = data[:_SAMPLE]
    controls = len(sample) - len(sample.translate(None, _CONTROLS))
    return controls * 200 > len(sample)


def holds_binary(data: bytes) -> bool:
    """True when a text has a stretch of bytes that no text has: control bytes close together, or
    letters outside of ASCII that are no UTF-8 in what is ASCII otherwise.
    """
    odd = data.translate(None, _NO_CONTROLS)
    high = 0 if data.isascii() or _is_utf8(data) else len(data.translate(None, _ASCII))
    sparse = high * 4 < len(data)
    if len(odd) < _MOST_ODD and not (high and sparse):
        return False
    for at in range(0, len(data), _STRETCH // 2):
        stretch = data[at : at + _STRETCH]
        if len(stretch.translate(None, _NO_CONTROLS)) >= _MOST_ODD:
            return True
        if high and sparse and len(stretch.translate(None, _ASCII)) * 2 > _STRETCH:
            return True
    return False


def _is_utf8(data: bytes) -> bool:
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def readable_runs(data: bytes) -> bytes:
    """Return the readable runs of binary data, a line each: ASCII and letters of UTF-8, too long to
    be accidents; and ASCII with a zero byte behind each letter, as UTF-16 has it.
    """
    runs = [found.group() for found in _runs().finditer(data)]
    if data.count(0) >= SHORTEST_RUN:
        runs += (found.group()[::2] for found in _wide_runs().finditer(data))
    return b"\n".join(runs)


@ready
def _wide_runs() -> Any:
    return compiled(rb"(?:[\x20-\x7e\t]\x00){%d,}" % SHORTEST_RUN)


@ready
def _ascii_runs() -> Any:
    return compiled(rb"[\x20-\x7e\t]{%d,}" % SHORTEST_RUN)


@ready
def _runs() -> Any:
    letters = r"[\x20-\x7e\t]|[\xc2-\xdf][\x80-\xbf]|[\xe1-\xef][\x80-\xbf]{2}"
    return compiled(f"(?:{letters}){{{SHORTEST_RUN},}}")


def ebcdic(data: bytes) -> str | None:
    """Return text in EBCDIC; None for other data. Its blanks are 0x40, and nearly all else is
    letters and digits of its own places.
    """
    sample = data[:2048]
    if len(sample) < SHORTEST_RUN or b"\x40" not in sample or len(set(sample)) < SHORTEST_RUN:
        return None
    telling = len(sample) - len(sample.translate(None, _EBCDIC_LETTERS))
    return data.decode("cp500") if telling * 10 >= len(sample) * 9 else None


_EBCDIC_LETTERS = (
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789 ,.;:-_/@()'\"+\n\r\t="
).encode("cp500") + b"\x25\x15"
_EBCDIC_NAMES = re.compile(
    r"(?:cp|ibm-?|ibm|csibm|ebcdic-cp-)(?:0?37|273|424|500|1140|11[0-4]\d|us|be)\b"
)


def _utf16(data: bytes) -> str | None:
    """UTF-16 without a mark: every other byte of a sample is nearly always zero."""
    sample = data[:2048]
    half = len(sample) // 2
    if half < 4:
        return None
    for charset, first in (("utf-32-le", 3), ("utf-32-be", 0)):
        quarter = sample[first::4]
        if quarter.count(0) == len(quarter) and sample.count(0) * 3 >= len(sample) * 2:
            text = data[: len(data) & ~3].decode(charset, "replace")
            return None if _is_other(data, text, _ANY_SHARE) else text
    for charset, zeros in (("utf-16-le", sample[1::2]), ("utf-16-be", sample[0::2])):
        if zeros.count(0) * 10 >= half * 7:
            spare = len(data) & 1
            whole = charset == "utf-16-le" and spare and 31 < data[-1] < 127
            even = data + b"\0" if whole else data[: len(data) - spare]
            text = even.decode(charset, "replace")
            return None if _is_other(data, text, _ANY_SHARE) else text
    return None
