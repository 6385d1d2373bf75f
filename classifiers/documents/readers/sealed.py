"""Kinds that are known and not read: each says so, and why."""

from classifiers.documents.document_job import Work
from classifiers.payload import Document

_REASONS = {
    "application/x-7z-compressed": "7z archives are not read",
    "application/vnd.rar": "RAR archives are not read",
    "application/pgp-encrypted": "encrypted file (PGP)",
    "application/x-age": "encrypted file (age)",
    "application/x-hdf5": "HDF5 files are not read",
    "application/x-npy": "NumPy arrays are not read",
    "application/avro": "Avro files are not read",
    "application/x-orc": "ORC files are not read",
    "application/vnd.apache.feather": "Feather files of version 1 are not read",
}
MEDIA_TYPES = frozenset(_REASONS)


def read(document: Document, work: Work) -> None:
    """Say why nothing is read."""
    for media_type, reason in _REASONS.items():
        if _is(document.data, media_type):
            work.unread(reason, document.path)
            return


def _is(data: bytes, media_type: str) -> bool:
    from classifiers.codecs.magic import document_type

    return document_type(data) == media_type
