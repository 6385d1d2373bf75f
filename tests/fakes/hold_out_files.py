"""Archives, streams and messages that a text may stand in, more than `unread_packings` holds: each
function returns what the format's own readers turn back into the text.
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
from functools import partial

import brotli
import msgpack
import zstandard
from unread_packings import png, raw_deflate, tarred, zipped

type Pack = Callable[[bytes], bytes]


def _zip(method: int = zipfile.ZIP_DEFLATED, *, before: bytes = b"", name: str = "a.txt") -> Pack:
    def packed(data: bytes) -> bytes:
        out = io.BytesIO()
        out.write(before)
        with zipfile.ZipFile(out, "a" if before else "w", method) as archive:
            archive.writestr(name, data)
        return out.getvalue()

    return packed


def zip_of(*parts: tuple[str, Callable[[bytes], bytes]]) -> Pack:
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
    with zipfile.ZipFile(pipe, "w", zipfile.ZIP_DEFLATED) as archive:
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


def varint(number: int) -> bytes:
    out = b""
    while number > 127:
        out += bytes((number & 127 | 128,))
        number >>= 7
    return out + bytes((number,))


def _protobuf(data: bytes) -> bytes:
    inner = b"\x08\x96\x01\x12" + varint(len(data)) + data
    return b"\x0a" + varint(len(inner)) + inner + b"\x10\x01"


def _protobuf_group(data: bytes) -> bytes:
    return b"\x0b\x12" + varint(len(data)) + data + b"\x0c"


def _protobuf_numbers(data: bytes) -> bytes:
    packed = b"".join(varint(byte) for byte in data)
    return b"\x0a" + varint(len(packed)) + packed


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
        return varint(number << 1)

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
    return b"\x82\x21\1\4post\x18" + varint(len(data)) + data + b"\0"


def _java(data: bytes) -> bytes:
    return b"\xac\xed\0\5t" + len(data).to_bytes(2) + data


def _warc(data: bytes) -> bytes:
    return (
        b"WARC/1.0\r\nWARC-Type: resource\r\nContent-Length: %d\r\n\r\n" % len(data)
        + data
        + b"\r\n\r\n"
    )


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
    head = varint(len(data))
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
    "ZIP of a wheel": zip_of(("a/__init__.py", lambda d: b"A = '''" + d + b"'''\n")),
    "cpio": _cpio,
    "ar": _ar,
    "deb": lambda d: _ar(gzip.compress(tarred(d))),
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
    "a compiled module": lambda d: (
        b"\xf3\x0d\x0d\x0a"
        + bytes(12)
        + marshal.dumps(compile("a=" + repr(d.decode()), "a", "exec"))
    ),
    "pickle 5": lambda d: pickle.dumps([d.decode(), 1], 5),
    "pickle of packed pickle": lambda d: pickle.dumps(
        zlib.compress(pickle.dumps({"a": d.decode()}))
    ),
    "property list": lambda d: plistlib.dumps({"a": d}, fmt=plistlib.FMT_BINARY),
    "property list, wide": lambda d: plistlib.dumps(
        {"a": d.decode() + "\u20ac"}, fmt=plistlib.FMT_BINARY
    ),
    "WARC": _warc,
    "WARC, packed": lambda d: gzip.compress(b"WARC/1.0\r\n\r\n") + gzip.compress(_warc(d)),
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
        compression_params=zstandard.ZstdCompressionParameters(
            format=zstandard.FORMAT_ZSTD1_MAGICLESS
        )
    ).compress(d),
    "brotli, wide window": lambda d: brotli.compress(d, lgwin=24, quality=1),
    "brotli of gzip of brotli": lambda d: brotli.compress(gzip.compress(brotli.compress(d))),
    "gzip without its head": lambda d: gzip.compress(d)[10:],
    "gzip, cut": lambda d: gzip.compress(d)[:-12],
    "gzip, a byte before": lambda d: b"\n" + gzip.compress(d),
    "gzip, text before": lambda d: b"see below: " + gzip.compress(d),
    "deflate, a byte before": lambda d: b"\0" + zlib.compress(d),
    "zlib, no sum": lambda d: zlib.compress(d)[:-4],
    "zlib, dictionary": lambda d: (lambda c: c.compress(d) + c.flush())(
        zlib.compressobj(zdict=b"Customer pays from and asks")
    ),
    "words of two bytes": _raw("<H"),
    "words of four bytes": _raw(">I"),
    "words of eight bytes": _raw("<Q"),
    "fractions": _raw("<f"),
    "double fractions": _raw(">d"),
    "hex in gzip in hex": lambda d: gzip.compress(d.hex().encode()).hex().encode(),
    "base64 in UTF-16": lambda d: base64.b64encode(d).decode().encode("utf-16-le"),
    "a disk image of FAT": lambda d: (
        b"\xeb\x3c\x90MSDOS5.0" + bytes(499) + b"\x55\xaa" + bytes(4096) + d + bytes(999)
    ),
    "ISO 9660": lambda d: bytes(32768) + b"\1CD001\1" + bytes(2041) + d + bytes(999),
    "WebAssembly": lambda d: b"\0asm\1\0\0\0\0" + varint(len(d) + 2) + b"\1x" + d,
    "ELF": lambda d: b"\x7fELF\2\1\1" + bytes(57) + d + bytes(99),
    "pcap": lambda d: (
        struct.pack("<IHHiIIIIIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1, 0, 0, len(d), len(d)) + d
    ),
}
"""Bytes to bytes."""
