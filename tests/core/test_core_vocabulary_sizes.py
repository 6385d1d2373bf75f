"""Numbers, sizes, times and spans as a person writes them."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.vocabulary.sizes import (
    capital,
    counted,
    dollars,
    joined,
    number,
    short_number,
    size,
    size_at_least,
    size_or_more,
)
from core.vocabulary.times import ago, at_time, clock_time, lasting, short_time

NOW = datetime(2026, 11, 20, 14, 14, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (0, "0 bytes"),
        (1, "1 byte"),
        (999, "999 bytes"),
        (1000, "1.0 kB"),
        (999_700, "999.7 kB"),
        (999_949, "999.9 kB"),
        (999_950, "1.0 MB"),
        (3_120_000, "3.1 MB"),
        (999_950_000, "1.0 GB"),
        (5 * 10**15, "5,000.0 TB"),
    ],
)
def test_sizes(value: int, words: str) -> None:
    """In steps of a thousand."""
    assert size(value) == words


@given(st.integers(min_value=0, max_value=10**18))
def test_no_size_is_written_as_a_machine_writes_it(value: int) -> None:
    """No exponents, no thousand of a unit that has a larger one, and one byte is no bytes."""
    amount, unit = size(value).split(" ")
    assert "e" not in amount
    assert float(amount.replace(",", "")) < 1000 or unit == "TB"
    assert (unit == "byte") is (value == 1)


def test_numbers() -> None:
    """With thousands separators, and short where room is short."""
    assert (number(15_000), counted(1, "row"), counted(1_214, "row")) == (
        "15,000",
        "1 row",
        "1,214 rows",
    )
    assert counted(0, "process", "processes") == "0 processes"
    assert [short_number(n) for n in (1, 9_999, 10_000, 2_500_000)] == ["1", "9,999", "10k", "2M"]


def test_lists_and_capitals() -> None:
    """Commas, then `and`; only the first letter is raised."""
    assert [joined(list("abc"[:n])) for n in range(4)] == ["", "a", "a and b", "a, b and c"]
    assert (capital("iCloud"), capital("")) == ("ICloud", "")


@pytest.mark.parametrize(
    ("back", "full", "in_sentence", "short"),
    [
        (timedelta(minutes=12), "14:02", "at 14:02", "14:02"),
        (timedelta(hours=15), "yesterday 23:14", "yesterday at 23:14", "Thu"),
        (timedelta(days=4), "Mon 14:14", "on Mon at 14:14", "Mon"),
        (timedelta(days=17), "3 Nov 14:14", "on 3 Nov at 14:14", "3 Nov"),
        (timedelta(days=400), "16 Oct 2025 14:14", "on 16 Oct 2025 at 14:14", "2025"),
    ],
)
def test_times(back: timedelta, full: str, in_sentence: str, short: str) -> None:
    """As near as needed, never ambiguous."""
    at = NOW - back

    assert (clock_time(at, NOW, UTC), at_time(at, NOW, UTC), short_time(at, NOW, UTC)) == (
        full,
        in_sentence,
        short,
    )
    assert len(short) <= 6


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (-5, "0 s ago"),
        (89, "89 s ago"),
        (90, "1 min ago"),
        (7200, "2 h ago"),
        (10**6, "11 days ago"),
    ],
)
def test_how_long_ago(seconds: int, words: str) -> None:
    """Also when clocks differ a little."""
    assert ago(timedelta(seconds=seconds)) == words


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "0 seconds"),
        (1, "1 second"),
        (2.5, "2.5 seconds"),
        (25, "25 seconds"),
        (60, "1 minute"),
        (90, "90 seconds"),
        (300, "5 minutes"),
        (3600, "1 hour"),
        (8 * 3600, "8 hours"),
    ],
)
def test_how_long_it_lasts(seconds: float, words: str) -> None:
    """One of a unit is one, and a whole hour is no sixty minutes."""
    assert lasting(timedelta(seconds=seconds)) == words


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("0", "0.00"),
        ("12.3", "12.30"),
        ("0.01", "0.01"),
        ("0.0099", "0.0099"),
        ("0.000035", "0.000035"),
        ("0.0000001", "under 0.000001"),
        ("1234567.891", "1234567.89"),
    ],
)
def test_an_amount_below_a_cent_is_not_nothing(value: str, words: str) -> None:
    """What costs little is never told as 0.00."""
    assert dollars(Decimal(value)) == words


def test_a_least_number_of_bytes_is_told_as_that() -> None:
    """Of none that were counted, nobody knows anything."""
    assert size_at_least(3100, exact=True) == "3.1 kB"
    assert size_at_least(3100, exact=False) == "at least 3.1 kB"
    assert size_at_least(0, exact=False) == "an unknown number of bytes"
    assert [size_or_more(3100, exact=exact) for exact in (True, False)] == ["3.1 kB", "3.1 kB+"]
    assert size_or_more(0, exact=False) == "not known"
