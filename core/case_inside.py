"""What is inside a case, and up to where a closing holds."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from core.values import quick
from core.vocabulary.kinds import tells_of_people

GROWS = 10
"""A closed case comes back when people or rows are so many times what they were."""


@quick
@dataclass(frozen=True, slots=True, kw_only=True)
class KindInside:
    """One kind of data in a case."""

    requests: int
    """That hold it."""
    distinct: int
    """Different values over all requests; at least so many unless `exact`, 0 where nobody knows."""
    exact: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """When something was seen, and how often."""

    count: int
    first_at: datetime
    last_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Inside:
    """What is inside a case; words are as records hold them, so make them inert to show them."""

    kinds: Mapping[str, KindInside] = field(default_factory=dict)
    versions: Mapping[str, Seen] = field(default_factory=dict)
    """By SHA-256; empty where it was not known."""
    users: Mapping[str, int] = field(default_factory=dict)
    """User → requests."""
    accounts: Mapping[str, int] = field(default_factory=dict)
    """Mark of an account → requests; `AccountKind` and first digits of a hash, never the id."""
    outcomes: Mapping[str, int] = field(default_factory=dict)
    """Word of a `Verdict` or a `Fate` → requests."""
    rules: Mapping[str, int] = field(default_factory=dict)
    models: Mapping[str, int] = field(default_factory=dict)
    days: Mapping[int, int] = field(default_factory=dict)
    """Day (days since 1970, UTC) → requests; the newest 400 days."""
    people: int = 0
    """Different people, as far as can be told; at least so many unless `people_exact`."""
    people_exact: bool = True
    most_exact: bool = True
    """False where the request with the most values or rows held more of them than were counted."""
    left: int = 0
    """Requests that left, or went past the gate."""
    cut: int | None = None
    """Requests that were stopped after a part of them had left, where the outcomes do not tell."""
    least: int = 0
    """Requests of which more bytes may have left than are told."""
    machines: int = 0
    """Machines of a fleet on which it happened; 0 where only one is looked at."""
    named_machines: tuple[str, ...] = ()
    """Some of them, where machines may be named."""
    groups: tuple[str, ...] = ()
    """Groups of a fleet with how many people each, as they may be shown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """Up to where a closing holds."""

    versions: frozenset[str]
    kinds: frozenset[str]
    accounts: frozenset[str]
    people: int
    """How many were concerned when it was closed."""
    rows: int
    """The most rows in one request then."""
    until: datetime | None = None
    times: int = GROWS
    """It holds for fewer than so many times the people or rows."""
    unchecked: int = 0
    """How many requests there were of which a check had failed."""

    @property
    def people_limit(self) -> int:
        """From so many people on it comes back."""
        return max(1, self.people) * self.times

    @property
    def rows_limit(self) -> int:
        """From so many rows in one request on it comes back."""
        return max(1, self.rows) * self.times

    @property
    def unchecked_limit(self) -> int:
        """From so many requests of which a check failed on it comes back: from the first, where
        there was none.
        """
        return max(1, self.unchecked * self.times)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """What a closing is held against: how far a case reaches."""

    versions: frozenset[str]
    kinds: frozenset[str]
    accounts: frozenset[str]
    people: int
    rows: int
    unchecked: int
    """Requests of which a check failed."""

    def scope(self, until: datetime | None = None, times: int = GROWS) -> Scope:
        """Return the closing that holds for what is there."""
        return Scope(
            versions=self.versions,
            kinds=self.kinds,
            accounts=self.accounts,
            people=self.people,
            rows=self.rows,
            until=until,
            times=times,
            unchecked=self.unchecked,
        )


def beyond(scope: Scope, reach: Reach) -> tuple[str, ...]:
    """Return by what a case reaches beyond its closing: `version`, `kind`, `account`, `people`,
    `rows`, `unchecked`; nothing where the closing holds.
    """
    new = (
        ("version", reach.versions - scope.versions - {""}),
        ("kind", reach.kinds - scope.kinds),
        ("account", reach.accounts - scope.accounts),
        ("people", reach.people >= scope.people_limit),
        ("rows", reach.rows >= scope.rows_limit),
        ("unchecked", reach.unchecked >= scope.unchecked_limit),
    )
    return tuple(name for name, there in new if there)


def kind_inside(
    requests: int, largest: int, total: int, told: int, complete: bool, *, is_least: bool
) -> KindInside:
    """Return a kind as the review shows it: `told` values at least by a sketch, which holds each
    of them where it is `complete`. `is_least`: some request held more than were counted.
    """
    least = min(total, max(largest, told))
    exact = requests == 1 or least == total or complete
    return KindInside(requests=requests, distinct=least, exact=exact and not is_least)


def people_in(most: int, kinds: Mapping[str, KindInside]) -> tuple[int, bool]:
    """Return how many different people there are in a case at least, and whether that is exact:
    `most` in one request, and what is found of each kind.
    """
    if not most:
        return 0, True
    personal = [one for kind, one in kinds.items() if tells_of_people(kind)]
    least = max(most, *(one.distinct for one in personal))
    # A person may stand in one request by name and in another by number.
    (first, *others) = personal
    return least, not others and first.exact and first.distinct == least
