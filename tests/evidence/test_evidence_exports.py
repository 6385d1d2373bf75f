"""Exports: what holds for every format, and what each promises by itself."""

import csv
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from core.errors import EvidenceError, InputError
from core.record import Record
from evidence.entries import Entry
from evidence.exports import Format, export, formats
from evidence.exports.spreadsheet import HEADINGS
from evidence.store import Store

Make = Callable[..., Record]


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
        assert export(name, store.iter_entries(), out) == 5
        store.close()
        assert out.stat().st_size > 0
        assert sys.platform == "win32" or out.stat().st_mode & 0o777 == 0o600
        assert list(out.parent.iterdir()) == [out]

    def test_nothing_at_all_can_be_exported(self, name: str, tmp_path: Path) -> None:
        """An export without records is a valid file."""
        assert export(name, [], tmp_path / "file") == 0
        assert (tmp_path / "file").exists()

    def test_an_existing_file_is_kept_unless_told(self, name: str, tmp_path: Path) -> None:
        """Nobody's file is overwritten by accident."""
        out = tmp_path / "file"
        out.write_text("mine")
        with pytest.raises(InputError, match="already"):
            export(name, [], out)
        assert out.read_text() == "mine"
        export(name, [], out, overwrite=True)
        assert out.read_text() != "mine"

    def test_a_failure_half_way_leaves_nothing_behind(
        self, name: str, full: Path, tmp_path: Path
    ) -> None:
        """There is a whole export or none."""
        store = Store(full)

        def broken() -> Iterator[Entry]:
            yield next(store.iter_entries())
            raise EvidenceError("gone")

        out = tmp_path / "export" / "file"
        out.parent.mkdir()
        with pytest.raises(EvidenceError, match="gone"):
            export(name, broken(), out)
        store.close()
        assert list(out.parent.iterdir()) == []


def test_one_format_is_proposed() -> None:
    """The review proposes one to whoever has not chosen, and a new format does not take its place
    by its name.
    """
    assert [name for name, format_ in formats().items() if format_.proposed] == ["csv"]


def test_unknown_formats_and_folders_are_told(tmp_path: Path) -> None:
    """Wrong use is answered with what would be right."""
    with pytest.raises(InputError, match="Known: csv, jsonl"):
        export("pdf", [], tmp_path / "x")
    with pytest.raises(InputError, match="folder"):
        export("csv", [], tmp_path)
    with pytest.raises(InputError, match="cannot be written"):
        export("csv", [], tmp_path / "no" / "x")


def test_no_cell_of_the_spreadsheet_is_a_formula(
    write: Callable[..., None], place: Path, make_record: Make, tmp_path: Path
) -> None:
    """A script or host with a hostile name is text in the officer's spreadsheet."""
    hostile = '=HYPERLINK("http://evil.example","x")'
    write(make_record(script=hostile, service="@SUM(1)", host="-2+3"), make_record(1))
    store = Store(place)
    export("csv", store.iter_entries(), tmp_path / "x.csv")
    store.close()
    with (tmp_path / "x.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 2
    assert list(rows[0]) == list(HEADINGS)
    assert rows[0]["Script path"] == "'" + hostile
    assert rows[0]["Service"] == "'@SUM(1)"
    assert not [cell for row in rows for cell in row.values() if cell[:1] in ("=", "+", "-", "@")]
    assert rows[1]["Bytes sent"] == "1000"
    assert rows[1]["Found"] == "2 e-mail addresses (email, likely)"
    assert (rows[0]["To"], rows[1]["To"]) == ("'@SUM(1)", "OpenAI")
    assert (rows[1]["Outcome"], rows[1]["Left the machine"]) == (
        "It passed; policy only watches.",
        "yes",
    )
