"""Keeps other programs from taking themselves for the last user of the evidence, whatever this process opens and closes.

A POSIX lock is dropped when its process closes *any* descriptor of the file, and SQLite has no others: the next program
that closes the file then deletes the log that is being written. Locks of an open file description are dropped with that
description alone, so a second, shared lock of this kind stands beside SQLite's own. Linux only; elsewhere nothing is held.
"""

import contextlib
import os
import struct
import sys
from pathlib import Path

_SHARED_FIRST, _SHARED_SIZE = 0x40000002, 510
"""Where SQLite's users of a file hold their shared lock: the last one finds it free (os.h of SQLite)."""
_SWITCH = 128
"""The byte of the index whose lock says that somebody uses it (`UNIX_SHM_DMS` in os_unix.c)."""


class LockGuard:
    """Shared locks on the file and its index. One per process and file; close it after SQLite's own connections."""

    def __init__(self, path: Path) -> None:
        self._places = ((path, _SHARED_FIRST, _SHARED_SIZE), (_index_of(path), _SWITCH, 1))
        self._handles: list[tuple[int, int, int]] = []

    def hold(self) -> None:
        """Take the locks, once; where the file system has none of this kind, do without."""
        if self._handles or sys.platform != "linux" or struct.calcsize("l") != 8:
            return
        for path, start, size in self._places:
            with contextlib.suppress(OSError):
                handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
                self._handles.append((handle, start, size))
                _lock(handle, start, size, held=True)

    def release(self) -> None:
        """Let the locks go, so that SQLite can tidy up, without closing anything."""
        for handle, start, size in self._handles:
            with contextlib.suppress(OSError):
                _lock(handle, start, size, held=False)

    def close(self) -> None:
        """Close what was opened: SQLite has no connection left whose locks could be lost."""
        while self._handles:
            os.close(self._handles.pop()[0])


def _lock(handle: int, start: int, size: int, *, held: bool) -> None:
    if sys.platform == "linux":
        import fcntl

        kind = fcntl.F_RDLCK if held else fcntl.F_UNLCK
        flock = struct.pack("@hhqqi4x", kind, os.SEEK_SET, start, size, 0)
        fcntl.fcntl(handle, fcntl.F_OFD_SETLK, flock)


def _index_of(path: Path) -> Path:
    return path.with_name(f"{path.name}-shm")
