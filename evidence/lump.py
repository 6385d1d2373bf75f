"""What many records of one kind add up to, taken together: a stretch of the chain holds thousands
of records of few kinds, and what `Rollup.add` makes of each is made here of each kind once. Pure.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from core.findings import NOT_INSPECTED
from core.vocabulary.kinds import tells_of_people
from evidence.alike import Alike, Figures, OfCase
from evidence.case_sums import CaseSums, KindSums
from evidence.rollup import Rollup, add_to
from evidence.times import BUCKET_US, DAY_US, HOUR_US

_IN_AN_HOUR = HOUR_US // BUCKET_US
_IN_A_DAY = DAY_US // BUCKET_US


@dataclass(slots=True)
class FoundLump:
    """Findings of one kind of data."""

    requests: int = 0
    largest: int = 0
    total: int = 0
    complete: bool = True
    least: bool = False
    marks: list[str] = field(default_factory=list)
    last: int = -1
    """Number of the newest record with one."""


@dataclass(slots=True)
class Lump:
    """Records of one kind. Numbers tell the order in which they were added among all."""

    kind: Alike
    hourly: bool = True
    """False: no exchange, which counts in no hour."""
    first: int = 0
    """Number of the first, and of the last."""
    last: int = 0
    last_id: str = ""
    first_us: int = 0
    last_us: int = 0
    count: int = 0
    buckets: dict[int, list[int]] = field(default_factory=dict)
    """Five minutes → exchanges, bytes, values found, tokens, millionths of a dollar."""
    found: dict[str, FoundLump] = field(default_factory=dict)
    models: dict[str, list[int]] = field(default_factory=dict)
    """→ how many, number of the first."""
    most_values: int = 0
    most_records: int | None = None
    most_people: int = 0

    def add(
        self, number: int, at_us: int, id_: str, sums: tuple[int, int, int, int], model: str | None
    ) -> None:
        """Add one record: bytes, values found, tokens and millionths of a dollar, and its model."""
        if not self.count:
            self.first, self.first_us, self.last_us = number, at_us, at_us
        elif at_us > self.last_us:
            self.last_us = at_us
        elif at_us < self.first_us:
            self.first_us = at_us
        self.count += 1
        self.last, self.last_id = number, id_
        size, values, tokens, micro = sums
        bucket = at_us // BUCKET_US
        known = self.buckets.get(bucket)
        if known is None:
            self.buckets[bucket] = [1, size, values, tokens, micro]
        else:
            known[0] += 1
            known[1] += size
            known[2] += values
            known[3] += tokens
            known[4] += micro
        if model:
            self.models.setdefault(model, [0, number])[0] += 1

    def find(
        self,
        number: int,
        kind: str,
        distinct: int,
        records: int | None,
        subjects: int | None,
        marks: Sequence[str],
        least: bool,
    ) -> None:
        """Add one finding of the record of this number, which is no published example."""
        found = self.found.get(kind)
        if found is None:
            found = self.found[kind] = FoundLump()
        if found.last != number:
            found.last = number
            found.requests += 1
        if distinct > found.largest:
            found.largest = distinct
        found.total += distinct
        if distinct > len(marks):
            found.complete = False
        if least:
            found.least = True
        found.marks += marks
        if distinct > self.most_values and kind != NOT_INSPECTED:
            self.most_values = distinct
        if records is not None and (self.most_records is None or records > self.most_records):
            self.most_records = max(records, 0)
        told = distinct if subjects is None else subjects
        if told > self.most_people and tells_of_people(kind):
            self.most_people = told

    def add_figures(self, number: int, at_us: int, one: Figures) -> None:
        """Add one record that was read whole."""
        for found in one.found:
            self.find(
                *(number, found.kind, found.distinct, found.records, found.subjects),
                found.fingerprints,
                found.least,
            )
        sums = one.bytes, one.values, one.tokens, one.micro_usd
        self.add(number, at_us, one.id, sums, one.model)


def rolled(lumps: Iterable[Lump]) -> Rollup:
    """Return what the lumps add up to: what `Rollup.add` of each record gives."""
    rollup = Rollup()
    cases: dict[str, list[tuple[OfCase, Lump]]] = {}
    for lump in sorted(lumps, key=lambda one: one.first):
        kind = lump.kind
        if kind.script is not None:
            seen = rollup.scripts.setdefault(kind.script, [lump.first_us, lump.last_us, 0])
            seen[:] = min(seen[0], lump.first_us), max(seen[1], lump.last_us), seen[2] + lump.count
        if lump.hourly:
            _add_times(rollup, lump)
        if kind.key is not None and kind.case is not None:
            cases.setdefault(kind.key, []).append((kind.case, lump))
    for key, of in cases.items():
        rollup.cases[key] = _case(key, of)
    return rollup


def _add_times(rollup: Rollup, lump: Lump) -> None:
    kind, went = lump.kind, lump.kind.went
    sender, destination = kind.sender, kind.destination
    place = sender, destination, kind.account, kind.kinds, kind.outcome
    for bucket, (count, size, values, tokens, micro) in lump.buckets.items():
        hour, least = (bucket // _IN_AN_HOUR, *place), count if kind.least else 0
        if went:
            add_to(
                rollup.traffic, (sender, destination, bucket), (count, size, tokens, micro, least)
            )
            add_to(rollup.hours, hour, (count, count, size, values, tokens, micro, least))
        else:
            add_to(rollup.hours, hour, (count, 0, 0, values, 0, 0, 0))


def _case(key: str, of: list[tuple[OfCase, Lump]]) -> CaseSums:
    """Return the sums of one case, of its lumps in the order in which they began."""
    sums = CaseSums(
        key=key,
        first_us=min(lump.first_us for _, lump in of),
        last_us=max(lump.last_us for _, lump in of),
    )
    for case, lump in of:
        size = sum(one[1] for one in lump.buckets.values())
        sums.add_many(case, lump.count, size, lump.first_us, lump.last_us)
        if lump.kind.degraded:
            sums.degrade(lump.kind.degraded * lump.count, lump.last_us)
        sums.least += lump.count if lump.kind.least else 0
        for bucket, (count, *_) in lump.buckets.items():
            day = bucket // _IN_A_DAY
            sums.days[day] = sums.days.get(day, 0) + count
        for kind, found in lump.found.items():
            _find(sums.kinds.setdefault(kind, KindSums()), found)
        sums.most_values = max(sums.most_values, lump.most_values)
        sums.most_people = max(sums.most_people, lump.most_people)
        if lump.most_records is not None:
            sums.most_records = max(sums.most_records or 0, lump.most_records)
    case, newest = max(of, key=lambda one: one[1].last)
    sums.newest_of(case, newest.last_id)
    models = [(first, model, n) for _, lump in of for model, (n, first) in lump.models.items()]
    for _, model, count in sorted(models):
        sums.models[model] = sums.models.get(model, 0) + count
    return sums


def _find(sums: KindSums, found: FoundLump) -> None:
    sums.requests += found.requests
    sums.largest = max(sums.largest, found.largest)
    sums.total += found.total
    sums.complete = sums.complete and found.complete
    sums.least = sums.least or found.least
    sums.values.add(found.marks)
