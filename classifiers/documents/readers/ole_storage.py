"""Old office files: XLS through calamine; encrypted new ones named; of the others the readable
runs.
"""

from classifiers.decoding.binary import read_runs
from classifiers.decoding.decode_state import Reading
from classifiers.documents.reader import Work
from classifiers.documents.readers.spreadsheet import read_workbook
from classifiers.payload import Document
from core.vocabulary.unread import UnreadKind

MEDIA_TYPES = frozenset({"application/x-ole-storage"})
_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")
_SHEETS = ("Workbook".encode("utf-16-le") + b"\0\0", "Book".encode("utf-16-le") + b"\0\0")


def read(document: Document, work: Work) -> None:
    """Read an XLS, name an encrypted document, show the readable runs of anything else."""
    if _ENCRYPTED in document.data:
        work.unread("encrypted document", document.path, UnreadKind.ENCRYPTED)
        return
    if any(mark in document.data for mark in _SHEETS):
        read_workbook(document, work)
        return
    work.unread("an old office file: only its readable parts were read", document.path)
    reading = Reading(work.payload, work.limits, document.label)
    read_runs(reading, document.data, document.path, 0)
    read_runs(reading, document.data.replace(b"\0", b""), document.path, 0)
