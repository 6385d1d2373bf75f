"""What went wrong with the evidence file, in words: from SQLite's error codes to an EvidenceError
without parameters.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from core.errors import EvidenceError
from evidence.compiled import CREATE

_BY_CODE = {
    sqlite3.SQLITE_FULL: (
        "The disk that holds the evidence is full.",
        "Free some space; writing resumes by itself.",
    ),
    sqlite3.SQLITE_BUSY: (
        "Another program keeps the evidence file locked.",
        "Close whatever has it open; writing resumes by itself.",
    ),
    sqlite3.SQLITE_CORRUPT: (
        "The evidence file is damaged.",
        "Stop Outgate, keep the file for examination, and restore a backup or start with a new "
        "file.",
    ),
    sqlite3.SQLITE_NOTADB: (
        "The evidence file is not an evidence file.",
        "Check the path in the settings; move the file away to start with a new one.",
    ),
    sqlite3.SQLITE_READONLY: (
        "The evidence file may not be written.",
        "Check who owns the file and its folder.",
    ),
    sqlite3.SQLITE_CANTOPEN: (
        "The evidence file cannot be opened.",
        "Check that its folder exists and belongs to the user that runs Outgate.",
    ),
    sqlite3.SQLITE_IOERR: (
        "The disk that holds the evidence reports an error.",
        "Check free space, quota and the disk itself; writing resumes by itself.",
    ),
}
_BY_CODE[sqlite3.SQLITE_LOCKED] = _BY_CODE[sqlite3.SQLITE_BUSY]
_BY_CODE[sqlite3.SQLITE_PERM] = _BY_CODE[sqlite3.SQLITE_READONLY]
_BY_CODE[sqlite3.SQLITE_AUTH] = _BY_CODE[sqlite3.SQLITE_READONLY]
_UNKNOWN = ("The evidence cannot be written or read.", "")
DERIVED = ("cases", "scripts", "traffic", "hours", "days", "marks")
"""Tables that `evidence.rebuild` fills anew."""
REMADE = frozenset({*DERIVED, "lots"})
"""Tables that it makes where they are missing."""
_TABLES = {words[2]: words for statement in CREATE if (words := statement.split())[1] == "TABLE"}
_NO_TABLE, _NO_COLUMN, _NO_COLUMN_NAMED = (
    "no such table: ",
    "no such column: ",
    " has no column named ",
)
REBUILD = "outgate verify --rebuild makes it anew"
_KEEP = (
    "Keep the file for examination and restore a backup; outgate verify names what else was done."
)


class TableGoneError(EvidenceError):
    """The file lacks a table or column of ours: what needs none of it can be told all the same."""

    @property
    def words(self) -> str:
        """Return it as a part of a sentence."""
        return _words(self.message, self.remedy)


class EvidenceLostError(EvidenceError):
    """What was written is no longer there: no writing on, and no closing, makes it well."""


DatabaseFault = (sqlite3.Error, OSError)
"""What to catch around work on the evidence file."""


def code_of(error: BaseException) -> int | None:
    """Return SQLite's primary result code, if the error has one."""
    code = getattr(error, "sqlite_errorcode", None)
    return code & 0xFF if isinstance(code, int) else None


def evidence_error(error: BaseException) -> EvidenceError:
    """Return the fault in words. Statements, parameters and paths of the cause are left out."""
    if isinstance(error, EvidenceError):
        return error
    if (lacking := _lacking(error)) is not None:
        return lacking
    code = code_of(error)
    message, remedy = _BY_CODE.get(code, _UNKNOWN) if code is not None else _UNKNOWN
    cause = f"SQLite code {code}" if code is not None else type(error).__name__
    if isinstance(error, OSError) and error.strerror:
        cause = error.strerror
    return EvidenceError(f"{message} ({cause})", remedy=remedy)


def _lacking(error: BaseException) -> TableGoneError | None:
    """Return which table or column of ours the file lacks, where that is what went wrong: SQLite
    says it only by the name, as our statements have it.
    """
    if not isinstance(error, sqlite3.OperationalError):
        return None
    said = str(error)
    if said.startswith(_NO_TABLE):
        table = said.rpartition(".")[2] if "." in said else said.removeprefix(_NO_TABLE)
        if table not in _TABLES:
            return None
        message, remedy = _gone(table)
        return TableGoneError(message, remedy=remedy)
    marker = _NO_COLUMN_NAMED if _NO_COLUMN_NAMED in said else _NO_COLUMN
    column = said.rpartition(marker)[2].rpartition(".")[2].strip('"')
    homes = [table for table, words in _TABLES.items() if column in {w.strip('"') for w in words}]
    if marker not in said or not homes:
        return None
    return TableGoneError(
        f"The evidence file lacks the column {column} ({' or '.join(homes)}): somebody changed its "
        "tables.",
        remedy=_KEEP,
    )


def _words(message: str, remedy: str) -> str:
    said, do = (f"{one[:1].lower()}{one[1:].rstrip('.')}" for one in (message, remedy))
    return f"{said}; {do}"


def _gone(table: str) -> tuple[str, str]:
    message = f"The evidence file lacks the table {table}: somebody dropped or renamed it."
    return message, f"{REBUILD}." if table in REMADE else _KEEP


def is_gone(connection: sqlite3.Connection, table: str) -> bool:
    """Return whether the file lacks a table."""
    query = "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?"
    return connection.execute(query, (table,)).fetchone() is None


def whole[Kind: sqlite3.Connection](connection: Kind) -> Kind:
    """Return a connection to a file that has all tables of ours. Raises TableGoneError: what is
    written without one of them is not the evidence that is promised. It is closed then.
    """
    for table in _TABLES:
        if is_gone(connection, table):
            connection.close()
            message, remedy = _gone(table)
            raise TableGoneError(message, remedy=remedy)
    return connection


def gone_words(table: str) -> str:
    """Return what is said beside what could be told without a table of ours."""
    return _words(*_gone(table))


@contextmanager
def in_words() -> Iterator[None]:
    """Raise what goes wrong with the evidence file as an EvidenceError, in a block or function."""
    try:
        yield
    except DatabaseFault as error:
        raise evidence_error(error) from None
