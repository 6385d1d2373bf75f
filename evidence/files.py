"""The evidence file on disk: readable by its owner only, whatever the umask, with its write-ahead log beside it."""

import contextlib
import os
import stat
from pathlib import Path

PRIVATE_FILE = 0o600
PRIVATE_FOLDER = 0o700
COMPANIONS = ("", "-wal", "-shm", "-journal")


def make_private(path: Path) -> None:
    """Create the file (and missing folders) for its owner only, or take other people's rights away.

    SQLite gives its companion files the mode of the main file, so that one must be right before they appear.
    An existing folder keeps its mode: it may be the user's own.
    """
    _make_folders(path.parent)
    # Never open a database that exists: closing any handle on it drops every POSIX lock of this process on it, SQLite's
    # own included, and then another process takes itself for the last one and deletes the log we are writing to.
    with contextlib.suppress(FileExistsError):
        os.close(open_private(path, os.O_EXCL))
    for ending in COMPANIONS:
        _tighten(path.with_name(path.name + ending))


def open_private(path: Path, flags: int = 0) -> int:
    """Open the file for reading and writing, created for its owner only, and return the handle."""
    handle = os.open(path, os.O_RDWR | os.O_CREAT | flags, PRIVATE_FILE)
    _tighten(path)  # the umask may have taken rights away
    return handle


def _make_folders(folder: Path) -> None:
    if folder.is_dir():
        return
    _make_folders(folder.parent)
    with contextlib.suppress(FileExistsError):
        folder.mkdir(PRIVATE_FOLDER)
        folder.chmod(PRIVATE_FOLDER)


def _tighten(path: Path) -> None:
    with contextlib.suppress(FileNotFoundError):
        if stat.S_IMODE(path.stat().st_mode) != PRIVATE_FILE:
            path.chmod(PRIVATE_FILE)
