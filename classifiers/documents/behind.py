"""What stands behind the end of a document, where its readers do not look, and the bytes that
stand in its cells.
"""

from classifiers.codecs.charset import readable_runs, text_of
from classifiers.decoding.body import drain
from classifiers.decoding.decode_state import Reading
from classifiers.decoding.decoded import read_decoded
from classifiers.documents.reader import Work
from classifiers.payload import Document, Path

_HASH = 64
"""Bytes of the longest hash: unknown bytes in a cell that are no longer may be one."""


def read_behind(rest: bytes, document: Document, work: Work, what: str = "its end") -> None:
    """Read what stands there as any file; zero bytes are padding."""
    rest, path = rest.strip(b"\0"), (*document.path, f"(behind {what})")
    if rest and work.allow(len(rest), path):
        work.member(rest, None, path)


def cell_of(data: bytes, key: str, path: Path, work: Work) -> str:
    """Return the text of a cell that is bytes, or of its readable parts; a file in it is read, of
    anything else that is longer than a hash it is said that it was not.
    """
    if (text := text_of(data)) is not None:
        return text
    reading = Reading(work.payload, work.limits)
    if not read_decoded(reading, data, key, path, 0) and len(data) > _HASH:
        work.unread("binary data in no known format in a cell", path)
    drain(reading)
    return readable_runs(data).decode("utf-8", "replace").replace("\n", " ")
