"""Opens plain files and nothing else: no pipe, no device, no folder, and nothing that is Outgate's
own.
"""

# paths of another process, kept as the text they are
# ruff: noqa: PTH116

import contextlib
import functools
import os
import stat
import sys
from collections.abc import Iterator, Sequence

_FLAGS = getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOCTTY", 0)

_kept_out: tuple[str, ...] = ()


def keep_out(places: Sequence[str]) -> None:
    """Never open these from now on: files and what their names begin (`evidence.db-wal`), folders
    with their files.
    """
    global _kept_out
    _kept_out = tuple(places)


def opened(path: str) -> int | None:
    """Return a descriptor of the plain file at `path`; None when it is none, is kept out, or cannot
    be read.

    Nothing is opened before it is known to be a plain file: opening a pipe or a device may already
    do something.
    """
    try:
        return _reopened(path) if sys.platform == "linux" else _compared(path)
    except (OSError, ValueError):
        return None


def text_of(path: str, most: int) -> bytes:
    """Return the first `most` bytes of a plain file; empty when it cannot be read."""
    handle = opened(path)
    if handle is None:
        return b""
    with os.fdopen(handle, "rb") as file:
        try:
            return file.read(most)
        except OSError:
            return b""


def is_kept_out(found: os.stat_result) -> bool:
    """True for one of Outgate's own files, by whatever name, link or mount it was reached."""
    return any(os.path.samestat(found, own) for own in _own_files())


def _reopened(path: str) -> int | None:
    """An O_PATH descriptor holds the file without opening it; what it was seen to be is what is
    opened then.
    """
    held = os.open(path, os.O_PATH | os.O_CLOEXEC)
    try:
        return (
            os.open(f"/proc/self/fd/{held}", os.O_RDONLY | _FLAGS)
            if _is_open_to_us(os.fstat(held))
            else None
        )
    finally:
        os.close(held)


def _compared(path: str) -> int | None:
    found = os.stat(path)
    if not _is_open_to_us(found):
        return None
    handle = os.open(path, os.O_RDONLY | getattr(os, "O_BINARY", 0) | _FLAGS)
    if os.path.samestat(os.fstat(handle), found):
        return handle
    os.close(handle)
    return None


def _is_open_to_us(found: os.stat_result) -> bool:
    plain = stat.S_ISREG(found.st_mode) and found.st_dev not in _kernels()
    return plain and not is_kept_out(found)


@functools.cache
def _kernels() -> frozenset[int]:
    """Devices whose files call themselves plain and are none: reading one asks the kernel
    something.
    """
    found = set()
    for place in ("/proc", "/sys"):
        with contextlib.suppress(OSError):
            found.add(os.stat(place).st_dev)
    return frozenset(found - {os.stat("/").st_dev})


def _own_files() -> Iterator[os.stat_result]:
    for place in _kept_out:
        folder, _, name = place.rpartition("/")
        yield from _files_in(place, "")
        yield from _files_in(folder, name)


def _files_in(folder: str, begins: str) -> Iterator[os.stat_result]:
    with contextlib.suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            if entry.name.startswith(begins):
                with contextlib.suppress(OSError):
                    yield entry.stat()
