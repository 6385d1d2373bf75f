"""Text folded to what a person reads, with each character's place in the original kept, by one
table for everybody.
"""

import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from classifiers.codecs.unicode_folding import fold, folds_to, is_folded
from classifiers.uploads.prefilter.folds import CONTROLS_INSIDE, folding_bytes
from core.invisible import is_invisible
from core.text import printable

regex = pytest.importorskip("regex", reason="tells Unicode's properties")

FOLDED = [
    ("４１１１ １１１１", "4111 1111"),
    ("123–45—6789", "123-45-6789"),
    ("123‐45−6789", "123-45-6789"),
    ("4111\u200b1111", "41111111"),
    ("DE89\u00a03704", "DE89 3704"),
    ("anna＠example．com", "anna@example.com"),
    ("g\u00adh\u2060p\ufeff_x", "ghp_x"),
    ("٣٤٥ ۶۷۸ ४५६", "345 678 456"),
    ("je\ufb00@o\ufb03ce.com", "jeff@office.com"),
    ("ﬁle №1", "file No1"),
    ("𝟒𝟓𝟑𝟗 ①②③", "4539 123"),
    ("4\ufe0f\u20e35\ufe0f\u20e3", "45"),
    ("ᴰᴱ²⁷ ³⁷⁰⁴", "DE27 3704"),
    ("a\x02b\x7fc\x81d", "abcd"),
    ("a\x01b\u2028c", "a b c"),
    ("a\u2800b", "a b"),
]
UNCHANGED = [
    "",
    "plain ASCII 123\n\tand more",
    "Jürgen Müßig",
    "Иван Петров",
    "山田太郎",
    "naïve café",
    "3½ cups",
]
CODES = [code for code in range(0x110000) if not 0xD800 <= code < 0xE000]


@pytest.mark.parametrize(("text", "read"), FOLDED)
def test_disguised_text_reads_plain(text: str, read: str) -> None:
    """Full-width digits, invisible characters, ligatures and look-alike dashes hide nothing."""
    folded = fold(text)

    assert folded.text == read
    assert folded.origin is None or len(folded.origin) == len(read) + 1


@pytest.mark.parametrize("text", UNCHANGED)
def test_ordinary_text_is_left_alone(text: str) -> None:
    """Letters of any language stand for themselves, and a fraction is no digit."""
    assert fold(text) == (text, None)


def test_a_power_is_no_part_of_the_number() -> None:
    """A raised digit behind a digit is a power or a footnote: it ends the number before it."""
    assert fold("4539148803436467²").text == "4539148803436467^"
    assert fold("10⁻⁶ m³").text == "10-6 m3"


@given(st.text())
def test_places_lead_back(text: str) -> None:
    """Every folded character knows where it came from: in order, within the text, unchanged ones
    exactly.
    """
    read, origin = fold(text)
    if origin is None:
        assert len(read) == len(text)
        return
    assert len(origin) == len(read) + 1
    assert origin == sorted(origin)
    assert origin[-1] == len(text)
    for char, at in zip(read, origin, strict=False):
        assert text[at] == char or folds_to(text[at]) != text[at]


@given(st.text())
def test_each_character_is_one_byte(text: str) -> None:
    """Engines that read bytes see one for each character, so that their offsets are those of the
    text.
    """
    folded = fold(text)

    assert len(folded.data()) == len(folded.text)


@given(st.text())
def test_folding_twice_changes_nothing(text: str) -> None:
    """What was folded reads as it stands."""
    once = fold(text).text

    assert fold(once).text == once
    assert is_folded(text.encode("utf-8", "surrogatepass")) is False or once == text


def test_spans_map_back_to_the_original() -> None:
    """The span of a value found in folded text is its span in the original."""
    text = "card 41\u200b11–1111 end"
    folded = fold(text)
    start = folded.text.index("4111-1111")

    assert text[folded.origin_of(start) : folded.origin_of(start + 9)] == "41\u200b11–1111"


def test_what_unicode_calls_ignorable_is_invisible_to_everybody() -> None:
    """The characters taken for invisible are those that Unicode says are: none forgotten, none made
    up.
    """
    ignorable = regex.compile(
        r"[\p{Default_Ignorable_Code_Point}\p{Cf}\p{Cc}--\p{White_Space}]", regex.V1
    )
    told = {code for code in CODES if ignorable.match(chr(code)) and not chr(code).isspace()}
    ours = {code for code in CODES if is_invisible(chr(code))}

    assert ours == told
    assert all(folds_to(chr(code)) in {"", " "} for code in ours if code)
    assert all(printable(chr(code)) == "·" for code in ours)


def test_every_digit_dash_and_blank_is_folded() -> None:
    """Digits of every script, dashes and blanks of every width read as those of a keyboard."""
    wanted = {"Nd": "0123456789", "Pd": "-", "Zs": " "}
    for code in CODES:
        char = chr(code)
        kind = unicodedata.category(char)
        if kind in wanted:
            assert folds_to(char) in wanted[kind], hex(code)


def test_the_sieve_sees_every_character_that_is_folded() -> None:
    """A large text is read wherever a character stands in it that hides something: the same table
    tells which.
    """
    sees = re.compile(b"|".join([*folding_bytes(), CONTROLS_INSIDE]))
    blind = [
        hex(code)
        for code in CODES
        if folds_to(chr(code)) != chr(code)
        and not sees.search(b"key 4a" + chr(code).encode() + b"4b")
    ]

    assert blind == []


@pytest.mark.parametrize(
    "text", ["Grüße aus Köln", "Иван", "山田太郎は", "안녕하세요", "“quoted” text", "€ 12"]
)
def test_the_sieve_passes_over_ordinary_letters(text: str) -> None:
    """Prose of any language is not read only because it is not English."""
    assert re.search(b"|".join(folding_bytes()), text.encode()) is None
