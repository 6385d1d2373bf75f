"""Kinds that are known and not read: each says so, and why."""

from classifiers.codecs.magic import document_type
from classifiers.decoding.binary import read_runs
from classifiers.decoding.decode_state import Reading
from classifiers.documents.reader import Work
from classifiers.payload import Document
from core.vocabulary.unread import UnreadKind

_REASONS = {
    "application/x-7z-compressed": "7z archives are not read",
    "application/vnd.rar": "RAR archives are not read",
    "application/pgp-encrypted": "encrypted file (PGP)",
    "application/x-age": "encrypted file (age)",
    "application/vnd.ms-cab-compressed": "CAB archives are not read",
    "application/x-lz4": "LZ4 streams are not read",
    "application/x-snappy-framed": "Snappy streams are not read",
    "application/x-lzop": "LZO streams are not read",
    "application/x-lzip": "lzip streams are not read",
    "application/x-lzma": "LZMA streams of the old kind are not read",
    "application/x-compress": "streams of compress (.Z) are not read",
    "application/vnd.ms-tnef": "TNEF attachments (winmail.dat) are not read",
    "application/x-hdf5": "HDF5 files are not read",
    "application/avro": "Avro files are not read",
    "application/x-jackson-smile": "Smile (binary JSON) is not read",
    "application/x-matlab-data": "MAT files are not read",
    "application/vnd.apache.feather": "Feather files of version 1 are not read",
}
_ENCRYPTED = frozenset({"application/pgp-encrypted", "application/x-age"})
MEDIA_TYPES = frozenset(_REASONS)


def read(document: Document, work: Work) -> None:
    """Say why nothing is read, but for what can be read without knowing how."""
    named = document_type(document.data) or ""
    kind = UnreadKind.ENCRYPTED if named in _ENCRYPTED else UnreadKind.CONTENT
    work.unread(_REASONS[named], document.path, kind)
    read_runs(Reading(work.payload, work.limits, document.label), document.data, document.path, 0)
