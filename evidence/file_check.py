"""Looks at the bytes of the evidence file that no query shows: what its header holds beside what
SQLite uses, and what stands behind its last page.
"""

from pathlib import Path

from evidence.database import Connection

_HEADER_BYTES = 100
_UNUSED = ((20, 21), (48, 52), (72, 92))
"""Zero in every file of ours: room in pages that SQLite leaves alone, a size of caches that it no
longer reads, bytes kept for later versions."""


def file_problem(connection: Connection, path: Path) -> str | None:
    """Return what stands in the file and is no part of the database, if anything.

    `connection` holds a state of the file, so nobody writes pages back meanwhile where its log is
    empty; else the file may be longer than what it says now. Raises sqlite3.Error, OSError.
    """
    with path.open("rb") as file:
        header = file.read(_HEADER_BYTES)
    if any(any(header[first:last]) for first, last in _UNUSED):
        return "the header of the file holds something that Outgate does not write"
    log = path.with_name(f"{path.name}-wal")
    size, quiet = path.stat().st_size, not log.exists() or log.stat().st_size == 0
    pages = int(connection.value("PRAGMA page_count")) * int(connection.value("PRAGMA page_size"))
    if quiet and size > pages:
        return "something stands behind the last page of the file, which is no part of it"
    return None
