"""What a payload put into a record reads as text, and nothing of it can speak for the review."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from invented_day import place, record

from core.attribution import Attribution, Certainty
from core.classification import Category
from core.text import printable
from tui.wording import (
    safe,
    sentence,
)


@given(st.text())
def test_text_from_records_is_inert(text: str) -> None:
    """On one line, without invisible characters or floods of marks; nothing that printable removed
    comes back.
    """
    shown = safe(text, 50)

    assert shown == safe(shown, 60)
    assert "\n" not in shown and "\x1b" not in shown
    assert len(shown) <= 51
    assert printable(shown, 60) == shown


@pytest.mark.parametrize(
    ("raw", "inert"),
    [
        ("a\ufe0fb", "a·b"),
        ("e" + "\u0301" * 9, "e\u0301\u0301"),
        ("\u202egnp", "·gnp"),
        ("[b]x[/b]", "[b]x[/b]"),
    ],
)
def test_tampering_stays_visible(raw: str, inert: str) -> None:
    """What was taken out leaves a dot; brackets are only brackets."""
    assert safe(raw) == inert


def test_a_hostile_sender_cannot_end_the_sentence_early(now: datetime) -> None:
    """Line breaks and escapes in names stay inside the sentence."""
    who = Attribution(certainty=Certainty.EXACT, method="m", user="x\nIt was allowed.\x1b[0m")
    words = sentence(record(now, who, place("a.example", None, Category.OTHER)), now, UTC)

    assert "\n" not in words and "\x1b" not in words
