"""The read side and the reviewers' acts: cases, records, totals, and review events on a chain of
their own.
"""

import contextlib
import json
import threading
from array import array
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from core.case_keys import case_of_key
from core.errors import ForbiddenError
from core.happenings import Event, Happening, happening
from core.ids import utc_now
from core.observation import SCHEMA, Observation
from core.review import Acting, Case, CaseFilter, ReviewEvent, ScriptVersion
from core.stored import StoredEntry, StoredObservation, StoredRecord, UnreadableEntry
from evidence import queries
from evidence.acts import Newest, StoredAct, append_happening, opened_act, reviewed
from evidence.case_marks import marked
from evidence.case_queries import OF_SCRIPT, case_condition, case_of, keys_of, read_page
from evidence.chain_ids import chain_id
from evidence.checked_rows import entries_in
from evidence.database import BUSY_TIMEOUT_S, Connection, Readers, connect, transaction
from evidence.entries import Entry, Recalled
from evidence.notary import Notary
from evidence.queries import PAGE, TimeRange
from evidence.rebuild import rebuild
from evidence.reviews import append_review
from evidence.schema import prepare
from evidence.sqlite_errors import DatabaseFault, evidence_error
from evidence.times import HOUR_US, from_micros, micros

OBSERVATION = f'"schema":"{SCHEMA}"'.encode()
"""Stands in the canonical text of each observation, and makes reading others needless."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptCheckpoint:
    """A checkpoint as the file keeps it."""

    note: str
    """The signed note."""
    public: bytes
    """The key that signed it."""


class Store:
    """Implements `core.review_ports.CaseStore` on the file at `path`.

    Safe to use from several threads and processes.
    """

    def __init__(
        self,
        path: Path,
        *,
        busy_timeout_s: float = BUSY_TIMEOUT_S,
        acting: Acting | None = None,
        notary: Notary | None = None,
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        """Open the file, made where there is none; `acting` says where people act through it. With
        `notary` a checkpoint is taken of every act.

        Raises EvidenceError.
        """
        self.path = path
        self._acting = acting
        self._notary = notary
        self._clock = clock
        self._busy_timeout_s = busy_timeout_s
        prepare(path, busy_timeout_s=busy_timeout_s)
        self._readers = Readers(path, busy_timeout_s=busy_timeout_s)
        self.reading = self._readers.reading
        self._poll: Connection | None = None
        self._polling = threading.Lock()
        with self.reading() as connection:
            self.chain_id = chain_id(connection, "records")
            self.acts_chain_id = chain_id(connection, "reviews")

    def close(self) -> None:
        """Let go of the file."""
        if self._poll is not None:
            self._poll.close()
            self._poll = None
        self._readers.close()

    def data_version(self) -> int:
        """A number that changes when another connection, of this or another process, has
        written.
        """
        try:
            with self._polling:
                if self._poll is None:
                    self._poll = connect(self.path, busy_timeout_s=self._busy_timeout_s)
                return int(self._poll.value("PRAGMA data_version"))
        except DatabaseFault as error:
            raise evidence_error(error) from None

    def count(self, wanted: CaseFilter) -> int:
        """How many cases match."""
        where, values = case_condition(wanted, self.now_us())
        with self.reading() as connection:
            return int(connection.value(f"SELECT count(*) FROM cases{where}", values))  # noqa: S608

    def page(self, wanted: CaseFilter, offset: int, limit: int) -> Sequence[Case]:
        """Cases in the order of the filter, `limit` of them after `offset`."""
        now_us = self.now_us()
        with self.reading() as connection:
            rows = read_page(connection, wanted, now_us, limit, offset)
            return _marked(connection, rows, now_us)

    def cases_of(self, script: str, limit: int) -> Sequence[Case]:
        """Cases of the script at this path, open or closed, by risk."""
        now_us = self.now_us()
        with self.reading() as connection:
            rows = connection.named(OF_SCRIPT, (*keys_of(script), script, limit)).fetchall()
            return _marked(connection, rows, now_us)

    def case(self, key: str) -> Case | None:
        """One case; a key of an earlier version names the case that its records belong to now."""
        with self.reading() as connection:
            query = "SELECT * FROM cases WHERE key = ?"
            rows = connection.named(query, (case_of_key(key),)).fetchall()
            return next(iter(_marked(connection, rows, self.now_us())), None)

    def now_us(self) -> int:
        """The time now, in microseconds since 1970, by the clock that was given."""
        return micros(self._clock())

    def records(self, key: str, limit: int = 50, offset: int = 0) -> Sequence[StoredEntry]:
        """Records of a case from the newest, `limit` of them after `offset`."""
        return list(_requests(self._entries(queries.OF_CASE, (key, limit, offset))))

    def observations_of(
        self, key: str, limit: int = 50, offset: int = 0
    ) -> Sequence[StoredObservation | UnreadableEntry]:
        """Observations of a case from the newest, `limit` of them after `offset`."""
        opened = (entry.opened() for entry in self._entries(queries.OF_CASE, (key, limit, offset)))
        return [one for one in opened if not isinstance(one, StoredRecord)]

    def observations(
        self, since: datetime | None = None, until: datetime | None = None
    ) -> Iterator[StoredObservation]:
        """Observations from the oldest, in the order of the chain, that began at or after `since`
        and before `until`. Reads in pages, as `iter_entries`.
        """
        return _observations(self.iter_entries(since, until))

    def observed_entries(
        self, since: datetime | None = None, until: datetime | None = None
    ) -> Iterator[tuple[Entry, Observation | UnreadableEntry]]:
        """The same, each with its entry as it is stored; and what was changed of them."""
        for entry in self.iter_entries(since, until):
            opened = entry.opened() if OBSERVATION in entry.text else None
            if isinstance(opened, StoredObservation):
                yield entry, opened.observation
            elif isinstance(opened, UnreadableEntry) and opened.is_changed:
                yield entry, opened

    def records_by_ids(self, ids: Sequence[str]) -> Sequence[StoredEntry]:
        """The records with these ids, in the order asked for; ids that are not chained (yet) are
        left out.
        """
        found: list[Entry] = []
        with self.reading() as connection:
            for id_ in ids:
                found += self._read(connection, queries.BY_ID, (id_,))
        return list(_requests(found))

    def iter_records(
        self, since: datetime | None = None, until: datetime | None = None
    ) -> Iterator[StoredEntry]:
        """What `iter_entries` gives, read, without observations."""
        return _requests(self.iter_entries(since, until))

    def iter_entries(
        self, since: datetime | None = None, until: datetime | None = None
    ) -> Iterator[Entry]:
        """Entries from the oldest, in the order of the chain, that began at or after `since` and
        before `until`.

        Reads in pages, so that neither memory nor the write-ahead log grows with the length
        of an export. What is written while it runs is not included.
        """
        wanted = TimeRange(since=since, until=until)
        with self.reading() as connection:
            after, last = connection.execute(*wanted.bounds()).fetchone()
        while page := self._entries(*wanted.page(after, last)):
            yield from page
            after = page[-1].link.seq

    def iter_of_cases(self, keys: frozenset[str]) -> Iterator[Entry]:
        """Entries of these cases, in the order of the chain. Reads in pages, as `iter_entries`."""
        with self.reading() as connection:
            found = connection.execute(queries.SEQS_OF_CASES, (json.dumps(sorted(keys)),))
            seqs = array("q", sorted(seq for (seq,) in found))
        for first in range(0, len(seqs), PAGE):
            some = json.dumps(seqs[first : first + PAGE].tolist())
            yield from self._entries(queries.BY_SEQS, (some,))

    def iter_by_time(self, since: datetime | None = None) -> Iterator[StoredEntry]:
        """Records from the oldest, by when they began, that began at or after `since`.

        Reads in pages, as `iter_entries`.
        """
        with self.reading() as connection:
            last = connection.value("SELECT coalesce(max(seq), 0) FROM entries")
        known, after = Recalled(), (-(2**62) if since is None else micros(since), -1)
        while page := self._entries(queries.BY_TIME, (*after, last, PAGE)):
            yield from _requests(page, known)
            after = page[-1].at_us, page[-1].link.seq

    def history(self, key: str) -> Sequence[ReviewEvent | UnreadableEntry]:
        """What reviewers did with a case, oldest first."""
        with self.reading() as connection:
            chain = chain_id(connection, "reviews")
            rows = list(connection.execute(*queries.history_of(key)))
        return [reviewed(opened_act(chain, row)) for row in rows]

    def iter_acts(self) -> Iterator[StoredAct | UnreadableEntry]:
        """All that people did and all that befell the gate, in the order of their chain.

        Reads in pages, as `iter_entries`.
        """
        after = 0
        with self.reading() as connection:
            chain = chain_id(connection, "reviews")
        while rows := self._acts(after):
            yield from (opened_act(chain, row) for row in rows)
            after = rows[-1][0]

    def iter_act_entries(self) -> Iterator[Entry]:
        """The entries of the chain of acts as they are stored, in its order. Reads in pages, as
        `iter_entries`.
        """
        after = 0
        while page := self.act_entries_after(after):
            yield from page
            after = page[-1].link.seq

    def entries_after(self, seq: int) -> Sequence[Entry]:
        """The next page of entries behind this one, in the order of the chain."""
        return self._entries(queries.AFTER, (seq, PAGE))

    def act_entries_after(self, seq: int) -> Sequence[Entry]:
        """The next page of acts behind this one, in the order of their chain."""
        with self.reading() as connection:
            rows = list(connection.execute(queries.ACT_ENTRIES, (seq, PAGE)))
        return [Entry.of(self.acts_chain_id, row) for row in rows]

    def newest(self, up_to: int | None = None) -> Newest:
        """The newest record, or the newest up to this place; by its place and hash."""
        with self.reading() as connection:
            return Newest.of(connection, up_to)

    def _acts(self, after: int) -> list[Any]:
        with self.reading() as connection:
            return list(connection.execute(queries.ACTS, (after, PAGE)))

    def append(self, events: Sequence[ReviewEvent]) -> Sequence[ReviewEvent]:
        """Append review events, all or none, and return them as they were written: an approval that
        takes two people is a request first. Raises EvidenceError, ForbiddenError.
        """
        for event in events:
            self._refuse_unless_allowed(event)
        with self._acted() as connection:
            return [
                append_review(connection, self._signed(event), self._acting) for event in events
            ]

    def _refuse_unless_allowed(self, event: ReviewEvent) -> None:
        refused = None if self._acting is None else self._acting.refusal(event.who, event.action)
        if refused is not None:
            raise ForbiddenError(refused)

    def _signed(self, event: ReviewEvent) -> ReviewEvent:
        if self._acting is None:
            return event
        role = event.role or self._acting.role_of(event.who)
        return replace(event, role=role, channel=event.channel or self._acting.channel)

    def tell(self, happening: Happening) -> None:
        """Chain what befell the evidence. Raises EvidenceError."""
        with self._acted() as connection:
            append_happening(connection, happening)

    def checkpoint(self, why: str) -> str:
        """Take a checkpoint now and return the signed note. Raises EvidenceError."""
        with self.reading() as connection:
            return (self._notary or Notary(self.path)).take(connection, why).note

    def checkpoints(self) -> Sequence[KeptCheckpoint]:
        """The checkpoints that the file keeps, oldest first."""
        query = "SELECT note, public FROM checkpoints ORDER BY seq"
        with self.reading() as connection:
            rows = list(connection.execute(query))
        return [KeptCheckpoint(note=str(note), public=bytes(public)) for note, public in rows]

    @contextlib.contextmanager
    def _acted(self) -> Iterator[Connection]:
        """One transaction, and a checkpoint of what it chained."""
        with self.reading() as connection:
            with transaction(connection):
                yield connection
            if self._notary is not None:
                self._notary.take(connection, "review")

    def totals(self, since: datetime | None = None) -> Mapping[str, int]:
        """Counts for the health line: `records`, `requests`, `open_cases`, `degraded`,
        `last_at_epoch`.

        `records` are all entries, what was only observed too; `last_at_epoch` is when the newest
        request began, 0 for none. `degraded` counts cases with a record that was not fully
        checked; with `since`, one that began since.
        """
        us = -(2**62) if since is None else micros(since)
        with self.reading() as connection:
            records = connection.value(*queries.kept(since))
            hour = max(0, -(-us // HOUR_US))  # the first whole one; nothing was before 1970
            times = (hour, us, hour * HOUR_US, hour * HOUR_US)
            requests = connection.value(queries.REQUESTS, times)
            last = connection.value(queries.NEWEST_REQUEST, (us,)) if requests else 0
            open_cases = connection.value(queries.OPEN_CASES, (self.now_us(),))
            degraded = connection.value(queries.DEGRADED, (us,))
        return {
            "records": int(records),
            "requests": int(requests),
            "open_cases": int(open_cases),
            "degraded": int(degraded),
            "last_at_epoch": (last or 0) // 1_000_000,
        }

    def kept(self) -> int:
        """Return how many entries of the chain of records there are."""
        with self.reading() as connection:
            return int(connection.value(*queries.kept(None)))

    def script_versions(self, script: str | None = None) -> Sequence[ScriptVersion]:
        """Return the versions of one script (its path or name) or of all, each script's oldest
        first.
        """
        with self.reading() as connection:
            rows = list(connection.execute(queries.VERSIONS, (script, script)))
        return [
            ScriptVersion(
                script=row[0],
                sha256=row[1] or None,
                first_at=from_micros(row[2]),
                last_at=from_micros(row[3]),
            )
            for row in rows
        ]

    def destinations_first_seen(self) -> Mapping[str, datetime]:
        """Return when each destination (service's id, else host) was first seen."""
        with self.reading() as connection:
            rows = list(connection.execute(queries.DESTINATIONS_FIRST_SEEN))
        return {str(name): from_micros(int(us)) for name, us in rows}

    def rebuild_cases(self, told: Happening | None = None) -> None:
        """Make cases and the other derived tables anew from both chains, and chain that it was
        done. Raises EvidenceError.
        """
        with self._acted() as connection:
            rebuild(connection)
            append_happening(connection, told or happening(Event.REBUILT, {}))

    def _entries(self, statement: str, values: Sequence[Any]) -> list[Entry]:
        with self.reading() as connection:
            return self._read(connection, statement, values)

    def _read(self, connection: Connection, statement: str, values: Sequence[Any]) -> list[Entry]:
        return entries_in(connection, self.chain_id, statement, values)


def _marked(connection: Connection, rows: Sequence[Any], now_us: int) -> list[Case]:
    return marked(connection, [(case_of(row, now_us), row["script_sha256"]) for row in rows])


def _requests(entries: Iterable[Entry], known: Recalled | None = None) -> Iterator[StoredEntry]:
    """Read entries; observations are no requests."""
    known = known or Recalled()
    for entry in entries:
        if not isinstance(opened := entry.opened(known), StoredObservation):
            yield opened


def _observations(entries: Iterable[Entry]) -> Iterator[StoredObservation]:
    known = Recalled()
    for entry in entries:
        if OBSERVATION in entry.text and isinstance(
            opened := entry.opened(known), StoredObservation
        ):
            yield opened
