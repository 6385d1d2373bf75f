"""TAR archives: regular files within the limits; links, devices and paths are texts here."""

import tarfile
from io import BytesIO

from classifiers.documents.reader import Work
from classifiers.documents.tar_places import read_beside
from classifiers.payload import Document

MEDIA_TYPES = frozenset({"application/x-tar"})


def read(document: Document, work: Work) -> None:
    """Queue every regular file."""
    try:
        with tarfile.open(fileobj=BytesIO(document.data), mode="r:") as archive:
            _members(archive, document, work)
    except (tarfile.TarError, EOFError, ValueError, OSError):
        work.unread("the archive is broken", document.path)


def _members(archive: tarfile.TarFile, document: Document, work: Work) -> None:
    infos: list[tarfile.TarInfo] = []
    for info in archive:
        infos.append(info)
        if not info.isreg():
            continue
        path = (*document.path, info.name)
        file = archive.extractfile(info)
        data = file.read(work.limits.member_bytes + 1) if file else b""
        if not work.allow(len(data), path):
            break
        if len(data) > work.limits.member_bytes:
            work.unread("a file inside unpacks to more than is read (decompression limit)", path)
            data = data[: work.limits.member_bytes]
        work.member(data, info.name, path)
    work.text("\n".join(info.name for info in infos), "file name", document.path)
    read_beside(infos, document, work)
