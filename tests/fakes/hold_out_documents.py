"""Documents, tables, pictures and mails that a text may stand in: each function returns what the
format's own readers turn back into the text.
"""

import base64
import gzip
import io
import struct
import zlib
from collections.abc import Callable, Mapping

from hidden_places import database
from hold_out_files import varint, zip_of
from unread_packings import chunk, png

type Pack = Callable[[bytes], bytes]


def _dbf(data: bytes) -> bytes:
    field = b"NOTE".ljust(11, b"\0") + b"C" + bytes(4) + bytes((len(data),)) + bytes(15)
    head = b"\x03\x7e\1\1" + struct.pack("<IHH", 1, 65, len(data) + 1) + bytes(20)
    return head + field + b"\r " + data + b"\x1a"


def _mail(way: str) -> Pack:
    def written(data: bytes) -> bytes:
        body = base64.encodebytes(data) if way == "base64" else b"".join(b"=%02X" % b for b in data)
        inner = (
            b"--in\r\nContent-Type: text/plain\r\nContent-Transfer-Encoding: %b\r\n\r\n"
            % way.encode()
        )
        inner += body + b"\r\n--in--\r\n"
        return (
            b'From: a@b.example\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary="out"'
            b"\r\n\r\n--out\r\nContent-Type: message/rfc822\r\n\r\nSubject: x\r\n"
            b'Content-Type: multipart/alternative; boundary="in"\r\n\r\n' + inner + b"--out--\r\n"
        )

    return written


def _mbox(data: bytes) -> bytes:
    one = b"From a@b.example Thu Jan  1 00:00:00 2026\n"
    return one + b"Subject: a\n\nb\n\n" + one + _mail("base64")(data).replace(b"\r\n", b"\n")


def _parquet(codec: str, *, dictionary: bool = True, nested: bool = False) -> Pack:
    def written(data: bytes) -> bytes:
        import pyarrow as pa
        import pyarrow.parquet as pq

        text = data.decode()
        cells: list[object] = [[{"a": text}]] if nested else [text]
        out = io.BytesIO()
        table = pa.table({"note": cells * 3})
        pq.write_table(table, out, compression=codec, use_dictionary=dictionary)
        return out.getvalue()

    return written


def _arrow(kind: str, codec: str | None = None) -> Pack:
    def written(data: bytes) -> bytes:
        import pyarrow as pa
        import pyarrow.feather as feather
        import pyarrow.orc as orc

        table, out = pa.table({"note": [data.decode()] * 3}), io.BytesIO()
        if kind == "feather":
            feather.write_feather(table, out, compression=codec)
        elif kind == "orc":
            orc.write_table(table, out, compression=codec)
        else:
            make = pa.ipc.new_stream if kind == "stream" else pa.ipc.new_file
            options = pa.ipc.IpcWriteOptions(compression=codec)
            with make(out, table.schema, options=options) as writer:
                writer.write_table(table)
        return out.getvalue()

    return written


def _numpy(kind: str) -> Pack:
    def written(data: bytes) -> bytes:
        import numpy as np

        out = io.BytesIO()
        if kind == "npz":
            np.savez_compressed(out, a=np.array([data.decode()]))
        elif kind == "objects":
            np.save(out, np.array([{"a": data.decode()}], dtype=object))
        else:
            np.save(out, np.array([data.decode()] if kind == "U" else [*data], dtype=kind))
        return out.getvalue()

    return written


def _pdf(*filters: str) -> Pack:
    """A PDF whose page is packed by these, the last of them first."""
    by: Mapping[str, Pack] = {
        "FlateDecode": zlib.compress,
        "ASCIIHexDecode": lambda d: d.hex().encode() + b">",
        "ASCII85Decode": lambda d: base64.a85encode(d) + b"~>",
        "RunLengthDecode": lambda d: b"".join(
            bytes((len(d[at : at + 99]) - 1,)) + d[at : at + 99] for at in range(0, len(d), 99)
        ) + b"\x80",
    }  # fmt: skip

    def written(data: bytes) -> bytes:
        stream = b"BT /F1 12 Tf 10 100 Td (" + data + b") Tj ET"
        for name in reversed(filters):
            stream = by[name](stream)
        names = "".join(f"/{name}" for name in filters).encode()
        objects = [
            b"<</Type/Catalog/Pages 2 0 R>>",
            b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
            b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 900 200]/Contents 4 0 R"
            b"/Resources<</Font<</F1 5 0 R>>>>>>",
            b"<</Length %d/Filter[%b]>>stream\n%b\nendstream" % (len(stream), names, stream),
            b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
        ]
        out, at = bytearray(b"%PDF-1.4\n"), []
        for number, content in enumerate(objects, 1):
            at.append(len(out))
            out += b"%d 0 obj" % number + content + b"endobj\n"
        start = len(out)
        out += b"xref\n0 6\n0000000000 65535 f \n" + b"".join(b"%010d 00000 n \n" % n for n in at)
        return bytes(out) + b"trailer<</Size 6/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF" % start

    return written


def _docx(part: str, text: str) -> Pack:
    return zip_of(
        ("[Content_Types].xml", lambda _: b"<Types/>"),
        ("word/document.xml", lambda _: b"<w:document><w:p><w:t>x</w:t></w:p></w:document>"),
        (part, lambda d: text.replace("@", d.decode()).encode()),
    )


def _runs(data: bytes) -> bytes:
    rows = "".join(
        f"<w:r><w:t xml:space='preserve'>{data[at : at + 5].decode()}</w:t></w:r>"
        for at in range(0, len(data), 5)
    )
    return f"<w:document><w:body><w:p>{rows}</w:p></w:body></w:document>".encode()


def _slides(data: bytes) -> bytes:
    rows = "".join(
        f"<a:r><a:t>{data[at : at + 5].decode()}</a:t></a:r>" for at in range(0, len(data), 5)
    )
    return f"<p:sld><a:p>{rows}</a:p></p:sld>".encode()


def _ole(data: bytes, name: str = "Contents") -> bytes:
    """A compound file with one stream in its ordinary sectors."""
    body = data + bytes(4096)
    body += bytes(-len(body) % 512)
    count = len(body) // 512
    end, free = 0xFFFFFFFE, 0xFFFFFFFF
    chain = [0xFFFFFFFD, end, *range(3, 2 + count), end]
    chain += [free] * (128 - len(chain))
    head = (
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(16) + struct.pack("<HHHHH", 62, 3, 65534, 9, 6)
    )
    head += bytes(6) + struct.pack("<IIIIIIIII", 0, 1, 1, 0, 4096, end, 0, end, 0)
    head += struct.pack("<109I", 0, *[free] * 108)

    def entry(title: str, kind: int, child: int, first: int, size: int) -> bytes:
        wide = title.encode("utf-16-le") + b"\0\0"
        row = wide.ljust(64, b"\0") + struct.pack("<HBBIII", len(wide), kind, 1, free, free, child)
        return row + bytes(36) + struct.pack("<IQ", first, size)

    folder = entry("Root Entry", 5, 1, end, 0) + entry(name, 2, free, 2, len(body))
    return head + struct.pack("<128I", *chain) + folder + bytes(256) + body


def _sqlite(how: str) -> Pack:
    def written(data: bytes) -> bytes:
        blob = data.hex()
        if how == "packed":
            blob = gzip.compress(data).hex()
        if how == "wide":
            return database(
                "PRAGMA encoding = 'UTF-16le'",
                "CREATE TABLE t (a)",
                f"INSERT INTO t VALUES ('{data.decode()}')",
            )
        return database("CREATE TABLE t (a)", f"INSERT INTO t VALUES (x'{blob}')")

    return written


def _in_rows(data: bytes) -> bytes:
    rows = b"".join(b"\0" + data[at : at + 12].ljust(12, b"\0") for at in range(0, len(data), 12))
    head = struct.pack(">IIBBBBB", 4, (len(data) + 11) // 12, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", head)
        + chunk(b"IDAT", zlib.compress(rows))
        + chunk(b"IEND", b"")
    )


def _bitmap(data: bytes) -> bytes:
    pixels = data + bytes(-len(data) % 4)
    head = struct.pack("<IiiHHIIiiII", 40, len(pixels) // 4, 1, 1, 32, 0, 0, 0, 0, 0, 0)
    return b"BM" + struct.pack("<IHHI", 54 + len(pixels), 0, 0, 54) + head + pixels


def _wave(data: bytes) -> bytes:
    form = struct.pack("<HHIIHH", 1, 1, 8000, 8000, 1, 8)
    note = (
        b"LIST"
        + struct.pack("<I", len(data) + 12)
        + b"INFOICMT"
        + struct.pack("<I", len(data))
        + data
    )
    chunks = (
        b"fmt " + struct.pack("<I", 16) + form + note + b"data" + struct.pack("<I", 4) + bytes(4)
    )
    return b"RIFF" + struct.pack("<I", 4 + len(chunks)) + b"WAVE" + chunks


def _tagged_sound(data: bytes) -> bytes:
    frame = b"COMM" + (len(data) + 5).to_bytes(4) + b"\0\0\0eng\0" + data
    return (
        b"ID3\3\0\0\0\0"
        + bytes((len(frame) >> 7, len(frame) & 127))
        + frame
        + b"\xff\xfb\x90\0"
        + bytes(413)
    )


def _picture_note(data: bytes) -> bytes:
    return b"\xff\xd8\xff\xfe" + (len(data) + 2).to_bytes(2) + data + b"\xff\xd9"


def _svg(data: bytes) -> bytes:
    inner = base64.b64encode(gzip.compress(b"<svg><text>" + data + b"</text></svg>"))
    return b'<svg><image href="data:image/svg+xml;base64,' + inner + b'"/></svg>'


DOCUMENTS: Mapping[str, Pack] = {
    "EPUB": zip_of(
        ("mimetype", lambda _: b"application/epub+zip"),
        ("OEBPS/c1.xhtml", lambda d: b"<html><body><p>" + d + b"</p></body></html>"),
    ),
    "ODT": zip_of(
        ("mimetype", lambda _: b"application/vnd.oasis.opendocument.text"),
        (
            "content.xml",
            lambda d: (
                b"<office:text><text:p>"
                + d.replace(b"0", b"0<text:s/>"[:1])
                + b"</text:p></office:text>"
            ),
        ),
    ),
    "ODS": zip_of(
        ("mimetype", lambda _: b"application/vnd.oasis.opendocument.spreadsheet"),
        (
            "content.xml",
            lambda d: b"<table:table-cell><text:p>" + d + b"</text:p></table:table-cell>",
        ),
    ),
    "DOCX, runs": zip_of(
        ("[Content_Types].xml", lambda _: b"<Types/>"), ("word/document.xml", _runs)
    ),
    "PPTX, runs": zip_of(
        ("[Content_Types].xml", lambda _: b"<Types/>"), ("ppt/slides/slide1.xml", _slides)
    ),
    "PPTX, notes": zip_of(
        ("[Content_Types].xml", lambda _: b"<Types/>"),
        ("ppt/slides/slide1.xml", lambda _: b"<p:sld/>"),
        ("ppt/notesSlides/notesSlide1.xml", _slides),
    ),
    "DOCX, foot note": _docx("word/footnotes.xml", "<w:footnotes><w:t>@</w:t></w:footnotes>"),
    "DOCX, other format": _docx("word/afchunk.htm", "<html><b>@</b></html>"),
    "DOCX, mail inside": _docx("word/embeddings/oleObject1.bin", "@"),
    "DOCX, own XML": _docx("customXml/item1.xml", "<a b='@'/>"),
    "XLSB": zip_of(
        ("[Content_Types].xml", lambda _: b"<Types/>"),
        (
            "xl/sharedStrings.bin",
            lambda d: (
                b"\x9f\1\x08\1\0\0\0\1\0\0\0\x13"
                + varint(2 * len(d) + 5)
                + b"\0"
                + struct.pack("<I", len(d))
                + d.decode().encode("utf-16-le")
            ),
        ),
        ("xl/workbook.bin", lambda _: b"\x83\1\0"),
    ),
    "OLE": _ole,
    "OLE, wide": lambda d: _ole(d.decode().encode("utf-16-le"), "WordDocument"),
    "OLE, packed": lambda d: _ole(zlib.compress(d)),
    "PDF": _pdf("FlateDecode"),
    "PDF, hex": _pdf("ASCIIHexDecode"),
    "PDF, base85, deflate": _pdf("ASCII85Decode", "FlateDecode"),
    "PDF, deflate twice": _pdf("FlateDecode", "FlateDecode"),
    "PDF, runs": _pdf("RunLengthDecode"),
    "SQLite, packed cell": _sqlite("packed"),
    "SQLite, wide": _sqlite("wide"),
    "SQLite, cut": lambda d: database(
        "CREATE TABLE t (a)", f"INSERT INTO t VALUES ('{d.decode()}')"
    )[100:],
    "Parquet, gzip": _parquet("gzip"),
    "Parquet, snappy": _parquet("snappy"),
    "Parquet, zstd, plain": _parquet("zstd", dictionary=False),
    "Parquet, LZ4": _parquet("lz4"),
    "Parquet, brotli": _parquet("brotli"),
    "Parquet, nested": _parquet("snappy", nested=True),
    "Arrow, zstd": _arrow("file", "zstd"),
    "Arrow stream, LZ4": _arrow("stream", "lz4"),
    "Feather": _arrow("feather", "lz4"),
    "Feather, bare": _arrow("feather", "uncompressed"),
    "ORC": _arrow("orc", "uncompressed"),
    "ORC, zstd": _arrow("orc", "zstd"),
    "DBF": lambda d: _dbf(d[:250]),
    "mail in mail": _mail("base64"),
    "mail in mail, quoted": _mail("quoted-printable"),
    "mailbox": _mbox,
    "NumPy, text": _numpy("U"),
    "NumPy, halves": _numpy("<f2"),
    "NumPy, words": _numpy("<u4"),
    "NumPy, packed": _numpy("npz"),
    "NumPy, objects": _numpy("objects"),
    "PNG, in its rows": _in_rows,
    "PNG, another language": lambda d: png(chunk(b"iTXt", b"Comment\0\1\0\0\0" + zlib.compress(d))),
    "PNG, profile": lambda d: png(chunk(b"iCCP", b"x\0\0" + zlib.compress(d))),
    "PNG, EXIF": lambda d: png(chunk(b"eXIf", b"II*\0\x08\0\0\0\0\0" + d)),
    "BMP, its pixels": _bitmap,
    "JPEG, comment": _picture_note,
    "WAV, comment": _wave,
    "MP3, comment": _tagged_sound,
    "SVG in SVG": _svg,
}
"""Bytes to bytes."""
