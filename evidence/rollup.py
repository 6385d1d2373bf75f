"""What is added up from records: cases, versions of scripts, traffic, and sums by the hour.

Pure; the writer, the rebuild and the verification share it. What records of one kind have in common
(`Alike`) is worked out once where they are many, and each then adds its `Figures`.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from core.observation import Observation
from core.record import Record
from core.review import RETURNS
from evidence.alike import Alike, Alikes, Figures, alike_observed, figures
from evidence.case_sums import CaseSums
from evidence.times import BUCKET_US, HOUR_US

COMES_BACK = tuple(reason.value for reason in RETURNS)
"""As the evidence holds them."""

UNREADABLE = "unreadable"
"""Key of the case of entries that this version cannot read, so that a person sees that there are
some.
"""

type Hour = tuple[int, str, str, str, str, str]
"""Hour since 1970, script, destination, kind of account, kinds of data between commas, outcome."""


def hour_key(row: Sequence[Any]) -> Hour:
    """Return the key of a row of `hours`."""
    return row[0], row[1], row[2], row[3], row[4], row[5]


def _summed[Key](sums: dict[Key, list[int]], later: dict[Key, list[int]]) -> None:
    for key, new in later.items():
        known = sums.get(key)
        sums[key] = new[:] if known is None else [a + b for a, b in zip(known, new, strict=True)]


def joined(whole: "Rollup", later: "Rollup") -> None:
    """Add the sums of later records to those of earlier ones."""
    for case in later.cases.values():
        whole.join_case(case)
    whole.join_lists(later)


@dataclass(slots=True)
class Rollup:
    """Adds up the records of one batch, in the order of the chain."""

    cases: dict[str, CaseSums] = field(default_factory=dict)
    alikes: Alikes = field(default_factory=Alikes, repr=False, compare=False)
    """The kinds of records that are known; may be shared by the batches of one thread."""
    scripts: dict[tuple[str, str], list[int]] = field(default_factory=dict)
    """(script, hash) → first, last, count."""
    traffic: dict[tuple[str, str, int], list[int]] = field(default_factory=dict)
    """(script, destination, five minutes) → exchanges that left, their bytes, tokens, millionths of
    a dollar, how many may have sent more than is counted.
    """
    hours: dict[Hour, list[int]] = field(default_factory=dict)
    """→ exchanges, of these what left, bytes of what left, values found, tokens, millionths of a
    dollar, how many may have sent more than is counted.
    """

    def add(self, record: Record | Observation, at_us: int) -> str | None:
        """Add one record or observation as it is stored; return the key of its case, or None when
        it needs no review.
        """
        if isinstance(record, Observation):
            return self._add_observation(record, at_us)
        kind = self.alikes.of(record)
        return self.add_one(kind, figures(record, went=kind.went), at_us)

    def add_one(self, kind: Alike, one: Figures, at_us: int) -> str | None:
        """Add what one record of a kind adds; return as `add`."""
        self._add_alike(kind, one, at_us)
        least = int(kind.least)
        if kind.went:
            place = kind.sender, kind.destination, at_us // BUCKET_US
            add_to(self.traffic, place, (1, one.bytes, one.tokens, one.micro_usd, least))
        hour = (
            at_us // HOUR_US,
            kind.sender,
            kind.destination,
            kind.account,
            kind.kinds,
            kind.outcome,
        )
        if kind.went:
            new = (1, 1, one.bytes, one.values, one.tokens, one.micro_usd, least)
        else:
            new = (1, 0, 0, one.values, 0, 0, 0)
        add_to(self.hours, hour, new)
        return kind.key

    def _add_alike(self, kind: Alike, one: Figures, at_us: int) -> None:
        """Add to the case and to the version of the script."""
        if kind.key is not None and kind.case is not None:
            case = self.case(kind.key, at_us)
            case.add(kind.case, one, at_us, degraded=kind.degraded, least=kind.least)
        if kind.script is not None:
            seen = self.scripts.get(kind.script)
            if seen is None:
                self.scripts[kind.script] = [at_us, at_us, 1]
            else:
                seen[:] = min(seen[0], at_us), max(seen[1], at_us), seen[2] + 1

    def _add_observation(self, seen: Observation, at_us: int) -> str | None:
        kind, one = alike_observed(seen)
        self._add_alike(kind, one, at_us)
        return kind.key

    def add_unreadable(self, id_: str, at_us: int) -> str:
        """Add an entry that this version cannot read; return the key of its case."""
        self.case(UNREADABLE, at_us).add_unreadable(id_, at_us)
        return UNREADABLE

    def case(self, key: str, at_us: int) -> CaseSums:
        """Return the sums of a case; where there are none yet, of no record, begun then."""
        found = self.cases.get(key)
        if found is None:
            found = self.cases[key] = CaseSums(key=key, first_us=at_us, last_us=at_us)
        return found

    def join_lists(self, later: "Rollup") -> None:
        """Add the sums of later records but for their cases."""
        for version, seen in later.scripts.items():
            known = self.scripts.setdefault(version, [seen[0], seen[1], 0])
            known[:] = [min(known[0], seen[0]), max(known[1], seen[1]), known[2] + seen[2]]
        _summed(self.traffic, later.traffic)
        _summed(self.hours, later.hours)

    def join_case(self, later: CaseSums) -> None:
        """Add the sums of later records of a case."""
        known = self.cases.get(later.key)
        if known is None:
            self.cases[later.key] = later
        else:
            known.join(later)


def add_to[Key](sums: dict[Key, list[int]], key: Key, new: tuple[int, ...]) -> None:
    """Add to the sums of a key."""
    known = sums.get(key)
    if known is None:
        sums[key] = list(new)
    else:
        for place, value in enumerate(new):
            known[place] += value
