"""Filters turned into conditions with parameters, and rows turned into the values of core."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from core.review import Case, CaseFilter, CaseStatus
from evidence.acts import ACT_COLUMNS
from evidence.entries import ENTRY_COLUMNS
from evidence.times import from_micros, micros

PAGE = 500
_LONGEST = 2**62


def _contains(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return f"%{escaped}%"


def case_condition(wanted: CaseFilter) -> tuple[str, tuple[Any, ...]]:
    """Return the WHERE clause (or nothing) for a filter, and its parameters."""
    parts: list[tuple[str, tuple[Any, ...]]] = []
    if wanted.status is not None:
        parts.append(("status = ?", (wanted.status.value,)))
    if wanted.since is not None:
        parts.append(("last_us >= ?", (micros(wanted.since),)))
    if wanted.verdict is not None:
        parts.append(("verdict = ?", (wanted.verdict,)))
    if wanted.script is not None:
        either = "(script LIKE ? ESCAPE '\\' OR coalesce(script_path, '') LIKE ? ESCAPE '\\')"
        parts.append((either, (_contains(wanted.script),) * 2))
    if wanted.destination is not None:
        either = "(host LIKE ? ESCAPE '\\' OR coalesce(service, '') LIKE ? ESCAPE '\\')"
        parts.append((either, (_contains(wanted.destination),) * 2))
    if wanted.kind is not None:
        parts.append(("kinds LIKE ? ESCAPE '\\'", (_contains(f",{wanted.kind},"),)))
    for word in wanted.text.split():
        columns = ("script", "coalesce(script_path, '')", "host", "coalesce(service, '')", "kinds")
        either = " OR ".join(f"{column} LIKE ? ESCAPE '\\'" for column in columns)
        parts.append((f"({either})", (_contains(word),) * len(columns)))
    if not parts:
        return "", ()
    return " WHERE " + " AND ".join(part for part, _ in parts), tuple(
        v for _, values in parts for v in values
    )


def case_of(row: Mapping[Any, Any]) -> Case:
    """Return the case of a row of `cases`."""
    return Case(
        key=row["key"],
        status=_status(row["status"]),
        first_at=from_micros(row["first_us"]),
        last_at=from_micros(row["last_us"]),
        count=row["count"],
        verdict=row["verdict"],
        script=row["script"],
        script_path=row["script_path"],
        user=row["user"],
        host=row["host"],
        service=row["service"],
        category=row["category"],
        account_kind=row["account_kind"],
        kinds=tuple(kind for kind in row["kinds"].split(",") if kind),
        values=row["most_values"],
        records=row["most_records"],
        bytes_sent=row["bytes_sent"],
        last_record=row["last_record"],
        disposition=row["disposition"],
    )


def _status(word: str) -> CaseStatus:
    """Return where a case stands; one of which a later version says something else is one to look
    at.
    """
    return CaseStatus.CLOSED if word == CaseStatus.CLOSED else CaseStatus.OPEN


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeRange:
    """Entries that began at or after `since` and before `until`; None is without end."""

    since: datetime | None = None
    until: datetime | None = None

    def bounds(self) -> tuple[str, tuple[int, ...]]:
        """Return the statement and parameters that give the entry before the first and the last
        entry in question.
        """
        statement = """SELECT coalesce(min(seq), 1) - 1, coalesce(max(seq), 0) FROM entries
            WHERE at_us >= ? AND at_us < ?"""
        return statement, self._times()

    def page(self, after: int, last: int) -> tuple[str, tuple[int, ...]]:
        """Return the statement and parameters for the next page after entry `after`, up to entry
        `last`.
        """
        # The unary plus keeps SQLite on the order of the chain and off a sort by the index on time.
        statement = f"""SELECT {ENTRY_COLUMNS} FROM entries
            WHERE seq > ? AND seq <= ? AND +at_us >= ? AND +at_us < ?
            ORDER BY seq LIMIT ?"""  # noqa: S608
        return statement, (after, last, *self._times(), PAGE)

    def _times(self) -> tuple[int, int]:
        since = -_LONGEST if self.since is None else micros(self.since)
        return since, _LONGEST if self.until is None else micros(self.until)


BY_TIME = f"""SELECT {ENTRY_COLUMNS} FROM entries
    WHERE (at_us, seq) > (?, ?) AND seq <= ? ORDER BY at_us, seq LIMIT ?"""  # noqa: S608
OF_CASE = f"""SELECT {ENTRY_COLUMNS} FROM entries
    WHERE case_id = (SELECT id FROM cases WHERE key = ?) ORDER BY seq DESC LIMIT ?"""  # noqa: S608
BY_ID = f"SELECT {ENTRY_COLUMNS} FROM entries WHERE id = ?"  # noqa: S608
SEQS_OF_CASES = """SELECT seq FROM entries WHERE case_id IN
    (SELECT id FROM cases WHERE key IN (SELECT value FROM json_each(?)))"""
AFTER = f"SELECT {ENTRY_COLUMNS} FROM entries WHERE seq > ? ORDER BY seq LIMIT ?"  # noqa: S608
BY_SEQS = f"""SELECT {ENTRY_COLUMNS} FROM entries
    WHERE seq IN (SELECT value FROM json_each(?)) ORDER BY seq"""  # noqa: S608
ACT_ENTRIES = """SELECT seq, prev, hash, id, at_us, CAST(body AS BLOB), NULL, NULL, NULL, NULL
    FROM review_entries WHERE seq > ? ORDER BY seq LIMIT ?"""
ACTS = f"SELECT {ACT_COLUMNS} FROM review_entries WHERE seq > ? ORDER BY seq LIMIT ?"  # noqa: S608
HISTORY = """SELECT seq, prev, hash, id, CAST(body AS BLOB) FROM review_entries
    WHERE case_key = ? ORDER BY seq"""
DESTINATIONS_FIRST_SEEN = """SELECT destination, min(us) FROM (
    SELECT destination, min(bucket) * 300000000 AS us FROM traffic GROUP BY destination
    UNION ALL
    SELECT coalesce(service, host), min(first_us) FROM cases GROUP BY 1
    ) GROUP BY destination"""
"""Of what left, to five minutes; of what is to be reviewed, be it stopped or not, exactly."""
VERSIONS = """SELECT script, sha256, first_us, last_us FROM scripts
    WHERE ? IS NULL OR script = ? ORDER BY script, first_us"""
SUMS = """SELECT total(status = 'open'), total((verdict = 'block') * count),
    total((verdict = 'hold') * count), total(degraded) FROM cases WHERE last_us >= ?"""


def newest(since: datetime | None) -> tuple[str, tuple[int, ...]]:
    """Return the statement and parameters that give how many entries there are, and the time of the
    newest.
    """
    if since is not None:
        return "SELECT count(*), max(at_us) FROM entries WHERE at_us >= ?", (micros(since),)
    # Entries go from the beginning only, so first and last number give their count; counting a
    # million takes a tenth of a second.
    first_and_last = "SELECT coalesce(max(seq) - min(seq) + 1, 0) FROM entries"
    return f"SELECT ({first_and_last}), (SELECT max(at_us) FROM entries)", ()  # noqa: S608
