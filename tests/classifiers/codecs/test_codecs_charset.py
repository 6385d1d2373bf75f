"""Binary data among text: a stretch that no text has is seen, whatever surrounds it."""

import codecs
import gzip
import random

import pytest

from classifiers.codecs.charset import holds_binary, is_damaged, is_wide, text_of

PROSE = b"delivered in good order, and paid on the day after. "
PACKED = gzip.compress(random.Random(3).randbytes(300))
XORED = bytes(byte ^ 0x95 for byte in PROSE * 4)


@pytest.mark.parametrize("inner", [PACKED, XORED], ids=["packed", "xored"])
@pytest.mark.parametrize("before", [0, 1, 40, 2_000, 100_000])
@pytest.mark.parametrize("after", [0, 33, 100_000])
def test_a_binary_part_is_seen_however_much_text_is_beside_it(
    inner: bytes, before: int, after: int
) -> None:
    """At the beginning, in the middle and at the end of a short text and of a long one."""
    if before + after < 3 * len(inner):
        return  # then the whole is no text
    prose = PROSE * 4_000
    assert holds_binary(prose[:before] + inner + prose[:after])


@pytest.mark.parametrize(
    "text",
    [
        PROSE * 100,
        "Grüße aus München, naïve Straße – 100 €\n".encode() * 50,
        "Привет, как дела? Всё хорошо.\n".encode() * 50,
        "Grüße aus München, die Straße ist gesperrt\n".encode("cp1252") * 50,
        b"\x1b[31mred\x1b[0m \x1b[1mbold\x1b[0m\r\n" * 50,
        b"progress 1%\x08\x08\x08\x08\x08progress 2%\x07\n\x0c" * 50,
        b"N\x08NA\x08AM\x08ME\x08E\n" * 50,
        b"",
    ],
)
def test_ordinary_text_holds_none(text: bytes) -> None:
    """Letters of any language, colours of a terminal and overstruck manuals are text."""
    assert not holds_binary(text)


LINE = "Wire it to the account of the branch in Lyon, please. "
MARKS = {
    "utf-16-le": b"\xff\xfe",
    "utf-16-be": b"\xfe\xff",
    "utf-32-le": b"\xff\xfe\0\0",
    "utf-32-be": b"\0\0\xfe\xff",
}


@pytest.mark.parametrize("mark", MARKS)
@pytest.mark.parametrize("odd", [0, 1, 2, 3])
def test_a_mark_before_plain_text_does_not_turn_it_into_other_letters(mark: str, odd: int) -> None:
    """A byte order mark is a claim: plain ASCII behind it is read as it is, or as no text."""
    text = text_of(MARKS[mark] + LINE.encode() + b"." * odd)
    assert text is None or LINE in text


@pytest.mark.parametrize("charset", ["utf-16", "utf-16-le", "utf-32"])
@pytest.mark.parametrize("beside", [b"%s\0", b"\0%s", b"\0\0%s"])
def test_a_declared_set_does_not_turn_plain_text_into_other_letters(
    charset: str, beside: bytes
) -> None:
    """Nor does a charset that is only said, and one byte that might belong to it."""
    text = text_of(beside % LINE.encode(), charset)
    assert text is None or LINE in text


@pytest.mark.parametrize("zeros", [2_048, 2_050, 40_000])
def test_zero_bytes_before_a_text_are_no_letters(zeros: int) -> None:
    """A disk image begins with thousands of zero bytes: what follows is not in letters of four."""
    assert text_of(bytes(zeros) + LINE.encode()) is None


@pytest.mark.parametrize("charset", MARKS)
@pytest.mark.parametrize("behind", [b"x", b"xy", b"xyz"])
def test_wide_letters_that_begin_elsewhere_are_not_read_as_others(
    charset: str, behind: bytes
) -> None:
    """One byte too many at the start and every letter would be another."""
    for mark in ("", charset):
        text = text_of(MARKS.get(mark, b"") + behind + (LINE * 3).encode(charset))
        assert text is None or LINE in text


@pytest.mark.parametrize("charset", MARKS)
@pytest.mark.parametrize("marked", [True, False])
@pytest.mark.parametrize("text", [LINE * 60, "Grüße aus Köln, 100 €\n" * 60])
def test_wide_letters_are_read(charset: str, marked: bool, text: str) -> None:
    """With a mark and without one, as ever."""
    data = text.encode(charset)
    read = text_of((MARKS[charset] if marked else b"") + data)
    assert read == text
    assert not is_damaged(read)


@pytest.mark.parametrize("charset", ["utf-16-le", "utf-16-be"])
def test_chinese_in_wide_letters_is_read(charset: str) -> None:
    """Its bytes look like ASCII here and there."""
    letters = random.Random(8).choices(range(0x4E00, 0x9FA0), k=4_000)
    text = "".join(map(chr, letters))
    assert text_of(MARKS[charset] + text.encode(charset)) == text


@pytest.mark.parametrize(
    "text", ["報告書の件、来週火曜日に提出いたします。", "🙂🚀" * 9, "\u0800" * 27 + "\ud7a4"]
)
@pytest.mark.parametrize("mark", [b"", codecs.BOM_UTF8])
def test_long_letters_of_utf_8_are_not_wide(text: str, mark: bytes) -> None:
    """Nothing else stands in them, also where a letter is younger than our tables."""
    data = mark + text.encode()
    assert text_of(data) == text
    assert not is_wide(data, text)
    assert is_wide(text.encode("utf-16-le"), text)
