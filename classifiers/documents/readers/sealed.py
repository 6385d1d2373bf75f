"""Kinds that are known and not read: each says so, and why."""

from classifiers.codecs.magic import document_type
from classifiers.documents.reader import Work
from classifiers.payload import Document

_REASONS = {
    "application/x-7z-compressed": "7z archives are not read",
    "application/vnd.rar": "RAR archives are not read",
    "application/pgp-encrypted": "encrypted file (PGP)",
    "application/x-age": "encrypted file (age)",
    "application/x-hdf5": "HDF5 files are not read",
    "application/avro": "Avro files are not read",
    "application/vnd.apache.feather": "Feather files of version 1 are not read",
}
MEDIA_TYPES = frozenset(_REASONS)


def read(document: Document, work: Work) -> None:
    """Say why nothing is read."""
    work.unread(_REASONS[document_type(document.data) or ""], document.path)
