"""Records are counted as records: arrays of objects and delimited text become tables with exact
rows.
"""

import json
from collections.abc import Callable

import pytest

from classifiers.decoding import decode
from core.exchange import Exchange

Send = Callable[..., Exchange]


def people(count: int) -> list[dict[str, object]]:
    return [
        {
            "id": n,
            "name": f"Person {n}",
            "email": f"p{n}@example.com",
            "tags": ["a", "b"],
            "active": True,
            "note": None,
        }
        for n in range(count)
    ]


@pytest.mark.parametrize("count", [3, 49, 50, 1000])
def test_arrays_of_objects_are_tables(count: int, send: Send) -> None:
    """An array of alike objects is a table: every row counted, every value kept, nested values read
    on their own.
    """
    payload = decode(
        send(json.dumps({"data": {"people": people(count)}}).encode(), "application/json")
    )
    (table,) = payload.tables
    assert (table.rows, table.path, table.complete) == (count, ("data", "people"), True)
    assert table.columns == ("id", "name", "email", "active", "note")
    assert table.values["email"][-1] == f"p{count - 1}@example.com"
    assert table.values["note"] == [""] * count
    assert sum(segment.text in "ab" for segment in payload.segments) == 2 * count


@pytest.mark.parametrize("count", [3, 50])
def test_cells_are_text_too(count: int, send: Send) -> None:
    """Every cell of a table also stands in a text that is searched for patterns, marked as part of
    a table.
    """
    payload = decode(send(json.dumps(people(count)).encode(), "application/json"))
    cells = [s for s in payload.segments if s.tabular and s.key == "email"]
    assert "\n".join(s.text for s in cells).splitlines() == [
        f"p{n}@example.com" for n in range(count)
    ]


def test_rows_may_lack_columns(send: Send) -> None:
    """A column that only some records have is a column; its missing values are empty."""
    rows = [{"a": "x", "b": "y"}, {"a": "x"}, {"a": "x", "b": "z", "c": "w"}]
    (table,) = decode(send(json.dumps(rows).encode())).tables
    assert table.values == {"a": ["x", "x", "x"], "b": ["y", "", "z"], "c": ["", "", "w"]}


@pytest.mark.parametrize(
    "rows",
    [
        [{"role": "user", "content": "hello"}] * 5,
        [{"type": "text", "text": "hello"}] * 5,
        [{"role": "user", "parts": [{"text": "x"}]}] * 5,
        [{"type": "function", "name": "f", "description": "d", "parameters": {"type": "object"}}]
        * 5,
        [{"type": "function", "function": {"name": "f", "description": "d"}}] * 5,
        [{"title": "a", "body": "prose " * 200}] * 5,
        [{"a": 1, "b": 2}, "no object", {"a": 1, "b": 2}],
        [{f"k{n}": 1, f"l{n}": 2} for n in range(9)],
    ],
    ids=[
        "messages",
        "content parts",
        "gemini contents",
        "flat tool definitions",
        "tool definitions",
        "prose",
        "mixed",
        "unlike",
    ],
)
def test_other_arrays_are_no_tables(rows: list[object], send: Send) -> None:
    """Conversations, definitions and prose are read piece by piece, not by column."""
    payload = decode(send(json.dumps({"rows": rows}).encode()))
    assert payload.tables == []
    assert not any(segment.tabular for segment in payload.segments)


def test_packed_cells_are_read(send: Send) -> None:
    """What is packed in a cell is read, in short tables and in long ones."""
    for count in (4, 80):
        rows = [{"n": n, "t": "%61nna%40example.com", "j": "x"} for n in range(count)]
        found = [s.text for s in decode(send(json.dumps(rows).encode())).segments]
        assert any("anna@example.com" in text for text in found)


CSV = (
    'id;name;email\n1;"Muster;'
    ' Anna";anna@example.com\n2;Jörg;joerg@example.com\n\n3;;x@example.com\n'
)


@pytest.mark.parametrize(
    ("text", "content_type"),
    [
        (CSV, "text/csv"),
        (CSV, "text/csv; charset=utf-8"),
        (CSV.replace("\n", "\r\n"), "text/csv"),
        (CSV, "text/plain"),
        (CSV, "application/octet-stream"),
        (CSV.replace(";", "\t").replace("Muster\t", "Muster;"), "text/tab-separated-values"),
        (CSV.replace(";", ",").replace("Muster,", "Muster;"), "text/csv"),
    ],
)
def test_delimited_text_is_a_table(text: str, content_type: str, send: Send) -> None:
    """CSV and its kin become a table whatever their delimiter, their line ends and what they are
    called.
    """
    (table,) = decode(send(text.encode(), content_type)).tables
    assert table.columns == ("id", "name", "email")
    assert table.rows == 3
    assert table.values["name"] == ["Muster; Anna", "Jörg", ""]


def test_delimited_text_without_header_keeps_its_first_row(send: Send) -> None:
    """A first row that is data is counted as data."""
    (table,) = decode(send(b"1,anna@example.com\n2,bert@example.com\n", "text/csv")).tables
    assert (table.rows, table.columns) == (2, ("column 1", "column 2"))


@pytest.mark.parametrize(
    "text",
    [
        "Dear all,\nwe met, we talked, and we agreed.\nYours, Anna\nand Bert, too\n",
        "one line, with commas, only",
        "def f(a, b):\n    return a, b\nprint(f(1, 2))\nx = [1, 2]\ny = (3, 4)\n",
        (
            "2026-01-01 INFO started\n2026-01-01 INFO ready\n2026-01-01 INFO done\n2026-01-02 INFO"
            " bye\n"
        ),
    ],
)
def test_prose_code_and_logs_are_no_tables(text: str, send: Send) -> None:
    """Text with commas is not taken for records."""
    payload = decode(send(text.encode(), "text/plain"))
    assert payload.tables == []
    assert [s.text for s in payload.segments] == [text]


def test_long_delimited_text_goes_to_a_reader(send: Send) -> None:
    """A long CSV is not read on the gate's loop: it is handed to a reader."""
    body = b"id,name,email\n" + b"1,Anna,anna@example.com\n" * 20_000
    payload = decode(send(body, "text/csv"))
    (document,) = payload.documents
    assert (document.media_type, len(document.data)) == ("text/csv", len(body))
    assert payload.segments == []
