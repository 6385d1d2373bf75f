"""DOCX, PPTX and OpenDocument text: the words of the XML parts, comments and notes included, and files embedded."""

import html
import re
import zipfile
from io import BytesIO

from classifiers.documents.readers.spreadsheet import fits
from classifiers.documents.reading import Work
from classifiers.documents.sniff import DOCX, ODF, PPTX
from classifiers.payload import Document

MEDIA_TYPES = frozenset(
    {DOCX, PPTX, ODF + "text", ODF + "presentation", ODF + "graphics", ODF + "text-template", ODF + "formula"}
)
_TEXT = re.compile(r"^(word|ppt|docProps|customXml)/[\w./-]+\.xml$|^(content|meta|styles)\.xml$", re.IGNORECASE)
_DULL = re.compile(
    r"(theme|styles|settings|fontTable|webSettings|numbering|Layout|Master|presProps|viewProps|tableStyles)"
)
_BREAKS = re.compile(r"</(?:w:p|a:p|text:p|text:h|w:tr|a:tr|table:table-row)>|<(?:w:br|a:br|text:line-break)[^<>]*>")
_TABS = re.compile(r"</(?:w:tc|a:tc|table:table-cell)>|<(?:w:tab|text:tab)[^<>]*/>|<text:s[^<>]*/>")
_TAGS = re.compile(r"<[^<>]*>")


def read(document: Document, work: Work) -> None:
    """Read every part that holds words."""
    if not fits(document, work):
        return
    pictures = 0
    with zipfile.ZipFile(BytesIO(document.data)) as archive:
        for info in archive.infolist():
            name = info.filename
            if "/embeddings/" in name or name.startswith("Object "):
                data = _member(archive, info, document, work)
                if data and not name.endswith(".xml"):
                    work.member(data, name.rpartition("/")[2], (*document.path, name))
            elif "/media/" in name or name.startswith("Pictures/"):
                pictures += 1
            elif _TEXT.match(name) and not _DULL.search(name):
                _part(_member(archive, info, document, work), name, document, work)
    if pictures:
        work.unread(f"{pictures} pictures inside are not read", document.path)


def _member(archive: zipfile.ZipFile, info: zipfile.ZipInfo, document: Document, work: Work) -> bytes:
    with archive.open(info) as file:
        data = file.read(work.limits.member_bytes + 1)
    if len(data) > work.limits.member_bytes or not work.allow(len(data), document.path):
        work.unread("unpacks to more than is read (decompression limit)", (*document.path, info.filename))
        return b""
    return data


def _part(data: bytes, name: str, document: Document, work: Work) -> None:
    text = data.decode("utf-8", "replace")
    if name.startswith("docProps/") or name == "meta.xml":
        text = text.replace("</", "\n</")
    words = html.unescape(_TAGS.sub("", _TABS.sub("\t", _BREAKS.sub("\n", text)))).strip()
    if words:
        work.text(words, None, (*document.path, name))
