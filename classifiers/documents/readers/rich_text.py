"""RTF: control words taken away, the words kept."""

from classifiers.codecs.rich_text import shown_text
from classifiers.documents.reader import Work
from classifiers.payload import Document

MEDIA_TYPES = frozenset({"application/rtf"})


def read(document: Document, work: Work) -> None:
    """Read the words."""
    work.text(shown_text(document.data.decode("cp1252", "replace")), None, document.path)
