"""Office packages (ZIP with XML parts): sizes checked first, parts read within limits, words taken
out of markup.
"""

import re
import zipfile
from io import BytesIO

from classifiers.decoding.xml_text import unescaped
from classifiers.documents.reader import Work
from classifiers.documents.sniff import entries
from classifiers.payload import Document

_SIGNS_OF_RATIO = 1 << 20
_BREAKS = re.compile(
    r"</(?:w:p|a:p|text:p|text:h|w:tr|a:tr|table:table-row)>|<(?:w:br|a:br|text:line-break)[^<>]*>"
)
_TABS = re.compile(r"</(?:w:tc|a:tc|table:table-cell)>|<(?:w:tab|text:tab)[^<>]*/>|<text:s[^<>]*/>")
_TAGS = re.compile(r"<[^<>]*>")


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


def read_part(data: bytes, name: str, document: Document, work: Work) -> None:
    """Add the words of one XML part."""
    text = data.decode("utf-8", "replace")
    if name.startswith("docProps/") or name == "meta.xml":
        text = text.replace("</", "\n</")
    words = unescaped(_TAGS.sub("", _TABS.sub("\t", _BREAKS.sub("\n", text)))).strip()
    if words:
        work.text(words, None, (*document.path, name))
