"""ZIP archives: members within the limits, encrypted ones named."""

import zipfile
import zlib
from io import BytesIO

from classifiers.codecs.deflate import checksum, inflated
from classifiers.documents.reader import Work
from classifiers.documents.sniff import entries
from classifiers.documents.zip_places import packed_content, read_beside
from classifiers.payload import Document
from core.vocabulary.unread import UnreadKind

MEDIA_TYPES = frozenset({"application/zip"})
_MAX_DIRECTORY = 50_000


def read(document: Document, work: Work) -> None:
    """Queue every member that can be unpacked."""
    if entries(document.data) > _MAX_DIRECTORY:
        work.unread("the archive claims more files than are read", document.path)
        return
    try:
        archive = zipfile.ZipFile(BytesIO(document.data))
    except (zipfile.BadZipFile, ValueError, NotImplementedError, OSError):
        work.unread("the archive is broken", document.path)
        return
    with archive:
        infos = archive.infolist()
        work.text("\n".join(info.filename for info in infos), "file name", document.path)
        read_beside(archive, document, work)
        for info in infos:
            if info.compress_size and not _member(archive, info, document, work):
                return


def _member(
    archive: zipfile.ZipFile, info: zipfile.ZipInfo, document: Document, work: Work
) -> bool:
    """Queue one member; False when the archive's limits are used up."""
    path, limits = (*document.path, info.filename), work.limits
    if info.flag_bits & 0x1:
        work.unread("encrypted archive", document.path, UnreadKind.ENCRYPTED)
        return True
    most = min(limits.member_bytes, max(limits.ratio_from, info.compress_size * limits.ratio))
    try:
        data, rest = _unpacked(archive, info, document.data, most + 1)
    except NotImplementedError:
        work.unread("encrypted or unknown packing inside the archive", path)
        return True
    except (zipfile.BadZipFile, zlib.error, OSError, EOFError, RuntimeError, ValueError):
        work.unread("a file inside the archive is broken", path)
        return True
    if not work.allow(len(data), path) or (rest and not work.allow(len(rest), path)):
        return False
    if len(data) > most:
        work.unread("a file inside unpacks to more than is read (decompression limit)", path)
        data = data[:most]
    for piece, name in ((data, info.filename), (rest, None)):
        if piece:
            work.member(piece, name, path)
    return True


def _unpacked(
    archive: zipfile.ZipFile, info: zipfile.ZipInfo, data: bytes, most: int
) -> tuple[bytes, bytes]:
    """Return what a member holds, and what stands behind that in its place: the sizes that an
    archive states need not be those of its files. Raises what `zipfile` does.
    """
    with archive.open(info) as file:  # checks what stands in front of it
        if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            return file.read(most), b""
    packed = packed_content(data, info)
    if info.compress_type == zipfile.ZIP_STORED:
        return packed[:most], b""
    unpacked = inflated(packed, most, wrapped=False)
    if unpacked is None:
        raise zipfile.BadZipFile
    whole = unpacked.whole and checksum(unpacked.data) == info.CRC
    if len(unpacked.data) < most and not whole:
        raise zipfile.BadZipFile
    return unpacked.data, unpacked.rest
