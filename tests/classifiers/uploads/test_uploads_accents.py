"""Letters with accents left of numbers and signs: found as a pattern that counts would find them,
in a time that does not depend on how many there are.
"""

import random
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from classifiers.uploads.prefilter import hints
from examples import most

DIGITS = rb"\d(?:[ \-./()\x01]{0,2}\d){6}"
ACCENT = rb"[\xc3-\xcd][\x80-\xbf]"
COUNTING = (
    re.compile(ACCENT + rb"[^\n\d]{0,48}?" + DIGITS),
    re.compile(ACCENT + rb"[^\n:=]{0,44}?[:=]"),
)
PIECES = st.sampled_from(
    [
        *("é", "ü", "öö", "ß", "ab ", "word word word ", "x" * 20, "x" * 40, "x" * 44, "x" * 48),
        *("1", "12 34 56 78", "0123456", "7-7-7-7-7-7-7", "1 / 2 / 3", ":", "=", "\n", "€", "日本"),
    ]
)


@given(st.lists(PIECES, max_size=14))
@settings(max_examples=most(800))
def test_they_are_found_as_by_a_pattern_that_counts(pieces: list[str]) -> None:
    data = "".join(pieces).encode()
    for accents, counting in zip(hints._accents(), COUNTING, strict=True):
        assert list(accents.spans(data)) == [found.span() for found in counting.finditer(data)]


@pytest.mark.parametrize("between", ["", "x", "Straße für ", "é=", "1234567", "\n", "x" * 60])
def test_no_text_makes_the_engine_throw_its_states_away(
    between: str, capfd: pytest.CaptureFixture[str]
) -> None:
    """RE2 says so on its standard error, and goes on at a thirtieth of its speed."""
    words = "Straße für über schön Größe der die das und nicht können müssen Übung während".split()
    chance = random.Random(1)
    text = (between + " ").join(chance.choice(words) for _ in range(60_000))
    found = hints.hints(ascii_only=False)
    for _ in found.alone(text.encode()):
        pass
    assert "DFA out of memory" not in capfd.readouterr().err
