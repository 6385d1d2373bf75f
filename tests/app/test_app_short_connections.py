"""What is said of short connections claims neither that there were none, nor whose they were."""

from typing import Any

import pytest

from app.short_connections import ShortConnections


@pytest.mark.parametrize(
    "answer",
    [None, {}, {"short_connections": None}, {"short_connections": "none"}, {"healthy": True}],
)
def test_where_nobody_told_that_is_said(answer: dict[str, Any] | None) -> None:
    """A gate that could not hear of them, or did not answer, is no proof of their absence."""
    short = ShortConnections.read(answer)

    assert short.nothing_seen().endswith("(one shorter than half a second can have been missed)")
    assert list(short.sentences()) == []
    [beside] = short.missed()
    assert beside.endswith("that was shorter than half a second can have been missed")
    fact = short.fact()
    assert fact is not None
    assert fact.value is None


def test_where_there_was_none_that_is_said() -> None:
    """The plain sentence stands where it is so."""
    short = ShortConnections.read({"short_connections": []})

    assert short.nothing_seen().endswith("and no connection past it was seen")
    assert (list(short.sentences()), list(short.missed()), short.fact()) == ([], [], None)


def test_what_was_over_too_soon_is_told_and_nobody_is_accused() -> None:
    """Each place with its number, five of them at most; what is odd in the answer is inert."""
    told = [["10.0.0.7 port 5432", 2], ["10.0.0.8 port 22\x1b[2J", 1], ["x"], 7]
    told += [[f"10.0.1.{n} port 443", 1] for n in range(5)]
    short = ShortConnections.read({"short_connections": told})

    [line] = short.sentences()
    assert line.startswith("8 short connections past Outgate were over before it could be seen")
    assert "this program's or another's: 10.0.0.7 port 5432 (2 times), 10.0.0.8 port 22" in line
    assert line.endswith("and 2 more")
    assert "\x1b" not in line
    assert "no connection past it" not in short.nothing_seen()
    fact = short.fact()
    assert fact is not None
    assert isinstance(fact.value, tuple)
    assert len(fact.value) == 7


def test_one_is_told_as_one() -> None:
    """A single one is no plural."""
    [line] = ShortConnections(places=(("10.0.0.7 port 22", 1),)).sentences()

    assert line.startswith("1 short connection past Outgate was over")
