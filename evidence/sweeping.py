"""The end of an erasure: empties the log and writes the file without free pages, so that no byte of
what was erased is left in either. Where it was interrupted, it is still owed.
"""

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

from core.happenings import Event, Happening, happening
from core.ids import rfc3339
from evidence.acts import append_happening, read_act
from evidence.database import Connection, connect, transaction
from evidence.gate_liveness import living
from evidence.sqlite_errors import DatabaseFault, evidence_error, in_words

log = logging.getLogger("outgate.evidence")

MOST_BESIDE_A_GATE = 20_000
"""With more records than these, writing the file anew keeps a running gate waiting."""
PATIENCE_S = 10.0
_TRY_S = 0.05
"""So long one try waits inside of SQLite and keeps writers waiting: patience is between tries."""
_ACTS = f"""SELECT CAST(body AS BLOB) FROM review_entries
    WHERE action IN ('{Event.ERASED}', '{Event.ERASURE_SWEPT}') ORDER BY seq DESC"""  # noqa: S608


def unswept(connection: Connection) -> str | None:
    """Return when something was erased that may be left in the file's free room or its log, by the
    last erasure; None where nothing is.
    """
    for (body,) in connection.execute(_ACTS):
        try:
            act = read_act(body).act
        except ValueError:
            continue
        if not isinstance(act, Happening):
            continue
        if act.event is Event.ERASED:
            return rfc3339(act.at)
        if act.facts.get("swept") is True:
            return None
    return None


def owed_note(connection: Connection) -> list[str]:
    """Return what an auditor should know of an erasure that is not finished; nothing where none
    is.
    """
    at = unswept(connection)
    if at is None:
        return []
    told = f"What was erased at {at} may be left in the file's free room: "
    if connection.value("SELECT count(*) FROM entries") > MOST_BESIDE_A_GATE:
        return [f"{told}stop the gate and erase again; with so many records no gate does it."]
    return [f"{told}erase again, or let a gate run."]


def sweep(path: Path, *, who: str | None = None, patience_s: float = PATIENCE_S) -> bool:
    """Leave nothing of what was erased, and tell it in the chain of acts; False where a reader held
    an older state for so many seconds. Raises sqlite3.Error.
    """
    swept = scrub(path, patience_s)
    with closing(connect(path)) as connection, transaction(connection):
        append_happening(connection, happening(Event.ERASURE_SWEPT, {"swept": swept}, who=who))
    return swept


@in_words()
def finish(path: Path, who: str) -> bool:
    """Finish what an earlier erasure owes, if any; False where it cannot be done now. Raises
    EvidenceError.
    """
    with closing(connect(path)) as connection:
        if unswept(connection) is None:
            return True
        large = int(connection.value("SELECT count(*) FROM entries")) > MOST_BESIDE_A_GATE
    return not (large and living(path)) and sweep(path, who=who)


def sweep_what_is_owed(path: Path) -> None:
    """Finish an erasure that was interrupted, beside a gate, where the file is small enough for it;
    the next round tries again where it cannot be done now.
    """
    try:
        with closing(connect(path)) as connection:
            count = int(connection.value("SELECT count(*) FROM entries"))
            owed = count <= MOST_BESIDE_A_GATE and unswept(connection) is not None
        if owed:
            sweep(path, patience_s=0)
    except DatabaseFault as error:
        log.warning("an erasure could not be finished: %s", evidence_error(error))


def scrub(
    path: Path,
    patience_s: float = PATIENCE_S,
    wait: Callable[[float], None] = time.sleep,
) -> bool:
    """Empty the log and write the file without free pages; True once nothing old is left in either.

    A reader that holds an older state is waited for, for so many seconds.
    """
    with closing(connect(path)) as connection:
        if not _emptied(connection, patience_s, wait):
            return False
        connection.execute("VACUUM").close()
        return _emptied(connection, patience_s, wait)


def _emptied(connection: Connection, patience_s: float, wait: Callable[[float], None]) -> bool:
    (usual,) = connection.execute("PRAGMA busy_timeout").fetchone()
    connection.execute(f"PRAGMA busy_timeout = {int(_TRY_S * 1000)}").close()
    try:
        for _ in _tries(patience_s, wait):
            busy, _, _ = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
            if not busy:
                return True
        return False
    finally:
        connection.execute(f"PRAGMA busy_timeout = {usual}").close()


def _tries(patience_s: float, wait: Callable[[float], None]) -> Iterator[None]:
    passed = 0.0
    while True:
        yield
        if passed >= patience_s:
            return
        wait(0.25)
        passed += 0.25
