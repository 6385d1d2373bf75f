"""What a run of bytes is, told by its first bytes: a packed stream, a document, a picture, a sound
or a film. The one table.
"""

import re
from typing import NamedTuple

from classifiers.codecs.packed import is_plain


class Magic(NamedTuple):
    """How one kind of file begins."""

    start: bytes
    media_type: str
    at: int = 0
    """Offset of `start` in the file."""
    worded: bool = False
    """True where text may begin so: then it is a file only when no text follows."""


_ZIP, TAR = "application/zip", "application/x-tar"
_PARQUET, _PICKLE = "application/vnd.apache.parquet", "application/x-pickle"
_ARROW_STREAM = "application/vnd.apache.arrow.stream"
_MP3 = "audio/mpeg"
MAGICS = (
    Magic(b"\x1f\x8b\x08", "application/gzip"),
    Magic(b"\x28\xb5\x2f\xfd", "application/zstd"),
    Magic(b"BZh", "application/x-bzip2"),
    Magic(b"\xfd7zXZ\x00", "application/x-xz"),
    Magic(b"%PDF-", "application/pdf"),
    Magic(b"PK\x03\x04", _ZIP),
    Magic(b"PK\x05\x06", _ZIP),
    Magic(b"PK\x07\x08", _ZIP),
    Magic(b"SQLite format 3\x00", "application/vnd.sqlite3"),
    Magic(b"PAR1", _PARQUET, worded=True),
    Magic(b"PARE", _PARQUET, worded=True),
    Magic(b"ARROW1\x00\x00", "application/vnd.apache.arrow.file"),
    Magic(b"\xff\xff\xff\xff", _ARROW_STREAM),
    Magic(b"FEA1", "application/vnd.apache.feather", worded=True),
    Magic(b"Obj\x01", "application/avro"),
    Magic(b"ORC", "application/x-orc", worded=True),
    Magic(b"\x89HDF\r\n\x1a\n", "application/x-hdf5"),
    Magic(b"\x93NUMPY", "application/x-npy"),
    Magic(b":)\n", "application/x-jackson-smile", worded=True),
    Magic(b"MATLAB 5.0 MAT-file", "application/x-matlab-data", worded=True),
    Magic(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "application/x-ole-storage"),
    Magic(b"{\\rtf", "application/rtf"),
    Magic(b"7z\xbc\xaf\x27\x1c", "application/x-7z-compressed"),
    Magic(b"Rar!\x1a\x07", "application/vnd.rar"),
    Magic(b"MSCF\0\0\0\0", "application/vnd.ms-cab-compressed"),
    Magic(b"\x04\x22\x4d\x18", "application/x-lz4"),
    Magic(b"\xff\x06\0\0sNaPpY", "application/x-snappy-framed"),
    Magic(b"\x89LZO\0\r\n\x1a\n", "application/x-lzop"),
    Magic(b"LZIP\1", "application/x-lzip"),
    Magic(b"\x1f\x9d\x90", "application/x-compress"),
    Magic(b"]\0\0", "application/x-lzma"),
    Magic(b"\x78\x9f\x3e\x22", "application/vnd.ms-tnef"),
    Magic(b"-----BEGIN PGP MESSAGE", "application/pgp-encrypted"),
    Magic(b"age-encryption.org/v1", "application/x-age"),
    Magic(b"\x80\x02", _PICKLE),
    Magic(b"\x80\x03", _PICKLE),
    Magic(b"\x80\x04", _PICKLE),
    Magic(b"\x80\x05", _PICKLE),
    Magic(b"(lp0\n", _PICKLE),
    Magic(b"(dp0\n", _PICKLE),
    Magic(b"(lp1\n", _PICKLE),
    Magic(b"(dp1\n", _PICKLE),
    Magic(b"ccopy_reg\n", _PICKLE),
    Magic(b"cnumpy.", _PICKLE),
    Magic(b"cpandas.", _PICKLE),
    Magic(b"c__builtin__\n", _PICKLE),
    Magic(b"ccollections\n", _PICKLE),
    Magic(b"]q\x00", _PICKLE),
    Magic(b"}q\x00", _PICKLE),
    Magic(b"ustar", TAR, at=257),
    Magic(b"\x89PNG\r\n\x1a\n", "image/png"),
    Magic(b"\xff\xd8\xff", "image/jpeg"),
    Magic(b"GIF87a", "image/gif", worded=True),
    Magic(b"GIF89a", "image/gif", worded=True),
    Magic(b"BM", "image/bmp", worded=True),
    Magic(b"II*\x00", "image/tiff"),
    Magic(b"MM\x00*", "image/tiff"),
    Magic(b"WEBP", "image/webp", at=8),
    Magic(b"8BPS\x00", "image/vnd.adobe.photoshop"),
    Magic(b"\x00\x00\x00\x0cjP  \r\n\x87\n", "image/jp2"),
    Magic(b"\xff\x0a", "image/jxl"),
    Magic(b"ftypheic", "image/heic", at=4),
    Magic(b"ftypheix", "image/heic", at=4),
    Magic(b"ftypmif1", "image/heic", at=4),
    Magic(b"ftypavif", "image/avif", at=4),
    Magic(b"ftypM4A", "audio/mp4", at=4),
    Magic(b"WAVE", "audio/wav", at=8),
    Magic(b"ID3", _MP3, worded=True),
    Magic(b"\xff\xfb", _MP3),
    Magic(b"\xff\xf3", _MP3),
    Magic(b"\xff\xf2", _MP3),
    Magic(b"\xff\xf1", "audio/aac"),
    Magic(b"fLaC", "audio/flac", worded=True),
    Magic(b"OggS\x00", "audio/ogg"),
    Magic(b"#!AMR", "audio/amr", worded=True),
    Magic(b"MThd\x00", "audio/midi"),
    Magic(b"AVI ", "video/x-msvideo", at=8),
    Magic(b"ftyp", "video/mp4", at=4),
    Magic(b"\x1aE\xdf\xa3", "video/webm"),
    Magic(b"FLV\x01", "video/x-flv"),
    Magic(b"\x30\x26\xb2\x75\x8e\x66\xcf\x11", "video/x-ms-asf"),
    Magic(b"\x00\x00\x01\xba", "video/mpeg"),
)
_CODINGS = {
    "application/gzip": "gzip",
    "application/zstd": "zstd",
    "application/x-bzip2": "bzip2",
    "application/x-xz": "xz",
}
_MEDIA = ("image/", "audio/", "video/")
_BZIP2_BLOCKS = (b"1AY&SY", b"\x17rE8P\x90")
_RIFF = b"RIFF"
_BY_FIRST: dict[int, list[Magic]] = {}
_INSIDE: list[Magic] = []
for _magic in MAGICS:
    (_INSIDE if _magic.at else _BY_FIRST.setdefault(_magic.start[0], [])).append(_magic)
_FIRST_OPCODES = b"}](cXUqKMJNG\x8a\x85\x86\x87\x88\x89"
_BINARY_PICKLE = 0x80
_LARGEST_ARROW_HEAD = 1 << 26


def media_type_of(data: bytes, *, part: bool = False) -> str | None:
    """Return the media type that the first bytes name, of any kind; None when they name none.

    `part`: only the beginning is there, some hundred bytes at least.
    """
    for magic in _BY_FIRST.get(data[0], ()) if data else ():
        if data.startswith(magic.start) and _is(magic, data, part):
            return magic.media_type
    for magic in _INSIDE:
        if data.startswith(magic.start, magic.at) and _is(magic, data, part):
            return magic.media_type
    return None


def _is(magic: Magic, data: bytes, part: bool) -> bool:
    """Return True when what follows a kind's first bytes fits it, too."""
    if magic.worded and is_plain(data):
        return False
    if magic.start == b"BZh":
        return data[3:4] in b"123456789" and data[4:10] in _BZIP2_BLOCKS
    if magic.start == b"BM":
        return data[6:10] == b"\0\0\0\0"
    if magic.media_type == _ARROW_STREAM:
        return 0 < int.from_bytes(data[4:8], "little") < _LARGEST_ARROW_HEAD
    if magic.media_type == _PICKLE:
        return _is_pickle(data, part)
    return magic.at != 8 or data.startswith(_RIFF)


def _is_pickle(data: bytes, part: bool) -> bool:
    """From protocol 4 on pickles are framed; before, they begin with an object, and end with a full
    stop.
    """
    if len(data) < 4:
        return False
    if data[0] != _BINARY_PICKLE:
        return part or data.rstrip().endswith(b".")
    if data[1] > 3 and data[2] == 0x95:
        return True
    if part:
        return data[2] in _FIRST_OPCODES
    return data[-8:].rstrip(b"\n")[-1:] == b"."


def coding_of(data: bytes) -> str | None:
    """Return the coding of a packed stream of any kind: `gzip`, `zstd`, `bzip2`, `xz`. The last two
    are slow to undo.
    """
    return _CODINGS.get(media_type_of(data) or "")


def packed_as(data: bytes) -> str | None:
    """Return the coding of a packed stream that is undone in passing: `gzip` or `zstd`."""
    if data.startswith(b"\x1f\x8b\x08"):
        return "gzip"
    return "zstd" if data.startswith(b"\x28\xb5\x2f\xfd") else None


def document_type(data: bytes) -> str | None:
    """Return the media type of a document or archive, one that needs a reader, that the first bytes
    name.
    """
    found = media_type_of(data)
    if found is None or found.startswith(_MEDIA) or packed_as(data):
        return None
    return found


def picture_type(data: bytes) -> str | None:
    """Return the media type of a picture, sound or film."""
    found = media_type_of(data)
    return found if found is not None and found.startswith(_MEDIA) else None


def has_long_mark(data: bytes) -> bool:
    """Return True when data begin with a mark that no other data begin with by accident."""
    marks = _BY_FIRST.get(data[0], ()) if data else ()
    return any(len(m.start) >= _LONG_MARK and data.startswith(m.start) for m in marks)


_LONG_MARK = 6
_TELLING_MARKS = (b"\x1f\x8b\x08", b"\x28\xb5\x2f\xfd", b"PK\x03\x04")


def holds_mark(data: bytes) -> bool:
    """Return True when a packed stream or an archive begins somewhere in the data."""
    return any(mark in data for mark in _TELLING_MARKS)


def is_file(data: bytes) -> bool:
    """Return True when a body begins as a file that only reads as a whole: packed, an archive, a
    workbook, a table file.
    """
    found = media_type_of(data, part=True)
    return found is not None and not found.startswith(_MEDIA)


_FILE_PART = re.compile(
    rb"(?:\r\n\r\n|\n\n)(?=(?:"
    + b"|".join(
        rb".{%d}%b" % (magic.at, re.escape(magic.start))
        for magic in MAGICS
        if not magic.media_type.startswith(_MEDIA)
    )
    + b"))",
    re.DOTALL,
)


def holds_file(data: bytes) -> bool:
    """Return True when a part of a multipart body begins as such a file."""
    return any(
        is_file(data[found.end() : found.end() + 512]) for found in _FILE_PART.finditer(data)
    )
