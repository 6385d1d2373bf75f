"""What a document is: by its first bytes, then by its name, then by what the sender calls it."""

import zipfile
from io import BytesIO

from classifiers.codecs.magic import document_type, packed_as

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
PPTX = "application/vnd.openxmlformats-officedocument.presentationml.presentation"
ODF = "application/vnd.oasis.opendocument."
ODS = ODF + "spreadsheet"
CSV = "text/csv"
_TEXT_TABLES = (".csv", ".tsv", ".tab", ".psv")
_MAX_ENTRIES = 20_000


def sniff(data: bytes, declared: str | None, name: str | None) -> str | None:
    """Return the media type to read `data` as; None when only its text can tell."""
    found = document_type(data)
    if found == "application/zip":
        return _zip_type(data)
    if found:
        return found
    if coding := packed_as(data):
        return {"gzip": "application/gzip", "zstd": "application/zstd"}[coding]
    if (name or "").lower().endswith(_TEXT_TABLES):
        return CSV
    return declared if declared in {CSV, "text/tab-separated-values"} else None


def entries(data: bytes) -> int:
    """Return how many members the end record of a ZIP claims; a million when it claims too many to
    say.
    """
    at = data.rfind(b"PK\x05\x06")
    count = int.from_bytes(data[at + 10 : at + 12], "little") if at >= 0 else 0
    return 1_000_000 if count == 0xFFFF else count


def _zip_type(data: bytes) -> str:
    if entries(data) > _MAX_ENTRIES:
        return "application/zip"
    try:
        with zipfile.ZipFile(BytesIO(data)) as archive:
            names = set(archive.namelist())
            if "mimetype" in names and archive.getinfo("mimetype").file_size < 200:
                kind = archive.read("mimetype").decode("ascii", "replace").strip()
                return kind if kind.startswith(ODF) else "application/zip"
    except Exception:  # noqa: BLE001 - boundary: zipfile and zlib raise many kinds of errors on hostile bytes
        return "application/zip"
    for mark, media_type in (
        ("xl/workbook.", XLSX),
        ("word/document.", DOCX),
        ("ppt/presentation.", PPTX),
        ("ppt/slides/", PPTX),
    ):
        if any(name.startswith(mark) for name in names):
            return media_type
    return "application/zip"
