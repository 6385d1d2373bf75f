"""Letters of a PDF: each that cannot be drawn is written so that two names stay two."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exports.report.letters import drawable


@pytest.mark.parametrize(
    ("text", "drawn"),
    [
        ("Müller, Ørsted, Façade – “x” €", "Müller, Ørsted, Façade – “x” €"),
        ("Łukasz Wąż", "Lukasz Waz"),
        ("Dvořák, Đorđe, Işık", "Dvorák, Dorde, Isik"),
        ("Иван Щукин", "Ivan Shchukin"),
        ("Ελένη", "Eleni"),
        ("张伟", "\\u5f20\\u4f1f"),
        ("ﬁle №5", "file No5"),
        ("😀", "\\U0001f600"),
        ("", ""),
    ],
)
def test_a_name_is_written_by_letters_that_can_be_drawn(text: str, drawn: str) -> None:
    """Western European ones stay, others are written by Latin ones or by their number."""
    assert drawable(text) == drawn


@given(st.text())
def test_every_text_can_be_drawn(text: str) -> None:
    """Whatever it is, no letter becomes a question mark that was none."""
    drawn = drawable(text)
    drawn.encode("cp1252")
    assert (
        drawn.count("?")
        <= text.count("?") + sum(map(text.count, "\uff1f\ufe56\u2048\u2047\u2049\u203d")) * 2
    )
    assert drawable(drawn) == drawn
