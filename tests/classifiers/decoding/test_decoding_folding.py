"""Text folded to what a person reads, with each character's place in the original kept."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from classifiers.decoding import fold

FOLDED = [
    ("４１１１ １１１１", "4111 1111"),
    ("123–45—6789", "123-45-6789"),
    ("123‐45−6789", "123-45-6789"),
    ("4111\u200b1111", "41111111"),
    ("DE89\u00a03704", "DE89 3704"),
    ("anna＠example．com", "anna@example.com"),
    ("g\u00adh\u2060p\ufeff_x", "ghp_x"),
    ("٣٤٥ ۶۷۸ ४५६", "345 678 456"),
    ("".join(chr(0xE0000 + ord(c)) for c in "ssn 1"), "ssn 1"),
    ("ﬁle №1", "file No1"),
]


@pytest.mark.parametrize(("text", "folded"), FOLDED)
def test_disguised_text_reads_plain(text: str, folded: str) -> None:
    """Full-width digits, invisible characters and look-alike dashes hide nothing."""
    result, offsets = fold(text)
    assert result == folded
    assert offsets is not None
    assert len(offsets) == len(result) + 1


@pytest.mark.parametrize(
    "text", ["", "plain ASCII 123", "Jürgen Müßig", "Иван Петров", "山田太郎", "naïve café"]
)
def test_ordinary_text_is_left_alone(text: str) -> None:
    """Letters of any language stand for themselves."""
    assert fold(text) == (text, None)


@given(st.text())
def test_offsets_lead_back(text: str) -> None:
    """Every folded character knows where it came from: in order, within the text, unchanged ones exactly."""
    folded, offsets = fold(text)
    if offsets is None:
        assert folded == text
        return
    assert len(offsets) == len(folded) + 1
    assert offsets == sorted(offsets)
    assert offsets[-1] == len(text)
    for char, at in zip(folded, offsets, strict=False):
        assert text[at] == char or fold(text[at])[0] != text[at]


def test_spans_map_back_to_the_original() -> None:
    """The span of a value found in folded text is its span in the original."""
    text = "card 41\u200b11–1111 end"
    folded, offsets = fold(text)
    assert offsets is not None
    start = folded.index("4111-1111")
    assert text[offsets[start] : offsets[start + 9]] == "41\u200b11–1111"
