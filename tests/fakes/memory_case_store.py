"""A case store in memory over given records, for tests and pictures."""

import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from functools import lru_cache
from typing import Any

from core.attribution import Certainty
from core.case_inside import beyond
from core.case_keys import case_id, case_key
from core.case_vocabulary import shown_as
from core.decision import HoldOutcome
from core.errors import EvidenceError
from core.findings import NOT_INSPECTED
from core.record import Record
from core.review import (
    About,
    Action,
    Case,
    CaseFilter,
    CaseStatus,
    Condition,
    HoldAnswer,
    HoldState,
    Order,
    ReviewEvent,
    ScriptVersion,
    needs_review,
    own_acts,
    script_key,
)
from core.risk import risk_of
from core.stored import (
    ChainLink,
    StoredEntry,
    StoredObservation,
    StoredRecord,
    UnreadableEntry,
)
from core.vocabulary.desk import State
from evidence.alike import alike, figures
from evidence.case_queries import case_of, plain
from evidence.case_sums import CaseSums
from evidence.closed import OPEN, closed_columns
from evidence.times import micros

LINK = ChainLink(chain_id="records:made-up", seq=1, prev=bytes(32), hash=bytes.fromhex("5a" * 32))


@lru_cache(maxsize=2048)
def as_stored(record: Record) -> Record:
    """Return the record as it is read again: its texts made harmless and cut. Screens ask for the
    same ones over and over.
    """
    return Record.from_json(json.loads(json.dumps(record.to_json())))


class MemoryCaseStore:
    """The `CaseStore` and `HoldQueue` ports over records in memory."""

    def __init__(self, records: Sequence[Record] = ()) -> None:
        self._records: list[Record] = sorted(records, key=lambda r: r.at)
        self._events: list[ReviewEvent] = []
        self._held: dict[str, Record] = {}
        self._version = 1
        self.now: datetime | None = None
        """Without it, that of the newest record."""
        self.skipped = 0
        self.unreadable: set[str] = set()
        """Ids of records that are there and cannot be read."""
        self.unreadable_waiting: list[UnreadableEntry] = []
        self.unreadable_events: list[UnreadableEntry] = []

    def observations_of(
        self, key: str, limit: int = 50, offset: int = 0
    ) -> Sequence[StoredObservation]:
        """There are none."""
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

    def asked_by(self, record_ids: Sequence[str]) -> Mapping[str, str]:
        """Who asked for what takes two people."""
        asked = [event for event in self._events if event.action is Action.ASK_APPROVE]
        return {
            e.record_id: e.who
            for e in asked
            if e.record_id and e.record_id in record_ids and self._answer(e.record_id) is None
        }

    def states(self, record_ids: Sequence[str]) -> Mapping[str, HoldState]:
        """How holds ended, of finished records."""
        asked = self.asked_by(record_ids)
        ended = {r.id: r.decision.hold_outcome for r in self._records if r.id in record_ids}
        return {
            id_: HoldState(outcome=outcome, answer=self._answer(id_), asked_by=asked.get(id_, ""))
            for id_, outcome in ended.items()
        }

    def _answer(self, record_id: str) -> HoldAnswer | None:
        said = [
            e
            for e in self._events
            if e.record_id == record_id and e.action in {Action.APPROVE, Action.REFUSE}
        ]
        return (
            HoldAnswer(
                approved=said[-1].action is Action.APPROVE,
                who=said[-1].who,
                at=said[-1].at,
                own=said[-1].own is True,
            )
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

    def cases_of(self, script: str, limit: int) -> Sequence[Case]:
        """Cases of one script."""
        cases = self._cases(CaseFilter(status=None))
        return [case for case in cases if case.script_path == script][:limit]

    def case(self, key: str) -> Case | None:
        """One case."""
        return next((c for c in self._cases(CaseFilter(status=None)) if c.key == key), None)

    def records(self, key: str, limit: int = 50, offset: int = 0) -> Sequence[StoredEntry]:
        """Records of a case from the newest."""
        mine = [r for r in self._records if case_key(r) == key][::-1][offset : offset + limit]
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

    def append(self, events: Sequence[ReviewEvent]) -> Sequence[ReviewEvent]:
        """All or none."""
        known = {case_key(r) for r in (*self._records, *self._held.values())}
        if any(event.script is None and event.case_key not in known for event in events):
            raise EvidenceError("A case to be changed is not in the evidence.")
        self._events.extend(events)
        self._version += 1
        return events

    def totals(self, since: datetime | None = None) -> Mapping[str, int]:
        """Counts for the health line."""
        recent = [r for r in self._records if since is None or r.at >= since]
        return {
            "records": len(recent),
            "requests": len(recent),
            "open_cases": self.count(CaseFilter()),
            "degraded": sum(bool(r.decision.degraded) for r in recent) + self.skipped,
            "last_at_epoch": int(max((r.at.timestamp() for r in self._records), default=0)),
        }

    def _cases(self, wanted: CaseFilter) -> list[Case]:
        grouped: dict[str, list[Record]] = defaultdict(list)
        for record in self._records:
            if needs_review(record):
                grouped[case_key(record)].append(record)
        cases = [self._case(key, records) for key, records in grouped.items()]
        newest = sorted(
            (c for c in cases if matches(c, wanted)), key=lambda c: (c.last_at, c.key), reverse=True
        )
        return sorted(newest, key=_SORTS[wanted.order])

    def _case(self, key: str, records: list[Record]) -> Case:
        sums = CaseSums(key=key, first_us=2**62, last_us=-(2**62))
        for record in records:
            stored = as_stored(record)
            kind = alike(stored)
            assert kind.case is not None
            sums.add(
                kind.case,
                figures(stored, went=kind.went),
                micros(record.at),
                degraded=kind.degraded,
            )
        changes = {Action.CLOSE, Action.REOPEN}
        acts = [e for e in self._events if e.case_key == key and e.action in changes]
        row = {**sums.row(), **OPEN}
        if acts and acts[-1].action is Action.CLOSE:
            scope = acts[-1].scope or sums.reach.scope()
            row |= closed_columns(acts[-1].disposition, scope)
            if beyond(scope, sums.reach):
                row["status"] = CaseStatus.OPEN.value
        case = case_of(row, micros(self.now or max(r.at for r in self._records)))
        about = {key, script_key(case.script_path or "")}
        said = [(e.action, e.own is True) for e in self._events if e.case_key in about]
        likely = records[-1].sender.certainty is Certainty.LIKELY
        return replace(case, likely=likely, own=own_acts(said))


_TEXTS: Mapping[About, Callable[[Case], Iterable[str]]] = {
    About.USER: lambda case: case.inside.users,
    About.RULE: lambda case: case.inside.rules,
    About.MODEL: lambda case: case.inside.models,
    About.OUTCOME: lambda case: (
        *case.inside.outcomes,
        *(outcome.partition(":")[0] for outcome in case.inside.outcomes),
    ),
    About.ACCOUNT: lambda case: (case.account_kind,),
    About.KIND: lambda case: case.kinds,
    About.SCRIPT: lambda case: (case.script, case.script_path or ""),
    About.DESTINATION: lambda case: (case.host, case.service or ""),
    About.DISPOSITION: lambda case: (case.disposition or "",),
    About.TEXT: lambda case: (
        *(case.script, case.script_path or "", case.host, case.service or ""),
        *(*case.kinds, *case.inside.users),
    ),
    About.RETURNED: lambda case: (
        ("came-back",) if case.scope is not None and case.status is CaseStatus.OPEN else ()
    ),
    About.STATE: lambda case: _states(case),
    About.CERTAIN: lambda case: (_certainty(case),),
    About.HASH: lambda case: (
        sha256[:length] for sha256 in case.inside.versions for length in range(4, 65)
    ),
    About.OWN: lambda case: ("", *case.own) if case.own else (),
    About.RISK: lambda case: (risk_of(case).level,),
    About.CASE: lambda case: (case_id(case.key), case.last_record),
}
_WHOLE = {
    *(About.STATE, About.OWN, About.CERTAIN, About.HASH),
    *(About.OUTCOME, About.ACCOUNT, About.KIND, About.RISK, About.DISPOSITION, About.CASE),
}


_NUMBERS: Mapping[About, Callable[[Case], int]] = {
    About.PEOPLE: lambda case: case.inside.people,
    About.ROWS: lambda case: case.records or 0,
    About.TIMES: lambda case: case.count,
}


def _certainty(case: Case) -> str:
    if case.script == "unknown" and case.script_path is None:
        return Certainty.UNKNOWN
    return Certainty.LIKELY if case.likely else Certainty.EXACT


def _states(case: Case) -> Iterable[str]:
    """Yield what a row says of it, as far as the case itself tells."""
    known = [kind for kind in case.kinds if kind != NOT_INSPECTED]
    unnamed = case.script == "" or (case.script == "unknown" and case.script_path is None)
    said = {
        State.LIKELY: case.likely,
        State.UNNAMED: unnamed,
        State.UNREAD: case.unread and not known,
        State.PARTLY_UNREAD: case.unread,
        State.NOTHING_KNOWN: not case.kinds and not case.unread,
        State.NOTHING_LEFT: not case.inside.left,
        State.FIRST_TIME: len(case.inside.days) == 1,
    }
    return (state for state, holds in said.items() if holds)


def _fits(case: Case, condition: Condition) -> bool:
    if condition.about is About.SHOWN:
        parts = [shown_as(value) for value in condition.values]
        each = (_fits(case, Condition(about=about, values=(value,))) for about, value in parts)
        return any(each) is not condition.negated
    if condition.about in _NUMBERS:
        enough = _NUMBERS[condition.about](case) >= min(map(int, condition.values))
        return enough is not condition.negated
    texts = [text.lower() for text in _TEXTS[condition.about](case)]
    found = any(
        value.lower() == text if condition.about in _WHOLE else value.lower() in text
        for value in condition.values
        for text in texts
    )
    return found is not condition.negated


def matches(case: Case, wanted: CaseFilter) -> bool:
    """Return True when a case is one of those wanted."""
    tests = (
        wanted.status in {None, case.status},
        wanted.since is None or case.last_at >= wanted.since,
        wanted.until is None or case.last_at < wanted.until,
        *(_fits(case, condition) for condition in plain(wanted)),
    )
    return all(tests)


_SORTS: Mapping[Order, Callable[[Case], Any]] = {
    Order.RISK: lambda case: -risk_of(case).points,
    Order.NEWEST: lambda case: 0,
    Order.OLDEST: lambda case: case.first_at,
    Order.SCRIPT: lambda case: case.script.lower(),
    Order.DESTINATION: lambda case: (case.service or case.host).lower(),
    Order.OUTCOME: lambda case: case.verdict,
    Order.KIND: lambda case: (not case.kinds, ",".join(case.kinds)),
    Order.PEOPLE: lambda case: -case.inside.people,
    Order.ROWS: lambda case: -(case.records or 0),
    Order.TIMES: lambda case: -case.count,
}
