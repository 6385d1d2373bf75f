"""Files that were sent, in words; and what a file is, by its name."""

from collections.abc import Mapping
from types import MappingProxyType

from core.record import Record
from core.sent_file import FilesLook, FoundBy, Label, SameAs, SentFile
from core.vocabulary.sizes import counted, size

SAME: Mapping[SameAs, str] = MappingProxyType(
    {
        SameAs.BYTES: "same bytes",
        SameAs.DECODED: "same bytes after decoding",
        SameAs.OPEN: "was open in this run",
    }
)
FOUND_BY: Mapping[FoundBy, str] = MappingProxyType(
    {
        FoundBy.DESCRIPTOR: "it was open",
        FoundBy.OPENED: "it was opened earlier in this run",
        FoundBy.COMMAND_LINE: "it was named on the command line",
        FoundBy.REQUEST: "the request names it",
        FoundBy.SCRIPT: "the script names it",
        FoundBy.FOLDER: "it lies in the working folder",
        FoundBy.BESIDE: "it lies beside the script",
    }
)
LOOKS: Mapping[FilesLook, str] = MappingProxyType(
    {
        FilesLook.WHOLE: "the files near the sender were looked at",
        FilesLook.IN_PART: "there were more or larger files near the sender than are looked at",
        FilesLook.NO_RIGHTS: "some files of the sender may not be read",
        FilesLook.ENDED: "the sender had ended, and what it had open is not known",
        FilesLook.UNNAMED: "nobody could tell whose files to look at",
        FilesLook.STREAMED: "the body is too large to be held",
        FilesLook.CONVERSATION: "messages of a conversation are not compared with files",
        FilesLook.TIME_USED_UP: "the sender's share of time for looks at its files was used up",
        FilesLook.LATE: "the files of the sender could not be looked at in time",
        FilesLook.FAILED: "the files of the sender could not be looked at",
        FilesLook.NOBODY: "nobody looks at the files of senders here",
    }
)
"""What became of the look, in words."""
LABELS: Mapping[Label, str] = MappingProxyType(
    {
        Label.SPREADSHEET: "spreadsheet",
        Label.TABLE: "table",
        Label.DATASET: "data set",
        Label.DATABASE: "database",
        Label.EXPORT: "export",
        Label.LOG: "log",
        Label.KEY_FILE: "key file",
        Label.DOCUMENT: "document",
        Label.MAIL: "mail",
        Label.PICTURE: "picture",
        Label.ARCHIVE: "archive",
        Label.SOURCE: "source code",
        Label.TEXT: "text",
        Label.OTHER: "file",
    }
)
_SUFFIXES: Mapping[Label, str] = MappingProxyType(
    {
        Label.KEY_FILE: "pem key p12 pfx jks keystore kdbx ppk asc gpg env ovpn token crt cer der",
        Label.SPREADSHEET: "xlsx xls xlsm xlsb ods numbers xltx",
        Label.TABLE: "csv tsv psv tab",
        Label.DATASET: (
            "parquet feather arrow orc avro npy npz pkl pickle h5 hdf5 sav dta sas7bdat rds"
        ),
        Label.DATABASE: "db sqlite sqlite3 db3 mdb accdb dump sql bak duckdb frm ibd dbf",
        Label.LOG: "log trace",
        Label.EXPORT: "json jsonl ndjson xml yaml yml hl7 fhir",
        Label.DOCUMENT: "pdf docx doc odt rtf pptx ppt odp pages tex epub",
        Label.MAIL: "eml msg mbox pst ost vcf ics",
        Label.PICTURE: "png jpg jpeg gif bmp tif tiff webp heic svg dcm",
        Label.ARCHIVE: "zip gz tgz tar bz2 xz 7z rar zst",
        Label.SOURCE: "py ipynb js ts java c cpp h go rs rb php sh ps1 r",
        Label.TEXT: "txt md rst html htm",
    }
)
_BY_SUFFIX = {end: label for label, ends in _SUFFIXES.items() for end in ends.split()}
_KEY_NAMES = frozenset(
    "id_rsa id_dsa id_ecdsa id_ed25519 .netrc .pgpass credentials .htpasswd".split()
)
_EXPORT_WORDS = ("export", "dump", "backup", "extract")


def label_of(path: str) -> Label:
    """Return what kind of file this is, by its name alone."""
    name = path.replace("\\", "/").rpartition("/")[2].casefold()
    if name in _KEY_NAMES or name.startswith(".env"):
        return Label.KEY_FILE
    stem, _, suffix = name.rpartition(".")
    label = _BY_SUFFIX.get(suffix, Label.OTHER) if stem else Label.OTHER
    if label is Label.ARCHIVE and (inner := _BY_SUFFIX.get(stem.rpartition(".")[2])) is not None:
        label = inner
    is_export = any(word in name for word in _EXPORT_WORDS)
    return Label.EXPORT if is_export and label in _MAY_BE_EXPORT else label


_MAY_BE_EXPORT = frozenset({Label.TEXT, Label.OTHER, Label.ARCHIVE, Label.TABLE})


def look_words(record: Record) -> str | None:
    """Return why more files may be in a request than its record names: `looked at in part: …`, `not
    looked at: …`; None where that is all that there are.
    """
    look = record.files_look
    if look is None:
        empty = record.request.bytes == 0 and record.request.complete
        return None if empty else f"not looked at: {_unasked(record)}"
    if look is FilesLook.WHOLE:
        return None
    in_part = record.files or look in _IN_PART
    return f"{'looked at in part' if in_part else 'not looked at'}: {LOOKS[look]}"


def files_told(record: Record) -> list[str]:
    """Return its files, each with its path and what is proven; and why these are not all."""
    told = [f"{one.path}: {file_words(one)}" for one in record.files]
    look = look_words(record)
    return told if look is None else [*told, look]


def _unasked(record: Record) -> str:
    other = record.sender.is_python is False
    return "its sender is no Python program" if other else "nothing asked for it"


_IN_PART = frozenset({FilesLook.IN_PART, FilesLook.NO_RIGHTS, FilesLook.ENDED})


def file_words(file: SentFile) -> str:
    """Return `customers.csv (table, 15,000 rows, 1.2 MB, of ada, last changed 2026-10-15): same
    bytes`.
    """
    told = [LABELS[file.label]]
    if file.rows is not None:
        told.append(counted(file.rows, "row"))
    told.append(size(file.size))
    if file.owner:
        told.append(f"of {file.owner}")
    if file.modified_at is not None:
        told.append(f"last changed {file.modified_at:%Y-%m-%d}")
    said = SAME[file.same]
    if file.read_to is not None:
        said += f", read as far as {size(file.read_to)}"
    if file.copies > 1:
        said += f"; {counted(file.copies, 'file')} near the sender have this content"
    return f"{file.name} ({', '.join(told)}): {said}"
