"""One contract for every reader: the same person is found in every kind of file, and hostile files
end in words.
"""

import base64
import bz2
import gzip
import io
import lzma
import os
import sqlite3
import struct
import tarfile
from pathlib import Path
from types import SimpleNamespace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from unread_packings import png

from classifiers.codecs.magic import holds_file, is_file
from classifiers.decoding import DEFAULT, Limits
from classifiers.documents import read_document
from classifiers.documents.registry import all_readers, by_media_type
from classifiers.documents.sniff import sniff
from classifiers.payload import Document, Payload, place
from core.vocabulary.unread import UnreadKind
from examples import most

EMAIL = "anna.muster@example.com"
TABLES = [
    "people.csv",
    "people.tsv",
    "people.xlsx",
    "people.ods",
    "people.parquet",
    "people.arrow",
    "people.arrows",
    "people.db",
    "people-wal.db",
    "people.zip",
    "people.tar",
    "people.tgz",
    "people.tar.bz2",
    "people.csv.gz",
    "people.csv.bz2",
    "people.csv.xz",
    "people.csv.zst",
    "zip in zip.zip",
]
TEXTS = (
    "letter.pdf letter.docx letter.odt letter.rtf slides.pptx people.pkl people0.pkl people2.pkl people.npy people.json"
).split()
SMALL = Limits(
    member_bytes=300_000,
    total_bytes=1_000_000,
    ratio_from=100_000,
    members=20,
    table_cells=1_000,
    sampled_rows=100,
    document_text=200_000,
    pdf_pages=2,
)
BOMB = "unpacks to more than is read (decompression limit)"


def read(
    data: bytes, name: str | None = None, media_type: str | None = None, limits: Limits = DEFAULT
) -> Payload:
    return read_document(Document(data, media_type, name), limits)


def reasons(payload: Payload) -> set[str]:
    return {unread.reason for unread in payload.unread}


def text(payload: Payload) -> str:
    return "\n".join(segment.text for segment in payload.segments)


def test_samples_cover_every_reader(made: dict[str, bytes]) -> None:
    """Every reader has a sample of its own, so that a new one cannot go untested."""
    assert set(made) == {*TABLES, *TEXTS}
    used = {
        by_media_type()[kind].name
        for name, data in made.items()
        if (kind := sniff(data, None, name))
    }
    assert {reader.name for reader in all_readers()} - used == {"sealed", "ole_storage"}


@pytest.mark.parametrize("name", [*TABLES, *TEXTS])
def test_every_kind_is_read_whole(name: str, made: dict[str, bytes]) -> None:
    """The e-mail address in the document is read, nothing is said to be unread, and the label names
    the file.
    """
    payload = read(made[name], name)
    assert EMAIL in text(payload)
    assert payload.unread == []
    assert payload.documents == []
    assert any(segment.label and name in segment.label for segment in payload.segments)


@pytest.mark.parametrize("name", TABLES)
def test_records_are_counted(name: str, made: dict[str, bytes]) -> None:
    """A table in any kind of file has its columns, its exact number of rows and all its values."""
    table = next(table for table in read(made[name], name).tables if "email" in table.columns)
    assert table.rows == 5
    assert table.complete
    assert {"id", "name", "email"} <= set(table.columns)
    assert table.values["id"] == ["0", "1", "2", "3", "4"]
    assert table.values["email"][2] == EMAIL
    assert table.values["name"][2] == "Person 2"


@pytest.mark.parametrize(
    "name",
    [name for name in (*TABLES, *TEXTS) if not name.startswith(("people.csv", "people.tsv"))],
)
def test_kinds_are_told_by_their_bytes(name: str, made: dict[str, bytes]) -> None:
    """A document without a name, or under a wrong one, is read all the same."""
    assert EMAIL in text(read(made[name]))
    assert EMAIL in text(read(made[name], "picture.png", "image/png"))


@pytest.mark.parametrize("name", [*TABLES, *TEXTS])
def test_cut_documents_are_never_silent(name: str, made: dict[str, bytes]) -> None:
    """A document cut in the middle never breaks the reader: it gives something to read or says what
    is wrong.
    """
    for share in (0.1, 0.5, 0.9):
        payload = read(made[name][: int(len(made[name]) * share)], name)
        assert payload.segments or payload.unread


def test_pickles_are_never_run(made: dict[str, bytes], monkeypatch: pytest.MonkeyPatch) -> None:
    """Reading a pickle runs nothing of it."""
    monkeypatch.setattr(os, "system", lambda command: pytest.fail("a pickle was run"))
    payload = read(made["people.pkl"])
    assert EMAIL in text(payload)
    assert any(s.text == "4111111111111111" and not s.quoted for s in payload.segments)


def test_hidden_parts_are_read(made: dict[str, bytes]) -> None:
    """Hidden sheets, comments, notes, properties and embedded files count: they leave with the
    document.
    """
    assert "DE02120300000000202051" in text(read(made["people.xlsx"]))
    assert "4111111111111111" in text(read(made["people.xlsx"]))
    assert "a comment on a cell" in text(read(made["people.xlsx"]))
    assert "Berta Beispiel" in text(read(made["people.xlsx"]))
    letter = read(made["letter.docx"], "letter.docx")
    assert "a hidden comment" in text(letter)
    assert "Berta Beispiel" in text(letter)
    assert next((table.rows, table.label) for table in letter.tables) == (
        5,
        "attachment letter.docx › sheet.xlsx, sheet Customers",
    )
    assert "spoken words" in text(read(made["slides.pptx"]))
    assert "Berta Beispiel" in text(read(made["letter.pdf"]))


def test_words_split_into_runs_are_joined(made: dict[str, bytes]) -> None:
    """A word that the editor stored in two pieces is one word; paragraphs stay apart."""
    assert f"Write to {EMAIL}\nR&D" in text(read(made["letter.docx"]))


def test_titles_above_a_table_are_no_header(made: dict[str, bytes]) -> None:
    """A title line above a sheet's table does not hide the names of its columns."""
    hidden = next(table for table in read(made["people.xlsx"]).tables if "iban" in table.columns)
    assert (hidden.rows, hidden.columns) == (2, ("iban", "amount", "when"))


def test_places_lead_into_archives(made: dict[str, bytes]) -> None:
    """A finding inside an archive says which file of it."""
    payload = read(made["zip in zip.zip"], "upload.zip")
    column = next(segment for segment in payload.segments if segment.key == "email")
    assert (
        place(column)
        == "attachment upload.zip › inner.zip › people.csv (body.inner.zip.people.csv.column email)"
    )


def test_nested_values_of_columns_are_read(made: dict[str, bytes]) -> None:
    """Objects inside a Parquet or Arrow column are walked to their leaves."""
    for name in ("people.parquet", "people.arrow"):
        assert ("phone", "+49 30 123453") in {(s.key, s.text) for s in read(made[name]).segments}


def encrypted_zip(make: SimpleNamespace) -> bytes:
    data = bytearray(make.zipped({"secret.csv": "a,b\n1,2\n"}))
    data[6] |= 1
    at = data.rfind(b"PK\x01\x02")
    data[at + 8] |= 1
    return bytes(data)


def test_encrypted_files_are_findings(make: SimpleNamespace) -> None:
    """What is encrypted cannot be read, and leaves no doubt about it; its file names are still
    read.
    """
    payload = read(encrypted_zip(make))
    assert reasons(payload) == {"encrypted archive"}
    assert "secret.csv" in text(payload)
    ole = (
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
        + bytes(1000)
        + "EncryptedPackage".encode("utf-16-le")
        + bytes(500)
    )
    assert reasons(read(ole, "salaries.xlsx")) == {"encrypted document"}
    locked = make.pdf().replace(
        b"/Info 6 0 R",
        b"/Encrypt<</Filter/Standard/V 1/R 2/O(" + b"x" * 32 + b")/U(" + b"y" * 32 + b")/P -4>>",
    )
    assert reasons(read(locked)) == {"encrypted document"}
    assert reasons(read(b"PARE" + bytes(100))) == {"encrypted document"}
    assert reasons(read(b"age-encryption.org/v1\n-> X25519 x\n")) == {"encrypted file (age)"}
    assert reasons(read(b"-----BEGIN PGP MESSAGE-----\n\nhQ\n")) == {"encrypted file (PGP)"}


@pytest.mark.parametrize(
    ("start", "reason"),
    [
        (b"7z\xbc\xaf\x27\x1c", "7z archives are not read"),
        (b"Rar!\x1a\x07\x01\x00", "RAR archives are not read"),
        (b"\x89HDF\r\n\x1a\n", "HDF5 files are not read"),
        (b"Obj\x01", "Avro files are not read"),
    ],
)
def test_kinds_without_a_reader_say_so(start: bytes, reason: str) -> None:
    """A kind of file that is known and not read is named."""
    assert reasons(read(start + bytes(200))) == {reason}


def test_archive_bombs_are_stopped(make: SimpleNamespace) -> None:
    """Small archives that unpack to huge ones are unpacked no further than the limits, and that is
    a finding.
    """
    huge = bytes(5_000_000)
    assert "a file inside " + BOMB in reasons(read(make.zipped({"a": huge}), limits=SMALL))
    for packed in (gzip.compress(huge), bz2.compress(huge), lzma.compress(huge)):
        assert BOMB in reasons(read(packed, limits=SMALL))
    assert BOMB in reasons(
        read(make.zipped({"xl/workbook.xml": "", "xl/worksheets/sheet1.xml": huge}), limits=SMALL)
    )
    assert BOMB in reasons(read(make.zipped({"word/document.xml": huge}), limits=SMALL))
    assert "more files inside than are read" in reasons(
        read(make.zipped({str(n): b"x" for n in range(30)}), limits=SMALL)
    )
    assert "unpacks to more than is read" in reasons(
        read(make.tarred({str(n): os.urandom(200_000) for n in range(8)}), limits=SMALL)
    )


def test_archives_in_archives_end(make: SimpleNamespace) -> None:
    """Archives inside archives are opened two levels deep; deeper ones are named."""
    data = b"mail " + EMAIL.encode()
    for level in range(5):
        data = make.zipped({f"level{level}.zip" if level else "note.txt": data})
        payload = read(data)
        assert (EMAIL in text(payload)) == (level <= 2)
        assert ("archives nested too deeply" in reasons(payload)) == (level > 2)


def test_archive_of_itself_ends() -> None:
    """A packed file that holds packed files without end is given up."""
    data = b"x"
    for _ in range(8):
        data = gzip.compress(data)
    assert "archives nested too deeply" in reasons(read(data))


def test_links_and_devices_of_an_archive_are_only_names() -> None:
    """Links, devices and paths in a TAR reach nothing on this machine."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        for kind, name, target in (
            (tarfile.SYMTYPE, "a", "/etc/hosts"),
            (tarfile.LNKTYPE, "b", "/etc/hosts"),
            (tarfile.CHRTYPE, "c", ""),
        ):
            info = tarfile.TarInfo(name)
            info.type, info.linkname = kind, target
            archive.addfile(info)
        info = tarfile.TarInfo("../../etc/passwd")
        info.size = 3
        archive.addfile(info, io.BytesIO(b"abc"))
    payload = read(out.getvalue())
    assert "localhost" not in text(payload)
    assert "../../etc/passwd" in text(payload)


def test_large_tables_are_sampled_and_counted(make: SimpleNamespace) -> None:
    """A table larger than is kept is counted exactly; its values are a sample, and all the text of
    a CSV is still searched.
    """
    csv = "id,email\n" + "\n".join(f"{n},p{n}@example.com" for n in range(2_000))
    payload = read(csv.encode(), "big.csv", limits=SMALL)
    (table,) = payload.tables
    assert (table.rows, table.complete, len(table.values["email"])) == (2_000, False, 125)
    assert "p1999@example.com" in text(payload)


def test_parquet_is_never_read_whole() -> None:
    """A Parquet file that promises millions of rows is counted from its footer and sampled in
    batches.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    out = io.BytesIO()
    ids = pa.array([7]).take(pa.array([0] * 3_000_000))
    pq.write_table(pa.table({"id": ids, "b": ids}), out, row_group_size=500_000)
    payload = read(out.getvalue())
    (table,) = payload.tables
    assert (table.rows, table.complete) == (3_000_000, False)
    assert 0 < len(table.values["id"]) <= DEFAULT.sampled_rows * 2
    assert any("of 3000000 rows a sample" in reason for reason in reasons(payload))


def test_hostile_databases_run_nothing(tmp_path: Path) -> None:
    """Virtual tables, generated columns and triggers of a database file are not run; its tables are
    read.
    """
    path = tmp_path / "x.db"
    database = sqlite3.connect(path)
    database.execute(
        "CREATE TABLE t (a TEXT, b TEXT GENERATED ALWAYS AS (hex(zeroblob(length(a) * 1000000)))"
        " VIRTUAL)"
    )
    database.execute("INSERT INTO t (a) VALUES (?)", [EMAIL])
    database.execute("CREATE TABLE plain (email TEXT)")
    database.execute("INSERT INTO plain VALUES (?)", [EMAIL])
    database.execute("CREATE VIRTUAL TABLE f USING fts5(x)")
    database.commit()
    database.close()
    payload = read(path.read_bytes())
    assert EMAIL in text(payload)
    assert "a table is broken or cannot be read" in reasons(payload)
    assert len(text(payload)) < 10_000


def test_pages_without_text_are_said(make: SimpleNamespace) -> None:
    """A scanned page holds no text that can be read, and that is a finding."""
    assert reasons(read(make.pdf(""))) == {
        "1 of 1 pages hold no text (pictures of pages are not read)"
    }


def test_pictures_in_office_documents_are_said(make: SimpleNamespace) -> None:
    """Pictures inside a document are not read, and that is a finding."""
    data = make.zipped(
        {
            "word/document.xml": "<w:p><w:t>x</w:t></w:p>",
            "word/media/image1.png": png(),
            "word/media/image2.png": png(seed=2),
        }
    )
    payload = read(data)
    assert [unread.kind for unread in payload.unread] == [UnreadKind.PICTURE] * 2
    assert reasons(payload) == {"a picture (image/png) is not read"}


def test_unequal_lines_are_all_read() -> None:
    """A CSV with lines of unequal length is counted and searched to its last cell."""
    payload = read(b"a,b,c\n1,2,3\n4,5\n6,7,8\n1,2,3,anna.muster@example.com\n", "x.csv")
    (table,) = payload.tables
    assert table.columns == ("a", "b", "c")
    assert EMAIL in text(payload)


def test_names_of_files_are_made_inert(make: SimpleNamespace) -> None:
    """A hostile file name cannot put control characters on a screen."""
    payload = read(make.zipped({"a\x1b[31m\u202e.txt": b"hello there"}), "b\x07.zip")
    assert all(segment.label is None or segment.label.isprintable() for segment in payload.segments)


def test_readers_never_show_payload() -> None:
    """What is kept of a document is counted, never shown."""
    document = Document(EMAIL.encode(), "text/plain", EMAIL)
    payload = read(document.data)
    for shown in (repr(document), repr(payload), *map(repr, payload.segments)):
        assert EMAIL not in shown


@settings(
    max_examples=most(250),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(data=st.data())
def test_damaged_documents_break_no_reader(made: dict[str, bytes], data: st.DataObject) -> None:
    """Documents with bytes changed, cut out or doubled are read or named, within the limits,
    without an exception.
    """
    name = data.draw(st.sampled_from([*TABLES, *TEXTS]))
    damaged = bytearray(made[name])
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(damaged) - 1))
        action = data.draw(st.integers(0, 2))
        if action == 0:
            damaged[at] = data.draw(st.integers(0, 255))
        elif action == 1:
            del damaged[at : at + data.draw(st.integers(1, 20))]
        else:
            damaged[at:at] = damaged[at : at + data.draw(st.integers(1, 50))]
    payload = read(bytes(damaged), name, limits=SMALL)
    assert not any("reader failed" in reason for reason in reasons(payload))
    for segment in payload.segments:
        segment.text.encode()


def test_documents_keep_the_label_they_came_with() -> None:
    """A document found in a message keeps the words for the place it was found in."""
    packed = base64.b64decode(
        base64.b64encode(b"id,email\n1,anna.muster@example.com\n2,b@example.com\n")
    )
    payload = read_document(
        Document(packed, "text/csv", "c.csv", ("messages", 0), "tool result 2, attachment c.csv")
    )
    assert payload.tables[0].label == "tool result 2, attachment c.csv"
    assert payload.tables[0].path == ("messages", 0)


def test_zip_with_many_claims_is_refused() -> None:
    """An archive that claims more files than anybody reads is named, not opened."""
    end = b"PK\x05\x06" + bytes(4) + (60_000).to_bytes(2, "little") * 2 + bytes(10)
    assert reasons(read(b"PK\x03\x04" + bytes(100) + end)) == {
        "the archive claims more files than are read"
    }


@pytest.mark.parametrize("charset", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "iso-8859-1"])
def test_tables_in_any_character_set(charset: str) -> None:
    """A CSV is read in the character set it was written in."""
    rows = "id,name,email\n1,Jürgen Groß,j@example.com\n2,Anna,a@example.com\n"
    (table,) = read(rows.encode(charset), "x.csv").tables
    assert table.columns == ("id", "name", "email")
    assert table.values["name"] == ["Jürgen Groß", "Anna"]


def test_cells_with_line_ends_are_one_cell() -> None:
    """A cell of several lines does not become several records."""
    rows = b'id,note,email\n1,"first\nsecond",a@example.com\n2,"x",b@example.com\n'
    (table,) = read(rows, "x.csv").tables
    assert (table.rows, table.values["note"][0]) == (2, "first\nsecond")


@pytest.mark.parametrize("name", ["people.arrow", "people.arrows"])
def test_arrow_offsets_are_not_trusted(name: str, made: dict[str, bytes]) -> None:
    """A file whose offsets point past its end is named as broken, not followed out of memory."""
    good, bad = struct.pack("<6i", *range(6)), struct.pack("<6i", 0, 1, 2, 3, 4, 50_000_000)
    assert good in made[name]
    payload = read(made[name].replace(good, bad))
    assert any("broken" in reason for reason in reasons(payload))


def test_panics_of_libraries_are_caught(
    made: dict[str, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A library that panics on a file costs the file, not the worker; stopping the worker still
    works.
    """
    import python_calamine

    panic = type("PanicException", (BaseException,), {})

    class Panicking:
        raised: type[BaseException] = panic

        @classmethod
        def from_filelike(cls, _file: object) -> None:
            raise cls.raised

    monkeypatch.setattr(python_calamine, "CalamineWorkbook", Panicking)
    assert any("PanicException" in reason for reason in reasons(read(made["people.xlsx"])))
    Panicking.raised = KeyboardInterrupt
    with pytest.raises(KeyboardInterrupt):
        read(made["people.xlsx"])


@pytest.mark.parametrize(
    "name",
    [n for n in (*TABLES, *TEXTS) if n not in {"people.csv", "people.tsv", "people.json"}],
)
@pytest.mark.parametrize("size", [512, 1 << 20])
def test_every_kind_with_a_reader_is_known_by_its_beginning(
    name: str, size: int, made: dict[str, bytes]
) -> None:
    """A large body that begins as any kind of file with a reader is known as one, alone and as a
    part of a form.
    """
    start = made[name][:size]

    assert is_file(start)
    assert holds_file(
        b'--f\r\ncontent-disposition: form-data; name="x"; filename="y"\r\n\r\n' + start
    )
