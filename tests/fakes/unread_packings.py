"""Ways in which a text may be packed, spelled or hidden, each undone by somebody somewhere."""

import base64
import binascii
import bz2
import gzip
import io
import json
import lzma
import pickle
import quopri
import random
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Mapping

import brotli
import msgpack
import zstandard

type Packing = Callable[[bytes], bytes]

OPAQUE = 700
"""Bytes of unknown data that are surely longer than a signature, also in base64."""


def raw_deflate(data: bytes) -> bytes:
    """Deflate without any wrapping."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    return packer.compress(data) + packer.flush()


def chunk(name: bytes, data: bytes) -> bytes:
    """One chunk of a PNG."""
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def png(
    *more: bytes, pixels: bytes | None = None, behind: bytes = b"", side: int = 24, seed: int = 1
) -> bytes:
    """A whole picture, with more chunks before its pixels and something behind its end."""
    rng = random.Random(seed)
    rows = b"".join(b"\0" + rng.randbytes(3 * side) for _ in range(side))
    head = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    data = zlib.compress(rows) if pixels is None else pixels
    chunks = (chunk(b"IHDR", head), *more, chunk(b"IDAT", data), chunk(b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks) + behind


def jpeg() -> bytes:
    """A whole picture: its tables, its frame, and noise in which every mark is escaped."""

    def segment(mark: int, data: bytes) -> bytes:
        return bytes((0xFF, mark)) + (len(data) + 2).to_bytes(2) + data

    frame = bytes((8, 0, 16, 0, 16, 1, 1, 0x11, 0))
    pixels = random.Random(2).randbytes(900).replace(b"\xff", b"\xff\0")
    return b"".join(
        (
            b"\xff\xd8",
            segment(0xE0, b"JFIF\0\1\1\0\0\1\0\1\0\0"),
            segment(0xDB, bytes(65)),
            segment(0xC0, frame),
            segment(0xC4, bytes(20)),
            segment(0xDA, bytes((1, 1, 0, 0, 63, 0))),
            pixels,
            b"\xff\xd9",
        )
    )


def gif() -> bytes:
    """A whole picture of one block of pixels."""
    pixels = random.Random(3).randbytes(200)
    image = b"\x2c" + bytes(4) + b"\x10\0\x10\0\0" + b"\x02" + bytes((200,)) + pixels + b"\0"
    return b"GIF89a\x10\0\x10\0\x80\0\0" + bytes(6) + image + b";"


def wav() -> bytes:
    """A whole recording of noise."""
    samples = random.Random(4).randbytes(1000)
    form = struct.pack("<HHIIHH", 1, 1, 8000, 8000, 1, 8)
    chunks = b"fmt " + struct.pack("<I", 16) + form + b"data" + struct.pack("<I", 1000) + samples
    return b"RIFF" + struct.pack("<I", 4 + len(chunks)) + b"WAVE" + chunks


def mp3() -> bytes:
    """Eight frames of 128 kbit/s."""
    return b"".join(b"\xff\xfb\x90\0" + random.Random(n).randbytes(413) for n in range(8))


def ogg() -> bytes:
    """Two pages."""
    body = random.Random(6).randbytes(255)
    return (b"OggS\0" + bytes(21) + b"\1\xff" + body) * 2


def mp4() -> bytes:
    """Three boxes."""

    def box(name: bytes, data: bytes) -> bytes:
        return (len(data) + 8).to_bytes(4) + name + data

    data = random.Random(7).randbytes(800)
    return box(b"ftyp", b"isom\0\0\0\0") + box(b"moov", bytes(100)) + box(b"mdat", data)


def truetype() -> bytes:
    """Two tables."""
    data = random.Random(8).randbytes(600)
    tables = b"".join(
        name + bytes(4) + at.to_bytes(4) + (300).to_bytes(4)
        for name, at in ((b"cmap", 44), (b"head", 344))
    )
    return b"\0\1\0\0" + (2).to_bytes(2) + bytes(6) + tables + data


def safetensors() -> bytes:
    """One tensor of 200 numbers."""
    head = json.dumps({"w": {"dtype": "F32", "shape": [10, 20], "data_offsets": [0, 800]}}).encode()
    rng = random.Random(9)
    numbers = struct.pack("<200f", *(rng.gauss(0, 0.02) for _ in range(200)))
    return len(head).to_bytes(8, "little") + head + numbers


def zipped(data: bytes, *, encrypted: bool = False) -> bytes:
    """An archive with one file; of an encrypted one the content is noise and the mark is set."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.txt", noise(data) if encrypted else data)
    packed = bytearray(out.getvalue())
    if encrypted:
        packed[6] |= 1
        packed[packed.rfind(b"PK\x01\x02") + 8] |= 1
    return bytes(packed)


def tarred(data: bytes) -> bytes:
    """An archive with one file."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        info = tarfile.TarInfo("a.txt")
        info.size = len(data)
        archive.addfile(info, io.BytesIO(data))
    return out.getvalue()


def noise(data: bytes) -> bytes:
    """As if encrypted: as long, and nobody can read it."""
    pad = random.Random(len(data)).randbytes(len(data))
    return bytes(a ^ b for a, b in zip(data, pad, strict=True))


def uuencoded(data: bytes) -> bytes:
    """uuencode."""
    lines = (binascii.b2a_uu(data[at : at + 45]) for at in range(0, len(data), 45))
    return b"begin 644 a.txt\n" + b"".join(lines) + b"`\nend\n"


def yencoded(data: bytes) -> bytes:
    """yEnc."""
    body = b"".join(
        b"=" + bytes((byte + 106 & 255,)) if byte + 42 & 255 in b"\0\r\n=" else
        bytes((byte + 42 & 255,)) for byte in data
    )  # fmt: skip
    lines = (body[at : at + 128] for at in range(0, len(body), 128))
    head = b"=ybegin line=128 size=%d name=a.txt\r\n" % len(data)
    return head + b"\r\n".join(lines) + b"\r\n=yend size=%d\r\n" % len(data)


def wrapped(width: int, by: bytes) -> Packing:
    """Base64 in lines or groups."""

    def pack(data: bytes) -> bytes:
        run = base64.b64encode(data)
        return by.join(run[at : at + width] for at in range(0, len(run), width))

    return pack


def escaped(form: str) -> Packing:
    """Every character by its number."""
    return lambda data: "".join(form % ord(char) for char in data.decode("latin-1")).encode()


BINARY: Mapping[str, Packing] = {
    "gzip": gzip.compress,
    "gzip in two members": lambda d: (
        gzip.compress(d[: len(d) // 2]) + gzip.compress(d[len(d) // 2 :])
    ),
    "gzip, something behind": lambda d: gzip.compress(b"nothing to see") + d,
    "gzip, wrong checksum": lambda d: gzip.compress(d)[:-8] + b"\1\2\3\4\5\6\7\1",
    "zlib": zlib.compress,
    "raw deflate": raw_deflate,
    "brotli": brotli.compress,
    "zstd": zstandard.compress,
    "bzip2": bz2.compress,
    "xz": lzma.compress,
    "pickle": lambda d: pickle.dumps({"a": d.decode("latin-1"), "b": 1}),
    "old pickle": lambda d: pickle.dumps({"a": [d.decode("latin-1")]}, 0),
    "pickled bytes": lambda d: pickle.dumps({"a": zlib.compress(d)}),
    "msgpack": lambda d: msgpack.packb({"a": d.decode("latin-1"), "b": [1, 2]}),
    "zip": zipped,
    "encrypted zip": lambda d: zipped(d, encrypted=True),
    "tar": tarred,
    "utf-16": lambda d: d.decode("latin-1").encode("utf-16"),
    "utf-16 without a mark": lambda d: d.decode("latin-1").encode("utf-16-be"),
    "utf-32": lambda d: d.decode("latin-1").encode("utf-32"),
    "utf-32 without a mark": lambda d: d.decode("latin-1").encode("utf-32-be"),
    "text behind a PNG's mark": lambda d: b"\x89PNG\r\n\x1a\n" + d,
    "text behind a JPEG's mark": lambda d: b"\xff\xd8\xff\xe0" + d,
    "text as a PNG's pixels": lambda d: png(pixels=d),
    "packed text as a PNG's pixels": lambda d: png(pixels=zlib.compress(d)),
    "packed text in a PNG": lambda d: png(chunk(b"zTXt", b"Comment\0\0" + zlib.compress(d))),
    "text in a PNG": lambda d: png(chunk(b"tEXt", b"Comment\0" + d)),
    "an own chunk of a PNG": lambda d: png(chunk(b"prVt", zlib.compress(d))),
    "text behind a PNG": lambda d: png(behind=d),
    "packed text behind a PNG": lambda d: png(behind=gzip.compress(d)),
    "yEnc": yencoded,
}
"""What comes out is bytes."""
OPAQUE_BINARY: Mapping[str, Packing] = {
    "one key for every byte": lambda d: bytes(byte ^ 0xA5 for byte in d),
    "encrypted": noise,
    "7z": lambda d: b"7z\xbc\xaf\x27\x1c\0\4" + noise(d),
}
"""Nobody can read these; they must be said to be unread."""
TEXTUAL: Mapping[str, Packing] = {
    "base64": base64.b64encode,
    "base64 for addresses, bare": lambda d: base64.urlsafe_b64encode(d).rstrip(b"="),
    "base64 in lines": wrapped(76, b"\r\n"),
    "base64 in short lines": wrapped(20, b"\n"),
    "base64 with blanks": wrapped(8, b" "),
    "hex": lambda d: d.hex().encode(),
    "HEX": lambda d: d.hex().upper().encode(),
    "hex with colons": lambda d: d.hex(":").encode(),
    "hex with blanks": lambda d: d.hex(" ").encode(),
    "hex by twos": lambda d: d.hex(" ", 2).encode(),
    "hex as in C": lambda d: ", ".join(f"0x{byte:02x}" for byte in d).encode(),
    "numbers": lambda d: ", ".join(map(str, d)).encode(),
    "bits": lambda d: " ".join(f"{byte:08b}" for byte in d).encode(),
    "base32": base64.b32encode,
    "base32, small and bare": lambda d: base64.b32encode(d).lower().rstrip(b"="),
    "base32hex": base64.b32hexencode,
    "base85": base64.b85encode,
    "ascii85": base64.a85encode,
    "ascii85 of Adobe": lambda d: base64.a85encode(d, adobe=True),
    "uuencode": uuencoded,
}
"""What comes out is ASCII, whatever goes in."""
ESCAPES: Mapping[str, Packing] = {
    "quoted-printable": lambda d: quopri.encodestring(d.replace(b"2", b"\xc2\xb2")).replace(
        b"=C2=B2", b"=32"
    ),
    "quoted-printable throughout": escaped("=%02X"),
    "percent": escaped("%%%02X"),
    "JSON's escapes": escaped("\\u%04x"),
    "octal": escaped("\\%03o"),
    "JavaScript's escapes": escaped("%%u%04x"),
    "braces": escaped("\\u{%x}"),
    "style sheet": escaped("\\%x "),
    "code points": escaped("U+%04X "),
    "cells of a workbook": escaped("_x%04X_"),
    "names of Python": escaped("\\N{U+%04X}"),
    "HTML": escaped("&#%d;"),
    "HTML, hex": escaped("&#x%x;"),
    "a string in JSON": lambda d: json.dumps(d.decode("latin-1")).encode(),
    "JSON": lambda d: json.dumps({"a": [{"b": d.decode("latin-1")}]}).encode(),
}
"""What goes in must be text."""
