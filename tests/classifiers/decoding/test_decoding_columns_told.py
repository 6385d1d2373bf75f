"""Values that only the name over them tells are found however wide, ragged or wrapped their table
is.
"""

import csv
import io
import json
from collections.abc import Callable
from functools import cache
from typing import Any

import pytest
from made_up_traffic import exchange

from classifiers.engine import Engine, EngineSetup, build_worker
from core.organisation import Organisation

BIRTHS = [f"{1950 + n}-0{1 + n % 9}-1{n % 7}" for n in range(12)]
MAIL = "anna.mueller@firma-beispiel.de"
FILLERS: dict[str, Callable[[int], str]] = {
    "letters and numbers": lambda n: f"m{n}",
    "years": lambda n: str(1990 + n),
    "shares": lambda n: f"{n} %",
    "numbers": str,
    "days": lambda n: f"2024-01-{n % 28 + 1:02d}",
    "one name": lambda _: "value",
    "questions": lambda n: f"How satisfied are you with number {n}, all in all and on the whole?",
}


@cache
def worker() -> Engine:
    """Made where a test first needs it."""
    setup = EngineSetup(key=b"k" * 32, organisation=Organisation(), long_tail=False)
    return build_worker(setup)


def kinds(value: Any, media_type: str = "application/json") -> dict[str, int | None]:
    """Return what is found in this body, and how often."""
    body = value if isinstance(value, str) else json.dumps(value)
    found = worker().classify(exchange(body, media_type)).findings
    return {finding.kind: finding.count for finding in found}


def table(width: int, filler: str) -> tuple[list[str], list[list[Any]]]:
    """Return names and rows of a table that has dates of birth in its last column."""
    names = [FILLERS[filler](n) for n in range(width)] + ["date_of_birth"]
    return names, [[1.5] * width + [birth] for birth in BIRTHS]


def written(names: list[str], rows: list[list[Any]]) -> str:
    """Return the table as CSV."""
    out = io.StringIO()
    csv.writer(out).writerows([names, *rows])
    return out.getvalue()


@pytest.mark.parametrize("width", [1, 3, 30, 250, 450, 900])
@pytest.mark.parametrize("filler", FILLERS)
def test_a_header_names_its_column_whatever_stands_beside_it(filler: str, width: int) -> None:
    """Names that look like numbers, questions or codes leave the one that tells its meaning."""
    names, rows = table(width, filler)
    text = written(names, rows)

    found = {
        "CSV": kinds(text, "text/csv"),
        "rows of a sheet": kinds({"range": "A1:Z9", "values": [names, *rows]}),
        "names apart": kinds({"columns": names, "data": rows}),
        "objects that name": kinds({"fields": [{"name": n} for n in names], "rows": rows}),
        "in a prompt": kinds({"content": f"Look at this:\n\n{text}\nThanks"}),
    }

    assert {how: counts.get("date_of_birth") for how, counts in found.items()} == dict.fromkeys(
        found, len(BIRTHS)
    )


WRAPPED = {
    "fields of one record": {"fields": [{"name": "date_of_birth", "value": BIRTHS[0]}]},
    "many fields": {"f": [{"key": k, "value": BIRTHS[0]} for k in ("a", "b", "c", "birthdate")]},
    "a value in an object": {"p": [{"property": "birthdate", "value": {"text": BIRTHS[0]}}]},
    "typed": {"Item": {"date_of_birth": {"S": BIRTHS[0]}}},
    "rich text": {"p": {"birthdate": {"rich_text": [{"text": {"content": BIRTHS[0]}}]}}},
    "an answer": {"answers": [{"field": {"ref": "birthdate"}, "type": "text", "text": BIRTHS[0]}]},
    "a patch": [{"op": "replace", "path": "/date_of_birth", "value": BIRTHS[0]}],
    "an attribute": {"a": [{"key": "user.birthdate", "value": {"stringValue": BIRTHS[0]}}]},
    "columns with lists": {"columns": [{"name": "birthdate", "values": BIRTHS}]},
    "cells that name": {"rows": [{"cells": [{"column": "birthdate", "value": BIRTHS[0]}]}]},
    "cells in objects": {
        "schema": {"fields": [{"name": "id"}, {"name": "birthdate"}]},
        "rows": [{"f": [{"v": 1}, {"v": birth}]} for birth in BIRTHS],
    },
    "two rows": {"columns": ["id", "birthdate"], "data": [[1, BIRTHS[0]], [2, BIRTHS[1]]]},
    "by number": {"birthdate": {"0": BIRTHS[0], "1": BIRTHS[1]}},
}


@pytest.mark.parametrize("how", WRAPPED)
def test_a_name_beside_or_above_its_value_tells(how: str) -> None:
    """Objects that hold a name and its value, or a value with its type, are read as fields."""
    assert "date_of_birth" in kinds(WRAPPED[how])


LONG = 220
LATE = {
    "a longer row": [["a", "b", "c"]] * LONG + [["a", "b", "c", MAIL]],
    "a list in a row": [["a", "b", "c"]] * LONG + [["a", "b", [MAIL]]],
    "a row of split": {"columns": ["a", "b"], "data": [["x", "y"]] * LONG + [["x", "y", MAIL]]},
    "an object in a list": {"a": ["x"] * LONG + [{"v": MAIL}], "b": ["y"] * (LONG + 1)},
    "a field of one entry": {str(n): {"a": 1, "b": 2} for n in range(LONG)}
    | {"999": {"a": 1, "b": 2, "c": MAIL}},
    "a name of one record": [{"a": 1, "b": 2}] * LONG + [{MAIL: 1}],
    "a name of a column": {"columns": [MAIL, "b"], "data": [[1, 2]] * 5},
}


@pytest.mark.parametrize("how", LATE)
def test_what_fits_no_column_is_read_beside_the_table(how: str) -> None:
    """Ragged rows, nested values, fields of one record and names that are values are read."""
    assert kinds(LATE[how]).get("email") == 1


@pytest.mark.parametrize("other", [1.5, 12345, "abcde"])
@pytest.mark.parametrize("place", [0, 234, 699])
def test_one_value_in_a_column_of_others_is_found(other: Any, place: int) -> None:
    """A single address in a long column of short cells is found at any place of it."""
    rows = [{"a": n, "b": other} for n in range(700)]
    rows[place]["b"] = MAIL
    text = "a,b\n" + "\n".join(f"{row['a']},{row['b']}" for row in rows)

    assert "email" in kinds(rows)
    assert "email" in kinds(text, "text/csv")


NAMES = ("Full name", "Date of birth", "Passport")
WHO = [("Ada Hofer", birth, f"C01X40{n:02d}H") for n, birth in enumerate(BIRTHS)]
RULE = "|---|---|---|"


def barred(cells: tuple[str, ...], *, ends: bool = True) -> str:
    return "| " + " | ".join(cells) + (" |" if ends else "")


UNEVEN = {
    "every second row lacks its last cell": [
        barred(NAMES),
        RULE,
        *(barred(row[: 3 - n % 2], ends=not n % 2) for n, row in enumerate(WHO)),
    ],
    "rows have a cell more than the names": [
        barred(NAMES),
        RULE,
        *(barred((*row, f"x{n}")) for n, row in enumerate(WHO)),
    ],
    "no rule below the names": [barred(NAMES), *map(barred, WHO)],
    "blanks behind commas": [", ".join(row) for row in (NAMES, *WHO)],
    "numbers before the names": [
        ",".join(NAMES),
        *(",".join((str(n), *row)) for n, row in enumerate(WHO, 1)),
    ],
    "a column behind the names": [",".join(NAMES), *(",".join((*row, "x1")) for row in WHO)],
}


@pytest.mark.parametrize("what", UNEVEN)
def test_names_hold_for_uneven_rows(what: str) -> None:
    text = "\n".join(UNEVEN[what])
    bodies = [(text, "text/plain"), ({"messages": [{"role": "user", "content": text}]}, "")]
    if not text.startswith("|"):
        bodies.append((text, "text/csv"))
    for value, media_type in bodies:
        told = kinds(value, media_type or "application/json")
        assert told["date_of_birth"] == len(WHO)
        assert told.keys() == {"person", "date_of_birth", "passport"}


def test_names_hold_for_rows_in_lists_of_rows() -> None:
    pairs = [[name, birth] for name, birth, _ in WHO]
    value = {"columns": ["full_name", "dob"], "data": [pairs[:4], pairs[4:8], pairs[8:]]}
    told = {"date_of_birth": len(WHO), "person": len(WHO)}
    assert kinds(value) == told
    assert kinds({"messages": [{"role": "user", "content": json.dumps(value)}]}) == told


def test_blanks_around_a_value_hide_nothing() -> None:
    assert kinds({"dob": " 1990-04-02 ", "passport": "C01X4000H\n"}).keys() == {
        "date_of_birth",
        "passport",
    }
