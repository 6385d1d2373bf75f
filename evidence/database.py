"""Connections to the evidence file: SQLite in WAL mode, transactions begun by hand, a few kept open
for readers.
"""

import contextlib
import sqlite3
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from evidence.frames import teach
from evidence.sqlite_errors import DatabaseFault, evidence_error

BUSY_TIMEOUT_S = 5.0
_KEPT_OPEN = 4

_ALWAYS = ("PRAGMA trusted_schema=OFF", "PRAGMA temp_store=MEMORY", "PRAGMA cell_size_check=ON")
_WRITING = (
    "PRAGMA page_size=8192",
    "PRAGMA auto_vacuum=INCREMENTAL",
    "PRAGMA secure_delete=ON",
    "PRAGMA journal_mode=WAL",
    "PRAGMA journal_size_limit=67108864",
    "PRAGMA wal_autocheckpoint=1000",
)


class Connection(sqlite3.Connection):
    """The driver's connection, with two short forms of a query. Its errors quote no parameters."""

    def value(self, query: str, values: Sequence[Any] = ()) -> Any:
        """Return the first column of the first row, or None when there is no row."""
        row = self.execute(query, values).fetchone()
        return None if row is None else row[0]

    def named(self, query: str, values: Sequence[Any] = ()) -> sqlite3.Cursor:
        """Return a cursor whose rows are dictionaries by column name: `sqlite3.Row` looks through
        all names for each value that is read.
        """
        cursor = self.cursor()
        cursor.execute(query, values)
        names = [one[0] for one in cursor.description]
        cursor.row_factory = lambda _, row: dict(zip(names, row, strict=True))
        return cursor


def connect(
    path: Path,
    *,
    strict: bool = False,
    read_only: bool = False,
    busy_timeout_s: float = BUSY_TIMEOUT_S,
) -> Connection:
    """Open the file at `path`; the driver begins no transactions of its own. Raises sqlite3.Error.

    Strict commits reach the disk itself (`synchronous=FULL`) and so survive a power cut; else
    they survive the death of the process and, in WAL mode, a power cut may lose the newest of
    them but never damage the file.
    """
    database = f"{path.absolute().as_uri()}?mode=ro" if read_only else str(path)
    connection = sqlite3.connect(
        database,
        timeout=busy_timeout_s,
        check_same_thread=False,
        isolation_level=None,
        uri=read_only,
        factory=Connection,
    )
    settings = (
        _ALWAYS
        if read_only
        else (*_ALWAYS, *_WRITING, f"PRAGMA synchronous={'FULL' if strict else 'NORMAL'}")
    )
    try:
        teach(connection)
        for statement in settings:
            connection.execute(statement).close()
    except BaseException:
        connection.close()
        raise
    return connection


@contextlib.contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """Do all of the block or none of it, with no other writer in between."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        # After some faults (a full disk) SQLite has rolled back by itself, and there is nothing
        # left to roll back.
        with contextlib.suppress(*DatabaseFault):
            connection.execute("ROLLBACK")
        raise


class Readers:
    """Connections for the threads of one process, kept open between uses."""

    def __init__(self, path: Path, *, busy_timeout_s: float = BUSY_TIMEOUT_S) -> None:
        self._path = path
        self._busy_timeout_s = busy_timeout_s
        self._idle: list[Connection] = []
        self._lock = threading.Lock()
        self._closed = False

    @contextlib.contextmanager
    def reading(self) -> Iterator[Connection]:
        """A connection for one thread; faults of the file leave it as EvidenceError."""
        try:
            with self._lock:
                connection = self._idle.pop() if self._idle else None
            if connection is None:
                connection = connect(self._path, busy_timeout_s=self._busy_timeout_s)
            try:
                yield connection
            except BaseException:
                connection.close()
                raise
            self._give_back(connection)
        except DatabaseFault as error:
            raise evidence_error(error) from None

    def close(self) -> None:
        """Close what is idle now, and the rest when it comes back."""
        with self._lock:
            self._closed = True
            idle, self._idle = self._idle, []
        for connection in idle:
            connection.close()

    def _give_back(self, connection: Connection) -> None:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        with self._lock:
            if not self._closed and len(self._idle) < _KEPT_OPEN:
                self._idle.append(connection)
                return
        connection.close()
