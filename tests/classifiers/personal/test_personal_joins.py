"""What people type between a label and its value, and the points in a label: values are found
behind all of them, and behind none that makes the label a part of another word.
"""

import json
from functools import cache

import pytest
from hypothesis import given
from hypothesis import strategies as st
from made_up_traffic import chat, exchange, user

from classifiers.engine import Engine, EngineSetup
from classifiers.personal.tables.birth_parts import date_inside, date_of
from classifiers.personal.tables.months import month_number
from core.exchange import Exchange
from core.organisation import Organisation

JOINS = [
    *(": ", ":", " - ", "- ", ".- ", ":- ", " – ", "– ", " — ", "— ", "=", " = ", " → ", " -> "),
    *(" => ", "# ", " #", "\t", "  ", "…", " ... ", " (", " [", "\u00a0", " is ", " lautet "),
    *(
        ": \u00a0",
        ":\t",
        " | ",
        " / ",
        "/ ",
        " › ",
        " » ",
        "： ",
        ': "',
        ":** ",
        "`: `",
        ".: ",
        ".: – ",
    ),
]
LABELLED = [
    ("DOB", "14.03.1961", "date_of_birth"),
    ("d.o.b.", "1961-03-14", "date_of_birth"),
    ("D.O.B", "March 14, 1961", "date_of_birth"),
    ("Geburtsdatum", "14. März 1961", "date_of_birth"),
    ("Passport no", "C01X0006H", "passport"),
    ("MRN", "48213377", "medical_record"),
]


@cache
def engine() -> Engine:
    made = Engine(EngineSetup(key=b"k" * 32, organisation=Organisation(), long_tail=False))
    made.warm()
    return made


def kinds(request: Exchange) -> set[str]:
    return {finding.kind for finding in engine().classify(request).findings}


def said(text: str) -> set[str]:
    """What is found in a text and in a prompt, which is the same."""
    text = f"Please check this. {text} thanks"
    alone = kinds(exchange(text, "text/plain"))
    assert kinds(chat(user(text))) == alone
    return alone


@pytest.mark.parametrize("join", JOINS)
def test_a_value_is_found_behind_any_join(join: str) -> None:
    """Whatever parts it from its label."""
    for label, value, kind in LABELLED:
        assert said(f"{label}{join}{value}") == {kind}, label


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("F.N.: 14/03/1961", "date_of_birth"),
        ("f.n.- 14/03/1961", "date_of_birth"),
        ("D.N. 14/03/1961", "date_of_birth"),
        ("F. Nac.: 14/03/1961", "date_of_birth"),
        ("D.D.N. : 14/03/1961", "date_of_birth"),
        ("M.R.N.: 48213377", "medical_record"),
        ("S.S.N.: 536221234", "us_ssn"),
        ("N.I.N.O.: AB123456C", "uk_nino"),
        ("P.E.S.E.L.: 44051401359", "pl_pesel"),
        ("B.S.N. 111222333", "nl_bsn"),
        ("T.F.N.: 123456782", "au_tfn"),
        ("M.B.I. 1EG4-TE5-MK73", "us_mbi"),
    ],
)
def test_points_between_its_letters_make_no_other_label(text: str, kind: str) -> None:
    """As forms print them."""
    assert said(text) == {kind}


@pytest.mark.parametrize(
    "text",
    [
        *("dob_2020-01-01.csv", "passport-12345678", "/passport/12345678", "born.2020-01-01"),
        *("dob >= '1990-01-01'", "WHERE dob > '1990-01-01'", "see account. 20250101 then"),
        *("license/2020.01.01", "MIT license - 2020-01-01", "license — 2004-01-01"),
        *("F.N.Surname 1234567", "e.g. 14.03.1961", "i.p. 12345678", "v.d.n 14.03.1961"),
        *("fn: 14.03.1961", "dob-service 20240101", "dob/ready 14", "mrn...see page 12345678"),
    ],
)
def test_a_label_that_is_part_of_something_else_says_nothing(text: str) -> None:
    """Names of files, paths, comparisons, licences of code, ends of sentences."""
    assert said(text) == set()


DATES = [
    {"day": 3, "month": "March", "year": 1961},
    {"day": "03", "month": "Mar.", "year": "1961"},
    {"tag": 3, "monat": "März", "jahr": 1961},
    {"jour": 3, "mois": "février", "annee": 1961},
    {"dia": 3, "mes": "agosto", "año": 1961},
    {"dia": 3, "mês": "março", "ano": 1961},
    {"giorno": 3, "mese": "gennaio", "anno": 1961},
    {"dag": 3, "maand": "mei", "jaar": 1961},
    {"dzien": 3, "miesiac": "października", "rok": 1961},
    {"Day": 3, "Month": 10, "Year": 1961},
    {"d": 3, "m": 3, "y": 1961, "precision": "day"},
]


@pytest.mark.parametrize("date", DATES)
def test_a_date_in_an_object_is_one(date: dict[str, object]) -> None:
    """Under the name of a birth, and under no other."""
    for name in ("birth", "dob", "geburtsdatum", "dateOfBirth"):
        assert kinds(exchange(json.dumps({"ref": 1, name: date}))) == {"date_of_birth"}
    for name in ("published", "expires", "created"):
        assert kinds(exchange(json.dumps({"ref": 1, name: date}))) == set()


def test_parts_that_are_no_date_are_none() -> None:
    """Words that are no month, numbers beyond one, too few of them."""
    dates: list[dict[str, object]] = [
        {"day": 3, "month": "Marching", "year": 1961},
        {"day": 33, "month": 3, "year": 1961},
        {"day": 3, "year": 1961},
        {"year": [1961], "month": {}, "day": None},
    ]
    for date in dates:
        assert kinds(exchange(json.dumps({"birth": date}))) == set()


@given(st.dictionaries(st.sampled_from(["year", "month", "day", "y", "x"]), st.text(max_size=9)))
def test_any_object_is_a_date_or_none(fields: dict[str, object]) -> None:
    """Nothing raises; what is a date has its form."""
    date = date_inside(fields)
    assert not date or len(date) == len("1961-03-14")


@pytest.mark.parametrize(
    "name", ["MÄRZ", "märz", "mars", "Mar.", "marzo", "março", "maart", "marca"]
)
def test_a_month_has_one_number_in_all_languages(name: str) -> None:
    """With accents or without."""
    assert month_number(name) == 3
    assert date_of(1961, name, 4) == "1961-03-04"
