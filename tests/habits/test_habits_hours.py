"""The hours of the week at which a script sends, and which are none of them."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta

import pytest

from habits.calendar import Calendar, calendar_of, hours_of, weekday_of, zone_of
from habits.hours import Hours, learnt_hours, spans, widened

MONDAY = date(2026, 9, 7)
HOLIDAY = date(2026, 10, 1)
CALENDAR = Calendar(zone=UTC, holidays=frozenset({HOLIDAY}))


def days(*hours: Sequence[int], weeks: int = 3) -> list[tuple[date, frozenset[int]]]:
    """Return weeks in which a script sends at these hours of Monday, Tuesday, …"""
    return [
        (MONDAY + timedelta(days=7 * week + n), frozenset(one))
        for week in range(weeks)
        for n, one in enumerate(hours)
        if one
    ]


def at(day: date, hour: int) -> datetime:
    return datetime(day.year, day.month, day.day, hour, 30, tzinfo=UTC)


def on(weekday: int, hour: int) -> datetime:
    return at(MONDAY + timedelta(days=28 + weekday), hour)


WORK = [(7,)] * 5
DAILY = [(6,)] * 7
WEEKLY = [(8,)]
ALWAYS = [tuple(range(24))] * 7
PEOPLE = [(9, 11, 14), (10, 15), (9, 13, 16), (), (11, 17)]
NIGHT = [(23, 0, 1)] * 7


@pytest.mark.parametrize(
    ("week", "by_clock", "when", "words"),
    [
        (WORK, True, on(0, 7), None),
        (WORK, True, on(0, 8), None),
        (WORK, True, on(0, 10), "it never sends at 10:00, but 07:00-08:00"),
        (WORK, True, on(5, 7), "it never sends on Saturdays, but on Mondays, Tuesdays"),
        (WORK, None, on(6, 7), "it never sends on Sundays"),
        (WORK, True, at(HOLIDAY, 7), None),
        (DAILY, True, on(6, 6), None),
        (DAILY, None, on(6, 18), "it never sends at 18:00"),
        (WEEKLY, True, on(0, 8), None),
        (WEEKLY, True, on(2, 8), "it never sends on Wednesdays, but on Mondays"),
        (ALWAYS, True, on(6, 3), None),
        (ALWAYS, None, at(HOLIDAY, 3), None),
        (PEOPLE, False, on(3, 10), None),
        (PEOPLE, False, on(0, 19), None),
        (PEOPLE, False, on(0, 22), "it never sends at 22:00"),
        (PEOPLE, False, on(0, 3), "it never sends at 03:00"),
        (PEOPLE, False, on(5, 10), "it never sends on Saturdays"),
        (PEOPLE, False, at(HOLIDAY, 10), "it never sends on holidays"),
        (NIGHT, True, on(2, 0), None),
        (NIGHT, True, on(2, 22), None),
        (NIGHT, True, on(2, 12), "it never sends at 12:00, but 00:00-02:00 and 23:00-24:00"),
    ],
)
def test_each_hour_is_usual_or_told(
    week: Sequence[Sequence[int]], by_clock: bool | None, when: datetime, words: str | None
) -> None:
    """A job of the night is no alarm at night, and an analyst none at noon."""
    why = learnt_hours(days(*week), CALENDAR, by_clock=by_clock).unusual(when)
    assert (why or "").startswith(words or "!") or why is words


def test_work_of_a_holiday_may_be_done_on_the_next_day() -> None:
    """A weekly job of a Thursday that was a holiday runs on the Friday."""
    week: list[tuple[int, ...]] = [(), (), (), (8,)]
    hours = learnt_hours(days(*week), CALENDAR, by_clock=True)
    assert hours.unusual(at(HOLIDAY + timedelta(days=1), 8)) is None
    assert hours.unusual(at(HOLIDAY + timedelta(days=8), 8)) is not None


def test_a_zone_moves_the_hours() -> None:
    """Eight in the morning is eight on the organisation's clock."""
    calendar = Calendar(zone=zone_of("Asia/Tokyo"))
    hours = learnt_hours(days(*DAILY), calendar, by_clock=True)
    assert hours.unusual(datetime(2026, 9, 28, 21, 30, tzinfo=UTC)) is None
    assert hours.unusual(datetime(2026, 9, 28, 6, 30, tzinfo=UTC)) is not None


def test_hours_are_told_in_words() -> None:
    """The page of a script says when it sends."""

    def words(week: Sequence[Sequence[int]], by_clock: bool | None) -> str:
        found: Hours = learnt_hours(days(*week), CALENDAR, by_clock=by_clock)
        return found.words()

    assert words(WEEKLY, True) == "Mondays, 08:00-09:00"
    assert words(PEOPLE, False) == "working days, 09:00-12:00 and 13:00-18:00"
    assert words(ALWAYS, None).endswith("at all hours")


def test_spans_and_widening_go_over_midnight() -> None:
    """23:00 is next to 00:00."""
    assert widened({23}, 1) == {22, 23, 0}
    assert spans({0, 1, 23}) == "00:00-02:00 and 23:00-24:00"
    assert spans(set()) == ""


def test_a_calendar_is_read_from_settings() -> None:
    """Names of days may be short; hours may run over midnight."""
    calendar = calendar_of(
        zone="Europe/Berlin", days=("mon", "Tuesday"), hours="22:00-06:00", holidays=(HOLIDAY,)
    )
    assert calendar.days == {0, 1}
    assert calendar.business_hours() == {22, 23, 0, 1, 2, 3, 4, 5}
    assert calendar.is_off(HOLIDAY)
    assert not calendar.is_off(MONDAY)


@pytest.mark.parametrize("word", ["", "m", "t", "noday", "mondays!"])
def test_no_day_is_guessed(word: str) -> None:
    """What may be two days, or none, is refused."""
    with pytest.raises(ValueError, match="days"):
        weekday_of(word)


@pytest.mark.parametrize(
    "text", ["", "7-19", "07:00", "25:00-26:00", "07:60-08:00", "08:00-08:00", "a:bb-c:dd"]
)
def test_no_hour_is_guessed(text: str) -> None:
    """What is no span of hours is refused."""
    with pytest.raises(ValueError, match="hours"):
        hours_of(text)


@pytest.mark.parametrize("name", ["Europe/Nowhere", "../../etc/passwd", "Europe"])
def test_no_zone_is_guessed(name: str) -> None:
    """What is no zone is refused, and no file beside the zones is read."""
    with pytest.raises(ValueError, match="zone"):
        zone_of(name)
