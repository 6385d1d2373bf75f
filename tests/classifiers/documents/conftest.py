"""Documents made on the spot, all holding the same invented person."""

import bz2
import gzip
import io
import lzma
import os
import pickle
import sqlite3
import tarfile
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import zstandard

EMAIL = "anna.muster@example.com"
ROWS = [
    ("id", "name", "email"),
    *((n, f"Person {n}", EMAIL if n == 2 else f"p{n}@example.com") for n in range(5)),
]

Maker = Callable[[], bytes]


def zipped(files: Mapping[str, bytes | str]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return out.getvalue()


def tarred(files: Mapping[str, bytes], mode: str = "w") -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode=mode) as archive:  # type: ignore[call-overload]
        for name, data in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return out.getvalue()


def csv_file() -> bytes:
    return "\n".join(",".join(map(str, row)) for row in ROWS).encode()


def xlsx_file(rows: int = 0, columns: int = 3) -> bytes:
    import xlsxwriter

    out = io.BytesIO()
    book = xlsxwriter.Workbook(out)
    sheet = book.add_worksheet("Customers")
    for y, row in enumerate(ROWS):
        sheet.write_row(y, 0, row)
    hidden = book.add_worksheet("Hidden")
    hidden.write_row(0, 0, ["Title of the hidden sheet"])
    hidden.write_row(1, 0, ["iban", "amount", "when"])
    hidden.write_row(2, 0, ["DE89370400440532013000", 12.5, 3])
    hidden.write_row(3, 0, ["DE02120300000000202051", 4111111111111111, 4])
    hidden.hide()
    sheet.write_comment("B2", "a comment on a cell")
    book.set_properties({"author": "Berta Beispiel"})
    book.close()
    return out.getvalue()


def ods_file() -> bytes:
    cells = "".join(
        "<table:table-row>"
        + "".join(
            "<table:table-cell"
            f' office:value-type="string"><text:p>{cell}</text:p></table:table-cell>'
            for cell in row
        )
        + "</table:table-row>"
        for row in ROWS
    )
    content = (
        '<?xml version="1.0"?><office:document-content'
        ' xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" '
        'xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0"'
        ' xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0">'
        "<office:body><office:spreadsheet><table:table"
        f' table:name="Customers">{cells}</table:table></office:spreadsheet>'
        "</office:body></office:document-content>"
    )
    return zipped(
        {
            "mimetype": "application/vnd.oasis.opendocument.spreadsheet",
            "content.xml": content,
            "META-INF/manifest.xml": (
                "<manifest:manifest"
                ' xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"/>'
            ),
        }
    )


def parquet_file() -> bytes:
    import pyarrow as pa
    import pyarrow.parquet as pq

    out = io.BytesIO()
    pq.write_table(_arrow_table(pa), out)
    return out.getvalue()


def _arrow_table(pa: Any) -> Any:
    columns = list(zip(*ROWS[1:], strict=True))
    return pa.table(
        {
            "id": columns[0],
            "name": pa.array(columns[1]).dictionary_encode(),
            "email": columns[2],
            "blob": [b"x", b"y", None, b"z", b""],
            "nested": [[{"phone": f"+49 30 12345{n}"}] for n in range(5)],
        }
    )


def arrow_file() -> bytes:
    import pyarrow as pa

    out, table = io.BytesIO(), _arrow_table(pa)
    with pa.ipc.new_file(out, table.schema) as writer:
        writer.write_table(table)
    return out.getvalue()


def arrow_stream() -> bytes:
    import pyarrow as pa

    out, table = io.BytesIO(), _arrow_table(pa)
    with pa.ipc.new_stream(out, table.schema) as writer:
        writer.write_table(table)
    return out.getvalue()


def pdf_file(text: str = f"Write to {EMAIL} today") -> bytes:
    stream = b"BT /F1 12 Tf 10 100 Td (" + text.encode() + b") Tj ET"
    objects = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        (
            b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 600 200]/Contents 4 0 R/Resources<</Font<</F1"
            b" 5 0 R>>>>>>"
        ),
        b"<</Length %d>>stream\n%s\nendstream" % (len(stream), stream),
        b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
        b"<</Author(Berta Beispiel)>>",
    ]
    out, offsets = bytearray(b"%PDF-1.4\n"), []
    for number, content in enumerate(objects, 1):
        offsets.append(len(out))
        out += b"%d 0 obj" % number + content + b"endobj\n"
    start = len(out)
    out += b"xref\n0 7\n0000000000 65535 f \n" + b"".join(
        b"%010d 00000 n \n" % at for at in offsets
    )
    return bytes(out + b"trailer<</Size 7/Root 1 0 R/Info 6 0 R>>\nstartxref\n%d\n%%%%EOF" % start)


def docx_file() -> bytes:
    half = len(EMAIL) // 2
    return zipped(
        {
            "[Content_Types].xml": "<Types/>",
            "word/document.xml": (
                "<w:document><w:body><w:p><w:r><w:t>Write to"
                f" {EMAIL[:half]}</w:t></w:r><w:r><w:t>{EMAIL[half:]}</w:t>"
                "</w:r></w:p><w:p><w:t>R&amp;D</w:t></w:p></w:body></w:document>"
            ),
            "word/comments.xml": "<w:comments><w:p><w:t>a hidden comment</w:t></w:p></w:comments>",
            "word/theme/theme1.xml": "<a:theme>dull</a:theme>",
            "word/embeddings/sheet.xlsx": xlsx_file(),
            "docProps/core.xml": (
                "<cp:x><dc:creator>Berta Beispiel</dc:creator><dc:title>T</dc:title></cp:x>"
            ),
        }
    )


def pptx_file() -> bytes:
    return zipped(
        {
            "ppt/presentation.xml": "<p:presentation/>",
            "ppt/slides/slide1.xml": f"<p:sld><a:p><a:r><a:t>{EMAIL}</a:t></a:r></a:p></p:sld>",
            "ppt/notesSlides/notesSlide1.xml": (
                "<p:notes><a:p><a:t>spoken words</a:t></a:p></p:notes>"
            ),
        }
    )


def odt_file() -> bytes:
    return zipped(
        {
            "mimetype": "application/vnd.oasis.opendocument.text",
            "content.xml": f"<office:text><text:p>Write to {EMAIL}</text:p></office:text>",
        }
    )


def sqlite_file(folder: Path, *, wal: bool = False) -> bytes:
    path = folder / f"people{wal}.db"
    database = sqlite3.connect(path)
    if wal:
        database.execute("PRAGMA journal_mode = WAL")
    database.execute('CREATE TABLE "odd "" name" (id INTEGER PRIMARY KEY, name TEXT, email TEXT)')
    database.executemany('INSERT INTO "odd "" name" VALUES (?, ?, ?)', ROWS[1:])
    database.execute('CREATE VIEW seen AS SELECT * FROM "odd "" name"')
    database.commit()
    if wal:
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    database.close()
    return path.read_bytes()


class Explosive:
    """Would run a command if it were ever unpickled."""

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.system, (f"echo {EMAIL} > /nonexistent/outgate",)


def pickle_file() -> bytes:
    return pickle.dumps(
        {"email": EMAIL, "raw": EMAIL.encode(), "number": 4111111111111111, "boom": Explosive()}
    )


def old_pickle_file() -> bytes:
    return pickle.dumps([EMAIL, {"x": Explosive()}], protocol=2)


def numpy_file() -> bytes:
    head = f"{{'descr': '<U{len(EMAIL)}', 'fortran_order': False, 'shape': (1,), }}\n".encode()
    return b"\x93NUMPY\x01\x00" + len(head).to_bytes(2, "little") + head + EMAIL.encode("utf-32-le")


def rtf_file() -> bytes:
    return rb"{\rtf1\ansi\deff0 {\b Write} to " + EMAIL.encode() + rb"\par J\'fcrgen \u8364?}"


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """Return one document of every kind, each holding the same e-mail address."""
    folder = tmp_path_factory.mktemp("documents")
    plain = {"people.csv": csv_file(), "note.txt": b"nothing here"}
    return {
        "people.csv": csv_file(),
        "people.tsv": csv_file().replace(b",", b"\t"),
        "people.xlsx": xlsx_file(),
        "people.ods": ods_file(),
        "people.parquet": parquet_file(),
        "people.arrow": arrow_file(),
        "people.arrows": arrow_stream(),
        "letter.pdf": pdf_file(),
        "letter.docx": docx_file(),
        "letter.odt": odt_file(),
        "letter.rtf": rtf_file(),
        "slides.pptx": pptx_file(),
        "people.db": sqlite_file(folder),
        "people-wal.db": sqlite_file(folder, wal=True),
        "people.npy": numpy_file(),
        "people.pkl": pickle_file(),
        "people0.pkl": pickle.dumps([EMAIL, "x"], protocol=0),
        "people2.pkl": old_pickle_file(),
        "people.zip": zipped(plain),
        "people.tar": tarred(plain),
        "people.tgz": tarred(plain, "w:gz"),
        "people.tar.bz2": tarred(plain, "w:bz2"),
        "people.csv.gz": gzip.compress(csv_file()),
        "people.csv.bz2": bz2.compress(csv_file()),
        "people.csv.xz": lzma.compress(csv_file()),
        "people.csv.zst": zstandard.compress(csv_file()),
        "zip in zip.zip": zipped({"inner.zip": zipped(plain), "letter.docx": docx_file()}),
        "people.json": b'[{"email": "' + EMAIL.encode() + b'"}]',
    }


@pytest.fixture(scope="session")
def make() -> SimpleNamespace:
    """Return the makers, for documents that are made to be odd."""
    return SimpleNamespace(
        zipped=zipped,
        tarred=tarred,
        xlsx=xlsx_file,
        docx=docx_file,
        pdf=pdf_file,
        csv=csv_file,
        email=EMAIL,
    )
