"""Large JSON whose table is no array of objects: each part of it reads as the whole does."""

import asyncio
import json
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from classifiers.uploads.counting import Counts
from classifiers.uploads.cutting import Cutter, Window
from classifiers.uploads.members import members_in
from core.classification import Tally
from core.findings import AT_LEAST, Confidence, Finding
from examples import most

NAMES = ["order", "E-mail", "città", "comment"]
COMMENTS = ['said "}],[", left', "", "back\\slash\\", "},{", "[", None, 'a "quoted"', "ünï"]
type Rows = list[list[Any]]


def table(count: int) -> Rows:
    return [[n, f"a{n}@contoso.com", f"Città {n % 7}", COMMENTS[n % 8]] for n in range(count)]


def columns(rows: Rows) -> dict[str, Any]:
    return {name: [row[at] for row in rows] for at, name in enumerate(NAMES)}


def numbered(rows: Rows) -> dict[str, Any]:
    return {name: {str(n): v for n, v in enumerate(c)} for name, c in columns(rows).items()}


def by_name(rows: Rows) -> dict[str, Any]:
    return {f"row {n}": dict(zip(NAMES, row, strict=True)) for n, row in enumerate(rows)}


def split(rows: Rows) -> dict[str, Any]:
    return {"columns": NAMES, "index": list(range(len(rows))), "data": rows}


def schema(rows: Rows) -> dict[str, Any]:
    fields = [{"name": name, "type": "string"} for name in NAMES]
    return {"id": "q[1]", "stats": {"a": {"b": 1}}, "columns": fields, "data": rows}


FORMS: dict[str, Callable[[Rows], Any]] = {
    "lists by name": columns,
    "columns by name": numbered,
    "rows by name": by_name,
    "names apart": split,
    "fields described": schema,
    "rows alone": lambda rows: rows,
    "rows with a header": lambda rows: [NAMES, *rows],
    "below a name": lambda rows: {"version": 3, 'frame "[{': split(rows)},
    "columns deep below": lambda rows: {"a": 1, "b": {"c": "x", "d": numbered(rows)}},
    "beside a description": lambda rows: {"meta": {"source": "crm", "n": 5}, **numbered(rows)},
    "rows below a name": lambda rows: {"instances": [NAMES, *rows]},
}
STYLES: list[dict[str, Any]] = [{}, {"indent": 1}, {"separators": (",", ":")}]


def windows_of(body: bytes, places: list[int]) -> list[Window]:
    marks = sorted({0, len(body), *(place % len(body) for place in places)})
    cutter = Cutter("application/json")
    found = [window for a, b in pairwise(marks) for window in cutter.feed(body[a:b])]
    return [*found, *cutter.finish()]


def mails_in(value: Any, name: object = None) -> list[tuple[str, object]]:
    """Return the addresses in a value, with the name of the column that each stands in."""
    if isinstance(value, str):
        return [(value, name)] if "@" in value else []
    if isinstance(value, list):
        header = value[0] if value and value[0] == NAMES else None
        named = [
            (inner, header[at] if header else at if isinstance(row, list) else name)
            for row in value
            for at, inner in (enumerate(row) if isinstance(row, list) else [(0, row)])
        ]
        return [mail for inner, column in named for mail in mails_in(inner, column)]
    if not isinstance(value, dict):
        return []
    return [m for key, inner in value.items() for m in mails_in(inner, _told(value, key, name))]


def _told(node: dict[str, Any], key: str, above: object) -> object:
    return above if key.isdigit() else key


@given(
    st.sampled_from(sorted(FORMS)),
    st.sampled_from(range(len(STYLES))),
    st.booleans(),
    st.integers(2_500, 3_500),
    st.lists(st.integers(0, 1 << 20), max_size=4),
)
@settings(max_examples=most(40), deadline=None)
def test_parts_hold_all_values_once_below_the_names_of_their_columns(
    form: str, style: int, ascii_only: bool, count: int, places: list[int]
) -> None:
    """Each part of a large table is JSON of its own, no value is missing, split or twice, and what
    says what a value means stands above it; wherever the network splits the body.
    """
    value = FORMS[form](table(count))
    body = json.dumps(value, ensure_ascii=ascii_only, **STYLES[style]).encode()
    windows = windows_of(body, places)
    assert len(windows) > 1
    assert all(window.whole and not window.again for window in windows)
    read = [json.loads(window.data) for window in windows]
    assert [mail for part in read for mail in mails_in(part)] == mails_in(value)
    if form in ("names apart", "below a name", "fields described"):
        assert all("columns" in str(part)[:2_000] for part in read)


@pytest.mark.parametrize("late", [True, False])
def test_names_behind_their_rows_are_told(late: bool) -> None:
    """Where rows pass before the names of their columns, it is said; rows of numbers that nobody
    names, as embeddings are, say nothing.
    """
    value = {"data": [[n, n / 7] for n in range(9_000)], "x": 1}
    cutter = Cutter("application/json")
    for _ in cutter.feed(json.dumps({**value, "columns": ["a", "b"]} if late else value).encode()):
        pass
    assert list(cutter.finish())
    assert cutter.is_unnamed is late


def test_columns_are_counted_one_by_one() -> None:
    """Two columns of one kind may stand in the same records: so many are said at least. One column
    is counted exactly, over all of its parts.
    """
    mail = Finding(
        kind="email", detector="d", confidence=Confidence.LIKELY, count=900, distinct=900,
        records=900, subjects=900,
    )  # fmt: skip
    phone = Finding(
        kind="phone", detector="d", confidence=Confidence.LIKELY, count=500, distinct=500,
        records=500,
    )  # fmt: skip
    counts = Counts()
    for column, seen in ((1, mail), (1, mail), (2, phone), (3, mail)):
        counts.of_column(column, [seen])
    people = Tally(kind="", detector="email", marks=b"".join(n.to_bytes(8) for n in range(1_500)))
    values = [Tally(kind=kind, marks=people.marks) for kind in ("email", "phone")]
    asyncio.run(counts.add([people, *values]))
    mails, phones = counts.told([mail, phone])
    assert (mails.records, mails.subjects, mails.distinct) == (1_800, 1_500, 1_500)
    assert AT_LEAST in (mails.note or "")
    assert (phones.records, phones.subjects, phones.note) == (500, 1_500, None)


@pytest.mark.parametrize(
    "value",
    [
        {"model": "m", "stop": ["a", "b"], "messages": [{"role": "user", "content": "x" * 90_000}]},
        {"a": {"b": {"c": [1, {"d": 2}]}, "e": [[1, [2]], {}]}, "f": "y" * 90_000},
        {f"k{n}": {"deep": {"deeper": n}, "z": [1, 2]} for n in range(3_000)},
        {"text": "z" * 90_000},
        [["a", ["b", {"c": "d"}]]] * 5_000,
        {},
    ],
)
def test_what_is_no_such_table_is_read_as_before(value: object) -> None:
    """Nested data, long texts and conversations are cut so that nothing is left out."""
    body = json.dumps(value).encode()
    windows = windows_of(body, [])
    assert sum(len(w.data) for w in windows) >= len(body.strip()) - 64 * len(windows)


@given(st.binary(max_size=300), st.sampled_from([b"", b'{"a":{"0":1,', b"[[", b'{"a":["b",']))
def test_no_beginning_breaks_the_cutting(start: bytes, opened: bytes) -> None:
    """Whatever a body begins with, it is cut somewhere, or not as a table."""
    body = opened + start * 20 + b"1,2," * 1_024
    made = members_in(body)
    if made is not None:
        assert 0 < made.cut(body, 0) <= len(body)
