"""Single packed files: GZ, BZ2, XZ and ZST, unpacked within the limits."""

from dataclasses import replace

from classifiers.codecs.content_encoding import undo_content_encoding
from classifiers.codecs.magic import coding_of
from classifiers.documents.reader import Work
from classifiers.payload import Document

MEDIA_TYPES = frozenset(
    {"application/gzip", "application/zstd", "application/x-bzip2", "application/x-xz"}
)
_OF_A_TAR = (".tgz", ".tbz", ".txz")


def read(document: Document, work: Work) -> None:
    """Queue what the stream unpacks to, and what stands beside it."""
    limits = work.limits
    most = min(limits.total_bytes, max(limits.ratio_from, len(document.data) * limits.ratio))
    coding = coding_of(document.data) or ""
    undone = undo_content_encoding(document.data, coding, replace(limits, decoded_bytes=most))
    for reason in undone.reasons:
        work.unread(reason, document.path)
    for content, name in ((undone.data, _stem(document.name)), *((b, None) for b in undone.beside)):
        if content and work.allow(len(content), document.path):
            work.member(content, name, document.path)


def _stem(name: str | None) -> str | None:
    if not name or name.endswith(_OF_A_TAR):
        return None
    return name.rpartition(".")[0] or None
