"""What a run of bytes is, told by its first bytes: a packed stream, a document with a reader, a picture or a sound."""

_DOCUMENTS: tuple[tuple[bytes, str], ...] = (
    (b"%PDF-", "application/pdf"),
    (b"PK\x03\x04", "application/zip"),
    (b"PK\x05\x06", "application/zip"),
    (b"SQLite format 3\x00", "application/vnd.sqlite3"),
    (b"PAR1", "application/vnd.apache.parquet"),
    (b"PARE", "application/vnd.apache.parquet"),
    (b"ARROW1", "application/vnd.apache.arrow.file"),
    (b"FEA1", "application/vnd.apache.feather"),
    (b"\xff\xff\xff\xff", "application/vnd.apache.arrow.stream"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "application/x-ole-storage"),
    (b"7z\xbc\xaf\x27\x1c", "application/x-7z-compressed"),
    (b"Rar!\x1a\x07", "application/vnd.rar"),
    (b"BZh", "application/x-bzip2"),
    (b"\xfd7zXZ\x00", "application/x-xz"),
    (b"\x89HDF\r\n\x1a\n", "application/x-hdf5"),
    (b"\x93NUMPY", "application/x-npy"),
    (b"Obj\x01", "application/avro"),
    (b"ORC", "application/x-orc"),
    (b"-----BEGIN PGP MESSAGE", "application/pgp-encrypted"),
    (b"age-encryption.org/v1", "application/x-age"),
    (b"{\\rtf", "application/rtf"),
)
_PICTURES: tuple[tuple[bytes, str], ...] = (
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
    (b"BM", "image/bmp"),
    (b"II*\x00", "image/tiff"),
    (b"MM\x00*", "image/tiff"),
    (b"ID3", "audio/mpeg"),
    (b"\xff\xfb", "audio/mpeg"),
    (b"\xff\xf3", "audio/mpeg"),
    (b"fLaC", "audio/flac"),
    (b"OggS", "audio/ogg"),
    (b"\x1aE\xdf\xa3", "video/webm"),
)
_FIRST = frozenset(magic[0] for magic, _ in (*_DOCUMENTS, *_PICTURES)) | {
    0x1F,
    0x28,
    0x52,
    0x00,
    0x80,
}


def packed_as(data: bytes) -> str | None:
    """Return the coding of a packed stream: `gzip` or `zstd`."""
    if data.startswith(b"\x1f\x8b\x08"):
        return "gzip"
    return "zstd" if data.startswith(b"\x28\xb5\x2f\xfd") else None


def coding_of(data: bytes) -> str | None:
    """Return the coding of a packed stream of any kind: `gzip`, `zstd`, `bzip2`, `xz`. The last two are slow to undo."""
    if data.startswith(b"BZh"):
        return "bzip2"
    return "xz" if data.startswith(b"\xfd7zXZ\x00") else packed_as(data)


def document_type(data: bytes) -> str | None:
    """Return the media type of a document or archive that its first bytes name."""
    if not data or data[0] not in _FIRST:
        return "application/x-tar" if data[257:262] == b"ustar" else None
    for magic, media_type in _DOCUMENTS:
        if data.startswith(magic):
            return media_type
    if data[:1] == b"\x80" and len(data) > 4 and 2 <= data[1] <= 5:
        framed = data[1] > 3 and data[2] == 0x95
        if framed or data[-8:].rstrip(b"\n")[-1:] == b".":
            return "application/x-pickle"
    return "application/x-tar" if data[257:262] == b"ustar" else None


def picture_type(data: bytes) -> str | None:
    """Return the media type of a picture, sound or film."""
    if not data or data[0] not in _FIRST:
        return None
    for magic, media_type in _PICTURES:
        if data.startswith(magic) and (magic != b"BM" or data[6:10] == b"\0\0\0\0"):
            return media_type
    if data[:4] == b"RIFF":
        return {b"WEBP": "image/webp", b"WAVE": "audio/wav"}.get(data[8:12], "video/x-msvideo")
    if data[4:8] == b"ftyp":
        return "image/heic" if data[8:12] in {b"heic", b"heix", b"mif1", b"avif"} else "video/mp4"
    return None
