"""A date of birth in three fields is a date of birth; three other numbers are not."""

import json
from functools import cache

import pytest
from hypothesis import given
from hypothesis import strategies as st
from made_up_traffic import chat, exchange, user

from classifiers.engine import Engine, EngineSetup
from classifiers.personal.tables.birth_parts import date_of, dates_in, part_of
from core.exchange import Exchange
from core.organisation import Organisation

FORM = "application/x-www-form-urlencoded"


@cache
def engine() -> Engine:
    made = Engine(EngineSetup(key=b"k" * 32, organisation=Organisation(), long_tail=False))
    made.warm()
    return made


def kinds(request: Exchange) -> set[str]:
    return {finding.kind for finding in engine().classify(request).findings}


NAMES = [
    ("birth_year", "birth_month", "birth_day"),
    ("birthYear", "birthMonth", "birthDay"),
    ("dob[year]", "dob[month]", "dob[day]"),
    ("geburt.jahr", "geburt.monat", "geburt.tag"),
    ("naissance_annee", "naissance_mois", "naissance_jour"),
    ("anno_nascita", "mese_nascita", "giorno_nascita"),
    ("yearOfBirth", "monthOfBirth", "dayOfBirth"),
    ("dob_yyyy", "dob_mm", "dob_dd"),
]


@pytest.mark.parametrize("names", NAMES)
def test_three_fields_are_a_date_of_birth(names: tuple[str, str, str]) -> None:
    """In objects, in forms and in columns of tables, as numbers and as texts."""
    fields = dict(zip(names, (1976, 10, 6), strict=True))
    assert kinds(exchange(json.dumps({"ref": 1} | fields))) == {"date_of_birth"}
    texts = {name: str(value) for name, value in fields.items()}
    assert kinds(exchange(json.dumps(texts))) == {"date_of_birth"}
    form = "&".join(f"{name}={value}" for name, value in fields.items())
    assert kinds(exchange(form, FORM)) == {"date_of_birth"}
    rows = [{"name": f"Jane {'RSTUV'[n]}oe", **fields, names[0]: 1960 + n} for n in range(5)]
    assert kinds(exchange(json.dumps(rows))) == {"date_of_birth", "person"}
    table = (
        "full name,"
        + ",".join(names)
        + "".join(f"\n{row['name']},{row[names[0]]},10,6" for row in rows)
    )
    assert kinds(chat(user(table))) == {"date_of_birth", "person"}
    assert kinds(exchange(table, "text/csv")) == {"date_of_birth", "person"}


@pytest.mark.parametrize(
    "fields",
    [
        {"release_year": 1976, "release_month": 10, "release_day": 6},
        {"exp_year": 2027, "exp_month": 10, "exp_day": 6},
        {"birth_year": 1976, "birth_month": 13, "birth_day": 6},
        {"birth_year": 1976, "birth_month": 10},
        {"birth_year": 76, "birth_month": 10, "birth_day": 6},
        {"year": 1976, "month": 10, "day": 6},
        {"birth_year_count": 1976, "birth_month_count": 10, "birth_day_count": 6},
    ],
)
def test_other_numbers_are_no_date_of_birth(fields: dict[str, int]) -> None:
    """Days of releases, ends of cards, half a date, and dates that no calendar has."""
    assert kinds(exchange(json.dumps(fields))) == set()


def test_two_dates_of_birth_in_one_object_are_two() -> None:
    """Each whole has its own parts."""
    fields = {
        f"{who}_birth_{part}": value
        for who in ("mother", "child")
        for part, value in (("year", 1990), ("month", "May"), ("day", "4"))
    }
    assert len(list(dates_in(fields))) == 2


@given(st.text(max_size=60))
def test_any_name_is_read(name: str) -> None:
    """Names come from elsewhere: whatever they are, they are a part or none."""
    assert part_of(name) is None or part_of(name)[1] in {"year", "month", "day"}  # type: ignore[index]


@given(*[st.one_of(st.text(max_size=12), st.integers(), st.none(), st.floats())] * 3)
def test_any_parts_are_a_date_or_none(year: object, month: object, day: object) -> None:
    """What is no date is empty; nothing raises."""
    assert isinstance(date_of(year, month, day), str)
