"""How much a case should worry: kinds, people, account and what became of it, added up in words.

The sum is stated, not learnt: a person can add it up again from `because`.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from core.classification import AccountKind
from core.decision import left_by
from core.fate import Fate
from core.findings import NOT_INSPECTED
from core.observation import OBSERVED
from core.review import Case
from core.vocabulary.destinations import ACCOUNTS
from core.vocabulary.kinds import by_gravity, kind_of
from core.vocabulary.sizes import number


class Level(StrEnum):
    """How urgent a case is."""

    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


@dataclass(frozen=True, slots=True, kw_only=True)
class Risk:
    """The urgency of a case, and of what it is made."""

    level: Level
    points: int
    because: tuple[str, ...]
    """In words, the weightiest first; inert."""


_HIGH, _MEDIUM = 5, 3
_BY_GRAVITY = {0: 3, 1: 3, 2: 3, 3: 3, 4: 2}
"""Points of the gravest kind by its weight; others give one."""
_BY_AMOUNT = ((1_000, 3), (100, 2), (10, 1))
"""From so many values or rows on, so many points."""
_BY_ACCOUNT = {AccountKind.PERSONAL: 2, AccountKind.OTHER_TENANT: 2, AccountKind.ANONYMOUS: 2}


def risk_of(case: Case) -> Risk:
    """Return how much a case should worry. What did not leave is low, whatever was in it."""
    if case.verdict == OBSERVED:
        return Risk(level=Level.MEDIUM, points=_MEDIUM, because=("nothing of it was read",))
    if not _may_have_left(case):
        return Risk(level=Level.LOW, points=0, because=("nothing left",))
    told = sorted(_points(case), key=lambda part: -part[0])
    points = sum(part for part, _ in told)
    level = Level.LOW
    if points >= _MEDIUM:
        level = Level.HIGH if points >= _HIGH else Level.MEDIUM
    return Risk(level=level, points=points, because=tuple(words for _, words in told))


def _may_have_left(case: Case) -> bool:
    if case.verdict in Fate:
        return Fate(case.verdict) is Fate.PAST
    return left_by(case.verdict, None if case.hold is None else case.hold.outcome)


def _points(case: Case) -> Iterator[tuple[int, str]]:
    if case.verdict == Fate.PAST:
        yield 3, "it went past Outgate"
    kinds = [kind for kind in by_gravity(case.kinds) if kind != NOT_INSPECTED]
    if kinds:
        gravest = kind_of(kinds[0])
        yield _BY_GRAVITY.get(gravest.weight, 1), gravest.many
        amount = case.records or case.values
        several = next((points for least, points in _BY_AMOUNT if amount >= least), 0)
        if several:
            unit = "rows" if case.records else "values"
            yield several, f"{number(amount)} {unit} in one request"
    if NOT_INSPECTED in case.kinds:
        yield 2, "part of it could not be read"
    if (kinds or NOT_INSPECTED in case.kinds) and case.account_kind in _BY_ACCOUNT:
        kind = AccountKind(case.account_kind)
        yield _BY_ACCOUNT[kind], ACCOUNTS[kind].meaning
