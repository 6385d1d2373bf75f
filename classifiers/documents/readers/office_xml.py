"""DOCX, PPTX and OpenDocument text: the words of the XML parts, comments and notes included, and
files embedded.
"""

import re
import zipfile
from io import BytesIO

from classifiers.documents.package import fits, read_member, read_part
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
_TEXT = re.compile(
    r"^(word|ppt|docProps|customXml)/[\w./-]+\.xml$|^(content|meta|styles)\.xml$", re.IGNORECASE
)
_DULL = re.compile(
    r"(theme|styles|settings|fontTable|webSettings|numbering|Layout|Master|presProps|viewProps|tableStyles)"
)


def read(document: Document, work: Work) -> None:
    """Read every part that holds words."""
    if not fits(document, work):
        return
    pictures = 0
    with zipfile.ZipFile(BytesIO(document.data)) as archive:
        for info in archive.infolist():
            name = info.filename
            if "/embeddings/" in name or name.startswith("Object "):
                data = read_member(archive, info, document, work)
                if data and not name.endswith(".xml"):
                    work.member(data, name.rpartition("/")[2], (*document.path, name))
            elif "/media/" in name or name.startswith("Pictures/"):
                pictures += 1
            elif _TEXT.match(name) and not _DULL.search(name):
                read_part(read_member(archive, info, document, work), name, document, work)
    if pictures:
        work.unread(f"{pictures} pictures inside are not read", document.path)
