"""Files in a payload, read in a worker: tables, office files, databases, archives, pickles (never
unpickled).
"""

from classifiers.codecs.limits import DEFAULT, Limits
from classifiers.documents.document_job import DocumentJob
from classifiers.payload import Document, Payload, Unread

__all__ = ["read_document"]


def read_document(document: Document, limits: Limits = DEFAULT) -> Payload:
    """Return all that can be read from a document and the files inside it. Never raises, whatever
    its bytes.
    """
    work = DocumentJob(document, limits)
    try:
        work.run()
    except Exception as error:  # noqa: BLE001 - boundary: no document may break the worker
        work.payload.unread.append(
            Unread(f"the document's reader failed ({type(error).__name__})", document.path)
        )
    return work.payload
