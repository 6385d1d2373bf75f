"""ZIP archives: members within the limits, encrypted ones named."""

import zipfile
import zlib
from io import BytesIO

from classifiers.documents.reader import Work
from classifiers.documents.sniff import entries
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
        infos = [info for info in archive.infolist() if not info.is_dir()]
        work.text("\n".join(info.filename for info in infos), "file name", document.path)
        for info in infos:
            if not _member(archive, info, document, work):
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
        with archive.open(info) as file:
            data = file.read(most + 1)
    except NotImplementedError:
        work.unread("encrypted or unknown packing inside the archive", path)
        return True
    except (zipfile.BadZipFile, zlib.error, OSError, EOFError, RuntimeError, ValueError):
        work.unread("a file inside the archive is broken", path)
        return True
    if not work.allow(len(data), path):
        return False
    if len(data) > most:
        work.unread("a file inside unpacks to more than is read (decompression limit)", path)
        data = data[:most]
    work.member(data, info.filename, path)
    return True
