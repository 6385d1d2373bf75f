"""Replay: what a policy would have done to what was recorded. Pure: records in, a report out."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Protocol

from core.case_keys import case_key, sender_of
from core.decision import Decision, HoldOutcome, Verdict, lets_out
from core.habits import NEVER_SEEN, Habits
from core.record import Record
from core.review import Disposition
from core.situation import ScriptHistory, situation_of
from core.vocabulary.sizes import counted
from destinations.naming import place_name
from policy.decide import RulePolicy
from policy.inputs import HABITS, HISTORY, PAST, VOLUME, WHOLE_DAY, WHOLE_HOUR
from policy.volumes import Volumes
from policy.watching import as_enforced


@dataclass(frozen=True, slots=True, kw_only=True)
class Affected:
    """Alike records that a rule would have touched."""

    rule: str | None
    verdict: Verdict
    script: str
    destination: str
    """The service's id, else the host."""
    place: str
    """What a person calls it."""
    count: int
    users: tuple[str, ...]
    false_alarms: int
    """Of them, how many a reviewer had closed as false alarms."""
    confirmed_leaks: int
    first_at: datetime
    last_at: datetime
    example: str
    """Id of the newest of these records."""
    reason: str
    """Why, for that record."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplayReport:
    """What a policy would have done."""

    policy: str
    records: int
    unreadable: int
    verdicts: Mapping[str, int]
    """Verdict as if enforced → records: of a rule that only watches and one that enforces after it,
    the stricter.
    """
    newly_stopped: int
    """Records that left through the gate unchanged and would be redacted, held or blocked."""
    no_longer_stopped: int
    scripts: int
    """Scripts with a record that would be redacted, held or blocked."""
    people: int
    false_alarms: int
    """Of the stopped records, how many a reviewer had closed as false alarms."""
    affected: tuple[Affected, ...]
    """The stopped records and the warned ones in groups, most frequent first."""
    caveats: tuple[str, ...] = ()
    untold: int = 0
    """Records of which nobody can tell, for they lack what a rule asks for; in no other number."""

    @property
    def stopped(self) -> int:
        """Records that would be redacted, held or blocked, whatever became of them."""
        return sum(n for verdict, n in self.verdicts.items() if not Verdict(verdict).passes)

    def to_json(self) -> dict[str, Any]:
        """Return the report as JSON values."""
        values = {name: getattr(self, name) for name in self.__slots__ if name != "affected"}
        rows = [
            {
                **{name: getattr(row, name) for name in row.__slots__},
                "first_at": row.first_at.isoformat(),
                "last_at": row.last_at.isoformat(),
                "users": list(row.users),
            }
            for row in self.affected
        ]
        return {
            **values,
            "verdicts": dict(self.verdicts),
            "caveats": list(self.caveats),
            "affected": rows,
        }


@dataclass(slots=True)
class _Group:
    count: int = 0
    false_alarms: int = 0
    confirmed: int = 0
    users: set[str] = field(default_factory=set)
    first: Record | None = None
    last: Record | None = None
    reason: str = ""


type _GroupKey = tuple[str | None, Verdict, str, str]
"""Rule, verdict, script and destination."""

type Known = Callable[[str, str | None, datetime], ScriptHistory]
"""Script, its hash, a time → what was known of it then."""


class Learnt(Protocol):
    """Habits as they were at any time: they grow with the records."""

    def add(self, record: Record) -> None:
        """Learn from a record, in the order of time."""

    def baseline(self, script: str, at: datetime) -> Habits | None:
        """Return what was known of a script then."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Replayed:
    """One record and what the policy makes of it."""

    record: Record
    decision: Decision
    unsure: tuple[str, ...] = ()
    """Rules that could have decided otherwise, had the record held what they ask for."""
    learning: bool = False
    """True where rules that ask for habits waited for them to be learnt."""

    @property
    def newly_stopped(self) -> bool:
        """Whether it left through the gate unchanged and would be redacted, held or blocked."""
        was = self.record.decision.verdict
        return self.record.left and was.passes and not as_enforced(self.decision).passes


def replayed(
    policy: RulePolicy,
    records: Iterable[Record | None],
    known: Known | None = None,
    learnt: Learnt | None = None,
) -> Iterator[Replayed | None]:
    """Yield what the policy makes of each record, in the order of time; None for an unreadable one.

    Earlier volume is what this policy would have let out, as far as the records go; held requests
    count as approved.
    """
    volumes = Volumes()
    supplied = VOLUME | WHOLE_HOUR | WHOLE_DAY
    if known is not None:
        supplied |= HISTORY
    if learnt is not None:
        supplied |= HABITS
    untold = PAST & ~supplied
    for record in records:
        if record is None:
            yield None
            continue
        history = _history(record, known, learnt)
        situation = replace(
            situation_of(record), degraded=(), history=history, volume=volumes.before(record)
        )
        # A stage that failed then says nothing about the rules, and without a script there is
        # nothing to be known.
        decision, unsure = policy.tell(situation, untold if record.sender.script is not None else 0)
        asked = as_enforced(decision)
        told = bool(unsure) or record.fate is not None  # which no policy changes
        if record.went if told else lets_out(asked, HoldOutcome.APPROVED):
            volumes.add(record, whole=not told)
        if learnt is not None:
            learnt.add(record)
        learning = history.habits is not None and history.habits.learning is not None
        yield Replayed(record=record, decision=decision, unsure=unsure, learning=learning)


def _history(record: Record, known: Known | None, learnt: Learnt | None) -> ScriptHistory:
    """Return what was known of the script of a record, as far as it was kept."""
    script, history = record.sender.script, ScriptHistory()
    if script is None:
        return history
    if known is not None:
        history = known(script.path or script.name, script.sha256, record.at)
    if learnt is not None:
        habits = learnt.baseline(sender_of(record), record.at)
        history = replace(history, habits=habits or NEVER_SEEN)
    return history


def replay(
    policy: RulePolicy,
    records: Iterable[Record | None],
    dispositions: Mapping[str, Disposition] | None = None,
    *,
    known: Known | None = None,
    learnt: Learnt | None = None,
    since: datetime | None = None,
) -> ReplayReport:
    """Run `policy` over recorded exchanges in the order of time; None stands for one that cannot be
    read.

    `dispositions`: key of a closed case → how it was closed. Records before `since` only count as
    earlier volume, and teach habits.
    """
    closed, tally = dispositions or {}, _Tally()
    for one in replayed(policy, records, known, learnt):
        if one is None:
            tally.unreadable += 1
        elif since is None or one.record.at >= since:
            tally.add(one, closed.get(case_key(one.record)))
    return tally.report(policy)


@dataclass(slots=True)
class _Tally:
    """What is counted of a replay."""

    records: int = 0
    unreadable: int = 0
    untold: int = 0
    newly: int = 0
    no_longer: int = 0
    false_alarms: int = 0
    learning: int = 0
    verdicts: Counter[str] = field(default_factory=Counter)
    unsure: Counter[str] = field(default_factory=Counter)
    groups: dict[_GroupKey, _Group] = field(default_factory=dict)

    def add(self, one: Replayed, how: Disposition | None) -> None:
        """Count a record; `how` its case was closed."""
        self.records += 1
        if one.unsure:
            self.untold += 1
            self.unsure.update(one.unsure)
            return
        self.learning += one.learning
        verdict, was = as_enforced(one.decision), one.record.decision.verdict
        self.verdicts[verdict.value] += 1
        self.newly += one.newly_stopped
        self.no_longer += verdict.passes and not was.passes
        self.false_alarms += not verdict.passes and how is Disposition.FALSE_ALARM
        if not verdict.passes or verdict is Verdict.WARN:
            key = (one.decision.rule, verdict, _script(one.record), _destination(one.record))
            _add(self.groups.setdefault(key, _Group()), one.record, one.decision, how)

    def report(self, policy: RulePolicy) -> ReplayReport:
        """Return what was counted."""
        stopped = [key for key in self.groups if not key[1].passes]
        return ReplayReport(
            policy=policy.version,
            records=self.records,
            unreadable=self.unreadable,
            verdicts=dict(self.verdicts),
            newly_stopped=self.newly,
            no_longer_stopped=self.no_longer,
            scripts=len({key[2] for key in stopped}),
            people=len(set().union(*(self.groups[key].users for key in stopped))),
            false_alarms=self.false_alarms,
            affected=_rows(self.groups),
            caveats=tuple(_caveats(policy, self.unsure, self.verdicts, self.learning)),
            untold=self.untold,
        )


def _add(group: _Group, record: Record, decision: Decision, how: Disposition | None) -> None:
    group.count += 1
    group.false_alarms += how is Disposition.FALSE_ALARM
    group.confirmed += how is Disposition.CONFIRMED_LEAK
    if record.sender.user:
        group.users.add(record.sender.user)
    if group.first is None or record.at < group.first.at:
        group.first = record
    if group.last is None or record.at >= group.last.at:
        group.last, group.reason = record, decision.reason


def _rows(groups: Mapping[_GroupKey, _Group]) -> tuple[Affected, ...]:
    rows = [
        Affected(
            rule=rule,
            verdict=verdict,
            script=script,
            destination=destination,
            place=place_name(group.last.destination.service, group.last.destination.host),
            count=group.count,
            users=tuple(sorted(group.users)),
            false_alarms=group.false_alarms,
            confirmed_leaks=group.confirmed,
            first_at=group.first.at,
            last_at=group.last.at,
            example=group.last.id,
            reason=group.reason,
        )
        for (rule, verdict, script, destination), group in groups.items()
        if group.first is not None and group.last is not None
    ]
    return tuple(sorted(rows, key=lambda row: (-row.count, row.script, row.destination)))


def _caveats(
    policy: RulePolicy, unsure: Counter[str], verdicts: Counter[str], learning: int
) -> Iterator[str]:
    if unsure:
        told = ", ".join(f"{rule} ({count:,})" for rule, count in unsure.most_common())
        yield (
            "What these rules look at is not in the records, so that nobody can tell what they "
            f"would have done: {told}"
        )
    if policy.inputs & HABITS and learning:
        yield (
            f"{counted(learning, 'request')} came while the habits of their script were being "
            "learnt: rules that ask for them did not judge these."
        )
    if policy.inputs & VOLUME and verdicts[Verdict.HOLD.value]:
        yield "Requests that would have been held count as approved in the volume of later ones."


def _script(record: Record) -> str:
    script, process = record.sender.script, record.sender.process
    if script is not None:
        return script.path or script.name
    return process.name if process is not None else "unknown"


def _destination(record: Record) -> str:
    return record.destination.service or record.destination.host
