"""Large tables are cut between their records, and counted as if they had been held."""

import asyncio
import csv
import gzip
import io
import json
import random
import zipfile
from collections.abc import Callable, Iterable
from dataclasses import replace
from itertools import pairwise
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made_up_traffic import exchange, xlsx_of
from personal_samples import iban
from table_set import SHAPES as TABLES
from table_set import Sample, prompt, sample

from classifiers.engine import EngineSetup, build_worker
from classifiers.gate_classifier import GateClassifier
from classifiers.uploads.body_scan import BodyScan
from classifiers.uploads.counting import IN_PIECES, NO_MORE, Counts
from classifiers.uploads.cutting import Cutter
from classifiers.uploads.rows import RESERVE, rows_in
from core.classification import Classification, Scanned, Tally
from core.exchange import Exchange
from core.findings import AT_LEAST, NOT_INSPECTED, Confidence, Finding
from core.organisation import Organisation
from examples import most

SETUP = EngineSetup(key=b"k" * 32, organisation=Organisation(), long_tail=False)
ENGINE, WORKER = GateClassifier(SETUP), build_worker(SETUP)
type Row = dict[str, Any]


class InProcess:
    """A pool whose worker is an engine in this process."""

    async def classify(self, exchange: Exchange, deadline_s: float) -> Classification:
        return WORKER.classify(exchange)

    async def classify_window(self, exchange: Exchange, deadline_s: float) -> Classification:
        await asyncio.sleep(0)
        return WORKER.classify_window(exchange)

    async def close(self) -> None:
        pass


def rows(rng: random.Random, count: int, people: int, blank: str, first: int) -> list[Row]:
    """Return rows of so many people, the first of them without an account."""
    known = [(f"anna.muster{n}@contoso.example", iban(rng)) for n in range(people)]
    made: list[Row] = []
    for number in range(count):
        email, account = known[rng.randrange(people)]
        made.append(
            {
                "order": number,
                "email": email,
                "iban": blank if number < first else account,
                "amount": round(rng.random() * 900, 2),
                "comment": rng.choice(["called twice", 'said "yes", and\nleft', "", '5" pipe },{']),
            }
        )
    return made


def delimited(delimiter: str) -> Callable[[list[Row]], bytes]:
    def write(made: list[Row]) -> bytes:
        out = io.StringIO()
        writer = csv.DictWriter(out, made[0].keys(), delimiter=delimiter)
        writer.writeheader()
        writer.writerows(made)
        return out.getvalue().encode()

    return write


def wrapped(made: list[Row]) -> bytes:
    return json.dumps({"meta": {"source": "[{crm", "n": [1]}, "rows": made, "next": None}).encode()


def _quoted(value: object, escaped: str) -> str:
    text = str(value).replace("'", escaped)
    return f"'{text}'" if isinstance(value, str) else text


def inserted(rows_each: int, *, mysql: bool = False) -> Callable[[list[Row]], bytes]:
    """Rows as INSERT statements of so many rows; MySQL names the columns in the definition."""

    def write(made: list[Row]) -> bytes:
        names = list(made[0])
        columns = "" if mysql else "(" + ", ".join(f'"{name}"' for name in names) + ") "
        head = f"INSERT INTO orders {columns}VALUES "
        fields = ",\n".join(f"  `{name}` varchar(200) DEFAULT NULL" for name in names)
        out = [f"CREATE TABLE `orders` (\n{fields}\n);\n"] if mysql else ["-- it's a dump\n"]
        escaped, apart = ("\\'", ",") if mysql else ("''", ",\n")
        tuples = [
            "(" + ",".join(_quoted(value, escaped) for value in row.values()) + ")" for row in made
        ]
        out += [
            head + apart.join(tuples[at : at + rows_each]) + ";\n"
            for at in range(0, len(tuples), rows_each)
        ]
        return "".join(out).encode()

    return write


def copied(made: list[Row]) -> bytes:
    """Rows as PostgreSQL dumps them."""
    lines = ("\t".join(_flat(value) or "\\N" for value in row.values()) for row in made)
    head = f"SET x = 0;\n\nCOPY public.orders ({', '.join(made[0])}) FROM stdin;\n"
    return (head + "\n".join(lines) + "\n\\.\n\nSELECT 1;\n").encode()


def _flat(value: object) -> str:
    return str(value).replace("\n", " ").replace("|", "/")


def ruled(made: list[Row]) -> bytes:
    """A table of Markdown below a title."""
    lines = ("| " + " | ".join(map(_flat, row.values())) + " |" for row in made)
    names = "| " + " | ".join(made[0]) + " |\n" + "|---" * len(made[0]) + "|\n"
    return ("# Orders\n\n" + names + "\n".join(lines) + "\n").encode()


def _escaped(value: object) -> str:
    return str(value).replace("&", "&amp;").replace("<", "&lt;")


def as_html(made: list[Row]) -> bytes:
    names = "".join(f"<th>{name}</th>" for name in made[0])
    cells = ("".join(f"<td>{_escaped(v)}</td>" for v in row.values()) for row in made)
    inside = "\n".join(f"<tr>{one}</tr>" for one in cells)
    return f"<html><body><table><tr>{names}</tr>\n{inside}\n</table></body></html>".encode()


def as_xml(made: list[Row]) -> bytes:
    rows = (
        "<row>" + "".join(f"<{n}>{_escaped(v)}</{n}>" for n, v in row.items()) + "</row>"
        for row in made
    )
    inside = "\n".join(rows)
    head = '<?xml version="1.0"?>\n<export><meta><source>crm</source></meta><orders>\n'
    return f"{head}{inside}\n</orders></export>".encode()


def as_named_values(made: list[Row]) -> bytes:
    def line(row: Row) -> str:
        return "; ".join(f"{n}={_flat(v) or '-'}" for n, v in row.items() if n != "comment")

    return "\n".join(map(line, made)).encode()


MARKED: dict[str, tuple[Callable[[list[Row]], bytes], str]] = {
    "an INSERT for each": (inserted(1), "text/plain"),
    "one INSERT": (inserted(10**6), "application/sql"),
    "INSERTs of 300": (inserted(300), "application/octet-stream"),
    "mysqldump": (inserted(400, mysql=True), "text/plain"),
    "COPY": (copied, "text/plain"),
    "Markdown": (ruled, "text/markdown"),
    "HTML": (as_html, "text/html; charset=utf-8"),
    "XML": (as_xml, "application/xml"),
    "named values": (as_named_values, "text/plain"),
}
FORMS: dict[str, tuple[Callable[[list[Row]], bytes], str]] = {
    "commas": (delimited(","), "text/csv; charset=utf-8"),
    "semicolons, no type": (delimited(";"), "application/octet-stream"),
    "tabs": (delimited("\t"), "text/plain"),
    "JSON lines": (lambda made: b"\n".join(json.dumps(r).encode() for r in made), "text/plain"),
    "array": (lambda made: json.dumps(made).encode(), "application/json"),
    "narrow array": (lambda made: json.dumps(made, separators=(",", ":")).encode(), "text/plain"),
    "wide array": (lambda made: json.dumps(made, indent=2).encode(), "application/json"),
    "field of an object": (wrapped, "application/json"),
}


@pytest.mark.parametrize("form", MARKED)
def test_streamed_dumps_count_as_held_ones(form: str) -> None:
    """Rows of a database dump, of a table in Markdown or HTML, and of XML are exact in many
    windows, too.
    """
    write, kind = MARKED[form]
    body = write(rows(random.Random(form), 1_900, 700, "n/a", 100))
    sent = exchange(body, kind)
    whole = numbers(WORKER.classify(sent).findings)
    pieces = [body[at : at + 70_001] for at in range(0, len(body), 70_001)]
    passed = numbers(streamed(sent, pieces).findings)
    assert passed == whole
    assert passed["email"][:2] == (1_900, 1_900)
    assert passed["email"][3] is not None


def streamed(sent: Exchange, pieces: list[bytes]) -> Scanned:
    async def run() -> Scanned:
        scan = BodyScan(sent, ENGINE, InProcess(), 60)
        known = Scanned()
        for number, piece in enumerate(pieces):
            async for seen in scan.feed(piece, last=number == len(pieces) - 1):
                known = seen
        assert scan.through == sum(map(len, pieces))
        return known

    return asyncio.run(run())


def numbers(findings: tuple[Finding, ...]) -> dict[str, tuple[object, ...]]:
    return {
        f.kind: (f.count, f.records, f.distinct, f.subjects, f.note)
        for f in findings
        if f.kind != NOT_INSPECTED
    }


@given(
    st.sampled_from(sorted(FORMS)),
    st.integers(0, 10**6),
    st.integers(900, 1_800),
    st.sampled_from([1, 40, 800]),
    st.sampled_from(["", "n/a"]),
    st.sampled_from([0.0, 0.1, 0.5]),
    st.lists(st.integers(0, 1 << 20), max_size=5),
)
@settings(max_examples=most(24), deadline=None)
def test_streamed_tables_count_as_held_ones(
    form: str, seed: int, count: int, people: int, blank: str, empty: float, places: list[int]
) -> None:
    """Rows, values and people of a table that passes in many windows are exact: none twice, none
    missed, wherever the network splits it and however often a person stands in it.
    """
    write, kind = FORMS[form]
    body = write(rows(random.Random(seed), count, people, blank, int(count * empty)))
    marks = sorted({0, len(body), *(place % len(body) for place in places)})
    sent = exchange(body, kind)
    whole = numbers(WORKER.classify(sent).findings)
    passed = numbers(streamed(sent, [body[a:b] for a, b in pairwise(marks)]).findings)
    assert passed == whole
    assert passed["email"][:2] == (count, count)
    assert passed["email"][3] is not None


@pytest.mark.parametrize("form", FORMS)
def test_windows_of_rows_leave_nothing_out(form: str) -> None:
    """Every record stands whole in one window, with the names of its columns; what no window has
    shown yet is not called read.
    """
    write, kind = FORMS[form]
    made = rows(random.Random(4), 2_500, 300, "", 0)
    body, cutter = write(made), Cutter(kind)
    shown: list[object] = []
    for at in range(0, len(body), 30_000):
        for window in cutter.feed(body[at : at + 30_000]):
            assert not window.again
            shown += orders(form, window.data)
            held_back = body[max(0, cutter.through(window.end) - 4096) :]
            assert len(orders_of(held_back)) >= len(made) - len(shown)
    for window in cutter.finish():
        shown += orders(form, window.data)
    assert shown == [row["order"] for row in made]


def orders_of(data: bytes) -> list[bytes]:
    return data.split(b"@contoso")[1:]


def orders(form: str, data: bytes) -> list[object]:
    if FORMS[form][0] is wrapped:
        return [row["order"] for row in json.loads(data)["rows"]]
    if "array" in form:
        return [row["order"] for row in json.loads(data)]
    if form == "JSON lines":
        return [json.loads(line)["order"] for line in data.splitlines() if line]
    delimiter = {"commas": ",", "tabs": "\t"}.get(form, ";")
    return [
        int(row["order"])
        for row in csv.DictReader(io.StringIO(data.decode(), newline=""), delimiter=delimiter)
    ]


@pytest.mark.parametrize(
    "start",
    [
        b"",
        b"plain words, and more of them\nno table at all\n" * 20,
        b'{"a": [1, 2, 3]}',
        b'{"a": "' + b"x" * 9_000,
        b"[{" * 900,
        b"[[1, 2], [3, 4]]" * 90,
        b'[{"a": 1}]',
        b'[{"a": 1}, 5, {"a": 2}]',
        b'}]{"rows": [{"a": 1}, {"a": 2}]',
        b'{"a": 1}\nno\n{"b": 2}\n{"c": 3}\n',
        b"\xff\xfe" + "a,b\n1,2\n".encode("utf-16-le") * 90,
        bytes(range(256)) * 8,
    ],
)
def test_what_has_no_records_is_read_as_before(start: bytes) -> None:
    """Prose, nested lists, broken JSON and binary data are no rows."""
    assert rows_in(start, "text/plain") is None


@given(st.binary(max_size=400), st.sampled_from(["text/csv", "application/json", ""]))
def test_no_beginning_breaks_the_cutting(start: bytes, kind: str) -> None:
    """Whatever a body begins with is either rows or none."""
    found = rows_in(start, kind)
    assert found is None or 0 <= found.cut(start * 9, RESERVE) <= len(start) * 9


def test_an_array_that_ends_before_its_body_is_read_on() -> None:
    """What follows the first array is read as text where no record ends any more."""
    first = rows(random.Random(1), 900, 30, "", 0)
    behind = [{"id": n, "mail": f"b{n}@fabrikam.example"} for n in range(3_000)]
    body = json.dumps({"orders": first, "others": behind}).encode()
    found = numbers(streamed(exchange(body), [body]).findings)
    assert found["email"][0] == 900 + 3_000
    assert found["email"][2] == len({r["email"] for r in first}) + 3_000


def finding(kind: str, distinct: int) -> Finding:
    return Finding(
        kind=kind,
        detector="d",
        confidence=Confidence.LIKELY,
        count=distinct,
        distinct=distinct,
        subjects=distinct,
    )


def test_more_than_can_be_told_apart_is_at_least(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where too many values differ, the number is told as a lower bound; memory stays bounded."""
    monkeypatch.setattr("classifiers.uploads.counting.MOST", 10)
    counts = Counts()
    marks = b"".join(n.to_bytes(8) for n in range(40))
    asyncio.run(counts.add([Tally(kind="email", marks=marks), Tally(kind="", marks=marks)]))
    (told,) = counts.told([finding("email", 40)])
    assert (told.distinct, told.note) == (40, NO_MORE)
    asyncio.run(counts.add([Tally(kind="email", marks=(99).to_bytes(8))]))
    assert counts.told([finding("email", 41)])[0].distinct == 40


def test_what_nobody_tallied_keeps_its_numbers() -> None:
    """A finding of another kind stays as it is."""
    counts = Counts()
    asyncio.run(counts.add([Tally(kind="email", marks=b"12345678")]))
    assert counts.told([finding("iban", 3)]) == [finding("iban", 3)]


LARGE = Sample(
    names=("Id", "Full name", "E-mail", "IBAN", "Amount"),
    rows=tuple(
        (str(n), f"Anna{n % 700} Muster", f"anna.m{n % 700}@contoso.com", account, "open")
        for n, account in enumerate(iban(random.Random(n % 700)) for n in range(1_000))
    ),
    kinds=frozenset({"person", "email", "iban"}),
    people=700,
    ask="Please check:",
)
PRINTED = (
    *("printed frame", "printed frame without index", "left-aligned", "left-aligned with a rule"),
    *("psql", "mysql", "box", "html, unclosed", "latex", "k: v |", "yaml", "forms"),
)
"""Shapes that are cut between their rows; the others of this file are tried above."""
OF_JSON = ("json columns", "json index", "json values", "json lists", "json table", "json split")
CUT_ANYWHERE = ("graphql", "python")


@pytest.mark.parametrize(
    ("shape", "kind"),
    [(shape, "text/plain") for shape in (*PRINTED, *OF_JSON, *CUT_ANYWHERE)]
    + [(shape, "application/json") for shape in ("tabs", "printed frame", "html")],
)
def test_numbers_of_a_large_table_are_those_of_the_whole_or_told_as_at_least(
    shape: str, kind: str
) -> None:
    """Whatever a table is pasted as, alone or in a prompt: what is counted as it passes is what is
    counted when it is held, or says of itself that there is at least so much, and there is.
    """
    body = TABLES[shape](LARGE).encode()
    if kind == "application/json":
        message = {"role": "user", "content": prompt(shape, LARGE)}
        body = json.dumps({"model": "m", "messages": [message]}).encode()
    sent = exchange(body, kind)
    whole = measured(WORKER.classify(sent).findings)
    passed = streamed(sent, [body[at : at + 70_001] for at in range(0, len(body), 70_001)]).findings
    assert {"email", "iban"} | set(whole) <= {finding.kind for finding in passed}
    for finding in passed:
        if finding.kind == NOT_INSPECTED or finding.kind not in whole:
            continue
        told, real = measured([finding])[finding.kind], whole[finding.kind]
        if told != real:
            assert finding.note is not None and IN_PIECES in finding.note, (told, real)
            assert kind == "application/json" or shape in CUT_ANYWHERE
            assert all(a is None or b is None or a <= b for a, b in zip(told, real, strict=True))


def measured(findings: Iterable[Finding]) -> dict[str, tuple[int | None, ...]]:
    return {f.kind: (f.count, f.distinct, f.records, f.subjects) for f in findings}


@pytest.mark.parametrize(
    ("shape", "language"),
    [
        *[("semicolons", "de"), ("printed frame", "fr"), ("mysqldump", "es"), ("xml", "pt")],
        *[("json columns", "it"), ("json split", "nl"), ("yaml", "pl"), ("json lists", "en")],
    ],
)
def test_tables_in_all_languages_count_alike_held_streamed_and_archived(
    shape: str, language: str
) -> None:
    """The same kinds, records and people are told of a large table in any language, whether it is
    held, passes in pieces or lies in an archive; or it is said that there are at least so many.
    """
    made = sample(language, 3)
    made = replace(made, rows=made.rows * (600 // len(made.rows)))
    body = TABLES[shape](made).encode()
    kind = "application/json" if shape.startswith("json") else "text/plain"
    held = WORKER.classify(exchange(body, kind)).findings
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("people.json" if kind.endswith("json") else "people.txt", body)
    archived = WORKER.classify(exchange(out.getvalue(), "application/zip")).findings
    whole = measured(held)
    assert made.kinds <= whole.keys()
    assert measured(archived) == whole
    pieces = [body[at : at + 30_011] for at in range(0, len(body), 30_011)]
    passed = streamed(exchange(body, kind), pieces).findings
    assert {finding.kind for finding in passed} == set(whole)
    for told, kind_of, note in [(measured([f])[f.kind], f.kind, f.note) for f in passed]:
        if told != whole[kind_of]:
            assert note is not None and AT_LEAST in note, (told, whole[kind_of])
            pairs = zip(told, whole[kind_of], strict=True)
            assert all(a is None or b is None or a <= b for a, b in pairs)


@pytest.mark.parametrize("pack", ["gzip", "zip", "xlsx", "parquet"])
def test_numbers_of_a_large_file_are_those_of_the_whole_or_it_is_said_to_be_unread(
    pack: str,
) -> None:
    """A packed table is unpacked as it passes, and counted the same; a workbook or an archive that
    cannot be is named as not inspected.
    """
    body = packed(pack)
    sent = exchange(body, "application/octet-stream")
    whole = measured(f for f in WORKER.classify(sent).findings if f.kind != NOT_INSPECTED)
    passed = streamed(sent, [body[at : at + 70_001] for at in range(0, len(body), 70_001)]).findings
    assert whole["email"] == (1_000, 700, 1_000, 700)
    unread = [finding for finding in passed if finding.kind == NOT_INSPECTED]
    assert unread or measured(passed) == whole
    assert bool(unread) == (pack != "gzip")


def packed(pack: str) -> bytes:
    """Return the large table in a file that is larger than one window."""
    text = TABLES["csv"](LARGE).encode()
    assert len(text) > 66_000
    out = io.BytesIO()
    if pack == "gzip":
        return gzip.compress(text, 0)
    if pack == "zip":
        with zipfile.ZipFile(out, "w") as archive:
            archive.writestr("people.csv", text)
    elif pack == "xlsx":
        noise = random.Random(1)
        rows = [(*row, noise.randbytes(40).hex()) for row in LARGE.rows]
        return xlsx_of((*LARGE.names, "Extra"), rows)
    else:
        columns = dict(zip(LARGE.names, map(list, zip(*LARGE.rows, strict=True)), strict=True))
        pq.write_table(pa.table(columns), out, use_dictionary=False, compression="none")
    return out.getvalue()
