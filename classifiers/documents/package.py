"""Office packages (ZIP with XML parts): sizes checked first, parts read within limits, words and
attributes taken out of markup, all other parts read as files.
"""

import re
import zipfile
from collections.abc import Callable, Container
from io import BytesIO

from classifiers.codecs.charset import text_of
from classifiers.decoding.xml_text import unescaped
from classifiers.documents.reader import Work
from classifiers.documents.sniff import entries
from classifiers.documents.zip_places import read_beside
from classifiers.payload import Document

_SIGNS_OF_RATIO = 1 << 20
_BREAKS = re.compile(
    r"</(?!(?:w:|a:|text:)?(?:r|t|rPr|span|a|ins|del|hyperlink|smartTag|sdt|sdtContent)>)[^<>]*>"
    r"|<(?:w:br|a:br|text:line-break)[^<>]*>"
)
"""What ends a text: all that closes but what stands inside of a word."""
_TABS = re.compile(r"</(?:w:tc|a:tc|table:table-cell)>|<(?:w:tab|text:tab)[^<>]*/>|<text:s[^<>]*/>")
_TAGS = re.compile(r"<[^<>]*>")
_LONG = 9
"""Characters of an attribute that may be a value: those of numbers and colours are shorter."""
_ATTRIBUTES = re.compile(r"=\s?(?:\"([^\"<>]{9,})\"|'([^'<>]{9,})')")
_EMPTY: frozenset[str] = frozenset()
type ReadPart = Callable[[str, str], str | None]
"""Told the name and the text of a part: returns what of it is to be read; None: all."""


def fits(document: Document, work: Work) -> bool:
    """True when the archive's directory promises sizes within the limits: calamine itself has
    none.
    """
    limits = work.limits
    if entries(document.data) > limits.members:
        work.unread("more files inside than are read", document.path)
        return False
    with zipfile.ZipFile(BytesIO(document.data)) as archive:
        infos = archive.infolist()
    if any(info.flag_bits & 1 for info in infos):
        work.unread("encrypted document", document.path)
        return False
    sheets = [info for info in infos if info.filename.endswith((".xml", ".bin", ".rels"))]
    for info in sheets:
        packed_well = (
            info.file_size > _SIGNS_OF_RATIO and info.file_size > info.compress_size * limits.ratio
        )
        if info.file_size > limits.member_bytes or packed_well:
            work.unread("unpacks to more than is read (decompression limit)", document.path)
            return False
    if sum(info.file_size for info in sheets) > limits.total_bytes:
        work.unread("unpacks to more than is read (decompression limit)", document.path)
        return False
    return True


def read_member(
    archive: zipfile.ZipFile, info: zipfile.ZipInfo, document: Document, work: Work
) -> bytes:
    """Return one part within the limits; nothing, with a reason kept, beyond them."""
    with archive.open(info) as file:
        data = file.read(work.limits.member_bytes + 1)
    if len(data) > work.limits.member_bytes or not work.allow(len(data), document.path):
        work.unread(
            "unpacks to more than is read (decompression limit)", (*document.path, info.filename)
        )
        return b""
    return data


def read_parts(
    document: Document, work: Work, known: Container[str] = _EMPTY, cut: ReadPart | None = None
) -> None:
    """Read all parts of a package: the words of XML, whatever is in any other part, and what stands
    beside the parts. `known`: lines that were read elsewhere.
    """
    with zipfile.ZipFile(BytesIO(document.data)) as archive:
        for info in archive.infolist():
            name = info.filename
            data = read_member(archive, info, document, work)
            text = text_of(data)
            if text is not None and text.lstrip("\ufeff \t\r\n").startswith("<"):
                wanted = cut(name, text) if cut is not None else None
                read_part(text if wanted is None else wanted, name, document, work, known)
            elif data:
                work.member(data, name.rpartition("/")[2], (*document.path, name))
        read_beside(archive, document, work)


def read_part(
    text: str, name: str, document: Document, work: Work, known: Container[str] = _EMPTY
) -> None:
    """Add the words of one XML part, and its long attributes; lines that are known are left out."""
    words = _TAGS.sub("", _BREAKS.sub("\n", _TABS.sub("\t", text)))
    words = unescaped("\n".join(line for line in words.split("\n") if not line.isspace() and line))
    path = (*document.path, name)
    if words := _without(words, known):
        work.text(words, None, path)
    values = dict.fromkeys(one or other for one, other in _ATTRIBUTES.findall(text))
    if told := _without(unescaped("\n".join(values)), known):
        work.text(told, None, (*path, "(attributes)"))


def _without(text: str, known: Container[str]) -> str:
    if not known:
        return text.strip()
    return "\n".join(line for line in text.split("\n") if line.strip() not in known).strip()
