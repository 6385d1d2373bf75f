"""Notices that the evidence file, its log or its index lost its name, its pages or its tail while a
gate has it open.

SQLite itself does not: it writes on into a deleted log and reports success.
"""

import os
from pathlib import Path
from typing import NamedTuple

from evidence.database import Connection
from evidence.sqlite_errors import DatabaseFault, EvidenceLostError

_LOG, _INDEX = "-wal", "-shm"
_LOG_HEAD, _FRAME_HEAD = 32, 24
"""Bytes before the first frame of a log and before the page in each frame: the file format of
SQLite.
"""
_GONE = (
    "The evidence file was moved or deleted while the gate was running.",
    "Put it back, or restart the gate to begin a new one; outgate verify says what is missing.",
)
_LOG_GONE = (
    "The log of the evidence file was moved or deleted while the gate was running.",
    "Put it back, or restart the gate; outgate verify says what is missing.",
)
_CUT = (
    "The evidence file was cut while the gate was running.",
    "Stop Outgate, keep the file for examination, and restore a backup.",
)


class _Seen(NamedTuple):
    """One file as it stands under its name."""

    identity: tuple[int, int]
    size: int
    changed_ns: int


class FileWatch:
    """Compares what stands under the three names with what was opened. For one thread."""

    def __init__(self, path: Path) -> None:
        self._path = str(path)  # looked at with each group of records
        self._main = _seen(self._path)
        self._beside: dict[str, _Seen | None] = {}
        self._main_size = self._log_size = 0
        self._page = 0
        self._quiet_since = 0
        self._lost: tuple[str, str] | None = None

    def opened(self, connection: Connection) -> None:
        """A connection was opened: from now on the log and the index must keep their names, too."""
        connection.value("SELECT count(*) FROM sqlite_master")  # opens the log, where it was not
        self._page = int(connection.value("PRAGMA page_size"))
        self._beside = {ending: _seen(self._named(ending)) for ending in (_LOG, _INDEX)}
        self._main_size = self._log_size = 0

    def closed(self) -> None:
        """The connection was closed: the last one takes log and index with it."""
        self._beside = {}

    @property
    def lost(self) -> bool:
        """True when something was missing at the last look."""
        return self._lost is not None

    def look(self, connection: Connection | None) -> None:
        """Raise EvidenceLostError when something is missing; costs three looks at the folder."""
        self._lost = self._missing(connection)
        if self._lost is not None:
            raise EvidenceLostError(self._lost[0], remedy=self._lost[1])

    def rescue(self, connection: Connection) -> None:
        """Bring what a nameless log holds into the file, unless somebody has written there since.

        Raises sqlite3.Error.
        """
        main = _seen(self._path)
        if self._lost is _LOG_GONE and main is not None and main.changed_ns == self._quiet_since:
            connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()

    def _missing(self, connection: Connection | None) -> tuple[str, str] | None:
        main = _seen(self._path)
        if main is None or self._main is None or main.identity != self._main.identity:
            return _GONE
        beside = {ending: _seen(self._named(ending)) for ending in self._beside}
        for ending, first in self._beside.items():
            now = beside[ending]
            if now is None or first is None or now.identity != first.identity:
                return _LOG_GONE
        log = beside.get(_LOG)
        log_size = 0 if log is None else log.size
        shorter = main.size < self._main_size or log_size < self._log_size
        if shorter and connection is not None and self._is_cut(connection, main.size, log_size):
            return _CUT
        self._main_size, self._log_size = main.size, log_size
        self._quiet_since = main.changed_ns
        return None

    def _is_cut(self, connection: Connection, main_size: int, log_size: int) -> bool:
        """False for what other programs rightly do: compact the file, or start its log anew."""
        try:
            pages = int(connection.value("PRAGMA page_count"))
            if main_size < self._main_size and pages * self._page > main_size:
                return True
            if log_size >= self._log_size:
                return False
            frames: int
            _, frames, _ = connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
        except DatabaseFault:
            return True
        return frames > 0 and _LOG_HEAD + frames * (_FRAME_HEAD + self._page) > log_size

    def _named(self, ending: str) -> str:
        return self._path + ending


def _seen(path: str) -> _Seen | None:
    try:
        found = os.stat(path)  # noqa: PTH116 - a tenth of what Path.stat costs
    except OSError:
        return None
    return _Seen((found.st_dev, found.st_ino), found.st_size, found.st_mtime_ns)
