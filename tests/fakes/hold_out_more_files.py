"""A second set of files that were held out: each function writes what the format's own readers turn
back into the text. Formats are written as far as a text stands in them.
"""

import base64
import gzip
import lzma
import struct
import zlib
from collections.abc import Callable, Mapping

from hold_out_files import varint, zip_of

type Pack = Callable[[bytes], bytes]


def _der(kind: int, content: bytes) -> bytes:
    size = len(content)
    head = bytes([size]) if size < 128 else b"\x82" + size.to_bytes(2)
    return bytes([kind]) + head + content


def _der_pieces(data: bytes) -> bytes:
    parts = b"".join(_der(4, data[at : at + 9]) for at in range(0, len(data), 9))
    return _der(0x30, _der(2, b"\1") + _der(0x24, parts))


def _pem(data: bytes) -> bytes:
    inner = base64.encodebytes(_der(0x30, _der(0x0C, data)))
    return b"-----BEGIN PKCS7-----\n" + inner + b"-----END PKCS7-----\n"


def _wide(data: bytes, order: str = "le") -> bytes:
    return data.decode().encode(f"utf-16-{order}")


def _labels(data: bytes) -> bytes:
    """A question of DNS."""
    rows = [data[at : at + 60] for at in range(0, len(data), 60)]
    name = b"".join(bytes([len(row)]) + row for row in rows)
    return b"\x12\x34\1\0\0\1\0\0\0\0\0\0" + name + b"\0\0\x10\0\1"


def _mqtt(data: bytes) -> bytes:
    body = b"\0\3a/b" + data
    return b"\x30" + varint(len(body)) + body


def _kafka(pack: Pack, codec: int) -> Pack:
    def written(data: bytes) -> bytes:
        record = b"\0\0\0" + b"\1" + varint(2 * len(data)) + data + b"\0"
        records = pack(varint(2 * len(record)) + record)
        rest = struct.pack(">BIhiqqqhii", 2, 0, codec, 0, 0, 0, -1, -1, -1, 1) + records
        return struct.pack(">qii", 0, len(rest) + 4, -1) + rest

    return written


def _chunked(pack: Pack, named: bytes) -> Pack:
    """A request over HTTP, as a recorder keeps it."""

    def written(data: bytes) -> bytes:
        body = pack(data)
        rows = b"".join(
            b"%x\r\n" % len(body[at : at + 20]) + body[at : at + 20] + b"\r\n"
            for at in range(0, len(body), 20)
        )
        head = b"POST / HTTP/1.1\r\nHost: a.example\r\nContent-Encoding: " + named
        return head + b"\r\nTransfer-Encoding: chunked\r\n\r\n" + rows + b"0\r\n\r\n"

    return written


def _frame_of_http2(data: bytes) -> bytes:
    return (
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\4\0\0\0\0\0"
        + len(data).to_bytes(3)
        + b"\0\1\0\0\0\1"
        + data
    )


def _tlv(tag: bytes, data: bytes, order: str = ">") -> bytes:
    return tag + struct.pack(f"{order}I", len(data)) + data


def _riff(kind: bytes, *chunks: bytes) -> bytes:
    inner = kind + b"".join(chunk + bytes(len(chunk) % 2) for chunk in chunks)
    return b"RIFF" + struct.pack("<I", len(inner)) + inner


def _box(kind: bytes, inner: bytes) -> bytes:
    return struct.pack(">I", len(inner) + 8) + kind + inner


def _tiff(data: bytes) -> bytes:
    return (
        b"II*\0\x08\0\0\0\2\0"
        + struct.pack("<HHII", 0x10E, 2, len(data) + 1, 38)
        + struct.pack("<HHII", 0x100, 3, 1, 1)
        + bytes(4)
        + data
        + b"\0"
    )


def _gif(data: bytes) -> bytes:
    blocks = b"".join(
        bytes([len(data[n : n + 20])]) + data[n : n + 20] for n in range(0, len(data), 20)
    )
    head = b"GIF89a\1\0\1\0\x80\0\0\0\0\0\xff\xff\xff\x21\xfe" + blocks + b"\0"
    return head + b",\0\0\0\0\1\0\1\0\0\2\2D\1\0;"


def _icon(data: bytes) -> bytes:
    return b"\0\0\1\0\1\0\1\1\0\0\1\0\x20\0" + struct.pack("<II", len(data), 22) + data


def _flac(data: bytes) -> bytes:
    note = struct.pack("<I", 1) + b"x" + struct.pack("<II", 1, len(data) + 8) + b"COMMENT=" + data
    return b"fLaC\0\0\0\x22" + bytes(34) + b"\x84" + len(note).to_bytes(3) + note


def _midi(data: bytes) -> bytes:
    track = b"\0\xff\1" + varint(len(data)) + data + b"\0\xff\x2f\0"
    return b"MThd\0\0\0\6\0\0\0\1\0\x60" + _tlv(b"MTrk", track)


def _resp(data: bytes) -> bytes:
    return b"*3\r\n$3\r\nSET\r\n$1\r\na\r\n$%d\r\n%b\r\n" % (len(data), data)


def _flat(data: bytes) -> bytes:
    """A table of FlatBuffers with one string."""
    head = struct.pack("<IHHHHiI", 12, 0, 6, 8, 4, 6, 4)
    return head + struct.pack("<I", len(data)) + data + b"\0"


def _capnp_packed(data: bytes) -> bytes:
    whole = data + bytes(-len(data) % 8)
    raw = struct.pack("<IIQ", 0, 1 + len(whole) // 8, 1 | (2 + 8 * len(whole)) << 32) + whole
    out = bytearray()
    for at in range(0, len(raw), 8):
        word = raw[at : at + 8]
        out.append(sum(1 << n for n, byte in enumerate(word) if byte))
        out += bytes(byte for byte in word if byte)
        if out[-9:-8] == b"\xff":
            out.append(0)
    return bytes(out)


def _ubjson(data: bytes) -> bytes:
    return b"{U\4noteSl" + struct.pack(">i", len(data)) + data + b"}"


def _smile(data: bytes) -> bytes:
    return b":)\n\3\xfa\x83note\xe0" + data + b"\xfc\xfb"


def _ion(data: bytes) -> bytes:
    size = len(data)
    return b"\xe0\1\0\xea\x8e" + bytes((size >> 7, size & 127 | 128)) + data


def _matlab(data: bytes) -> bytes:
    """MATLAB 5: a packed variable of letters of two bytes."""
    letters = _wide(data)
    letters += bytes(-len(letters) % 8)
    inner = struct.pack("<IIIIIIii", 6, 8, 4, 0, 5, 8, 1, len(data))
    inner += struct.pack("<IIQ", 1, 1, 97) + struct.pack("<II", 4, 2 * len(data)) + letters
    packed = zlib.compress(struct.pack("<II", 14, len(inner)) + inner)
    head = b"MATLAB 5.0 MAT-file".ljust(124) + b"\0\1IM"
    return head + struct.pack("<II", 15, len(packed)) + packed


def _fits(data: bytes) -> bytes:
    cards = [b"SIMPLE  =                    T", b"BITPIX  =                    8"]
    cards += [b"COMMENT " + data[n : n + 72] for n in range(0, len(data), 72)] + [b"END"]
    return b"".join(card.ljust(80) for card in cards).ljust(2880)


def _rds(data: bytes) -> bytes:
    head = b"X\n" + struct.pack(">III", 3, 0x40201, 0x30500) + struct.pack(">I", 5) + b"UTF-8"
    return gzip.compress(head + struct.pack(">IIII", 16, 1, 0x40009, len(data)) + data)


def _netcdf(data: bytes) -> bytes:
    pad = bytes(-len(data) % 4)
    note = struct.pack(">I", 4) + b"note" + struct.pack(">II", 2, len(data)) + data + pad
    return b"CDF\1" + struct.pack(">IIIII", 0, 0, 0, 12, 1) + note + bytes(8)


def _lua(data: bytes) -> bytes:
    return (
        b"\x1bLua\x51\0\1\4\x08\4\x08\0"
        + bytes(20)
        + struct.pack("<Q", len(data) + 1)
        + data
        + b"\0"
    )


def _class(data: bytes) -> bytes:
    pool = b"\1" + struct.pack(">H", len(data)) + data
    return b"\xca\xfe\xba\xbe\0\0\0\x34\0\2" + pool + bytes(20)


def _pe(data: bytes) -> bytes:
    return (b"MZ" + bytes(58) + b"\x40\0\0\0PE\0\0").ljust(512, b"\0") + _wide(data) + bytes(40)


def _cab(data: bytes) -> bytes:
    block = struct.pack("<IHH", 0, len(data), len(data)) + data
    head = b"MSCF" + struct.pack("<IIIIIBBHHHHH", 0, 68 + len(block), 0, 44, 0, 3, 1, 1, 1, 0, 1, 0)
    return (
        head
        + struct.pack("<IHH", 68, 1, 0)
        + struct.pack("<IIHHHH", len(data), 0, 0, 0, 0, 32)
        + b"a.tx\0"
        + b"\0\0\0"
        + block
    )


def _seven(data: bytes) -> bytes:
    """An archive of 7-Zip whose file is packed, its list behind it."""
    packed = lzma.compress(data, lzma.FORMAT_RAW, filters=[{"id": lzma.FILTER_LZMA2}])
    end = b"\1\4\6\0\1\x09" + bytes([len(packed)]) + b"\0\7\x0b\1\0\1\x21\x21\1\x18\x0c"
    end += bytes([len(data)]) + b"\0\0\5\1\x11\5\0a\0\0\0\0\0"
    start = struct.pack("<QQI", len(packed), len(end), zlib.crc32(end))
    return b"7z\xbc\xaf\x27\x1c\0\4" + struct.pack("<I", zlib.crc32(start)) + start + packed + end


def _lzw(data: bytes) -> bytes:
    """compress: codes of nine bits, each a letter."""
    bits = "".join(f"{byte:09b}"[::-1] for byte in data)
    bits += "0" * (-len(bits) % 8)
    body = bytes(int(bits[n : n + 8][::-1], 2) for n in range(0, len(bits), 8))
    return b"\x1f\x9d\x90" + body


def _szdd(data: bytes) -> bytes:
    body = b"".join(b"\xff" + data[n : n + 8] for n in range(0, len(data), 8))
    return b"SZDD\x88\xf0\x27\x33A\0" + struct.pack("<I", len(data)) + body


def _woff(data: bytes) -> bytes:
    packed = zlib.compress(_wide(data, "be"))
    head = b"wOFF\0\1\0\0" + struct.pack(
        ">IHHIHHIIIII", 64 + len(packed), 1, 0, 99, 1, 0, 0, 0, 0, 0, 0
    )
    return head + b"name" + struct.pack(">IIII", 64, len(packed), 2 * len(data), 0) + packed


def _git_object(data: bytes) -> bytes:
    return zlib.compress(b"blob %d\0" % len(data) + data)


def _git_pack(data: bytes) -> bytes:
    size = len(data)
    head = bytes((0x80 | 0x30 | size & 15, size >> 4))
    return b"PACK\0\0\0\2\0\0\0\1" + head + zlib.compress(data) + bytes(20)


def _flash(data: bytes) -> bytes:
    return b"CWS\x09" + struct.pack("<I", len(data) + 8) + zlib.compress(data)


def _winmail(data: bytes) -> bytes:
    return b"\x78\x9f\x3e\x22\1\0\2\x0c\x80\1\0" + struct.pack("<I", len(data)) + data + b"\0\0"


def _syslog(data: bytes) -> bytes:
    return b"\x1e\x0f" + b"\0" * 10 + struct.pack(">I", len(data)) + zlib.compress(data)


def _mo(data: bytes) -> bytes:
    return (
        struct.pack("<IIIIIII", 0x950412DE, 0, 1, 28, 36, 0, 44)
        + struct.pack("<II", 1, 44)
        + (struct.pack("<II", len(data), 46) + b"a\0" + data + b"\0")
    )


def _glb(data: bytes) -> bytes:
    text = b'{"asset":{"extras":"' + data + b'"}}'
    text += b" " * (-len(text) % 4)
    return b"glTF" + struct.pack("<III", 2, 20 + len(text), len(text)) + b"JSON" + text


def _stl(data: bytes) -> bytes:
    return data.ljust(80) + struct.pack("<I", 0)


def _every(step: int) -> Pack:
    """Each letter with so many zeros behind it."""
    return lambda data: b"".join(bytes([byte]) + bytes(step) for byte in data)


MORE_FILES: Mapping[str, Pack] = {
    "DER": lambda d: _der(0x30, _der(2, b"\1") + _der(0x0C, d)),
    "DER, letters of two bytes": lambda d: _der(0x30, _der(2, b"\1") + _der(0x1E, _wide(d, "be"))),
    "DER, pieces": _der_pieces,
    "DER in PEM": _pem,
    "LDAP": lambda d: _der(0x30, _der(2, b"\1") + _der(0x66, _der(4, b"cn=a") + _der(4, d))),
    "DNS": _labels,
    "MQTT": _mqtt,
    "AMQP": lambda d: b"\3\0\1" + struct.pack(">I", len(d)) + d + b"\xce",
    "Kafka": _kafka(bytes, 0),
    "Kafka, gzip": _kafka(gzip.compress, 1),
    "Redis": _resp,
    "memcached": lambda d: b"set a 0 0 %d\r\n%b\r\n" % (len(d), d),
    "PostgreSQL": lambda d: b"Q" + struct.pack(">I", len(d) + 5) + d + b"\0",
    "MySQL": lambda d: struct.pack("<I", len(d) + 1)[:3] + b"\0\3" + d,
    "HTTP, chunked": _chunked(bytes, b"identity"),
    "HTTP, chunked, gzip": _chunked(gzip.compress, b"gzip"),
    "HTTP/2": _frame_of_http2,
    "FlatBuffers": _flat,
    "Cap'n Proto, packed": _capnp_packed,
    "UBJSON": _ubjson,
    "Smile": _smile,
    "Ion, binary": _ion,
    "MATLAB": _matlab,
    "FITS": _fits,
    "R": _rds,
    "NetCDF": _netcdf,
    "Lua": _lua,
    "a class of Java": _class,
    "a program of Windows": _pe,
    "CAB": _cab,
    "7-Zip": _seven,
    "compress": _lzw,
    "SZDD": _szdd,
    "WOFF": _woff,
    "object of Git": _git_object,
    "pack of Git": _git_pack,
    "Flash": _flash,
    "mail of Windows": _winmail,
    "GELF, chunk": _syslog,
    "messages of gettext": _mo,
    "glTF": _glb,
    "STL": _stl,
    "TIFF, title": _tiff,
    "GIF, comment": _gif,
    "an icon": _icon,
    "WebP, XMP": lambda d: _riff(b"WEBP", b"VP8L\5\0\0\0\x2f\0\0\0\0", _tlv(b"XMP ", d, "<")),
    "AVI, title": lambda d: _riff(b"AVI ", _tlv(b"LIST", b"INFO" + _tlv(b"INAM", d, "<"), "<")),
    "AIFF, notes": lambda d: _tlv(b"FORM", b"AIFF" + _tlv(b"ANNO", d)),
    "FLAC, comment": _flac,
    "MIDI, text": _midi,
    "MP4, user data": lambda d: _box(b"ftyp", b"isom\0\0\2\0isom") + _box(
        b"moov", _box(b"udta", _box(b"name", d))),
    "QuickTime, free": lambda d: _box(b"ftyp", b"qt  \0\0\2\0qt  ") + _box(b"free", d),
    "TrueType, name": lambda d: b"\0\1\0\0\0\1\0\x10\0\0\0\0name" + struct.pack(
        ">III", 0, 28, len(d)) + _wide(d, "be"),
    "KMZ": zip_of(("doc.kml", lambda d: b"<kml><name>" + d + b"</name></kml>")),
    "DOCX, letters": zip_of(("[Content_Types].xml", lambda _: b"<Types/>"), (
        "word/document.xml",
        lambda d: b"<w:p>" + b"".join(b"<w:t>%c</w:t>" % b for b in d) + b"</w:p>")),
    "a letter in four": _every(3),
    "a letter in eight": _every(7),
    "turned bits": lambda d: bytes(int(f"{b:08b}"[::-1], 2) for b in d),
    "turned in pairs": lambda d: b"".join(d[n : n + 2][::-1] for n in range(0, len(d), 2)),
    "turned in fours": lambda d: b"".join(d[n : n + 4][::-1] for n in range(0, len(d), 4)),
    "a bit to the left": lambda d: bytes(b << 1 & 255 for b in d),
    "one xored": lambda d: bytes(b ^ 0x5A for b in d),
    "all bits turned": lambda d: bytes(b ^ 0xFF for b in d),
    "bytes plus one": lambda d: bytes(b + 1 & 255 for b in d),
}  # fmt: skip
"""Bytes to bytes."""
