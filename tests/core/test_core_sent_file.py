"""Files that were sent: read back as written, and what a file is by its name."""

import json
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from core.record import Record
from core.sent_file import FilesLook, FoundBy, Label, SameAs, SentFile, read_sent_file
from core.vocabulary.files import (
    FOUND_BY,
    LABELS,
    LOOKS,
    SAME,
    file_words,
    files_told,
    label_of,
    look_words,
)
from tests.core.test_core_record import FULL

FILE = SentFile(
    path="/srv/finance/customers.csv",
    same=SameAs.BYTES,
    found_by=FoundBy.FOLDER,
    label=Label.TABLE,
    size=12_000,
    sha256="ab" * 32,
    owner="ada",
    modified_at=datetime(2026, 10, 9, 8, 7, 6, 5, tzinfo=UTC),
    rows=1200,
)
OPEN = SentFile(
    path="/srv/big.db",
    same=SameAs.OPEN,
    found_by=FoundBy.DESCRIPTOR,
    label=Label.DATABASE,
    size=9,
    read_to=4,
    copies=1,
)


@pytest.mark.parametrize("file", [FILE, OPEN, replace(FILE, copies=3, read_to=5)])
def test_a_file_is_read_back_as_it_was_written(file: SentFile) -> None:
    """What was proven of a file is told the same for ever."""
    assert read_sent_file(json.loads(json.dumps(file.to_json()))) == file


def test_a_record_holds_its_files_and_early_ones_hold_none() -> None:
    """A record of a request with files is read back with them; one without has no such field."""
    record = replace(FULL, files=(FILE, OPEN))
    assert Record.from_json(json.loads(json.dumps(record.to_json()))) == record
    assert not {"files", "files_look"} & set(FULL.to_json())


@pytest.mark.parametrize("look", FilesLook)
def test_a_record_says_whether_files_were_looked_at(look: FilesLook) -> None:
    """Only a whole look makes “no file” of no file named."""
    record = replace(FULL, files_look=look)
    assert Record.from_json(json.loads(json.dumps(record.to_json()))) == record
    assert record.files_are_all is (look is FilesLook.WHOLE)
    told = look_words(record)
    assert (told is None) is (look is FilesLook.WHOLE)
    assert told is None or LOOKS[look] in told
    assert files_told(replace(record, files=(FILE,)))[1:] == (
        [] if told is None else [f"looked at in part: {LOOKS[look]}"]
    )


def test_an_early_record_says_that_nobody_looked() -> None:
    """Silence is no finding; but what has no body holds no file."""
    assert not FULL.files_are_all and look_words(FULL) == "not looked at: nothing asked for it"
    empty = replace(FULL, request=replace(FULL.request, bytes=0, complete=True))
    assert empty.files_are_all and look_words(empty) is None
    other = replace(FULL, sender=replace(FULL.sender, is_python=False))
    assert "no Python program" in (look_words(other) or "")


@pytest.mark.parametrize(
    ("path", "label"),
    [
        ("/srv/a.XLSX", Label.SPREADSHEET),
        ("C:\\data\\book.ods", Label.SPREADSHEET),
        ("people.csv", Label.TABLE),
        ("people.csv.gz", Label.TABLE),
        ("customer_export_2026.csv", Label.EXPORT),
        ("db-dump.tar.gz", Label.EXPORT),
        ("dump.sql", Label.DATABASE),
        ("orders.sqlite3", Label.DATABASE),
        ("visits.parquet", Label.DATASET),
        ("app.log", Label.LOG),
        ("id_ed25519", Label.KEY_FILE),
        ("server.pem", Label.KEY_FILE),
        (".env", Label.KEY_FILE),
        (".env.production", Label.KEY_FILE),
        ("safe.kdbx", Label.KEY_FILE),
        ("letter.docx", Label.DOCUMENT),
        ("inbox.mbox", Label.MAIL),
        ("scan.jpeg", Label.PICTURE),
        ("all.zip", Label.ARCHIVE),
        ("job.py", Label.SOURCE),
        ("notes.txt", Label.TEXT),
        ("noextension", Label.OTHER),
        (".csv", Label.OTHER),
        ("a.csv.exe", Label.OTHER),
        ("", Label.OTHER),
    ],
)
def test_what_a_file_is_is_told_by_its_name_alone(path: str, label: Label) -> None:
    """An officer and a rule call a file by the kind that its name says."""
    assert label_of(path) is label


def test_every_word_has_its_words() -> None:
    """Nothing that is recorded is shown by a code."""
    assert (set(SAME), set(FOUND_BY), set(LABELS)) == (set(SameAs), set(FoundBy), set(Label))
    assert set(LOOKS) == set(FilesLook)


def test_a_file_is_told_in_one_line() -> None:
    """Name, kind, rows, size, owner, and what is proven; copies are not hidden."""
    told = "customers.csv (table, 1,200 rows, 12.0 kB, of ada, last changed 2026-10-09): same bytes"
    assert file_words(FILE) == told
    assert (
        file_words(OPEN)
        == "big.db (database, 9 bytes): was open in this run, read as far as 4 bytes"
    )
    assert file_words(replace(FILE, copies=2)).endswith(
        "; 2 files near the sender have this content"
    )
