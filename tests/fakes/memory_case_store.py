"""A case store in memory over given records, for tests and pictures."""

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from core.decision import HoldOutcome, Verdict
from core.errors import EvidenceError
from core.record import Record
from core.review import (
    Action,
    Case,
    CaseFilter,
    CaseStatus,
    HoldAnswer,
    HoldState,
    ReviewEvent,
    ScriptVersion,
    case_key,
    needs_review,
)
from core.stored import (
    ChainLink,
    StoredEntry,
    StoredObservation,
    StoredRecord,
    UnreadableEntry,
)

LINK = ChainLink(chain_id="records:made-up", seq=1, prev=bytes(32), hash=bytes.fromhex("5a" * 32))


def as_stored(record: Record) -> Record:
    """Return the record as it is read again: its texts made harmless and cut."""
    return Record.from_json(json.loads(json.dumps(record.to_json())))


class MemoryCaseStore:
    """The `CaseStore` and `HoldQueue` ports over records in memory."""

    def __init__(self, records: Sequence[Record] = ()) -> None:
        self._records: list[Record] = sorted(records, key=lambda r: r.at)
        self._events: list[ReviewEvent] = []
        self._held: dict[str, Record] = {}
        self._version = 1
        self.skipped = 0
        self.unreadable: set[str] = set()
        """Ids of records that are there and cannot be read."""
        self.unreadable_waiting: list[UnreadableEntry] = []
        self.unreadable_events: list[UnreadableEntry] = []

    def observations_of(self, key: str, limit: int = 50) -> Sequence[StoredObservation]:
        return []

    def add(self, record: Record) -> None:
        """A record arrives, as if another process had written it."""
        self._records.append(record)
        self._version += 1

    def hold(self, record: Record) -> None:
        """A request begins to wait for a person."""
        self._held[record.id] = record
        self._version += 1

    def end(self, record_id: str, outcome: HoldOutcome) -> None:
        """The gate ends the wait of a request and finishes its record."""
        waited = self._held.pop(record_id)
        self.add(replace(waited, decision=replace(waited.decision, hold_outcome=outcome)))

    def waiting(self) -> Sequence[Record | UnreadableEntry]:
        """What waits and has no answer."""
        readable = [as_stored(r) for id_, r in self._held.items() if self._answer(id_) is None]
        return [*self.unreadable_waiting, *readable]

    def states(self, record_ids: Sequence[str]) -> Mapping[str, HoldState]:
        """How holds ended, of finished records."""
        ended = {r.id: r.decision.hold_outcome for r in self._records if r.id in record_ids}
        return {
            id_: HoldState(outcome=outcome, answer=self._answer(id_))
            for id_, outcome in ended.items()
        }

    def _answer(self, record_id: str) -> HoldAnswer | None:
        said = [
            e
            for e in self._events
            if e.record_id == record_id and e.action in {Action.APPROVE, Action.REFUSE}
        ]
        return (
            HoldAnswer(approved=said[-1].action is Action.APPROVE, who=said[-1].who, at=said[-1].at)
            if said
            else None
        )

    def data_version(self) -> int:
        """Changes with each arrival."""
        return self._version

    def count(self, wanted: CaseFilter) -> int:
        """How many cases match."""
        return len(self._cases(wanted))

    def page(self, wanted: CaseFilter, offset: int, limit: int) -> Sequence[Case]:
        """Newest first."""
        return self._cases(wanted)[offset : offset + limit]

    def case(self, key: str) -> Case | None:
        """One case."""
        return next((c for c in self._cases(CaseFilter(status=None)) if c.key == key), None)

    def records(self, key: str, limit: int = 50) -> Sequence[StoredEntry]:
        """The newest records of a case."""
        mine = [r for r in self._records if case_key(r) == key][::-1][:limit]
        return [
            UnreadableEntry(id=r.id, at=r.at, link=LINK, why="decision.verdict is not known")
            if r.id in self.unreadable
            else StoredRecord(record=as_stored(r), link=LINK)
            for r in mine
        ]

    def history(self, key: str) -> Sequence[ReviewEvent | UnreadableEntry]:
        """What was done with a case."""
        mine = [event for event in self._events if event.case_key == key]
        return [*self.unreadable_events, *mine]

    def script_versions(self, script: str | None = None) -> Sequence[ScriptVersion]:
        """Versions of one script or of all."""
        seen: dict[tuple[str, str | None], list[datetime]] = {}
        for record in self._records:
            if (mine := record.sender.script) is not None:
                seen.setdefault((mine.path or mine.name, mine.sha256), []).append(record.at)
        return [
            ScriptVersion(script=name, sha256=sha256, first_at=min(times), last_at=max(times))
            for (name, sha256), times in sorted(seen.items(), key=lambda item: min(item[1]))
            if script in {None, name}
        ]

    def append(self, events: Sequence[ReviewEvent]) -> None:
        """All or none."""
        known = {case_key(r) for r in (*self._records, *self._held.values())}
        if any(event.script is None and event.case_key not in known for event in events):
            raise EvidenceError("A case to be changed is not in the evidence.")
        self._events.extend(events)
        self._version += 1

    def totals(self, since: datetime | None = None) -> Mapping[str, int]:
        """Counts for the health line."""
        recent = [r for r in self._records if since is None or r.at >= since]
        return {
            "records": len(recent),
            "open_cases": self.count(CaseFilter()),
            "blocked": sum(r.decision.verdict is Verdict.BLOCK for r in recent),
            "held": sum(r.decision.verdict is Verdict.HOLD for r in recent),
            "degraded": sum(bool(r.decision.degraded) for r in recent) + self.skipped,
            "last_at_epoch": int(max((r.at.timestamp() for r in self._records), default=0)),
        }

    def _cases(self, wanted: CaseFilter) -> list[Case]:
        grouped: dict[str, list[Record]] = defaultdict(list)
        for record in self._records:
            if needs_review(record):
                grouped[case_key(record)].append(record)
        cases = [self._case(key, records) for key, records in grouped.items()]
        return sorted(
            (c for c in cases if matches(c, wanted)), key=lambda c: (c.last_at, c.key), reverse=True
        )

    def _case(self, key: str, records: list[Record]) -> Case:
        last = max(records, key=lambda r: r.at)
        script, place = last.sender.script, last.destination
        changes = {Action.CLOSE, Action.REOPEN}
        acts = [e for e in self._events if e.case_key == key and e.action in changes]
        closed = acts[-1] if acts and acts[-1].action is Action.CLOSE else None
        rows = [f.records for r in records for f in r.findings if f.records is not None]
        return Case(
            key=key,
            status=CaseStatus.CLOSED if closed else CaseStatus.OPEN,
            first_at=min(r.at for r in records),
            last_at=last.at,
            count=len(records),
            verdict=last.decision.verdict.value,
            script=script.name
            if script
            else last.sender.process.name
            if last.sender.process
            else "",
            script_path=script.path if script else None,
            user=last.sender.user,
            host=place.host,
            service=place.service,
            category=place.category.value,
            account_kind=place.account.kind.value,
            kinds=tuple(sorted({f.kind for f in last.findings})),
            values=max(sum(f.distinct for f in r.findings) for r in records),
            records=max(rows, default=None),
            bytes_sent=sum(r.request.bytes for r in records),
            last_record=last.id,
            disposition=closed.disposition if closed else None,
        )


def matches(case: Case, wanted: CaseFilter) -> bool:
    """Return True when a case is one of those wanted."""
    words = " ".join([case.script, case.host, case.service or "", *case.kinds]).lower()
    tests = (
        wanted.status in {None, case.status},
        wanted.text.lower() in words,
        wanted.verdict in {None, case.verdict},
        wanted.script is None
        or wanted.script.lower() in f"{case.script} {case.script_path or ''}".lower(),
        wanted.destination is None
        or wanted.destination.lower() in f"{case.host} {case.service or ''}".lower(),
        wanted.kind is None or wanted.kind in case.kinds,
        wanted.since is None or case.last_at >= wanted.since,
    )
    return all(tests)
