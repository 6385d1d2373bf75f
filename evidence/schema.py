"""The schema's version: made new from the tables, brought forward by steps, or refused when it is a
newer Outgate's.
"""

import contextlib
import sqlite3
from contextlib import closing
from pathlib import Path

from core.errors import EvidenceError
from core.happenings import Event, Fact, happening
from core.ids import rfc3339, utc_now, uuid7
from evidence.acts import append_happening
from evidence.compiled import CREATE
from evidence.database import BUSY_TIMEOUT_S, Connection, connect, transaction
from evidence.files import make_private
from evidence.migrations import STEPS
from evidence.rebuild import Forward, rebuild
from evidence.resumming import resum
from evidence.sqlite_errors import DatabaseFault, code_of, evidence_error

VERSION = len(STEPS)
_NO_LOTS = "DELETE FROM lots"
"""They tell what an earlier version added up."""
APPLICATION_ID = 0x4F475445
"""`OGTE`, so that programs such as `file` can tell what it is."""


def prepare(path: Path, *, busy_timeout_s: float = BUSY_TIMEOUT_S) -> None:
    """Create or bring forward the schema of the file.

    Raises EvidenceError, and then has changed nothing.
    """
    found = 0
    try:
        found = _not_a_strangers(path)
        make_private(path)
        with closing(connect(path, busy_timeout_s=busy_timeout_s)) as connection:
            if (found := version_of(connection)) != VERSION:
                _bring_forward(connection)
                if found and any(step.compact for step in STEPS[found:]):
                    _compact(connection)
    except DatabaseFault as error:
        if found not in {0, VERSION} and code_of(error) == sqlite3.SQLITE_BUSY:
            raise _in_hand(found) from None
        raise evidence_error(error) from None


def _in_hand(found: int) -> EvidenceError:
    """Return what to tell who comes while another program may bring the file forward: to close that
    program would be wrong.
    """
    return EvidenceError(
        f"Another program is writing the evidence, which has the older schema {found}: it may be "
        "bringing it forward, which takes minutes where there are many records.",
        remedy="Let it end, and try again; a gate of an older Outgate is to be stopped first.",
    )


def _compact(connection: Connection) -> None:
    """Write the file anew without free pages. Where somebody else reads meanwhile it stays as it
    is: larger than it need be, and right.
    """
    with contextlib.suppress(*DatabaseFault):
        connection.execute("VACUUM").close()
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()


def _not_a_strangers(path: Path) -> int:
    """Return the schema version of the file; 0 where there is none. Raises EvidenceError when it is
    not ours or newer.
    """
    if not path.exists() or path.stat().st_size == 0:
        return 0
    with closing(connect(path, read_only=True)) as connection:
        try:
            return version_of(connection)
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_READONLY_ROLLBACK:
                raise
            _roll_back(path)
            return version_of(connection)


def _roll_back(path: Path) -> None:
    """Undo what somebody had begun in a file that is not in WAL mode yet, and was killed in: so
    does every program that opens it to write, and none that only reads.
    """
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA user_version").fetchall()


def version_of(connection: Connection) -> int:
    """Return the schema version of the file; 0 when it is empty.

    Raises EvidenceError when it is not ours or newer.
    """
    found = int(connection.value("PRAGMA user_version"))
    owner = int(connection.value("PRAGMA application_id"))
    tables = int(connection.value("SELECT count(*) FROM sqlite_master"))
    if (tables or found) and owner != APPLICATION_ID:
        raise EvidenceError(
            "The evidence file is a database of some other program.",
            remedy="Check the path in the settings; Outgate leaves the file as it is.",
        )
    if found > VERSION:
        raise EvidenceError(
            f"The evidence was written by a newer Outgate (schema {found}; "
            f"this one knows up to {VERSION}).",
            remedy="Use that newer version, or another evidence file.",
        )
    return found


def _bring_forward(connection: Connection) -> None:
    with transaction(connection):
        found = version_of(connection)
        if found == 0:
            for statement in CREATE:
                connection.execute(statement)
            _name_chains(connection)
        else:
            _step_forward(connection, found)
        connection.execute(f"PRAGMA application_id={APPLICATION_ID}")
        connection.execute(f"PRAGMA user_version={VERSION}")


def _step_forward(connection: Connection, found: int) -> None:
    lacking = STEPS[found:]
    again = any(step.rebuild or step.resum for step in lacking)
    of_last = len(lacking) == 1 and lacking[0].resum
    total = int(connection.value("SELECT count(*) FROM entries"))
    forward = Forward(total, total) if again and not of_last else None
    for step in lacking:
        for statement in step.statements:
            connection.execute(statement)
    if again:
        connection.execute(_NO_LOTS)
        if of_last:
            resum(connection)
        else:
            rebuild(connection, marks=False, forward=forward)  # which the sixth step makes
    facts: dict[str, Fact] = {"from": found, "to": VERSION}
    append_happening(connection, happening(Event.MIGRATED, facts))


def _name_chains(connection: Connection) -> None:
    mark = uuid7()
    rows = [
        ("created_at", rfc3339(utc_now())),
        ("chain.records", f"records:{mark}"),
        ("chain.reviews", f"reviews:{mark}"),
    ]
    connection.executemany("INSERT INTO meta (key, value) VALUES (?, ?)", rows)
