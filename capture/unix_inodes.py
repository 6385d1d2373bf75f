"""Which file in the file system each Unix socket of a network namespace was bound to: its number as
the kernel's socket table tells it, whatever the file is called by now.
"""

import os
import socket
import struct
from collections.abc import Iterator

from capture.netlink import HEADER, REQUEST

_BY_FAMILY, _DUMP, _ERROR, _DONE = 20, 0x300, 2, 3
_QUESTION = struct.Struct("=BBHIIIII")
_EVERY_STATE, _NAME_AND_FILE = 0xFFFFFFFF, 0b11
_ROW = 16
"""Bytes of an answer before its attributes."""
_ATTRIBUTE, _FILE = struct.Struct("=HH"), struct.Struct("=II")
_NAME, _VFS = 0, 1
"""Attributes: the name it was bound under; the number of its file, in 32 bits, and the device."""
_MOST_READS = 4096


def inodes_of(asked: socket.socket) -> Iterator[tuple[str, int]]:
    """Yield name and file number of each socket that has both, in the namespace in which this
    socket (NETLINK_SOCK_DIAG) was opened; nothing where the kernel does not tell.
    """
    content = _QUESTION.pack(socket.AF_UNIX, 0, 0, _EVERY_STATE, 0, _NAME_AND_FILE, 0, 0)
    head = HEADER.pack(HEADER.size + len(content), _BY_FAMILY, REQUEST | _DUMP, 1, 0)
    try:
        asked.settimeout(1.0)
        asked.send(head + content)
        for _ in range(_MOST_READS):
            rows, over = _rows(asked.recv(1 << 16))
            yield from rows
            if over:
                return
    except OSError:
        return


def _rows(piece: bytes) -> tuple[list[tuple[str, int]], bool]:
    """Return what one piece of the answer holds, and whether it was the last."""
    at = 0
    found: list[tuple[str, int]] = []
    while at + HEADER.size <= len(piece):
        length, kind, *_ = HEADER.unpack_from(piece, at)
        if kind in {_DONE, _ERROR} or length < HEADER.size:
            return found, True
        told = dict(_attributes(piece, at + HEADER.size + _ROW, at + length))
        name, file = told.get(_NAME, b"").rstrip(b"\0"), told.get(_VFS, b"")
        if name and not name.startswith(b"\0") and len(file) >= _FILE.size:
            found.append((os.fsdecode(name), _FILE.unpack_from(file)[0]))
        at += (length + 3) & ~3
    return found, False


def _attributes(piece: bytes, at: int, end: int) -> Iterator[tuple[int, bytes]]:
    while at + _ATTRIBUTE.size <= min(end, len(piece)):
        size, kind = _ATTRIBUTE.unpack_from(piece, at)
        if size < _ATTRIBUTE.size:
            return
        yield kind, piece[at + _ATTRIBUTE.size : at + size]
        at += (size + 3) & ~3
