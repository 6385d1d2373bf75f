"""Verification of files and exports: passes what is whole, and names the first thing that is
not.
"""

import json
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from evidence_file import replaced, run
from reading import read

import evidence
from core.errors import EvidenceError
from core.record import Record
from core.review import CaseFilter
from core.text import printable
from evidence.chain import canonical
from evidence.exports import export
from evidence.parts import cuts_of
from evidence.store import Store
from evidence.writer import Writer

Make = Callable[..., Record]
DOCUMENT = Path(__file__).parents[2] / "docs" / "record.md"


@pytest.fixture
def exported(full: Path, tmp_path: Path) -> Path:
    store = Store(full)
    out = tmp_path / "out.jsonl"
    assert export("jsonl", store.iter_entries(), out) == 5
    store.close()
    return out


def change(place: Path, statement: str) -> None:
    run(place, statement)


def test_a_whole_file_verifies_and_says_what_to_note(full: Path) -> None:
    """The report counts, names the head and says plainly what a chain cannot show."""
    report = evidence.verify(full)
    assert (report.ok, report.entries, report.reviews, report.first_problem) == (True, 5, 2, None)
    assert "cut off" in report.text()
    assert report.head in report.text()


@pytest.mark.parametrize(
    ("statement", "words"),
    [
        (
            replaced('"POST"', '"GET"', "seq = 2"),
            "entry 2 was changed",
        ),
        ("UPDATE entries SET hash = zeroblob(32) WHERE seq = 2", "entry 2 was changed"),
        ("UPDATE entries SET prev = zeroblob(32) WHERE seq = 3", "entry 3 does not follow"),
        ("DELETE FROM entries WHERE seq = 3", "after entry 2 comes entry 4"),
        ("DELETE FROM entries WHERE seq = 1", "after entry 0 comes entry 2"),
        ("UPDATE entries SET at_us = 1 WHERE seq = 4", "entry 4 is filed under another"),
        ("UPDATE entries SET id = 'x' WHERE seq = 4", "entry 4 is filed under another"),
        ("UPDATE entries SET case_id = NULL WHERE seq = 4", "entry 4 is filed under another"),
        ("DELETE FROM review_entries WHERE seq = 1", "in the reviews: after entry 0 comes entry 2"),
        (
            "UPDATE review_entries SET body = replace(body, 'officer', 'someone')",
            "in the reviews: entry 1 was changed",
        ),
        ("UPDATE review_entries SET action = 'approve'", "in the reviews: entry 1 is filed"),
        ("UPDATE review_entries SET record_id = 'other'", "in the reviews: entry 1 is filed"),
        ("UPDATE review_entries SET hold_key = 'other'", "in the reviews: entry 1 is filed"),
        ("UPDATE cases SET count = 4", "does not add up"),
        ("DELETE FROM entries WHERE seq = 5", "does not add up"),
        ("UPDATE cases SET bytes_sent = 1", "does not add up"),
        ("UPDATE cases SET status = 'open'", "otherwise than its reviews say"),
        ("UPDATE cases SET disposition = 'false_alarm'", "otherwise than its reviews say"),
        ("DELETE FROM review_entries WHERE seq = 2", "otherwise than its reviews say"),
        (
            "UPDATE meta SET value = 'records:other' WHERE key = 'chain.records'",
            "entry 1 does not follow entry 0",
        ),
    ],
)
def test_every_tampering_with_the_file_is_named(full: Path, statement: str, words: str) -> None:
    """Whoever edits the database by hand is found out, and where."""
    change(full, statement)
    report = evidence.verify(full)
    assert not report.ok
    assert words in (report.first_problem or "")
    assert "NOT whole" in report.text()


def test_verifying_changes_nothing(full: Path, writer: Writer) -> None:
    """Verification only reads."""
    writer.stop()
    before = full.read_bytes()
    evidence.verify(full)
    assert full.read_bytes() == before


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    """Nothing is not the same as whole."""
    with pytest.raises(EvidenceError, match="no evidence file"):
        evidence.verify(tmp_path / "none.db")
    with pytest.raises(EvidenceError):
        evidence.verify_jsonl(tmp_path / "none.jsonl")


def test_an_export_verifies_without_the_database(full: Path, exported: Path) -> None:
    """An exported file carries its own proof, and the head is that of the database."""
    report = evidence.verify_jsonl(exported)
    assert (report.ok, report.entries, report.missing) == (True, 5, 0)
    assert report.head == evidence.verify(full).head


@pytest.mark.parametrize(
    ("edit", "ok", "words"),
    [
        (lambda lines: lines[1:4], True, None),
        (lambda lines: [lines[0], lines[4]], True, None),
        (
            lambda lines: [lines[0].replace("POST", "GET"), *lines[1:]],
            False,
            "line 1: entry 1 was changed",
        ),
        (lambda lines: [lines[1], lines[0]], False, "line 2: entry 1 stands after entry 2"),
        (lambda lines: [lines[0], lines[0]], False, "line 2: entry 1 stands after entry 1"),
        (lambda lines: [lines[0], "{}"], False, "line 2: not an exported record"),
        (lambda lines: [lines[0], "[1]"], False, "line 2: not an exported record"),
        (lambda lines: ["nonsense"], False, "line 1: not an exported record"),
        (
            lambda lines: [lines[0], lines[1].replace("records:", "records:0")],
            False,
            "line 2: it belongs to another chain",
        ),
        (
            lambda lines: [line.replace("records:", "records:0") for line in lines],
            False,
            "line 1: entry 1 does not follow",
        ),
    ],
)
def test_changed_exports(
    exported: Path, edit: Callable[..., Any], ok: bool, words: str | None
) -> None:
    """A filtered export passes with its gaps counted; an edited, reordered or mixed one does
    not.
    """
    lines = edit(exported.read_text("utf-8").splitlines())
    exported.write_text("\n".join(lines), "utf-8")
    report = evidence.verify_jsonl(exported)
    assert report.ok is ok
    assert words is None or words in (report.first_problem or "")
    assert not ok or report.missing == int(json.loads(lines[-1])["chain"]["seq"]) - len(lines)


def test_the_documented_snippet_verifies_with_nothing_but_python(
    exported: Path, tmp_path: Path
) -> None:
    """The few lines in the documentation do what they say, on a machine that has never seen
    Outgate.
    """
    snippet = re.search(r"```python\n(# verify\.py.*?)```", DOCUMENT.read_text("utf-8"), re.DOTALL)
    assert snippet is not None
    assert len(snippet[1].strip().splitlines()) <= 24
    program = tmp_path / "verify.py"
    program.write_text(snippet[1], "utf-8")

    def run() -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-I", "-S", program, exported], capture_output=True, text=True
        )

    assert run().stdout.split()[:2] == ["whole:", "5"]
    text = exported.read_text("utf-8")
    for tampered in (
        text.replace("upload", "other", 1),
        text.split("\n", 2)[0] + "\n" + text.split("\n", 2)[2],
    ):
        exported.write_text(tampered, "utf-8")
        assert run().returncode != 0


def test_the_documented_example_is_a_record(tmp_path: Path) -> None:
    """The example in the documentation is read by the code that reads records, and names every
    field.
    """
    example = re.search(r"```json\n(.*?)```", DOCUMENT.read_text("utf-8"), re.DOTALL)
    assert example is not None
    value = json.loads(example[1])
    chain = value.pop("chain")
    assert set(chain) == {"id", "seq", "prev", "hash", "salt", "parts"}
    assert len(chain["parts"]) == len(cuts_of(canonical(value)))  # its numbers are stand-ins
    assert Record.from_json(value).to_json() == value


def test_every_field_of_a_record_is_documented(make_record: Make) -> None:
    """No field of the record is left without a word."""
    document = DOCUMENT.read_text("utf-8")
    body = make_record().to_json()

    def names(value: object) -> set[str]:
        if isinstance(value, dict):
            return set(value) | {
                name for key, inner in value.items() if key != "version" for name in names(inner)
            }
        return (
            {name for inner in value for name in names(inner)} if isinstance(value, list) else set()
        )

    assert {name for name in names(body) if f"`{name}`" not in document} == set()


def test_hostile_text_is_inert_before_it_is_stored(
    write: Callable[..., None], place: Path, make_record: Make
) -> None:
    """Terminal escapes and direction marks from a payload reach no screen through the evidence."""
    path = "/srv/\x1b]0;x\x07\u202egpj.exe"
    write(make_record(script=path))
    store = Store(place)
    case = store.page(CaseFilter(), 0, 1)[0]
    [record] = read(store.iter_records())
    store.close()
    assert record.sender.script is not None
    assert case.script_path == record.sender.script.path == printable(path)


def test_a_broken_record_does_not_hide_the_reviews(full: Path) -> None:
    """The report states number and head of the reviews that were checked, also where a record is
    broken.
    """
    whole = evidence.verify(full)
    change(full, replaced("POST", "PUT", "seq = 2"))
    report = evidence.verify(full)

    assert not report.ok
    assert "reviews" not in (report.first_problem or "")
    assert (
        (report.reviews, report.reviews_head)
        == (whole.reviews, whole.reviews_head)
        == (2, whole.reviews_head)
    )
