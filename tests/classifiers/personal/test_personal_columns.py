"""Tables: what a column holds, how many rows, how many different values, how many people."""

import random
from dataclasses import replace

import orjson
import pytest
from personal_samples import digits, iban, valid

from classifiers.decoding import DEFAULT, decode_text
from classifiers.payload import Table
from classifiers.personal import classify_table, table_findings
from core.findings import Confidence, is_least
from core.fingerprint import Fingerprinter

KEY = Fingerprinter(b"k" * 32)
ROWS = 500


def table(**columns: list[str]) -> Table:
    rows = len(next(iter(columns.values())))
    return Table(tuple(columns), rows, columns)


def ledger() -> Table:
    rng = random.Random(4)
    people = [
        f"{first} {last}"
        for first in ("Jane", "Bob", "Eva", "Åsa")
        for last in ("Roe", "Poe", "Loe")
    ]
    return table(
        customer_id=[str(100_000 + i) for i in range(ROWS)],
        name=[people[i % 12] for i in range(ROWS)],
        email=[f"user{i % 120}@contoso.com" if i % 5 else "" for i in range(ROWS)],
        iban=[iban(rng) for _ in range(ROWS)],
        created_at=["2026-01-02T10:00:00Z"] * ROWS,
        balance=[f"{rng.uniform(0, 9999):.4f}" for _ in range(ROWS)],
        uuid=[
            f"{digits(rng, 8)}-{digits(rng, 4)}-4{digits(rng, 3)}-a{digits(rng, 3)}-{digits(rng, 12)}"
            for _ in range(ROWS)
        ],
        order=[digits(rng, 16) for _ in range(ROWS)],
    )


def test_table_is_counted_exactly() -> None:
    """Rows affected and distinct values are counted over the whole column, not estimated."""
    findings = {finding.kind: finding for finding in table_findings(ledger(), KEY)}
    assert set(findings) == {"email", "iban", "person"}
    email = findings["email"]
    assert (email.records, email.count, email.distinct) == (400, 400, 96)
    assert email.where == ("column email",)
    assert findings["person"].distinct == 12
    assert findings["iban"].records == ROWS
    assert findings["iban"].confidence is Confidence.CERTAIN


def test_people_are_counted_by_the_strongest_identifier() -> None:
    """Data subjects are told apart by national id before e-mail, before phone, before name."""
    rng = random.Random(9)
    ids = [valid("pl_pesel", rng) for _ in range(30)]
    both = table(pesel=ids * 10, email=[f"u{i}@contoso.com" for i in range(300)])
    assert {f.subjects for f in table_findings(both, KEY)} == {30}
    assert {
        f.subjects
        for f in table_findings(table(email=["a@contoso.com", "b@contoso.com"] * 40), KEY)
    } == {2}
    named = table(first_name=["Jane", "Eva", "Jane"] * 20, last_name=["Roe", "Roe", "Roe"] * 20)
    assert [(f.kind, f.subjects, f.distinct, f.records) for f in table_findings(named, KEY)] == [
        ("person", 2, 2, 60)
    ]


def test_findings_hold_no_value() -> None:
    """What is kept of a value is a keyed fingerprint and a mask."""
    text = repr(table_findings(ledger(), KEY)) + repr(classify_table(ledger()))
    for value in ("user1@contoso.com", "Jane", "jane"):
        assert value not in text


def test_label_of_an_attachment_is_part_of_the_place() -> None:
    """The place says which attachment and which column."""
    attached = Table(("ssn",), 40, {"ssn": ["536-90-4399"] * 40}, label="attachment customers.csv")
    assert table_findings(attached, KEY)[0].where == ("attachment customers.csv, column ssn",)


def test_header_gives_meaning_to_plain_digits() -> None:
    """Nine digits are social security numbers under `ssn` and nothing under `widget`."""
    rng = random.Random(1)
    plain = [valid("us_ssn", rng).replace("-", "") for _ in range(60)]
    assert [f.kind for f in table_findings(table(ssn=plain), KEY)] == ["us_ssn"]
    assert table_findings(table(widget=plain), KEY) == []
    assert table_findings(table(order_id=plain), KEY) == []


def test_column_without_header_is_told_by_its_check_digits() -> None:
    """When nearly every number of a column passes one check, the column is that, whatever its
    header.
    """
    rng = random.Random(2)
    assert [
        f.kind
        for f in table_findings(table(column_4=[valid("nl_bsn", rng) for _ in range(60)]), KEY)
    ] == ["nl_bsn"]


def test_random_digits_are_nobodys() -> None:
    """Columns of random digits of any length are not flagged."""
    rng = random.Random(3)
    for length in range(8, 20):
        assert table_findings(table(column_1=[digits(rng, length) for _ in range(300)]), KEY) == []


def test_one_number_in_a_free_text_column_is_found() -> None:
    """A single value in the notes of thousands of rows is found, with its row count."""
    notes = [f"called the customer about invoice {i}, no answer yet" for i in range(3000)]
    notes[2719] = "new account DE75 5121 0800 1245 1261 99, please update"
    findings = table_findings(table(note=notes), KEY)
    assert [(f.kind, f.records, f.distinct) for f in findings] == [("iban", 1, 1)]


def test_free_text_of_any_alphabet_keeps_its_rows() -> None:
    """Line breaks, invisible characters and labels inside cells do not shift which row a value
    stands in.
    """
    notes = [
        "nothing to see here at all\n in two lines",
        "naïve\u200b café note with nothing in it",
        "x " * 20,
    ] * 40
    notes[7] = "first line of a note\nmail jane.roe@contoso.com soon"
    notes[50] = "\u200b\u200b then write to eva@contoso.com, please do"
    notes[90] = "Patient: Jane Roe, who came in on Monday morning"
    notes[91] = "Patient name: Jane Roe"
    found = {result.kind: result for result in classify_table(table(note=notes))}
    assert (found["email"].records, found["email"].count, found["email"].distinct) == (2, 2, 2)
    assert found["person"].records == 1


def test_health_and_belief_are_found_by_header() -> None:
    """Diagnoses and religion are recognised by the column's name."""
    kinds = {
        f.kind
        for f in table_findings(
            table(
                icd10=["E11.9", "I10", "F32.1"] * 20,
                religion=["Catholic", "none given", "Hindu"] * 20,
            ),
            KEY,
        )
    }
    assert kinds == {"health_data", "special_category"}


@pytest.mark.parametrize(("spread", "least"), [(False, 100), (True, 8_460)])
def test_numbers_of_a_sample_are_the_least_that_there_are(spread: bool, least: int) -> None:
    """What was looked at is certain; of rows between those that were, only what is as good as sure
    is told. Both are marked.
    """
    values = {"email": [f"u{i}@contoso.com" for i in range(100)]}
    (finding,) = table_findings(Table(("email",), 10_000, values, (), None, False, spread), KEY)
    assert finding.records == least and is_least(finding)


def test_what_begins_late_in_a_large_list_is_seen() -> None:
    """Rows of all parts of a table are looked at where there are too many for all."""
    limits = replace(DEFAULT, table_cells=1_000, sampled_rows=100)
    rows = [{"ref": str(n), "to": f"p{n}@contoso.com" if n >= 600 else ""} for n in range(1_000)]
    payload = decode_text(orjson.dumps(rows), limits)
    found = [one for table in payload.tables for one in table_findings(table, KEY)]
    assert [(one.kind, 200 < (one.records or 0) <= 400, is_least(one)) for one in found] == [
        ("email", True, True)
    ]


def test_empty_and_ragged_tables_are_harmless() -> None:
    """A table without rows, or with a column that has no values, gives nothing."""
    assert table_findings(Table((), 0, {}), KEY) == []
    assert table_findings(Table(("ssn", "x"), 0, {"ssn": []}), KEY) == []
    assert table_findings(table(ssn=["", "", ""]), KEY) == []


def test_two_kinds_in_every_cell_are_two() -> None:
    """The one that most cells are wholly, and the one beside it; both are counted exactly."""
    rng = random.Random(7)
    cells = [f"{iban(rng)} user{n % 50}@contoso.com" for n in range(ROWS)]
    found = {r.kind: r for r in classify_table(table(account=cells, ref=["a"] * ROWS))}
    assert set(found) == {"iban", "email"}
    assert (found["iban"].records, found["iban"].distinct) == (ROWS, ROWS)
    assert (found["email"].records, found["email"].distinct) == (ROWS, 50)
    homes = [f"Hauptstr. {n}, 10115 Berlin, Tel. +49 30 9018{n:04d}" for n in range(ROWS)]
    read = {r.kind: r.records for r in classify_table(table(address=homes))}
    assert read == {"address": ROWS, "phone": ROWS}


def test_numbers_beside_a_kind_are_not_somebodys_by_chance() -> None:
    """One in ten numbers of orders passes the check of a card; an account is one value, not two."""
    rng = random.Random(8)
    cells = [f"user{n}@contoso.com order 49{digits(rng, 14)}" for n in range(ROWS)]
    assert {r.kind for r in classify_table(table(contact=cells))} == {"email"}
    accounts = table(iban=[iban(rng) for _ in range(ROWS)])
    assert {r.kind for r in classify_table(accounts)} == {"iban"}
