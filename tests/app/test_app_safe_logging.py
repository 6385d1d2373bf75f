"""What reaches the log: our own words on one line, inert; of foreign ones only where they are."""

import io
import logging
import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from app.safe_logging import SafeFormatter


def written(name: str, message: str, *values: object) -> str:
    """Return what a handler that writes in the safe form writes of one record."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(SafeFormatter())
    handler.emit(logging.LogRecord(name, logging.WARNING, __file__, 7, message, values, None))
    return stream.getvalue()


def test_a_quoted_value_forges_no_line_and_moves_no_cursor() -> None:
    """journald and a terminal take a line for a line."""
    line = written(
        "outgate.hub", "notices by %s: %s", "siem", "a\n<2>09:00 error forged\x1b[2J\u202e"
    )
    assert line.count("\n") == 1
    assert line.endswith("notices by siem: a·<2>09:00 error forged·[2J·\n")


@given(st.text())
def test_every_record_is_one_line(value: str) -> None:
    """Whatever was quoted."""
    line = written("outgate", "%s", value)
    assert line.splitlines() == [line[:-1]]
    assert not any(unicodedata.category(c) in {"Cc", "Cf", "Cs"} for c in line[:-1])


def test_our_plain_words_stay_as_they_are() -> None:
    """Nothing is changed of what was inert."""
    words = "the evidence is brought forward: 3 of 4; Übersicht ✓"
    assert written("outgate.evidence", words).endswith(f" warning {words}\n")


def test_foreign_words_stay_withheld() -> None:
    """Of another's logger, and of one whose name only begins like ours."""
    for name in ("mitmproxy", "outgateway"):
        assert written(name, "secret").endswith(f" warning {name}:7 (text withheld)\n")


def test_a_long_message_is_cut_where_it_is_seen() -> None:
    """A line of a log has an end."""
    assert written("outgate", "x" * 10_000).endswith("x…\n")
