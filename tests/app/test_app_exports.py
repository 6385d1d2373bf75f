"""Exports, packs and reports by the command line, as an auditor would ask for them."""

import io
import json
import threading
import zipfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from evidence_file import replaced, run
from invented_day import sample_records

from core.record import Record
from evidence import open_evidence, open_store
from exports.formats import formats
from exports.pack import verify as program
from exports.report.forms import FORMS
from tests.app.conftest import Runs

NOW = datetime(2026, 11, 20, 14, 14, tzinfo=UTC)


@pytest.fixture
def recorded(home: Path) -> list[Record]:
    """A made-up day in the home's evidence."""
    evidence, done = open_evidence(home / "evidence.db"), threading.Semaphore(0)
    records = sample_records(NOW)
    for record in records:
        evidence.writer.close_record(record, lambda _: done.release())
        assert done.acquire(timeout=30)
    evidence.close()
    return list(records)


@pytest.mark.parametrize("name", [*sorted(formats()), "pack"])
def test_what_is_exported_verifies(
    outgate: Runs, recorded: list[Record], tmp_path: Path, name: str
) -> None:
    """Complete, filtered, or not whole: by exit code, words and JSON."""
    out = tmp_path / "all"
    told = outgate("export", "--format", name, "--out", str(out))
    assert (told.code, told.out) == (0, f"{len(recorded)} records written to {out}\n"), told
    told = outgate("verify", str(out))
    assert told.code == 0, told
    count = len(recorded)
    assert json.loads(outgate("verify", str(out), "--json").out)["result"] == "complete"

    some = tmp_path / "some"
    since = sorted(record.at for record in recorded)[-2].isoformat()
    told = outgate("export", "--format", name, "--out", str(some), "--since", since)
    assert told.code == 0, told
    told = outgate("verify", str(some))
    assert (told.code, f"The export is filtered: 2 of {count}." in told.out) == (0, True), told

    out.write_bytes(out.read_bytes()[:-60])
    told = outgate("verify", str(out))
    assert (told.code, "The export is NOT whole." in told.out) == (1, True), told


def test_two_packs_of_the_same_evidence_are_the_same(
    outgate: Runs, recorded: list[Record], tmp_path: Path
) -> None:
    """Exporting is chained, and changes nothing of the next pack."""
    for name in ("a.zip", "b.zip"):
        assert outgate("export", "-f", "pack", "-o", str(tmp_path / name)).code == 0
    assert (tmp_path / "a.zip").read_bytes() == (tmp_path / "b.zip").read_bytes()
    assert outgate("verify").code == 0


def test_a_pack_holds_more_formats_where_they_are_asked_for(
    outgate: Runs, recorded: list[Record], tmp_path: Path
) -> None:
    """OCSF and Parquet stand beside lines and table, proven with them, and always the same."""
    told = [str(tmp_path / name) for name in ("a.zip", "b.zip")]
    for out in told:
        done = outgate("export", "-f", "pack", "--also", "parquet", "--also", "ocsf", "-o", out)
        assert done.code == 0, done
    assert Path(told[0]).read_bytes() == Path(told[1]).read_bytes()
    with zipfile.ZipFile(told[0]) as archive:
        names = set(archive.namelist())
    assert {f"records.{name}" for name in ("jsonl", "csv", "ocsf.jsonl", "parquet")} <= names
    assert outgate("verify", told[0]).code == 0


def test_an_export_of_what_was_changed_says_so(
    outgate: Runs, recorded: list[Record], home: Path, tmp_path: Path
) -> None:
    """The file is written, by exit code and words nobody takes it for whole, and it is named."""
    run(home / "evidence.db", replaced('"POST"', '"PUT"', "seq = 2"))
    for name in ("jsonl", "csv", "pack"):
        out = tmp_path / name
        told = outgate("export", "-f", name, "-o", str(out))
        assert (told.code, "1 entry changed in the evidence" in told.err) == (1, True), told
        assert out.is_file()
    for name in ("jsonl", "pack"):
        told = outgate("verify", str(tmp_path / name))
        assert (told.code, "2" in told.out and "was changed" in told.out) == (1, True), told
    said: list[str] = []
    assert program.main([str(tmp_path / "pack")], said.append) == 1
    assert "record 2 was changed after it was written" in " ".join(said)


def test_an_export_and_a_search_beside_an_edited_list_of_cases_say_so(
    outgate: Runs,
    recorded: list[Record],
    home: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Its records are right; which case they are of, and what was decided, is not what was done."""
    run(home / "evidence.db", "DELETE FROM cases WHERE id = 1")
    told = outgate("export", "-f", "jsonl", "-o", str(tmp_path / "out"))
    problem = "the list of cases does not hold all records"
    assert told.code == 1 and problem in told.err, told
    for options in ((), ("--json",)):
        monkeypatch.setattr("sys.stdin", io.StringIO("someone@example.org\n"))
        told = outgate("find", *options)
        assert told.code == 0 and problem in told.out, told


def test_an_export_of_one_case(outgate: Runs, recorded: list[Record], tmp_path: Path) -> None:
    """The id that a report lists names it."""
    table = outgate("report", "--since", "2026-11-01", "--until", "2026-12-01").out
    lines = table.partition("\nCases\n")[2].splitlines()
    head = next(at for at, line in enumerate(lines) if line.startswith("Case "))
    case = lines[head + 2].split()[0]
    for name in ("jsonl", "pack"):
        out = tmp_path / name
        told = outgate("export", "-f", name, "-o", str(out), "--case", case)
        assert told.code == 0, told
        told = outgate("verify", str(out))
        assert (told.code, "The export is filtered: " in told.out) == (0, True), told
    told = outgate("export", "-o", str(tmp_path / "x"), "--case", "nobody")
    assert (told.code, "There is no case" in told.err) == (2, True)


@pytest.mark.parametrize("form", sorted(FORMS))
def test_a_report_goes_to_a_file(
    outgate: Runs, recorded: list[Record], tmp_path: Path, form: str
) -> None:
    """In each form; a file that is there is kept."""
    out = tmp_path / "report"
    arguments = ("report", "--month", "2026-11", "--format", form, "--out", str(out))
    assert outgate(*arguments).code == 0
    assert out.stat().st_size > 1000
    assert out.stat().st_mode & 0o077 == 0
    told = outgate(*arguments)
    assert (told.code, "already" in told.err) == (2, True)
    assert outgate(*arguments, "--force").code == 0


def test_the_first_line_of_a_report_is_the_boards(outgate: Runs, recorded: list[Record]) -> None:
    """How many Python scripts process customer data here, and who approved them?"""
    first = outgate("report", "--month", "2026-11").out.splitlines()[0]
    assert "Python scripts process customer data here" in first
    assert "approved" in first


def test_a_breach_is_drafted(outgate: Runs, recorded: list[Record]) -> None:
    """From a case, in the words of Art. 33."""
    record = next(r for r in recorded if r.findings and r.left)
    told = outgate("report", "--breach", record.id)
    assert told.code == 0, told
    assert "Art. 33(3)(a)" in told.out


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("report", "--month", "13"), "is no month"),
        (("report", "--month", "2026-10", "--since", "7d"), "--month is a time of its own"),
        (("report", "--format", "docx"), "Known: text, html, pdf"),
        (("report", "--since", "2030-01-01"), "ends before it begins"),
        (("report", "--breach", "nobody"), "There is no case"),
        (("export", "-f", "docx", "-o", "x"), ", xlsx, pack."),
        (("export", "-f", "pack", "--also", "docx", "-o", "x"), "Known: "),
        (("export", "-f", "csv", "--also", "ocsf", "-o", "x"), "--also is for packs"),
    ],
)
def test_wrong_use_is_answered(outgate: Runs, home: Path, arguments: Any, words: str) -> None:
    """With what would be right, in one line."""
    open_store(home / "evidence.db").close()
    told = outgate(*arguments)
    assert (told.code, words in told.err) == (2, True), told


def test_a_file_that_is_none_is_told(outgate: Runs, home: Path, tmp_path: Path) -> None:
    """An empty file holds nothing that could be whole."""
    (tmp_path / "empty").write_bytes(b"")
    told = outgate("verify", str(tmp_path / "empty"))
    assert (told.code, "the file is empty" in told.out) == (1, True)


@pytest.mark.parametrize("command", ["export --out - --format csv", "report --format pdf --out -"])
def test_a_closed_standard_output_is_named(
    outgate: Runs, recorded: list[Record], monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    """A script that closed it reads that, and not of a fault in Outgate."""
    monkeypatch.setattr("sys.stdout", None)
    told = outgate(*command.split())
    assert (told.code, len(recorded) > 0) == (2, True)
    assert "Standard output is closed. Name a file" in told.err
