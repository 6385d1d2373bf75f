"""Exports: what holds for every format, and what each promises by itself."""

import csv
import io
import sys
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import python_calamine
from reading_files import readable

from core.errors import EvidenceError, InputError
from core.ids import utc_now
from core.observation import Kind
from core.record import Record
from core.sent_file import FilesLook
from core.vocabulary.files import LOOKS
from evidence.store import Store
from exports.columns import HEADINGS
from exports.contents import Contents
from exports.formats import Format, formats
from exports.selection import Selection
from exports.verification import verify_export
from exports.writing import export, export_bare, write_file
from tests.core.test_core_sent_file import FILE
from tests.evidence.conftest import LATER, make_observation

Make = Callable[..., Record]
ALL = Selection()


def exported(name: str, place: Path, out: Path, selection: Selection = ALL) -> Path:
    """Export from an evidence file."""
    store = Store(place, clock=lambda: LATER)
    try:
        export(name, store, selection, out, by="auditor")
    finally:
        store.close()
    return out


@pytest.mark.parametrize("name", sorted(formats()))
class TestEveryFormat:
    """What holds for every export format, present and future."""

    def test_it_says_what_it_is(self, name: str) -> None:
        """A user can choose by name, ending and purpose."""
        format_ = formats()[name]
        assert isinstance(format_, Format)
        assert format_.suffix.startswith(".") and format_.suffix == format_.suffix.lower()
        assert format_.purpose.startswith("for ")

    def test_it_writes_all_records_privately(self, name: str, full: Path, tmp_path: Path) -> None:
        """The count is right, the file is the owner's only, and nothing is left beside it."""
        store = Store(full)
        out = tmp_path / "export" / "file"
        out.parent.mkdir()
        written = export(name, store, ALL, out, by="auditor")
        store.close()
        assert (written.records, written.acts) == (5, 2)
        assert sys.platform == "win32" or out.stat().st_mode & 0o777 == 0o600
        assert list(out.parent.iterdir()) == [out]
        report = verify_export(out)
        assert (report.ok, report.format, report.result) == (True, name, "complete"), report
        assert (report.entries, report.of, report.acts, report.acts_of) == (5, 5, 2, 2)

    def test_it_tells_what_was_observed_beside_the_requests(
        self, name: str, full: Path, write: Callable[..., None], tmp_path: Path
    ) -> None:
        """A database that a script talked to stands in every export, with who, what and how much,
        and the file verifies.
        """
        write(*(make_observation(n, kind=kind) for n, kind in enumerate(Kind)))
        out = exported(name, full, tmp_path / "file")
        report = verify_export(out)
        assert (report.ok, report.result, report.entries) == (True, "complete", 5 + len(Kind)), (
            report
        )
        text = readable(out)
        assert text.count("postgresql at db.example:5432") >= len(Kind)
        assert text.count("ledger_app") >= len(Kind) and "upload.py" in text

    def test_it_tells_which_files_were_sent(
        self, name: str, place: Path, write: Callable[..., None], make_record: Make, tmp_path: Path
    ) -> None:
        """The file, its kind and what is proven of it stand in every export; and that nobody could
        look.
        """
        write(replace(make_record(1), files=(FILE,)))
        write(replace(make_record(2), files_look=FilesLook.NO_RIGHTS))
        out = exported(name, place, tmp_path / "file")
        assert verify_export(out).ok
        assert FILE.path in readable(out)
        assert "no_rights" in readable(out) or LOOKS[FilesLook.NO_RIGHTS] in readable(out)

    def test_it_tells_what_the_reviewers_did(self, name: str, full: Path, tmp_path: Path) -> None:
        """Who closed the case stands in every export."""
        out = exported(name, full, tmp_path / "file")
        assert readable(out).count("officer") >= 2

    def test_the_same_evidence_gives_the_same_bytes(
        self, name: str, full: Path, tmp_path: Path
    ) -> None:
        """Two exports of one moment by one person do not differ."""
        store, at = Store(full), utc_now()
        for out in ("a", "b"):
            export(name, store, ALL, tmp_path / out, by="auditor", at=at)
        store.close()
        assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()

    def test_nothing_at_all_can_be_exported(self, name: str, place: Path, tmp_path: Path) -> None:
        """An export without records is a valid file, and says that it is complete."""
        report = verify_export(exported(name, place, tmp_path / "file"))
        assert (report.ok, report.result, report.entries) == (True, "complete", 0), report

    def test_it_can_be_written_without_a_head(self, name: str, full: Path) -> None:
        """Records that come from no evidence file have none."""
        store, out = Store(full), io.BytesIO()
        export_bare(formats()[name], Contents(store.iter_entries()), out)
        store.close()
        assert b"outgate.export/1" not in out.getvalue()

    def test_an_existing_file_is_kept_unless_told(
        self, name: str, full: Path, tmp_path: Path
    ) -> None:
        """Nobody's file is overwritten by accident."""
        out = tmp_path / "file"
        out.write_text("mine")
        with pytest.raises(InputError, match="already"):
            exported(name, full, out)
        assert out.read_text() == "mine"
        store = Store(full)
        export(name, store, ALL, out, by="auditor", overwrite=True)
        store.close()
        assert out.read_bytes() != b"mine"

    def test_no_cell_or_line_is_a_formula_or_another_line(
        self, name: str, write: Callable[..., None], place: Path, make_record: Make, tmp_path: Path
    ) -> None:
        """Hostile names stay one value of one record."""
        for number, hostile in enumerate(HOSTILE):
            write(make_record(number, script=hostile, host=hostile, service=hostile))
        report = verify_export(exported(name, place, tmp_path / "file"))
        assert (report.ok, report.entries) == (True, len(HOSTILE)), report


HOSTILE = (
    '=HYPERLINK("http://evil.example","x")',
    "@SUM(1)",
    "a\nb\r\nc",
    'x|y=z\\"',
    "CEF:0|a|b|c\n<134>1",
    "]]><evil/>",
    '{"schema":"outgate.export/1"}',
    "https://evil.example/link",
    "\u2028\u202e\x00\x07",
)


def test_a_failure_half_way_leaves_nothing_behind(tmp_path: Path) -> None:
    """There is a whole export or none."""

    def broken(_: object) -> None:
        raise EvidenceError("gone")

    with pytest.raises(EvidenceError, match="gone"):
        write_file(tmp_path / "file", broken)
    assert list(tmp_path.iterdir()) == []


def test_one_format_is_proposed() -> None:
    """The review proposes one to whoever has not chosen, and a new format does not take its place
    by its name.
    """
    assert [name for name, format_ in formats().items() if format_.proposed] == ["csv"]


def test_unknown_formats_and_folders_are_told(full: Path, tmp_path: Path) -> None:
    """Wrong use is answered with what would be right."""
    with pytest.raises(InputError, match=r"Known: .*csv, jsonl"):
        exported("pdf", full, tmp_path / "x")
    with pytest.raises(InputError, match="folder"):
        exported("csv", full, tmp_path)
    with pytest.raises(InputError, match="cannot be written"):
        exported("csv", full, tmp_path / "no" / "x")


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def test_no_cell_of_the_spreadsheet_is_a_formula(
    write: Callable[..., None], place: Path, make_record: Make, tmp_path: Path
) -> None:
    """A script or host with a hostile name is text in the officer's spreadsheet."""
    hostile = '=HYPERLINK("http://evil.example","x")'
    write(make_record(script=hostile, service="@SUM(1)", host="-2+3"), make_record(1))
    rows = rows_of(exported("csv", place, tmp_path / "x.csv"))
    assert len(rows) == 2
    *titles, head = rows[0]
    assert (titles, head[:1]) == (list(HEADINGS), "{")
    assert rows[0]["Script path"] == "'" + hostile
    assert rows[0]["Service"] == "'@SUM(1)"
    cells = [cell or "" for row in rows for cell in row.values()]
    assert not [cell for cell in cells if cell[:1] in ("=", "+", "-", "@")]
    assert rows[1]["Bytes sent"] == "1000"
    assert rows[1]["Found"] == "2 e-mail addresses (email, likely)"
    assert (rows[0]["To"], rows[1]["To"]) == ("'@SUM(1)", "OpenAI")
    assert (rows[1]["Outcome"], rows[1]["Left the machine"]) == (
        "It passed; policy only watches.",
        "yes",
    )


def test_the_spreadsheet_says_beside_each_record_who_did_what(full: Path, tmp_path: Path) -> None:
    """“Approved by whom, and why?” is answered in the row."""
    rows = rows_of(exported("csv", full, tmp_path / "x.csv"))
    assert "noted it by officer" in rows[0]["Reviews"]
    assert "closed it by officer: test data" in rows[0]["Reviews"]


def test_the_workbook_is_typed_and_holds_no_formula_and_no_link(
    write: Callable[..., None], place: Path, make_record: Make, tmp_path: Path
) -> None:
    """Numbers are numbers, times are times, and nothing that a script is called is executed."""
    for number, hostile in enumerate(HOSTILE):
        write(make_record(number, script=hostile, host=hostile))
    out = exported("xlsx", place, tmp_path / "x.xlsx")
    with zipfile.ZipFile(out) as archive:
        parts = {name: archive.read(name).decode() for name in archive.namelist()}
    assert not [name for name, text in parts.items() if "<f>" in text or "<hyperlink" in text]
    assert not [name for name in parts if "externalLink" in name or "vba" in name.lower()]
    book = python_calamine.CalamineWorkbook.from_path(out)
    assert book.sheet_names == ["export", "records", "findings", "reviews", "scripts"]
    headings, first, *others = book.get_sheet_by_name("records").to_python()
    row = dict(zip(headings, first, strict=True))
    assert row["Time (UTC)"] == make_record().at.replace(tzinfo=None)
    assert (row["Bytes sent"], row["Answer"]) == (1000.0, 200.0)
    assert row["Script path"] == HOSTILE[0]
    assert len(others) == len(HOSTILE) - 1
    headings, *found = book.get_sheet_by_name("findings").to_python()
    assert len(found) == len(HOSTILE)
    assert dict(zip(headings, found[0], strict=True))["Distinct values"] == 2.0


@pytest.mark.parametrize("name", ["xlsx", "parquet"])
def test_a_packed_export_that_was_edited_is_named(name: str, full: Path, tmp_path: Path) -> None:
    """Also where a whole program wrote the file anew, or a byte in it was changed."""
    out = exported(name, full, tmp_path / "x")
    data = bytearray(out.read_bytes())
    for position in range(0, len(data), max(1, len(data) // 60)):
        data[position] ^= 1
        out.write_bytes(data)
        assert not verify_export(out).ok, position
        data[position] ^= 1
    for cut in (1, len(data) // 2, len(data) - 5):
        out.write_bytes(data[:-cut])
        assert not verify_export(out).ok


def test_a_row_taken_out_of_a_parquet_is_named(full: Path, tmp_path: Path) -> None:
    """Written anew with its head, but without one record."""
    import pyarrow
    import pyarrow.parquet

    out = exported("parquet", full, tmp_path / "x.parquet")
    table = pyarrow.parquet.read_table(out)
    rows = [row for row in table.to_pylist() if (row["entry"], row["seq"]) != ("record", 3)]
    kept = pyarrow.Table.from_pylist(rows, schema=table.schema)
    head = pyarrow.parquet.ParquetFile(out).metadata.metadata[b"outgate.export"]
    with pyarrow.parquet.ParquetWriter(out, table.schema) as writer:
        writer.write_table(kept)
        writer.add_key_value_metadata({"outgate.export": head})
    report = verify_export(out)
    assert "record 3 is missing" in " ".join(report.problems), report


def test_a_row_taken_out_of_a_workbook_is_named(full: Path, tmp_path: Path) -> None:
    """A sheet edited inside the file, its head kept."""
    out = exported("xlsx", full, tmp_path / "x.xlsx")
    with zipfile.ZipFile(out) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
        head = archive.comment
    sheet = parts["xl/worksheets/sheet2.xml"].decode()
    begin, end = sheet.index('<row r="4"'), sheet.index('<row r="5"')
    parts["xl/worksheets/sheet2.xml"] = (sheet[:begin] + sheet[end:]).encode()
    with zipfile.ZipFile(out, "w") as archive:
        archive.comment = head
        for name, part in parts.items():
            archive.writestr(name, part)
    report = verify_export(out)
    assert "record 3 is missing" in " ".join(report.problems), report
