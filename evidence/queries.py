"""Filters turned into conditions with parameters, and rows turned into the values of core."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from core.review import Case, CaseFilter, CaseStatus, Disposition
from evidence.rollup import from_micros, micros

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
        status=CaseStatus(row["status"]),
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
        disposition=None if row["disposition"] is None else Disposition(row["disposition"]),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordQuery:
    """Which records an export wants."""

    since: datetime | None = None
    until: datetime | None = None
    verdict: str | None = None
    kind: str | None = None
    text: str = ""
    """In script, host, service or kind; case-insensitive, every word of it."""

    def range(self) -> tuple[str, tuple[Any, ...]]:
        """Return the statement and parameters that give the entry before the first and the last entry in question."""
        statement = """SELECT coalesce(min(seq), 1) - 1, coalesce(max(seq), 0) FROM entries
            WHERE at_us >= ? AND at_us < ?"""
        return statement, self._times()

    def page(self, after: int, last: int) -> tuple[str, tuple[Any, ...]]:
        """Return the statement and parameters for the next page after entry `after`, up to entry `last`."""
        # The unary plus keeps SQLite on the order of the chain and off a sort by the index on time.
        statement = """SELECT seq, prev, hash, body FROM entries
            WHERE seq > ? AND seq <= ? AND +at_us >= ? AND +at_us < ? ORDER BY seq LIMIT ?"""
        return statement, (after, last, *self._times(), PAGE)

    def _times(self) -> tuple[int, int]:
        since = -_LONGEST if self.since is None else micros(self.since)
        return since, _LONGEST if self.until is None else micros(self.until)

    def matches(self, record: Mapping[str, Any]) -> bool:
        """Return True when the record meets the conditions that are not in the statement."""
        kinds = [finding["kind"] for finding in record["findings"]]
        if self.verdict is not None and record["decision"]["verdict"] != self.verdict:
            return False
        if self.kind is not None and self.kind not in kinds:
            return False
        script = record["sender"]["script"] or {}
        destination = record["destination"]
        places = (
            script.get("name"),
            script.get("path"),
            destination["host"],
            destination["service"],
            *kinds,
        )
        haystack = "\n".join(place for place in places if place).lower()
        return all(word in haystack for word in self.text.lower().split())


def session_of(record: Mapping[str, Any]) -> frozenset[int]:
    """Return the ids of the process that sent a record and of its ancestors."""
    sender = record["sender"]
    pids = [process["pid"] for process in sender["ancestry"]]
    return frozenset(pids if sender["pid"] is None else [sender["pid"], *pids])
