"""Retention of sums: what records of long ago added up to goes, too, when its own time is over.

Sums of a time go only when no record of that time is kept, so what is left is still what the
records and the sums of earlier cuts add up to, and verifies. Reviews stay: they are a chain.
"""

import logging
from collections.abc import Iterable
from contextlib import closing
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from core.happenings import Event, Fact, happening
from core.ids import rfc3339, utc_now
from core.vocabulary.sizes import counted
from evidence.acts import append_happening
from evidence.database import Connection, connect, transaction
from evidence.days import forget_before
from evidence.frames import packed, unpacked
from evidence.past import Ended, Sums, digest
from evidence.sqlite_errors import DatabaseFault, evidence_error
from evidence.times import BUCKET_US, HOUR_US, from_micros, micros

log = logging.getLogger("outgate.evidence")

_OLDEST = "SELECT min(at_us) FROM entries"
_CASES = "SELECT key FROM cases WHERE last_us < ?"
_SCRIPTS = "SELECT script, sha256 FROM scripts WHERE last_us < ?"
_PAST = "SELECT cut, body FROM past ORDER BY cut"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Change:
    """What becomes of the sums of one cut."""

    cut: int
    before: bytes
    """As they are kept."""
    text: bytes
    """What is left of them."""


def expire_sums(path: Path, before_us: int, rule: str) -> int:
    """Remove the sums of hours before this time, and the cases and versions of scripts that were
    not seen since, where no record of that time is kept; return how many sums of hours went.

    What is read first is read beside a gate; it waits only while what changes is written. Raises
    sqlite3.Error.
    """
    with closing(connect(path)) as connection:
        ended = _ended(connection, before_us)
        return 0 if ended is None else _end(connection, ended, before_us, rule)


def expire_sums_older(path: Path, days: int) -> int | None:
    """Remove the sums older than so many days; None where the file could not be changed now."""
    limit = utc_now() - timedelta(days=days)
    try:
        return expire_sums(path, micros(limit), f"sums older than {counted(days, 'day')}")
    except DatabaseFault as error:
        log.warning("sums whose time is over could not be removed: %s", evidence_error(error))
        return None


def _ended(connection: Connection, before_us: int) -> Ended | None:
    """Return what has ended before this time and before all records; None where nothing has."""
    oldest = connection.value(_OLDEST)
    limit = before_us if oldest is None else min(before_us, int(oldest))
    limit -= limit % HOUR_US
    cases = frozenset(str(key) for (key,) in connection.execute(_CASES, (limit,)))
    scripts = frozenset((str(a), str(b)) for a, b in connection.execute(_SCRIPTS, (limit,)))
    ended = Ended(hour=limit // HOUR_US, bucket=limit // BUCKET_US, cases=cases, scripts=scripts)
    hours = connection.value("SELECT 1 FROM hours WHERE hour < ? LIMIT 1", (ended.hour,))
    return ended if hours is not None or cases or scripts else None


def _end(connection: Connection, ended: Ended, before_us: int, rule: str) -> int:
    changes = list(_changes(connection, ended))
    with transaction(connection):
        if _ended(connection, before_us) != ended:
            return 0  # something of that time was recorded, or seen again: the next pass looks
        return _remove(connection, ended, changes, rule)


def _changes(connection: Connection, ended: Ended) -> Iterable[_Change]:
    for cut, frame in connection.execute(_PAST).fetchall():
        text = unpacked(frame)
        try:
            left = Sums.from_bytes(text).since(ended).to_bytes()
        except ValueError:
            continue  # damaged: who verifies says so
        if left != text:
            yield _Change(cut=cut, before=frame, text=left)


def _remove(connection: Connection, ended: Ended, changes: list[_Change], rule: str) -> int:
    for one in changes:
        kept = connection.value("SELECT body FROM past WHERE cut = ?", (one.cut,))
        if kept != one.before:
            return 0  # somebody else was at it: the next pass looks again
    change = "UPDATE past SET body = ? WHERE cut = ?"
    for one in changes:
        frame = packed(one.text)
        # First in its old length: a row that shrinks leaves what it held on its page.
        for body in (frame.ljust(len(one.before), b"\0"), frame):
            connection.execute(change, (body, one.cut)).close()
    hours = connection.execute("DELETE FROM hours WHERE hour < ?", (ended.hour,)).rowcount
    forget_before(connection, ended.hour)
    connection.execute("DELETE FROM traffic WHERE bucket < ?", (ended.bucket,)).close()
    connection.executemany("DELETE FROM cases WHERE key = ?", [(key,) for key in ended.cases])
    of_script = "DELETE FROM scripts WHERE script = ? AND sha256 = ?"
    connection.executemany(of_script, sorted(ended.scripts)).close()
    facts: dict[str, Fact] = {
        "before": rfc3339(from_micros(ended.hour * HOUR_US)),
        "rule": rule,
        "hours": hours,
        "cases": len(ended.cases),
        "scripts": len(ended.scripts),
        "past": [f"{one.cut}:{digest(one.text)}" for one in changes],
    }
    append_happening(connection, happening(Event.SUMS_EXPIRED, facts))
    return hours
