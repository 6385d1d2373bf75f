"""Places of a file that are not its content: names, comments, extra fields, padding, what stands
between and behind its parts. Each function puts a value into one of them.
"""

import gzip
import io
import lzma
import pickle
import sqlite3
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Callable
from contextlib import closing
from functools import partial

import xlsxwriter
import zstandard
from unread_packings import zipped

type Hide = Callable[[bytes], bytes]
PLAIN = b"nothing to see in this one\n"


def _zip(
    *,
    name: str = "a.txt",
    comment: bytes = b"",
    entry_comment: bytes = b"",
    extra: bytes = b"",
    folder: bool = False,
) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        info = zipfile.ZipInfo(name + "/" if folder else name)
        info.comment, info.extra = entry_comment, extra
        archive.writestr(info, b"" if folder else PLAIN)
        archive.comment = comment
    return out.getvalue()


def extra_field(data: bytes) -> bytes:
    """An extra field of a kind that nobody knows."""
    return struct.pack("<HH", 0x7777, len(data)) + data


def local_extra(data: bytes) -> bytes:
    """A ZIP whose field stands in front of the file only, not in the directory."""
    whole = _zip()
    field = extra_field(data)
    at = 30 + int.from_bytes(whole[26:28], "little")
    grown = whole[:28] + struct.pack("<H", len(field)) + whole[30:at] + field + whole[at:]
    return _shifted(grown, len(field))


def _shifted(data: bytes, by: int) -> bytes:
    """The archive with the place of its directory moved on."""
    end = data.rfind(b"PK\x05\x06")
    start = int.from_bytes(data[end + 16 : end + 20], "little") + by
    return data[: end + 16] + struct.pack("<I", start) + data[end + 20 :]


def local_name(data: bytes) -> bytes:
    """A ZIP that calls its file otherwise in front of it than in the directory."""
    whole = _zip(name="n" * len(data))
    return whole[:30] + data + whole[30 + len(data) :]


def between_files(data: bytes) -> bytes:
    """A ZIP with something between its last file and its directory."""
    whole = _zip()
    at = whole.rfind(b"PK\x01\x02")
    return _shifted(whole[:at] + data + whole[at:], len(data))


def unlisted(data: bytes) -> bytes:
    """A ZIP with a file that its directory does not name."""
    hidden, whole = zipped(data), _zip()
    packed = hidden[: hidden.rfind(b"PK\x01\x02")]
    at = whole.rfind(b"PK\x01\x02")
    return _shifted(whole[:at] + packed + whole[at:], len(packed))


def _tar(change: Callable[[tarfile.TarInfo], None], kind: int = tarfile.GNU_FORMAT) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=kind) as archive:
        info = tarfile.TarInfo("a.txt")
        info.size = len(PLAIN)
        change(info)
        archive.addfile(info, io.BytesIO(PLAIN) if info.isreg() else None)
    return out.getvalue()


def _tar_with(**fields: str) -> bytes:
    def change(info: tarfile.TarInfo) -> None:
        for name, value in fields.items():
            setattr(info, name, value)

    return _tar(change)


def tar_link(data: bytes, kind: bytes) -> bytes:
    """A link in a TAR that leads to a value."""

    def change(info: tarfile.TarInfo) -> None:
        info.type, info.linkname, info.size = kind, data.decode("latin-1"), 0

    return _tar(change)


def tar_pax(data: bytes, name: str = "comment") -> bytes:
    """A TAR with a record of the POSIX kind in front of its file."""

    def change(info: tarfile.TarInfo) -> None:
        info.pax_headers = {name: data.decode("latin-1")}

    return _tar(change, tarfile.PAX_FORMAT)


def tar_global(data: bytes) -> bytes:
    """A TAR with a record for all its files."""
    out = io.BytesIO()
    fields = {"comment": data.decode("latin-1")}
    with tarfile.open(
        fileobj=out, mode="w", format=tarfile.PAX_FORMAT, pax_headers=fields
    ) as archive:
        archive.addfile(tarfile.TarInfo("a.txt"))
    return out.getvalue()


def tar_slack(data: bytes) -> bytes:
    """A TAR with something in the unused rest of a file's last block."""
    whole = bytearray(_tar(lambda info: None))
    whole[512 + len(PLAIN) : 512 + len(PLAIN) + len(data)] = data
    return bytes(whole)


def tar_header_rest(data: bytes) -> bytes:
    """A TAR with something behind the last field of a header, under a sum that is right."""
    whole = bytearray(_tar(lambda info: None))
    whole[345 : 345 + len(data)] = data
    whole[148:156] = b" " * 8
    whole[148:156] = f"{sum(whole[:512]):06o}\0 ".encode()
    return bytes(whole)


def tar_behind_end(data: bytes) -> bytes:
    """A TAR with something behind the blocks that end it."""
    whole = _tar(lambda info: None)
    return whole[: 512 * 4] + data + bytes(-len(data) % 512)


def gzip_field(data: bytes, flag: int) -> bytes:
    """A GZ with a name, a comment or an extra field."""
    field = struct.pack("<H", len(data)) + data if flag == 4 else data + b"\0"
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    packed = packer.compress(PLAIN * 9) + packer.flush()
    tail = struct.pack("<II", zlib.crc32(PLAIN * 9), len(PLAIN) * 9)
    return b"\x1f\x8b\x08" + bytes((flag, 0, 0, 0, 0, 0, 3)) + field + packed + tail


def zstd_skipped(data: bytes) -> bytes:
    """A ZST with a frame that readers skip."""
    frame = struct.pack("<II", 0x184D2A53, len(data)) + data
    return zstandard.compress(PLAIN) + frame


def workbook(data: bytes, **places: bool) -> bytes:
    """An XLSX with a value in a place that is no cell."""
    text = data.decode("latin-1")
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out)
    sheet = book.add_worksheet(text[:31] if places.get("sheet") else "Customers")
    sheet.write_row(0, 0, ["id", "amount"])
    sheet.write_row(1, 0, [1, 2])
    if places.get("footer"):
        sheet.set_footer("&C" + text[:200])
    if places.get("property"):
        book.set_custom_property("reference", text)
    if places.get("name"):
        book.define_name("reference", f'="{text[:200]}"')
    if places.get("formula"):
        sheet.write_formula("C1", f'="{text[:200]}"', None, 0)
    if places.get("link"):
        sheet.write_url("C1", f"https://a.example/{text[:60].replace(' ', '_')}", string="here")
    if places.get("box"):
        sheet.insert_textbox("D4", text)
    if places.get("author"):
        sheet.write_comment("B2", "a comment", {"author": text[:52]})
    if places.get("hint"):
        sheet.data_validation(
            "E1", {"validate": "any", "input_title": "x", "input_message": text[:200]}
        )
    book.close()
    return out.getvalue()


def in_package(data: bytes, name: str, kind: str = "xlsx") -> bytes:
    """An office file with one more part in it."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        if kind == "xlsx":
            with zipfile.ZipFile(io.BytesIO(workbook(b""))) as book:
                for info in book.infolist():
                    archive.writestr(info.filename, book.read(info))
        else:
            archive.writestr("[Content_Types].xml", "<Types/>")
            archive.writestr("word/document.xml", "<w:document><w:p>Hello</w:p></w:document>")
        archive.writestr(name, data)
    return out.getvalue()


def with_attribute(data: bytes) -> bytes:
    """A DOCX with a value in an attribute of its text."""
    text = b'<w:document><w:p><w:ins w:author="%s">Hello</w:ins></w:p></w:document>' % data
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("word/document.xml", text)
    return out.getvalue()


NAMES: dict[str, Hide] = {
    "ZIP: name of a file": lambda d: _zip(name=d.decode("latin-1")),
    "ZIP: name of a folder": lambda d: _zip(name=d.decode("latin-1"), folder=True),
    "ZIP: name in front of a file": local_name,
    "TAR: name of a file": lambda d: _tar_with(name=d.decode("latin-1")),
    "TAR: name of an owner": lambda d: _tar_with(uname=d.decode("latin-1")[:31]),
    "TAR: name of a group": lambda d: _tar_with(gname=d.decode("latin-1")[:31]),
    "TAR: symbolic link": lambda d: tar_link(d, tarfile.SYMTYPE),
    "TAR: hard link": lambda d: tar_link(d, tarfile.LNKTYPE),
    "TAR: pax comment": tar_pax,
    "TAR: pax keyword of a program": lambda d: tar_pax(d, "SCHILY.xattr.user.note"),
    "TAR: pax record for all": tar_global,
    "GZ: name": lambda d: gzip_field(d, 8),
    "GZ: comment": lambda d: gzip_field(d, 16),
    "XLSX: name of a sheet": lambda d: workbook(d, sheet=True),
    "XLSX: footer": lambda d: workbook(d, footer=True),
    "XLSX: own property": lambda d: workbook(d, property=True),
    "XLSX: name of a range": lambda d: workbook(d, name=True),
    "XLSX: formula": lambda d: workbook(d, formula=True),
    "XLSX: link": lambda d: workbook(d, link=True),
    "XLSX: text box": lambda d: workbook(d, box=True),
    "XLSX: author of a comment": lambda d: workbook(d, author=True),
    "XLSX: hint of a cell": lambda d: workbook(d, hint=True),
    "DOCX: attribute": with_attribute,
}
"""Places for a line of text."""
BYTES: dict[str, Hide] = {
    "ZIP: comment": lambda d: _zip(comment=d),
    "ZIP: comment of a file": lambda d: _zip(entry_comment=d),
    "ZIP: extra field": lambda d: _zip(extra=extra_field(d)),
    "ZIP: extra field in front of a file": local_extra,
    "ZIP: between files": between_files,
    "ZIP: behind its end": lambda d: _zip() + d,
    "ZIP: file that it does not list": unlisted,
    "TAR: behind its end": tar_behind_end,
    "GZ: extra field": lambda d: gzip_field(d, 4),
    "GZ: behind its end": lambda d: gzip.compress(PLAIN) + d,
    "XZ: behind its end": lambda d: lzma.compress(PLAIN) + d,
    "ZST: skipped frame": zstd_skipped,
    "XLSX: part that no reader knows": lambda d: in_package(d, "xl/customData/item1.data"),
    "XLSX: beside its folders": lambda d: in_package(d, "notes.txt"),
    "DOCX: part that no reader knows": lambda d: in_package(d, "word/printerSettings1.bin", "docx"),
    "DOCX: its theme": lambda d: in_package(d, "word/theme/theme1.xml", "docx"),
    "DOCX: its style sheet": lambda d: in_package(d, "word/styles.xml", "docx"),
    "DOCX: its links": lambda d: in_package(d, "word/_rels/document.xml.rels", "docx"),
    "DOCX: behind its end": lambda d: in_package(b"", "docProps/x.xml", "docx") + d,
}
"""Places for whatever bytes."""
SHORT: dict[str, Hide] = {
    "TAR: rest of a block": tar_slack,
    "TAR: rest of a header": tar_header_rest,
}
"""Places for bytes, but no more than 150."""


def pdf(data: bytes, *, where: str = "") -> bytes:
    """A PDF of one page, with a value in a place that the page does not show."""
    note = b"(" + data + b")"
    stream = b"BT /F1 12 Tf 10 100 Td (Nothing to see) Tj ET"
    packed = zlib.compress(b"7 0 <</Note" + note + b">>")
    parts = {
        "annotation": b"/Annots[<</Type/Annot/Subtype/Text/Rect[0 0 9 9]/Contents" + note + b">>]",
        "page": b"",
    }
    objects = [
        b"<</Type/Catalog/Pages 2 0 R%b>>" % (b"/Lang" + note if where == "catalogue" else b""),
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 600 200]/Contents 4 0 R"
        b"/Resources<</Font<</F1 5 0 R>>>>%b>>" % parts.get(where, b""),
        b"<</Length %d>>stream\n%b\nendstream" % (len(stream), stream),
        b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
        b"<</Author(Berta Beispiel)%b>>" % (b"/Reference" + note if where == "property" else b""),
    ]
    if where == "hex":
        objects.append(b"<</Note<%b>>>" % data.hex().encode())
    if where == "wide":
        objects.append(b"<</Note(\xfe\xff%b)>>" % data.decode("latin-1").encode("utf-16-be"))
    if where == "objects":
        objects.append(
            b"<</Type/ObjStm/N 1/First 4/Filter/FlateDecode/Length %d>>stream\n%b\nendstream"
            % (len(packed), packed)
        )
    if where == "stream":
        objects.append(b"<</Length %d>>stream\n%b\nendstream" % (len(data), data))
    out, offsets = (
        bytearray(b"%PDF-1.4\n" + (b"% " + data + b"\n" if where == "comment" else b"")),
        [],
    )
    for number, content in enumerate(objects, 1):
        offsets.append(len(out))
        out += b"%d 0 obj" % number + content + b"endobj\n"
    start = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    out += b"".join(b"%010d 00000 n \n" % at for at in offsets)
    tail = b"trailer<</Size %d/Root 1 0 R/Info 6 0 R>>\nstartxref\n%d\n%%%%EOF"
    return bytes(out + tail % (len(objects) + 1, start))


def database(*statements: str) -> bytes:
    """An SQLite file after these statements."""
    with closing(sqlite3.connect(":memory:")) as made:
        made.execute("PRAGMA secure_delete = 0")
        for statement in statements:
            made.execute(statement)
        made.commit()
        return made.serialize()


def deleted_rows(data: bytes) -> bytes:
    """An SQLite file with rows that were deleted, and never overwritten."""
    rows = [f"INSERT INTO t VALUES (x'{(data + b' - paid').hex()}')" for _ in range(40)]
    return database("CREATE TABLE t (a)", *rows, "DELETE FROM t WHERE rowid > 3 AND rowid < 30")


def arrow_note(data: bytes, kind: str, *, of_column: bool = False) -> bytes:
    """A table file with a note on the table or on its column."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    note = {"note": data.decode("latin-1")}
    field = pa.field("a", pa.int64(), metadata=note if of_column else None)
    table = pa.table([[1, 2]], schema=pa.schema([field], metadata=None if of_column else note))
    out = io.BytesIO()
    if kind == "parquet":
        pq.write_table(table, out)
        return out.getvalue()
    make = pa.ipc.new_stream if kind == "stream" else pa.ipc.new_file
    with make(out, table.schema) as writer:
        writer.write_table(table)
    return out.getvalue()


def arrow_cell(data: bytes, kind: str) -> bytes:
    """A table file with a cell of bytes."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    table, out = pa.table({"a": [1, 2], "b": [b"\0\1" + data, None]}), io.BytesIO()
    if kind == "parquet":
        pq.write_table(table, out)
        return out.getvalue()
    with pa.ipc.new_file(out, table.schema) as writer:
        writer.write_table(table)
    return out.getvalue()


def npy() -> bytes:
    """An array of three numbers."""
    head = b"{'descr': '<i8', 'fortran_order': False, 'shape': (3,), }\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(head)) + head + struct.pack("<3q", 1, 2, 3)


NAMES |= {
    "SQLite: name of a table": lambda d: database(f'CREATE TABLE "{d.decode()}" (a)'),
    "SQLite: name of a column": lambda d: database(f'CREATE TABLE t ("{d.decode()}")'),
    "SQLite: view": lambda d: database(f"CREATE VIEW v AS SELECT '{d.decode()}'"),
    "SQLite: default": lambda d: database(f"CREATE TABLE t (a DEFAULT '{d.decode()}')"),
    "SQLite: comment": lambda d: database(f"CREATE TABLE t (a /* {d.decode()} */)"),
    "SQLite: deleted rows": deleted_rows,
    "Parquet: note": lambda d: arrow_note(d, "parquet"),
    "Parquet: note on a column": lambda d: arrow_note(d, "parquet", of_column=True),
    "Arrow: note": lambda d: arrow_note(d, "file"),
    "Arrow stream: note": lambda d: arrow_note(d, "stream"),
    "Arrow: note on a column": lambda d: arrow_note(d, "file", of_column=True),
    "pickle: name of a class": lambda d: b"\x80\x02c" + d + b"\nx\n.",
    **{
        f"PDF: {where}": partial(pdf, where=where)
        for where in ("annotation catalogue property comment hex wide objects stream".split())
    },
}
BYTES |= {
    "SQLite: cell of bytes": lambda d: database(
        "CREATE TABLE t (a)", f"INSERT INTO t VALUES (x'00{d.hex()}')"
    ),
    "SQLite: behind its last page": lambda d: database("CREATE TABLE t (a)") + d,
    "Parquet: cell of bytes": lambda d: arrow_cell(d, "parquet"),
    "Arrow: cell of bytes": lambda d: arrow_cell(d, "file"),
    "Arrow stream: behind its end": lambda d: arrow_note(b"", "stream") + d,
    "pickle: behind its end": lambda d: pickle.dumps(["hello", 5]) + d,
    "NumPy: behind its end": lambda d: npy() + d,
    "PDF: behind its end": lambda d: pdf(b"") + d,
}
