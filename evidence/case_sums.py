"""What the records of one case add up to: its row in the file, and what is inside. Pure.

Adding up is the same however the records are cut into batches, so that a rebuild finds what the
gate wrote.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from operator import attrgetter
from typing import Any

import orjson

from core.case_inside import KindInside, Reach, kind_inside, people_in
from core.classification import AccountKind, Category
from core.fate import Fate
from core.findings import NOT_INSPECTED
from core.observation import OBSERVED
from core.risk import Weighed, points_of
from core.vocabulary.kinds import tells_of_people
from evidence.alike import Figures, Found, OfCase, kinds_text
from evidence.sketch import Sketch
from evidence.times import DAY_US

_MOST_NAMES = 200
_MOST_DAYS = 400
_COUNTERS = ("users", "accounts", "outcomes", "rules", "models")
_LISTED = ("users", "outcomes", "rules", "models")
"""What is looked for by name; each has a column of its own."""
SEPARATOR = "\x1f"
"""Between the names in a column, and around them; no text in a record holds it."""


@dataclass(slots=True)
class KindSums:
    """One kind of data: how many requests hold it, and which values."""

    requests: int = 0
    largest: int = 0
    """Distinct values in one request."""
    total: int = 0
    """Distinct values of each request, added up."""
    complete: bool = True
    """Every value has a fingerprint."""
    values: Sketch = field(default_factory=Sketch)
    least: bool = False
    """Some request held more of them than were counted."""

    def add(self, finding: Found) -> None:
        """Add one finding."""
        self.largest = max(self.largest, finding.distinct)
        self.total += finding.distinct
        self.complete = self.complete and finding.distinct <= len(finding.fingerprints)
        self.least = self.least or finding.least
        self.values.add(finding.fingerprints)

    def join(self, later: "KindSums") -> None:
        """Add what came later."""
        self.requests += later.requests
        self.largest = max(self.largest, later.largest)
        self.total += later.total
        self.complete = self.complete and later.complete
        self.least = self.least or later.least
        self.values.join(later.values)

    @property
    def inside(self) -> KindInside:
        """As the review shows it."""
        told = self.values.least, self.complete and self.values.exact
        return kind_inside(self.requests, self.largest, self.total, *told, is_least=self.least)

    def to_json(self) -> list[Any]:
        """Return it as a row keeps it: the last item only where it says something."""
        values = self.values.to_text()
        told = [self.requests, self.largest, self.total, self.complete, values]
        return [*told, True] if self.least else told

    @classmethod
    def of_json(cls, value: Sequence[Any]) -> "KindSums":
        """Read what `to_json` gave. Raises ValueError."""
        requests, largest, total, complete, values, *least = value
        return cls(requests, largest, total, complete, Sketch.of_text(values), bool(least))


@dataclass(slots=True)
class CaseSums:
    """One case."""

    key: str
    first_us: int
    last_us: int
    verdict: str = "unknown"
    script: str = "unknown"
    script_path: str | None = None
    script_sha256: str | None = None
    user: str | None = None
    host: str = ""
    service: str | None = None
    category: str = Category.OTHER.value
    account_kind: str = AccountKind.UNKNOWN.value
    last_record: str = ""
    count: int = 0
    most_values: int = 0
    most_records: int | None = None
    bytes_sent: int = 0
    degraded: int = 0
    degraded_us: int | None = None
    """When the newest record of them began that was decided with a failed stage."""
    left_count: int = 0
    least: int = 0
    """How many of its records may have sent more bytes than they tell."""
    most_people: int = 0
    """In one request."""
    kinds: dict[str, KindSums] = field(default_factory=dict)
    versions: dict[str, list[int]] = field(default_factory=dict)
    """Hash, or nothing → count, first, last."""
    users: dict[str, int] = field(default_factory=dict)
    accounts: dict[str, int] = field(default_factory=dict)
    outcomes: dict[str, int] = field(default_factory=dict)
    rules: dict[str, int] = field(default_factory=dict)
    models: dict[str, int] = field(default_factory=dict)
    days: dict[int, int] = field(default_factory=dict)

    def add(
        self, of: OfCase, one: Figures, at_us: int, *, degraded: int = 0, least: bool = False
    ) -> None:
        """Add one record, the newest in the chain."""
        self.first_us, self.last_us = min(self.first_us, at_us), max(self.last_us, at_us)
        self.newest_of(of, one.id)
        self.add_many(of, 1, one.bytes, at_us, at_us)
        if degraded:
            self.degrade(degraded, at_us)
        self.least += least
        if one.found:
            self._add_findings(one.found)
        if one.model:
            self.models[one.model] = self.models.get(one.model, 0) + 1
        day = at_us // DAY_US
        self.days[day] = self.days.get(day, 0) + 1

    def newest_of(self, of: OfCase, id_: str) -> None:
        """Take what its newest record tells."""
        self.verdict, self.script, self.script_path = of.verdict, of.script, of.script_path
        self.script_sha256, self.user = of.script_sha256, of.user
        self.host, self.service, self.category = of.host, of.service, of.category
        self.account_kind, self.last_record = of.account_kind, id_

    def newest_only(self) -> "CaseSums":
        """Return what its newest record tells, with sums of no record."""
        plain = {name: getattr(self, name) for name in ("key", "first_us", "last_us", *_NEWEST)}
        return CaseSums(**plain)

    def add_many(self, of: OfCase, count: int, size: int, first_us: int, last_us: int) -> None:
        """Add so many records of one kind, of so many bytes, but for their own figures."""
        self.count += count
        self.bytes_sent += size
        self.left_count += count if of.went else 0
        _see(self.versions, of.script_sha256 or "", count, first_us, last_us)
        _count(self.users, of.user, count)
        _count(self.accounts, of.account, count)
        _count(self.outcomes, of.outcome, count)
        _count(self.rules, of.rule, count)

    def degrade(self, count: int, at_us: int | None) -> None:
        """Add records that were decided with a failed stage; the newest began then."""
        self.degraded += count
        times = [us for us in (self.degraded_us, at_us) if us is not None]
        self.degraded_us = max(times, default=None)

    def _add_findings(self, found: Sequence[Found]) -> None:
        for kind in {one.kind for one in found}:
            self._of_kind(kind).requests += 1
        for one in found:
            self.kinds[one.kind].add(one)
            if one.kind != NOT_INSPECTED:
                self.most_values = max(self.most_values, one.distinct)
            if one.records is not None:
                self.most_records = max(self.most_records or 0, one.records)
            if tells_of_people(one.kind):
                told = one.distinct if one.subjects is None else one.subjects
                self.most_people = max(self.most_people, told)

    def add_unreadable(self, id_: str, at_us: int) -> None:
        """Add an entry that this version cannot read."""
        self.first_us, self.last_us = min(self.first_us, at_us), max(self.last_us, at_us)
        self.last_record = id_
        self.count += 1
        self.degrade(1, at_us)
        self._of_kind(NOT_INSPECTED).requests += 1

    def _of_kind(self, kind: str) -> KindSums:
        found = self.kinds.get(kind)
        if found is None:
            found = self.kinds[kind] = KindSums()
        return found

    def join(self, later: "CaseSums") -> None:
        """Add what came later in the chain."""
        self.first_us = min(self.first_us, later.first_us)
        self.last_us = max(self.last_us, later.last_us)
        self.verdict, self.script, self.script_path = later.verdict, later.script, later.script_path
        self.script_sha256, self.user, self.host = later.script_sha256, later.user, later.host
        self.service, self.category = later.service, later.category
        self.account_kind, self.last_record = later.account_kind, later.last_record
        self.count += later.count
        self.bytes_sent += later.bytes_sent
        self.left_count += later.left_count
        self.least += later.least
        if later.degraded:
            self.degrade(later.degraded, later.degraded_us)
        self.most_values = max(self.most_values, later.most_values)
        self.most_people = max(self.most_people, later.most_people)
        if later.most_records is not None:
            self.most_records = max(self.most_records or 0, later.most_records)
        for kind, sums in later.kinds.items():
            self._of_kind(kind).join(sums)
        for sha256, seen in later.versions.items():
            _see(self.versions, sha256, *seen)
        for mine, new in zip(_counts_of(self), _counts_of(later), strict=True):
            for word, count in new.items():
                mine[word] = mine.get(word, 0) + count

    @property
    def people(self) -> tuple[int, bool]:
        """How many different people, and whether that is exact and not only the least."""
        if not self.most_people:
            return 0, True
        kinds = {kind: sums.inside for kind, sums in self.kinds.items() if tells_of_people(kind)}
        return people_in(self.most_people, kinds)

    @property
    def most_exact(self) -> bool:
        """False where some request held more than were counted."""
        return not any(sums.least for sums in self.kinds.values())

    @property
    def reach(self) -> Reach:
        """What a closing is held against."""
        return Reach(
            versions=frozenset(self.versions),
            kinds=frozenset(self.kinds),
            accounts=frozenset(self.accounts),
            people=self.people[0],
            rows=self.most_records or 0,
            unchecked=self.degraded,
        )

    @property
    def is_full(self) -> bool:
        """Whether it holds as many names as are kept: which those are depends on their order."""
        return any(len(getattr(self, name)) >= _MOST_NAMES for name in ("versions", *_COUNTERS))

    def row(self) -> dict[str, Any]:
        """Return the columns of its row, but for its status."""
        self._cap()
        people, exact = self.people
        risk = points_of(
            Weighed(
                kinds=self.kinds,
                people=people,
                people_exact=exact,
                most_exact=self.most_exact,
                rows=self.most_records,
                values=self.most_values,
                account_kind=self.account_kind,
                left=self.left_count > 0,
                past=Fate.PAST in self.outcomes,
                observed=self.verdict == OBSERVED,
                days=len(self.days),
            )
        )
        return {
            **self._plain(),
            "kinds": kinds_text(self.kinds),
            **{name: _listed(getattr(self, name)) for name in _LISTED},
            "people": people,
            "risk": risk,
            "inside": self._inside_json(),
        }

    def _plain(self) -> dict[str, Any]:
        return dict(zip(PLAIN, _plain_of(self), strict=True))

    def _cap(self) -> None:
        for name in ("versions", *_COUNTERS):
            counts: dict[str, Any] = getattr(self, name)
            if len(counts) > _MOST_NAMES:
                for word in list(counts)[_MOST_NAMES:]:
                    del counts[word]
        if len(self.days) > _MOST_DAYS:
            for day in sorted(self.days)[:-_MOST_DAYS]:
                del self.days[day]

    def _inside_json(self) -> bytes:
        """Return what is inside."""
        value = {
            "kinds": {kind: one.to_json() for kind, one in self.kinds.items()},
            "versions": self.versions,
            "most_people": self.most_people,
            **{name: getattr(self, name) for name in _COUNTERS},
            "days": orjson.Fragment(orjson.dumps(self.days, option=_BY_TEXT)),
            **({"least": self.least} if self.least else {}),
        }
        return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)

    def to_text(self) -> bytes:
        """Return the JSON of all of it, with every name."""
        return orjson.dumps({**self._plain(), "inside": orjson.Fragment(self._inside_json())})

    def to_json(self) -> dict[str, Any]:
        """Return all of it, as the sums of an earlier time keep it."""
        self._cap()
        return {
            **self._plain(),
            "inside": orjson.loads(self._inside_json()),
        }

    @classmethod
    def of(cls, row: Mapping[Any, Any]) -> "CaseSums":
        """Return the sums of a row, or of what `to_json` gave. Raises KeyError, TypeError,
        ValueError.
        """
        raw = row["inside"]
        inside = raw if isinstance(raw, dict) else orjson.loads(raw)
        return cls(
            **{name: row[name] for name in PLAIN},
            kinds={kind: KindSums.of_json(told) for kind, told in inside["kinds"].items()},
            versions=inside["versions"],
            most_people=inside["most_people"],
            least=inside.get("least", 0),
            **{name: inside[name] for name in _COUNTERS},
            days={int(day): count for day, count in inside["days"].items()},
        )

    def texts(self) -> Iterator[str]:
        """Yield every text in it that may name a person or a script."""
        yield from self.key.split(SEPARATOR)[:2]  # who sent, and where to
        yield from filter(None, (self.script, self.script_path, self.user, self.host))
        yield from self.users


_NEWEST = (
    *("verdict", "script", "script_path", "script_sha256", "user", "host", "service"),
    *("category", "account_kind", "last_record"),
)
_ADDED = ("count", "bytes_sent", "left_count")
PLAIN = (
    *("key", "first_us", "last_us", *_NEWEST, *_ADDED),
    *("most_values", "most_records", "degraded", "degraded_us"),
)


_plain_of = attrgetter(*PLAIN)
_BY_TEXT = orjson.OPT_NON_STR_KEYS | orjson.OPT_SORT_KEYS
"""Numbers as keys, in the order of their digits."""
_counts_of = attrgetter(*_COUNTERS, "days")


def _count(counts: dict[str, int], word: str | None, count: int) -> None:
    if word:
        counts[word] = counts.get(word, 0) + count


def _see(seen: dict[str, list[int]], word: str, count: int, first: int, last: int) -> None:
    known = seen.get(word)
    if known is None:
        seen[word] = [count, first, last]
    else:
        known[:] = [known[0] + count, min(known[1], first), max(known[2], last)]


def _listed(counts: Mapping[str, int]) -> str:
    return SEPARATOR + SEPARATOR.join(sorted(counts)) + SEPARATOR if counts else ""
