"""DOCX, PPTX and OpenDocument text: the words of the XML parts, comments and notes included, and
files embedded.
"""

from classifiers.documents.package import fits, read_parts
from classifiers.documents.reader import Work
from classifiers.documents.sniff import DOCX, ODF, PPTX
from classifiers.payload import Document

MEDIA_TYPES = frozenset(
    {
        DOCX,
        PPTX,
        ODF + "text",
        ODF + "presentation",
        ODF + "graphics",
        ODF + "text-template",
        ODF + "formula",
    }
)


def read(document: Document, work: Work) -> None:
    """Read every part."""
    if fits(document, work):
        read_parts(document, work)
