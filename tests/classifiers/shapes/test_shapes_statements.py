"""Rows in SQL are read however their values, their columns and the statement around are written."""

import json
from collections.abc import Callable
from functools import cache

import pytest
from cpu_time import cpu_limit
from families import with_each
from hypothesis import given, settings
from hypothesis import strategies as st
from made_up_traffic import exchange

from classifiers.engine import Engine, EngineSetup
from classifiers.shapes.sql_values import bare, listed, value_of
from classifiers.shapes.stage import tables_in
from core.findings import NOT_INSPECTED
from core.organisation import Organisation
from examples import most


@cache
def engine() -> Engine:
    made = Engine(EngineSetup(key=b"k" * 32, organisation=Organisation(), long_tail=False))
    made.warm()
    return made


def numbers(text: str) -> dict[str, int | None]:
    """Return the kinds that a prompt with this text tells, with how many rows hold them."""
    body = {"model": "gpt-4o", "messages": [{"role": "user", "content": text}]}
    seen = engine().classify(exchange(json.dumps(body, ensure_ascii=False)))
    return {f.kind: f.records for f in seen.findings if f.kind != NOT_INSPECTED}


PEOPLE = (("Uwe O'Albrecht", "1981-04-03"), ("Sabine Krüger", "1979-12-22"))
TOLD = {"person": 2, "date_of_birth": 2}


def doubled(value: str) -> str:
    """Return a value with the quotes that SQL asks for."""
    return value.replace("'", "''")


STRINGS: dict[str, Callable[[str], str]] = {
    "plain": lambda v: f"'{doubled(v)}'",
    "national": lambda v: f"N'{doubled(v)}'",
    "escaping": lambda v: "E'" + v.replace("'", "\\'") + "'",
    "unicode": lambda v: f"U&'{doubled(v)}'",
    "charset": lambda v: f"_utf8mb4'{doubled(v)}'",
    "quoting": lambda v: f"q'[{v}]'",
    "quoting with strokes": lambda v: f"nq'|{v}|'",
    "bytes": lambda v: f"X'{v.encode().hex()}'",
    "number of bytes": lambda v: f"0x{v.encode().hex().upper()}",
    "cast": lambda v: f"CAST(N'{doubled(v)}' AS nvarchar(40))",
    "typed": lambda v: f"'{doubled(v)}'::character varying(40)",
    "converted": lambda v: f"CONVERT(nvarchar(40), '{doubled(v)}', 104)",
    "called": lambda v: f"trim(upper('{doubled(v)}'))",
    "joined": lambda v: f"'{doubled(v[:4])}' || '{doubled(v[4:])}'",
    "concatenated": lambda v: f"CONCAT('{doubled(v[:4])}', '{doubled(v[4:])}')",
}
DATES: dict[str, Callable[[str], str]] = {
    "plain": lambda d: f"'{d}'",
    "date": lambda d: f"DATE '{d}'",
    "timestamp": lambda d: f"TIMESTAMP '{d} 00:00:00'",
    "to_date": lambda d: f"TO_DATE('{d[8:]}.{d[5:7]}.{d[:4]}', 'DD.MM.YYYY')",
    "cast": lambda d: f"CAST(N'{d}' AS Date)",
    "typed": lambda d: f"'{d}'::date",
    "made of numbers": lambda d: f"MAKE_DATE({d[:4]}, {int(d[5:7])}, {int(d[8:])})",
    "odbc": lambda d: f"{{d '{d}'}}",
}
COLUMNS = ("full_name, birth_date", "[Full name], [Birth date]", "`full_name`,`birth_date`")
STATEMENTS = {
    "insert": "INSERT INTO hr.staff ({names}) VALUES {rows};",
    "no into": "INSERT [hr].[Our staff] ({names}) VALUES {rows}\nGO",
    "ignore": "insert ignore into staff ({names}) values {rows};",
    "replace": "REPLACE staff ({names}) VALUES {rows};",
    "overriding": "INSERT INTO staff ({names}) OVERRIDING SYSTEM VALUE VALUES {rows};",
    "output": "INSERT INTO staff ({names}) OUTPUT INSERTED.id, INSERTED.made_at VALUES {rows};",
    "derived": "SELECT * FROM (VALUES {rows}) AS t ({names});",
    "derived without as": "SELECT t.* FROM (\n VALUES {rows}\n) t({names}) WHERE 1=1",
    "with": "WITH t ({names}) AS (VALUES {rows}) SELECT * FROM t",
    "merge": "MERGE INTO staff AS t USING (VALUES {rows}) AS s ({names}) ON t.id = s.id"
    " WHEN NOT MATCHED THEN INSERT ({names}) VALUES (s.full_name, s.birth_date);",
    "created": "CREATE TABLE staff (full_name text, birth_date date);\nINSERT INTO staff"
    " VALUES {rows};",
}


def rows_of(string: str, date: str) -> str:
    """Return the tuples of two people."""
    return ", ".join(f"({STRINGS[string](n)}, {DATES[date](d)})" for n, d in PEOPLE)


@with_each("string", STRINGS)
@with_each("date", DATES)
def test_a_value_is_read_however_it_is_written(string: str, date: str) -> None:
    """Strings of all makes, and what is done to them on their way into a column."""
    text = f"INSERT INTO people (full_name, birth_date) VALUES {rows_of(string, date)};"
    (table,) = tables_in(text)
    assert [row[0] and row[0].text for row in table.rows] == [name for name, _ in PEOPLE]
    assert numbers(text) == TOLD


@with_each("statement", STATEMENTS)
@pytest.mark.parametrize("columns", COLUMNS)
def test_columns_are_named_however_the_statement_runs(statement: str, columns: str) -> None:
    """With `INTO` and without, before the values and behind them, in any quotes."""
    text = STATEMENTS[statement].format(names=columns, rows=rows_of("national", "cast"))
    assert numbers(f"Why does it fail?\n{text}") == TOLD


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        ("SELECT 'Eva Kern' AS full_name, DATE '1981-04-03' AS birth_date", 1),
        ("SELECT 'Eva Kern' full_name, '1981-04-03' \"birth_date\" FROM dual", 1),
        ("SELECT full_name = N'Eva Kern', birth_date = '1981-04-03'", 1),
        (
            "select 'Eva Kern' as full_name, '1981-04-03' as birth_date from dual"
            " union all select 'Jan Król', '1979-12-22' from dual",
            2,
        ),
        ("UPDATE hr.staff SET full_name = 'Eva Kern', birth_date = DATE '1981-04-03'", 1),
        ("UPDATE staff s SET s.full_name = N'Eva Kern' WHERE s.birth_date = '1981-04-03';", 1),
        ("INSERT INTO staff SET full_name='Eva Kern', birth_date='1981-04-03'", 1),
        ("SELECT * FROM x WHERE full_name = 'Eva Kern' AND birth_date = '1981-04-03' LIMIT 3", 1),
        ("DELETE FROM x WHERE birth_date = DATE '1981-04-03' OR full_name = 'Eva Kern';", 1),
    ],
)
def test_values_that_stand_in_no_list_have_their_column(text: str, rows: int) -> None:
    """The alias of a literal, an assignment and a comparison name what they hold."""
    assert numbers(f"Explain: {text}") == {"person": rows, "date_of_birth": rows}


@pytest.mark.parametrize(
    "text",
    [
        "INSERT INTO users (full_name, birth_date) VALUES (?, ?), (:name, :born), ($1, $2);",
        "INSERT INTO users (full_name, birth_date) SELECT full_name, birth_date FROM old;",
        "MERGE INTO t USING s ON t.id = s.id WHEN MATCHED THEN UPDATE SET full_name = s.full_name;",
        "UPDATE users SET full_name = ?, birth_date = %s WHERE id = 7",
        "SELECT u.full_name AS full_name, max(u.birth_date) AS birth_date FROM users u",
        "SELECT 'n/a' AS full_name, CURRENT_DATE AS birth_date",
        "SELECT * FROM users WHERE full_name = other.full_name AND birth_date IS NULL",
        'db.execute("INSERT INTO users (full_name, born) VALUES ({}, {})".format(name, born))',
        "Please insert (name, date) values (see below) where full_name = the name you set",
        "SELECT name FROM sys.tables WHERE name = 'Orders' AND type = 'U';",
        "UPDATE settings SET value = 'Dark Mode' WHERE name = 'Theme Colour';",
    ],
)
def test_statements_without_literals_of_people_tell_nothing(text: str) -> None:
    """Placeholders, columns of other tables and settings are nobody's data."""
    assert numbers(text) == {}


@pytest.mark.parametrize("name", ["Tel.nr.", "p.nr.", "a."])
def test_a_name_that_ends_with_a_point_is_whole(name: str) -> None:
    """An abbreviation and not what belongs to something."""
    assert bare(name) == name
    assert bare(f"hr.[{name}]") == name
    assert bare("hr.people.tel") == "tel"


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("'C:\\'", "C:\\"),
        ("'it\\'s'", "it's"),
        ("'a''b'", "a'b"),
        ("NULL", None),
        ("DEFAULT", None),
        ("now()", None),
        ("''", None),
        ("-12.5", "-12.5"),
        ("123456782::bigint", "123456782"),
        ("CAST(123456782 AS char(9))", "123456782"),
        ("0xFFD8FFE0", None),
        ("x'zz'", "zz"),
        ("other.column", None),
        ("(SELECT 'x' FROM t)", "x"),
    ],
)
def test_an_expression_is_what_it_puts_into_its_column(expression: str, value: str | None) -> None:
    """Numbers and strings are values; what a database makes of itself is none."""
    text = f"({expression}, 1)"
    spans, end, closing = listed(text, 1)
    assert (len(spans), end, closing) == (2, len(text), ")")
    cell = value_of(text, *spans[0])
    assert (cell and cell.text) == value


@given(st.text(alphabet="'\"`\\(),;[] nqxNULE:|asfromwhere=1\n", max_size=200), st.booleans())
@settings(max_examples=most(400), deadline=None)
def test_any_list_is_read_without_failing(text: str, words: bool) -> None:
    """No mess of quotes fails, and each value stands where it says."""
    spans, end, _ = listed(text, 0, words=words)
    assert end <= len(text)
    for start, stop in spans:
        cell = value_of(text, start, stop)
        assert cell is None or start <= cell.start <= cell.end <= stop


@given(st.integers(0, 400), st.sampled_from(sorted(STATEMENTS)))
@settings(max_examples=most(100), deadline=None)
def test_a_cut_statement_is_read_as_far_as_it_goes(cut: int, statement: str) -> None:
    """A statement that ends anywhere hides nothing that was whole before it."""
    text = STATEMENTS[statement].format(names=COLUMNS[0], rows=rows_of("national", "cast"))
    tables_in(text[: len(text) * cut // 400])
    whole = STATEMENTS["insert"].format(names=COLUMNS[0], rows=rows_of("plain", "plain"))
    found = tables_in(f"{whole}\n{text[: len(text) * cut // 400]}")
    assert len(found[0].rows) >= len(PEOPLE)


@pytest.mark.parametrize(
    "piece",
    [
        "insert into t values (\\'",
        "where a='",
        "select 'x' as ",
        "values ((",
        "update t set a(",
        "into a ",
    ],
)
def test_statements_that_never_end_cost_no_more_than_they_are_long(piece: str) -> None:
    """Twice as many of them do not cost four times as much."""
    with cpu_limit(2.0):
        tables_in(piece * (100_000 // len(piece)) + " ('\"")
