"""Single packed files: GZ, BZ2, XZ and ZST, unpacked step by step within the limits."""

import bz2
import lzma
from collections.abc import Callable
from dataclasses import replace
from typing import Protocol

from classifiers.codecs.content_encoding import inflate
from classifiers.documents.document_job import Work
from classifiers.payload import Document

MEDIA_TYPES = frozenset(
    {"application/gzip", "application/zstd", "application/x-bzip2", "application/x-xz"}
)
_STEP = 1 << 20
_XZ_MEMORY = 128 << 20


class _Engine(Protocol):
    @property
    def eof(self) -> bool: ...
    @property
    def needs_input(self) -> bool: ...

    def decompress(self, data: bytes, max_length: int = -1, /) -> bytes: ...


_ENGINES: dict[bytes, Callable[[], _Engine]] = {
    b"BZh": bz2.BZ2Decompressor,
    b"\xfd7z": lambda: lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=_XZ_MEMORY),
}


def read(document: Document, work: Work) -> None:
    """Queue what the stream unpacks to."""
    data = document.data
    most = min(work.limits.total_bytes, max(work.limits.ratio_from, len(data) * work.limits.ratio))
    engine = _ENGINES.get(data[:3])
    if engine is None:
        coding = "gzip" if data.startswith(b"\x1f\x8b") else "zstd"
        plain, reason = inflate(data, coding, replace(work.limits, decoded_bytes=most))
    else:
        plain, reason = _unpack(engine(), data, most)
    if reason:
        work.unread(reason, document.path)
    if plain and work.allow(len(plain), document.path):
        name = document.name or ""
        stem = (
            name.rpartition(".")[0] or None if not name.endswith((".tgz", ".tbz", ".txz")) else None
        )
        work.member(plain, stem, document.path)


def _unpack(engine: _Engine, data: bytes, most: int) -> tuple[bytes, str | None]:
    parts: list[bytes] = []
    size = 0
    try:
        while not engine.eof and size <= most:
            chunk = engine.decompress(data, _STEP)
            data = b""
            if not chunk and engine.needs_input:
                return b"".join(parts), "the packed file ends too early"
            parts.append(chunk)
            size += len(chunk)
    except (OSError, EOFError, lzma.LZMAError, ValueError):
        return b"".join(parts), "the packed file is broken"
    whole = b"".join(parts)
    return (
        (whole[:most], "unpacks to more than is read (decompression limit)")
        if size > most
        else (whole, None)
    )
