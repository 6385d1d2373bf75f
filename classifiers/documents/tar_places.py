"""What a TAR file holds beside its files: owners, links, records in front of a file, the unused
rest of headers and blocks, and whatever stands behind its end.
"""

import tarfile
from collections.abc import Iterator, Sequence

from classifiers.documents.reader import Work
from classifiers.payload import Document

_BLOCK = 512
_TEXT_FIELDS = ((0, 100), (157, 257), (265, 297), (297, 329), (345, 512))
"""Places in a header that hold texts: name, link, owner, group, and the rest of it."""
_NUMBERS = b"01234567 \0"
_RECORDS = b"xgXLKNV"
"""Types of headers whose content tells of the next file, or of all."""
_TYPE, _SIZE = 156, slice(124, 136)


def read_beside(infos: Sequence[tarfile.TarInfo], document: Document, work: Work) -> None:
    """Read what stands beside the files of an archive; of what is no text it is said so."""
    texts: dict[bytes, None] = {}
    pieces: dict[bytes, None] = {}
    at = 0
    for number, info in enumerate(infos):
        block = -(-at // _BLOCK) * _BLOCK
        pieces[document.data[at:block]] = None
        named, records = _in_front(document.data[block : info.offset_data])
        texts |= dict.fromkeys(named)
        pieces |= dict.fromkeys(records)
        following = infos[number + 1].offset if number + 1 < len(infos) else None
        at = _end(info, following)
    pieces[document.data[at:]] = None
    work.text(b"\n".join(texts).decode("utf-8", "replace"), "file name", document.path)
    for number, piece in enumerate(
        stripped for piece in pieces if (stripped := piece.strip(b"\0"))
    ):
        place = (*document.path, f"(beside the files {number})")
        if not work.allow(len(piece), place):
            return
        work.member(piece, None, place)


def _end(info: tarfile.TarInfo, following: int | None) -> int:
    """Return where the content of a file ends."""
    if info.sparse is not None and following is not None:
        return following
    return info.offset_data + (info.size if info.isreg() else 0)


def _in_front(data: bytes) -> tuple[list[bytes], list[bytes]]:
    """Return the texts of the headers in front of a file, and the content of those that have
    one.
    """
    texts: list[bytes] = []
    records: list[bytes] = []
    at = 0
    while at + _BLOCK <= len(data):
        head = data[at : at + _BLOCK]
        at += _BLOCK
        texts += _texts(head)
        if head[_TYPE] in _RECORDS:
            size = -(-_number(head[_SIZE]) // _BLOCK) * _BLOCK
            records.append(data[at : at + size])
            at += size
    return texts, records


def _texts(head: bytes) -> Iterator[bytes]:
    for start, end in _TEXT_FIELDS:
        for text in head[start:end].split(b"\0"):
            if text.strip(_NUMBERS):
                yield text


def _number(field: bytes) -> int:
    try:
        return int(field.strip(b"\0 ") or b"0", 8)
    except ValueError:
        return 0
