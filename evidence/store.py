"""The read side and the reviewers' acts: cases, records, totals, and review events on a chain of their own."""

import threading
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import orjson

from core.review import Case, CaseFilter, ReviewEvent, ScriptVersion
from evidence.chain import Link
from evidence.database import BUSY_TIMEOUT_S, Connection, Readers, connect, transaction
from evidence.queries import PAGE, RecordQuery, case_condition, case_of, session_of
from evidence.rebuild import rebuild
from evidence.reviews import append_review, event_of
from evidence.rollup import from_micros, micros
from evidence.schema import chain_id, prepare
from evidence.sqlite_errors import DatabaseFault, evidence_error

_RECORD = "SELECT seq, prev, hash, body FROM entries"


def _newest(since: datetime | None) -> tuple[str, tuple[int, ...]]:
    if since is None:
        # Entries are never removed, so the newest number is their count; counting a million takes a tenth of a second.
        return (
            "SELECT (SELECT coalesce(max(seq), 0) FROM entries), (SELECT max(at_us) FROM entries)",
            (),
        )
    return "SELECT count(*), max(at_us) FROM entries WHERE at_us >= ?", (micros(since),)


class Store:
    """Implements `core.ports.CaseStore` on the file at `path`. Safe to use from several threads and processes."""

    def __init__(self, path: Path, *, busy_timeout_s: float = BUSY_TIMEOUT_S) -> None:
        self.path = path
        self._busy_timeout_s = busy_timeout_s
        prepare(path, busy_timeout_s=busy_timeout_s)
        self._readers = Readers(path, busy_timeout_s=busy_timeout_s)
        self.reading = self._readers.reading
        self._poll: Connection | None = None
        self._polling = threading.Lock()
        with self.reading() as connection:
            self.chain_id = chain_id(connection, "records")

    def close(self) -> None:
        """Let go of the file."""
        if self._poll is not None:
            self._poll.close()
            self._poll = None
        self._readers.close()

    def data_version(self) -> int:
        """A number that changes when another connection, of this or another process, has written."""
        try:
            with self._polling:
                if self._poll is None:
                    self._poll = connect(self.path, busy_timeout_s=self._busy_timeout_s)
                return int(self._poll.value("PRAGMA data_version"))
        except DatabaseFault as error:
            raise evidence_error(error) from None

    def count(self, wanted: CaseFilter) -> int:
        """How many cases match."""
        where, values = case_condition(wanted)
        with self.reading() as connection:
            return int(connection.value(f"SELECT count(*) FROM cases{where}", values))  # noqa: S608

    def page(self, wanted: CaseFilter, offset: int, limit: int) -> Sequence[Case]:
        """Cases from the newest, `limit` of them after `offset`."""
        where, values = case_condition(wanted)
        query = f"SELECT * FROM cases{where} ORDER BY last_us DESC, id DESC LIMIT ? OFFSET ?"  # noqa: S608
        with self.reading() as connection:
            rows = connection.named(query, (*values, limit, offset))
            return [case_of(row) for row in rows]

    def case(self, key: str) -> Case | None:
        """One case."""
        with self.reading() as connection:
            row = connection.named("SELECT * FROM cases WHERE key = ?", (key,)).fetchone()
            return None if row is None else case_of(row)

    def records(self, key: str, limit: int = 50) -> Sequence[Mapping[str, Any]]:
        """The newest records of a case as JSON objects with their `chain`."""
        case = "(SELECT id FROM cases WHERE key = ?)"
        query = f"{_RECORD} WHERE case_id = {case} ORDER BY seq DESC LIMIT ?"
        with self.reading() as connection:
            return [self._record(*row) for row in connection.execute(query, (key, limit))]

    def records_by_ids(self, ids: Sequence[str]) -> Sequence[Mapping[str, Any]]:
        """The records with these ids, in the order asked for; ids that are not chained (yet) are left out."""
        query, found = f"{_RECORD} WHERE id = ?", []
        with self.reading() as connection:
            for id_ in ids:
                found += [self._record(*row) for row in connection.execute(query, (id_,))]
        return found

    def iter_records(
        self,
        since: datetime | None = None,
        until: datetime | None = None,
        *,
        verdict: str | None = None,
        kind: str | None = None,
        text: str = "",
    ) -> Iterator[dict[str, Any]]:
        """Records from the oldest, in the order of the chain, that began at or after `since` and before `until`.

        Reads in pages, so that neither memory nor the write-ahead log grows with the length of an export. What is
        written while it runs is not included.
        """
        query = RecordQuery(since=since, until=until, verdict=verdict, kind=kind, text=text)
        with self.reading() as connection:
            after, last = connection.execute(*query.range()).fetchone()
        while True:
            statement, values = query.page(after, last)
            with self.reading() as connection:
                rows = list(connection.execute(statement, values))
            for row in rows:
                record = self._record(*row)
                if query.matches(record):
                    yield record
            if len(rows) < PAGE:
                return
            after = rows[-1][0]

    def iter_by_time(self, since: datetime | None = None) -> Iterator[dict[str, Any]]:
        """Records from the oldest, by when they began, that began at or after `since`. Reads in pages, as `iter_records`."""
        statement = """SELECT at_us, seq, prev, hash, body FROM entries
            WHERE (at_us, seq) > (?, ?) AND seq <= ? ORDER BY at_us, seq LIMIT ?"""
        with self.reading() as connection:
            last = connection.value("SELECT coalesce(max(seq), 0) FROM entries")
        after = (-(2**62) if since is None else micros(since), -1)
        while True:
            with self.reading() as connection:
                rows = list(connection.execute(statement, (*after, last, PAGE)))
            for row in rows:
                yield self._record(*row[1:])
            if len(rows) < PAGE:
                return
            after = rows[-1][0], rows[-1][1]

    def session_records(self, since: datetime, pids: Sequence[int]) -> Sequence[dict[str, Any]]:
        """Records that began at or after `since` and were sent by one of these processes or their descendants."""
        wanted = frozenset(pids)
        return [record for record in self.iter_records(since) if session_of(record) & wanted]

    def history(self, key: str) -> Sequence[ReviewEvent]:
        """What reviewers did with a case, oldest first."""
        query = "SELECT body FROM review_entries WHERE case_key = ? ORDER BY seq"
        with self.reading() as connection:
            return [event_of(orjson.loads(text)) for (text,) in connection.execute(query, (key,))]

    def append(self, events: Sequence[ReviewEvent]) -> None:
        """Append review events, all or none. Raises EvidenceError."""
        with self.reading() as connection, transaction(connection):
            for event in events:
                append_review(connection, event)

    def totals(self, since: datetime | None = None) -> Mapping[str, int]:
        """Counts for the health line: `records`, `open_cases`, `blocked`, `held`, `degraded`, `last_at_epoch`.

        `blocked`, `held` and `degraded` count records; with `since`, of the cases that were alive since.
        """
        sums = """SELECT total(status = 'open'), total((verdict = 'block') * count), total((verdict = 'hold') * count),
                  total(degraded) FROM cases WHERE last_us >= ?"""
        us = 0 if since is None else micros(since)
        with self.reading() as connection:
            records, last = connection.execute(*_newest(since)).fetchone()
            open_cases, blocked, held, degraded = connection.execute(sums, (us,)).fetchone()
        return {
            "records": records,
            "open_cases": int(open_cases),
            "blocked": int(blocked),
            "held": int(held),
            "degraded": int(degraded),
            "last_at_epoch": (last or 0) // 1_000_000,
        }

    def script_versions(self, script: str | None = None) -> Sequence[ScriptVersion]:
        """Return the versions of one script (its path or name) or of all, each script's oldest first."""
        query = "SELECT script, sha256, first_us, last_us FROM scripts WHERE ? IS NULL OR script = ? ORDER BY script, first_us"
        with self.reading() as connection:
            rows = list(connection.execute(query, (script, script)))
        return [
            ScriptVersion(
                script=row[0],
                sha256=row[1] or None,
                first_at=from_micros(row[2]),
                last_at=from_micros(row[3]),
            )
            for row in rows
        ]

    def rebuild_cases(self) -> None:
        """Make cases and the other derived tables anew from both chains. Raises EvidenceError."""
        with self.reading() as connection, transaction(connection):
            rebuild(connection)

    def _record(self, seq: int, prev: bytes, hash_: bytes, text: str) -> dict[str, Any]:
        body: dict[str, Any] = orjson.loads(text)
        body["chain"] = Link(chain_id=self.chain_id, seq=seq, prev=prev, hash=hash_).to_json()
        return body
