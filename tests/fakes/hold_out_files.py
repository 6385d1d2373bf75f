"""More files, streams and frames that a text may stand in than `unread_packings` and `hidden_places`
hold. Each function returns what the format's own readers turn back into the text.
"""

import base64
import bz2
import gzip
import io
import json
import lzma
import marshal
import pickle
import plistlib
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Mapping
from functools import cache, partial

import brotli
import msgpack
import zstandard
from hidden_places import database
from unread_packings import chunk, png, raw_deflate, tarred, zipped

type Pack = Callable[[bytes], bytes]


def _zip(method: int = zipfile.ZIP_DEFLATED, *, before: bytes = b"", name: str = "a.txt") -> Pack:
    def packed(data: bytes) -> bytes:
        out = io.BytesIO()
        out.write(before)
        with zipfile.ZipFile(out, "a" if before else "w", method) as archive:
            archive.writestr(name, data)
        return out.getvalue()

    return packed


def _zip_of(*parts: tuple[str, Callable[[bytes], bytes]]) -> Pack:
    def packed(data: bytes) -> bytes:
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, make in parts:
                archive.writestr(name, make(data))
        return out.getvalue()

    return packed


def _zip_streamed(data: bytes) -> bytes:
    """A ZIP that is written as it comes: its sizes stand behind the file."""

    class Pipe(io.RawIOBase):
        def __init__(self) -> None:
            self.out = b""

        def writable(self) -> bool:
            return True

        def write(self, more: object) -> int:
            self.out += bytes(more)  # type: ignore[call-overload]
            return len(more)  # type: ignore[arg-type]

    pipe = Pipe()
    with zipfile.ZipFile(pipe, "w", zipfile.ZIP_DEFLATED) as archive:  # type: ignore[type-var]
        archive.writestr("a.txt", data)
    return pipe.out


def _zip_without_directory(data: bytes) -> bytes:
    whole = zipped(data)
    return whole[: whole.rfind(b"PK\1\2")]


def _zip_cut(data: bytes) -> bytes:
    return zipped(data)[:-30]


def _zip_false_size(data: bytes) -> bytes:
    """The directory says that the file is stored and empty."""
    whole = bytearray(_zip(zipfile.ZIP_STORED)(data))
    at = whole.rfind(b"PK\1\2")
    whole[at + 20 : at + 28] = bytes(8)
    return bytes(whole)


def _zip_other_method(data: bytes) -> bytes:
    whole = bytearray(_zip(zipfile.ZIP_STORED)(data))
    for at in (8, whole.rfind(b"PK\1\2") + 10):
        whole[at : at + 2] = struct.pack("<H", 98)
    return bytes(whole)


def _cpio(data: bytes) -> bytes:
    def entry(name: bytes, body: bytes) -> bytes:
        head = b"070701" + b"".join(
            b"%08X" % n for n in (1, 0o100644, 0, 0, 1, 0, len(body), 0, 0, 0, 0, len(name) + 1, 0)
        )
        head += name + b"\0"
        head += bytes(-len(head) % 4)
        return head + body + bytes(-len(body) % 4)

    return entry(b"a.txt", data) + entry(b"TRAILER!!!", b"")


def _ar(data: bytes) -> bytes:
    head = b"%-16s%-12d%-6d%-6d%-8o%-10d`\n" % (b"a.txt/", 0, 0, 0, 0o644, len(data))
    return b"!<arch>\n" + head + data + b"\n" * (len(data) % 2)


def _varint(number: int) -> bytes:
    out = b""
    while number > 127:
        out += bytes((number & 127 | 128,))
        number >>= 7
    return out + bytes((number,))


def _protobuf(data: bytes) -> bytes:
    inner = b"\x08\x96\x01\x12" + _varint(len(data)) + data
    return b"\x0a" + _varint(len(inner)) + inner + b"\x10\x01"


def _protobuf_group(data: bytes) -> bytes:
    return b"\x0b\x12" + _varint(len(data)) + data + b"\x0c"


def _protobuf_numbers(data: bytes) -> bytes:
    packed = b"".join(_varint(byte) for byte in data)
    return b"\x0a" + _varint(len(packed)) + packed


def _protobuf_words(data: bytes) -> bytes:
    return b"".join(b"\x0d" + struct.pack("<I", byte) for byte in data)


def _grpc(data: bytes) -> bytes:
    message = _protobuf(data)
    return b"\0" + len(message).to_bytes(4) + message


def _grpc_packed(data: bytes) -> bytes:
    message = gzip.compress(_protobuf(data))
    return b"\1" + len(message).to_bytes(4) + message


def _avro(codec: bytes, pack: Pack = bytes) -> Pack:
    def long(number: int) -> bytes:
        return _varint(number << 1)

    def written(data: bytes) -> bytes:
        schema = json.dumps(
            {"type": "record", "name": "r", "fields": [{"name": "note", "type": "string"}]}
        ).encode()
        head = b"Obj\1" + long(2)
        for key, value in ((b"avro.schema", schema), (b"avro.codec", codec)):
            head += long(len(key)) + key + long(len(value)) + value
        block = pack(long(len(data)) + data)
        return head + b"\0" + b"s" * 16 + long(1) + long(len(block)) + block + b"s" * 16

    return written


def _bson(data: bytes) -> bytes:
    body = b"\x02note\0" + struct.pack("<i", len(data) + 1) + data + b"\0"
    body += b"\x05more\0" + struct.pack("<i", 3) + b"\0abc"
    return struct.pack("<i", len(body) + 5) + body + b"\0"


def _cbor(data: bytes, kind: int) -> bytes:
    head = bytes((kind | 25,)) + len(data).to_bytes(2)
    return b"\xa2\x64note" + head + data + b"\x61b\x01"


def _cbor_pieces(data: bytes) -> bytes:
    pieces = b"".join(bytes((0x67,)) + data[at : at + 7].ljust(7) for at in range(0, len(data), 7))
    return b"\xa1\x64note\x7f" + pieces + b"\xff"


def _thrift(data: bytes) -> bytes:
    return b"\x80\1\0\1\0\0\0\4post\0\0\0\1\x0b\0\1" + len(data).to_bytes(4) + data + b"\0"


def _thrift_compact(data: bytes) -> bytes:
    return b"\x82\x21\1\4post\x18" + _varint(len(data)) + data + b"\0"


def _java(data: bytes) -> bytes:
    return b"\xac\xed\0\5t" + len(data).to_bytes(2) + data


def _dbf(data: bytes) -> bytes:
    field = b"NOTE".ljust(11, b"\0") + b"C" + bytes(4) + bytes((len(data),)) + bytes(15)
    head = b"\x03\x7e\1\1" + struct.pack("<IHH", 1, 65, len(data) + 1) + bytes(20)
    return head + field + b"\r " + data + b"\x1a"


def _warc(data: bytes) -> bytes:
    return (
        b"WARC/1.0\r\nWARC-Type: resource\r\nContent-Length: %d\r\n\r\n" % len(data)
        + data
        + b"\r\n\r\n"
    )


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


@cache
def _tables() -> object:
    import pyarrow as pa

    return pa


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
    return _zip_of(
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
    head = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(16) + struct.pack("<HHHHH", 62, 3, 65534, 9, 6)
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
                "PRAGMA encoding = 'UTF-16le'", "CREATE TABLE t (a)", f"INSERT INTO t VALUES ('{data.decode()}')"
            )
        return database("CREATE TABLE t (a)", f"INSERT INTO t VALUES (x'{blob}')")

    return written


def _in_rows(data: bytes) -> bytes:
    rows = b"".join(b"\0" + data[at : at + 12].ljust(12, b"\0") for at in range(0, len(data), 12))
    head = struct.pack(">IIBBBBB", 4, (len(data) + 11) // 12, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
    )


def _bitmap(data: bytes) -> bytes:
    pixels = data + bytes(-len(data) % 4)
    head = struct.pack("<IiiHHIIiiII", 40, len(pixels) // 4, 1, 1, 32, 0, 0, 0, 0, 0, 0)
    return b"BM" + struct.pack("<IHHI", 54 + len(pixels), 0, 0, 54) + head + pixels


def _wave(data: bytes) -> bytes:
    form = struct.pack("<HHIIHH", 1, 1, 8000, 8000, 1, 8)
    note = b"LIST" + struct.pack("<I", len(data) + 12) + b"INFOICMT" + struct.pack("<I", len(data)) + data
    chunks = b"fmt " + struct.pack("<I", 16) + form + note + b"data" + struct.pack("<I", 4) + bytes(4)
    return b"RIFF" + struct.pack("<I", 4 + len(chunks)) + b"WAVE" + chunks


def _tagged_sound(data: bytes) -> bytes:
    frame = b"COMM" + (len(data) + 5).to_bytes(4) + b"\0\0\0eng\0" + data
    return b"ID3\3\0\0\0\0" + bytes((len(frame) >> 7, len(frame) & 127)) + frame + b"\xff\xfb\x90\0" + bytes(413)


def _picture_note(data: bytes) -> bytes:
    return b"\xff\xd8\xff\xfe" + (len(data) + 2).to_bytes(2) + data + b"\xff\xd9"


def _svg(data: bytes) -> bytes:
    inner = base64.b64encode(gzip.compress(b"<svg><text>" + data + b"</text></svg>"))
    return b'<svg><image href="data:image/svg+xml;base64,' + inner + b'"/></svg>'


def _tar_sparse(data: bytes) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:xz") as archive:
        for name in ("a.txt", "b/../c.zip"):
            body = zipped(tarred(data)) if name.endswith("zip") else b"x"
            info = tarfile.TarInfo(name)
            info.size = len(body)
            archive.addfile(info, io.BytesIO(body))
    return out.getvalue()


def _raw(width: str) -> Pack:
    return lambda data: struct.pack(f"{width[0]}{len(data)}{width[1]}", *data)


def _lz4(data: bytes) -> bytes:
    return (
        b"\x04\x22\x4d\x18\x60\x40\x82"
        + struct.pack("<I", 0x80000000 | len(data))
        + data
        + bytes(4)
    )


def _snappy(data: bytes) -> bytes:
    head = _varint(len(data))
    return head + bytes((60 << 2, len(data) - 1)) + data


FILES: Mapping[str, Pack] = {
    "ZIP, stored": _zip(zipfile.ZIP_STORED),
    "ZIP, bzip2": _zip(zipfile.ZIP_BZIP2),
    "ZIP, LZMA": _zip(zipfile.ZIP_LZMA),
    "ZIP, as it comes": _zip_streamed,
    "ZIP, a program before": _zip(before=b"#!/bin/sh\nexec unzip $0\n"),
    "ZIP, a picture before": lambda d: png() + zipped(d),
    "ZIP, no directory": _zip_without_directory,
    "ZIP, cut": _zip_cut,
    "ZIP, false size": _zip_false_size,
    "ZIP, method of nobody": _zip_other_method,
    "ZIP in ZIP in ZIP": lambda d: zipped(zipped(zipped(d))),
    "TAR in ZIP": _zip(name="a.tar"),
    "TAR in ZIP, in fact": lambda d: zipped(tarred(d)),
    "ZIP in TAR, xz": _tar_sparse,
    "ZIP of a wheel": _zip_of(("a/__init__.py", lambda d: b"A = '''" + d + b"'''\n")),
    "cpio": _cpio,
    "ar": _ar,
    "deb": lambda d: _ar(gzip.compress(tarred(d))),
    "EPUB": _zip_of(
        ("mimetype", lambda _: b"application/epub+zip"),
        ("OEBPS/c1.xhtml", lambda d: b"<html><body><p>" + d + b"</p></body></html>"),
    ),
    "ODT": _zip_of(
        ("mimetype", lambda _: b"application/vnd.oasis.opendocument.text"),
        ("content.xml", lambda d: b"<office:text><text:p>" + d.replace(b"0", b"0<text:s/>"[:1]) + b"</text:p></office:text>"),
    ),
    "ODS": _zip_of(
        ("mimetype", lambda _: b"application/vnd.oasis.opendocument.spreadsheet"),
        ("content.xml", lambda d: b"<table:table-cell><text:p>" + d + b"</text:p></table:table-cell>"),
    ),
    "DOCX, runs": _zip_of(
        ("[Content_Types].xml", lambda _: b"<Types/>"), ("word/document.xml", _runs)
    ),
    "PPTX, runs": _zip_of(
        ("[Content_Types].xml", lambda _: b"<Types/>"), ("ppt/slides/slide1.xml", _slides)
    ),
    "PPTX, notes": _zip_of(
        ("[Content_Types].xml", lambda _: b"<Types/>"),
        ("ppt/slides/slide1.xml", lambda _: b"<p:sld/>"),
        ("ppt/notesSlides/notesSlide1.xml", _slides),
    ),
    "DOCX, foot note": _docx("word/footnotes.xml", "<w:footnotes><w:t>@</w:t></w:footnotes>"),
    "DOCX, other format": _docx("word/afchunk.htm", "<html><b>@</b></html>"),
    "DOCX, mail inside": _docx("word/embeddings/oleObject1.bin", "@"),
    "DOCX, own XML": _docx("customXml/item1.xml", "<a b='@'/>"),
    "XLSB": _zip_of(
        ("[Content_Types].xml", lambda _: b"<Types/>"),
        ("xl/sharedStrings.bin", lambda d: b"\x9f\1\x08\1\0\0\0\1\0\0\0\x13" + _varint(2 * len(d) + 5)
         + b"\0" + struct.pack("<I", len(d)) + d.decode().encode("utf-16-le")),
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
    "SQLite, cut": lambda d: database("CREATE TABLE t (a)", f"INSERT INTO t VALUES ('{d.decode()}')")[100:],
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
    "Avro": _avro(b"null"),
    "Avro, deflate": _avro(b"deflate", raw_deflate),
    "Avro, zstd": _avro(b"zstandard", zstandard.compress),
    "Protobuf": _protobuf,
    "Protobuf, groups": _protobuf_group,
    "Protobuf, numbers": _protobuf_numbers,
    "Protobuf, words": _protobuf_words,
    "Protobuf, packed": lambda d: _protobuf(gzip.compress(d)),
    "gRPC": _grpc,
    "gRPC, packed": _grpc_packed,
    "gRPC-web, text": lambda d: base64.b64encode(_grpc(d)),
    "BSON": _bson,
    "CBOR, text": partial(_cbor, kind=0x60),
    "CBOR, bytes": partial(_cbor, kind=0x40),
    "CBOR, packed": lambda d: _cbor(zlib.compress(d), 0x40),
    "CBOR, pieces": _cbor_pieces,
    "CBOR, inside": lambda d: b"\xd8\x18" + _cbor(_cbor(d, 0x60), 0x40),
    "msgpack, extension": lambda d: msgpack.packb({"a": msgpack.ExtType(7, d)}),
    "msgpack, key": lambda d: msgpack.packb({d.decode(): 1, "b": [True, None]}),
    "msgpack in msgpack": lambda d: msgpack.packb({"a": msgpack.packb({"b": d.decode()})}),
    "msgpack, list of numbers": lambda d: msgpack.packb([*d]),
    "Thrift": _thrift,
    "Thrift, compact": _thrift_compact,
    "Java": _java,
    "marshal": lambda d: marshal.dumps({"a": d.decode()}),
    "a compiled module": lambda d: b"\xf3\x0d\x0d\x0a" + bytes(12) + marshal.dumps(compile("a=" + repr(d.decode()), "a", "exec")),
    "pickle 5": lambda d: pickle.dumps([d.decode(), 1], 5),
    "pickle of packed pickle": lambda d: pickle.dumps(zlib.compress(pickle.dumps({"a": d.decode()}))),
    "property list": lambda d: plistlib.dumps({"a": d}, fmt=plistlib.FMT_BINARY),
    "property list, wide": lambda d: plistlib.dumps({"a": d.decode() + "\u20ac"}, fmt=plistlib.FMT_BINARY),
    "DBF": lambda d: _dbf(d[:250]),
    "WARC": _warc,
    "WARC, packed": lambda d: gzip.compress(b"WARC/1.0\r\n\r\n") + gzip.compress(_warc(d)),
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
    "LZMA, alone": lambda d: lzma.compress(d, lzma.FORMAT_ALONE),
    "LZMA, raw": lambda d: lzma.compress(d, lzma.FORMAT_RAW, filters=[{"id": lzma.FILTER_LZMA2}]),
    "LZ4": _lz4,
    "Snappy": _snappy,
    "bzip2, two": lambda d: bz2.compress(d[:9]) + bz2.compress(d[9:]),
    "xz, delta": lambda d: lzma.compress(
        d, filters=[{"id": lzma.FILTER_DELTA, "dist": 1}, {"id": lzma.FILTER_LZMA2}]
    ),
    "zstd, two": lambda d: zstandard.compress(d[:9]) + zstandard.compress(d[9:]),
    "zstd, no mark": lambda d: zstandard.ZstdCompressor(
        compression_params=zstandard.ZstdCompressionParameters(format=zstandard.FORMAT_ZSTD1_MAGICLESS)
    ).compress(d),
    "brotli, wide window": lambda d: brotli.compress(d, lgwin=24, quality=1),
    "brotli of gzip of brotli": lambda d: brotli.compress(gzip.compress(brotli.compress(d))),
    "gzip without its head": lambda d: gzip.compress(d)[10:],
    "gzip, cut": lambda d: gzip.compress(d)[:-12],
    "gzip, a byte before": lambda d: b"\n" + gzip.compress(d),
    "gzip, text before": lambda d: b"see below: " + gzip.compress(d),
    "deflate, a byte before": lambda d: b"\0" + zlib.compress(d),
    "zlib, no sum": lambda d: zlib.compress(d)[:-4],
    "zlib, dictionary": lambda d: (
        lambda c: c.compress(d) + c.flush()
    )(zlib.compressobj(zdict=b"Customer pays from and asks")),
    "words of two bytes": _raw("<H"),
    "words of four bytes": _raw(">I"),
    "words of eight bytes": _raw("<Q"),
    "fractions": _raw("<f"),
    "double fractions": _raw(">d"),
    "hex in gzip in hex": lambda d: gzip.compress(d.hex().encode()).hex().encode(),
    "base64 in UTF-16": lambda d: base64.b64encode(d).decode().encode("utf-16-le"),
    "a disk image of FAT": lambda d: b"\xeb\x3c\x90MSDOS5.0" + bytes(499) + b"\x55\xaa" + bytes(4096) + d + bytes(999),
    "ISO 9660": lambda d: bytes(32768) + b"\1CD001\1" + bytes(2041) + d + bytes(999),
    "WebAssembly": lambda d: b"\0asm\1\0\0\0\0" + _varint(len(d) + 2) + b"\1x" + d,
    "ELF": lambda d: b"\x7fELF\2\1\1" + bytes(57) + d + bytes(99),
    "pcap": lambda d: struct.pack("<IHHiIIIIIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1, 0, 0, len(d), len(d)) + d,
}  # fmt: skip
"""Bytes to bytes."""
