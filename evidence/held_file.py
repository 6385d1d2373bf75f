"""The evidence file as its writer holds it: one connection at most, watched, and guarded against
other programs that close the file.
"""

import contextlib
import sqlite3
from collections.abc import Callable
from pathlib import Path

from evidence.database import Connection
from evidence.file_watch import FileWatch
from evidence.lock_guard import LockGuard
from evidence.sqlite_errors import DatabaseFault


class HeldFile:
    """For the writer's thread."""

    def __init__(self, path: Path, open_file: Callable[[], Connection]) -> None:
        self._open_file = open_file
        self._watch = FileWatch(path)
        self._guard = LockGuard(path)
        self.connection: Connection | None = None

    @property
    def live(self) -> Connection:
        """The connection that is known to be there."""
        assert self.connection is not None
        return self.connection

    @property
    def lost(self) -> bool:
        """True when what was opened no longer stands under its name."""
        return self._watch.lost

    def open(self) -> Connection:
        """Open the file anew. Raises sqlite3.Error, EvidenceError."""
        self.connection = self._open_file()
        self._watch.opened(self.connection)
        self._guard.hold()
        return self.connection

    def look(self) -> None:
        """Raise EvidenceLostError when the file is no longer whole and under its name."""
        self._watch.look(self.connection)

    def rescue(self) -> None:
        """Keep what only the open file still holds, if that can be."""
        if self.connection is not None:
            with contextlib.suppress(*DatabaseFault):
                self._watch.rescue(self.connection)

    def close(self) -> None:
        """Close the connection, if there is one."""
        if self.connection is not None:
            with contextlib.suppress(*DatabaseFault):
                # A log without a name must not overwrite what others wrote since.
                if self._watch.lost:
                    self.connection.setconfig(sqlite3.SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, True)
                self.connection.close()
            self.connection = None
            self._watch.closed()

    def leave(self) -> None:
        """Close it for good: SQLite may tidy up."""
        self._guard.release()
        self.close()
        self._guard.close()
