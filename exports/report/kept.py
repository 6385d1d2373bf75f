"""What a report says of whether it is all: records of its time that expired, and sums beside the
records that are not what these add up to.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from core.classification import AccountKind
from core.record import Record
from core.stored import StoredEntry, StoredRecord, UnreadableEntry
from core.vocabulary.destinations import ACCOUNTS
from core.vocabulary.sizes import counted, number
from core.vocabulary.verdicts import words_of
from evidence.alike import figures
from evidence.bygone import Bygone, kept_hours, passes_of
from evidence.hours import oldest
from evidence.store import Store
from evidence.times import HOUR_US, micros
from exports.report.page import Section, rest, table_of
from exports.report.period import Period
from exports.selection import Selection

NOT_TRUE = "NOT TRUE AS IT STANDS IN THE FILE: "
_SUMS = 7
"""Of an hour: see `evidence.rollup`."""
_NAMED = "outgate verify names what was done."


def _is_erased(entry: StoredEntry) -> bool:
    return isinstance(entry, UnreadableEntry) and entry.is_erased


def _began(entry: StoredEntry) -> datetime | None:
    return entry.record.at if isinstance(entry, StoredRecord) else entry.at


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """What is known of one time beside its records."""

    past: Bygone
    gone: int
    """Requests of hours of this time of which only sums are kept."""
    rows: Sequence[tuple[str, ...]]
    """What these tell."""
    differ: int
    """Hours whose sums are not what the records add up to."""
    compared: int
    """Hours whose sums were held against records."""
    cases: str | None = None
    """What is wrong with the list of cases, or of other sums, if anything."""
    untold_before: datetime | None
    """Nothing is known of what this time has before it: neither records nor sums."""
    nothing: bool = False
    """Nothing is known of this time at all."""

    @property
    def is_true(self) -> bool:
        """Whether nothing speaks against it."""
        return not self.differ and self.past.problem is None and self.cases is None

    @property
    def is_less(self) -> bool:
        """Whether records of this time are not there any more, or none ever were."""
        return self.gone > 0 or self.nothing or self.past.problem is not None

    @property
    def answer(self) -> str:
        """What has to be said before the first line: it is read alone."""
        told = "" if self.is_true else f"The evidence was changed ({_NAMED[:-1]}). "
        if self.gone:
            told += f"Of {counted(self.gone, 'request')} only sums are kept; of what is left: "
        elif self.untold_before is not None:
            since = "so nothing of this time." if self.nothing else "since then: "
            parted = "," if self.nothing else ";"
            told += f"Nothing is known of before {_time(self.untold_before)}{parted} {since}"
        return told


class Counted:
    """Adds records up by the hour as they go by, to be held against what the file keeps."""

    def __init__(self, store: Store, period: Period, held: Selection) -> None:
        """Begin before the first record is read, of those that are `held`."""
        self._store, self._period, self._held = store, period, held
        self._sums: defaultdict[int, list[int]] = defaultdict(lambda: [0] * _SUMS)
        self._unread: set[int] = set()
        self._before = self._kept()
        self._passes = passes_of(store)

    def count(self, entries: Iterable[StoredEntry]) -> Iterator[StoredEntry]:
        """Give the entries on, counted; but for those behind what is held."""
        for entry in entries:
            is_held = entry.link is None or self._held.reaches(entry.link.seq)
            if isinstance(entry, StoredRecord) and is_held:
                self._add(entry.record)
            elif not _is_erased(entry) and (at := _began(entry)) is not None:
                self._unread.add(micros(at) // HOUR_US)
            if is_held:
                yield entry

    def _add(self, record: Record) -> None:
        one, sums = figures(record, went=record.went), self._sums[micros(record.at) // HOUR_US]
        sums[0] += 1
        sums[3] += one.values
        if record.went:
            sums[1] += 1
            sums[2] += one.bytes
            sums[4] += one.tokens
            sums[5] += one.micro_usd
            sums[6] += not record.bytes_exact

    def _kept(self) -> dict[int, list[int]]:
        return kept_hours(self._store, self._period.since, self._period.until)

    def kept(self, past: Bygone, cases: str | None = None) -> Kept:
        """Return what is known beside them, once all were counted, and `past` was read; `cases` is
        what is wrong with the list of cases, or with other sums. Hours that grew meanwhile are not
        compared, nor those with an entry that cannot be read.
        """
        after = self._kept()
        found = _of_time(past, self._period)
        for hour, sums in found.by_hour.items():
            self._sums[hour] = [a + b for a, b in zip(self._sums[hour], sums, strict=True)]
        last = micros(self._period.until) // HOUR_US
        first = -(-micros(self._period.since) // HOUR_US)
        hours = {hour for hour in {*self._sums, *after} if first <= hour < last} - self._unread
        still = [hour for hour in hours if self._before.get(hour) == after.get(hour)]
        if past.problem is not None or past.passes != self._passes:
            still = []  # a pass of retention went by, or there is nothing to compare with
        differ = sum(self._sums.get(hour) != after.get(hour) for hour in still)
        untold = _untold(self._store, past, self._period)
        late = untold is not None and untold >= self._period.until.astimezone(UTC)
        return Kept(
            past=past,
            gone=found.count,
            rows=found.rows(),
            differ=differ,
            compared=len(still),
            cases=cases,
            untold_before=untold,
            nothing=late and not (self._sums or self._unread),
        )


def _untold(store: Store, past: Bygone, period: Period) -> datetime | None:
    begin = past.sums_before or oldest(store)
    return begin if begin is not None and begin > period.since.astimezone(UTC) else None


class _OfTime:
    """Sums of expired records of one time."""

    def __init__(self) -> None:
        self.count = 0
        self.by_hour: dict[int, list[int]] = {}
        self.alike: defaultdict[tuple[str, str, str, str], list[int]] = defaultdict(lambda: [0, 0])

    def rows(self) -> list[tuple[str, ...]]:
        """Return the rows of the report, the largest first."""
        found = sorted(self.alike.items(), key=lambda one: (-one[1][0], one[0]))
        return [
            (script, where, _account(account), words_of(outcome).word, number(count), number(left))
            for (script, where, account, outcome), (count, left) in found
        ]


def _of_time(past: Bygone, period: Period) -> _OfTime:
    first, last = micros(period.since) // HOUR_US, -(-micros(period.until) // HOUR_US)
    found = _OfTime()
    for (hour, script, where, account, _, outcome), sums in past.hours.items():
        if not first <= hour < last:
            continue
        known = found.by_hour.get(hour, [0] * len(sums))
        found.by_hour[hour] = [a + b for a, b in zip(known, sums, strict=True)]
        found.count += sums[0]
        alike = found.alike[script, where, account, outcome]
        alike[0] += sums[0]
        alike[1] += sums[1]
    return found


def _account(word: str) -> str:
    return ACCOUNTS[AccountKind(word)].meaning if word in AccountKind else word


def _time(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M} UTC"


def whether_all(kept: Kept) -> Section:
    """Return the section that says whether the report is all, and how far it was checked."""
    told: list[str] = []
    if kept.past.problem is not None:
        told.append(f"{NOT_TRUE}{kept.past.problem}; {_NAMED}")
    if kept.differ:
        told.append(
            f"{NOT_TRUE}the sums of {counted(kept.differ, 'hour')} of this time are not what its "
            f"records add up to: records were taken out or put in, or sums were edited; {_NAMED}"
        )
    if kept.cases is not None:
        told.append(f"{NOT_TRUE}{kept.cases}.")
    if kept.gone:
        told.append(
            f"Of {counted(kept.gone, 'request')} in the hours of this time the records expired "
            f"({kept.past.told or 'it is not known when'}); only the sums below are left, which "
            "nothing else in this report counts. What was in them, and of whom, is not known any "
            "more."
        )
    if kept.untold_before is not None:
        told.append(
            f"Nothing is known of before {_time(kept.untold_before)}: no gate had recorded yet, or "
            "the sums are gone, too."
        )
    told.append(
        "Each record that is told was held against its place in the chain, and the sums of "
        f"{counted(kept.compared, 'hour')} of this time against its records; so were the lists "
        "of cases, of versions of scripts and of traffic, which tell when something was seen first."
        " The rest is for outgate verify: that no records are missing with their sums."
    )
    headings = "Script|To|Account|What became of it|Requests|Left"
    return Section(
        title="Whether this is all",
        sentences=(*told, *rest(kept.rows, "rows")),
        table=table_of(headings, kept.rows, 4, 5),
    )
