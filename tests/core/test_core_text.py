"""Safe text: what came from a payload becomes inert."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.text import mask, printable, spreadsheet_cell

HOSTILE = [
    "\x1b[31mred",
    "a\u202eb",
    "zero\u200bwidth",
    "line\nbreak",
    "tab\there",
    "\ud800",
    "\x00",
    "\u2028",
    "\ue000",
    "\r",
]


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_characters_become_visible_dots(text: str) -> None:
    """Escapes, direction marks, invisible characters and line breaks never reach a terminal or a
    log.
    """
    shown = printable(text)

    assert "·" in shown
    assert len(shown) == len(text)
    assert all(unicodedata.category(c) not in {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"} for c in shown)


@given(st.text(st.characters(), max_size=600), st.integers(1, 500))
def test_any_text_becomes_one_bounded_line(text: str, limit: int) -> None:
    """Whatever comes in, one line of bounded length comes out, and it encodes."""
    shown = printable(text, limit)

    assert len(shown) <= limit + 1
    assert "\n" not in shown
    shown.encode()


def test_ordinary_text_is_untouched() -> None:
    """Names in any script stay readable."""
    for text in ("Zoë Müller", "山田太郎", "Ελένη", "naïve – “quoted” 12 €"):
        assert printable(text) == text


@given(st.text(max_size=80))
def test_a_mask_never_shows_more_than_a_third(value: str) -> None:
    """A masked value shows at most a third of its characters and not its length."""
    shown = mask(value)

    assert shown.count("•") >= 4
    assert len(shown.replace("•", "")) <= max(0, len(value.strip()) // 3)


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1"])
def test_a_cell_is_never_a_formula(text: str) -> None:
    """A spreadsheet program takes no cell of an export for a formula."""
    assert spreadsheet_cell(text)[0] not in "=+-@\t\r"
