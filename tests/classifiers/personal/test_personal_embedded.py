"""Rows and labelled lines pasted into a prompt are read with their headers and labels."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from classifiers.payload import Payload, Segment
from classifiers.personal import PersonalDetector
from classifiers.personal.tables.embedded import blocks

DETECTOR = PersonalDetector()


def found(text: str) -> list[tuple[str, str]]:
    hits = DETECTOR.detect(Payload(segments=[Segment("first", "role"), Segment(text, "content")]))
    assert all(hit.segment == 1 for hit in hits)
    return [(hit.kind, text[hit.start : hit.end]) for hit in hits]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", " | "])
def test_pasted_rows_are_read_under_their_header(delimiter: str) -> None:
    """Names, dates of birth, plain ids and diagnoses in pasted rows are found, each once."""
    lines = [
        ["name", "ssn", "date of birth", "diagnosis", "ward"],
        ["Jane Roe", "536904399", "1981-03-12", "E11.9", "12"],
        ["Bob Poe", "536-90-4398", "1970-01-02", "I10", "7"],
    ]
    table = "\n".join(delimiter.join(line) for line in lines)
    assert found(f"Please summarise these:\n{table}\n\nThank you, in English.") == [
        ("person", "Jane Roe"),
        ("us_ssn", "536904399"),
        ("date_of_birth", "1981-03-12"),
        ("health_data", "E11.9"),
        ("person", "Bob Poe"),
        ("us_ssn", "536-90-4398"),
        ("date_of_birth", "1970-01-02"),
        ("health_data", "I10"),
    ]


def test_labelled_lines_are_read_like_a_form() -> None:
    """`Label: value` lines are fields; a bare name counts beside other personal fields."""
    text = (
        "Patient: Jane Roe\nDOB: 1981-03-12\n- Diagnosis: Type 2 diabetes\n**Religion:**"
        " Catholic\nSSN: 536-90-4399\n"
    )
    assert sorted(found(text)) == [
        ("date_of_birth", "1981-03-12"),
        ("health_data", "Type 2 diabetes"),
        ("person", "Jane Roe"),
        ("special_category", "Catholic"),
        ("us_ssn", "536-90-4399"),
    ]


@pytest.mark.parametrize(
    "text",
    [
        "name: Build And Deploy\non: push\nsteps:\n  - name: Run Tests\n    address: 0.0.0.0:80\n",
        "order,total,status\n4539578763621486,12,open\n536904399,13,open\n",
        "def f(name, address):\n    return name, address\n",
        "Note: see the appendix\nSubject: Quarterly report\nAccount: closed\nCard: yes\n",
        "a, b\nc, d\n",
        (
            "class A:\n    fullname: str\n    address: tuple[str, int]\n    display_name ="
            " typ.definition.fullname\n"
        ),
        "for-an-aws-account-1481927446662\n6.10351563E-05 + 2789545*uk_10 +13150000000*p\n",
    ],
)
def test_configuration_and_other_lists_stay_quiet(text: str) -> None:
    """Pipelines, orders, code and notes have lines with labels and commas, too."""
    assert found(text) == []


@given(st.text(alphabet="name,ssn;:|\t\n\r dob*-'\"1=", max_size=200))
def test_any_lines_are_read_without_failing(text: str) -> None:
    """No mess of lines makes the reader fail, and every cell stands where it says."""
    for block in blocks(text):
        for cell in block.cells:
            assert 0 <= cell.start < cell.end <= len(text)
    DETECTOR.detect(Payload(segments=[Segment(text, None)]))
