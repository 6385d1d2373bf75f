"""How much a case should worry: kinds, people, account and what became of it, added up in words.

The sum is stated, not learnt: a person can add it up again from `because`.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache, partial

from core.classification import AccountKind
from core.decision import left_by
from core.fate import Fate
from core.findings import NOT_INSPECTED
from core.observation import OBSERVED
from core.review import Case
from core.values import quick
from core.vocabulary.destinations import ACCOUNTS
from core.vocabulary.kinds import by_gravity, kind_of
from core.vocabulary.sizes import at_least


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


@quick
@dataclass(frozen=True, slots=True, kw_only=True)
class Weighed:
    """What the risk of a case goes by."""

    kinds: Iterable[str]
    people: int = 0
    """Different people over all requests."""
    people_exact: bool = False
    most_exact: bool = True
    """Rows and values in one request are not only the least."""
    rows: int | None = None
    """The most in one request."""
    values: int = 0
    """The most distinct values in one request."""
    account_kind: str = ""
    left: bool = True
    """False where nothing of it left."""
    past: bool = False
    """Some of it went past the gate."""
    observed: bool = False
    """It was only seen beside the requests: nothing of it was read."""
    days: int = 0
    """On how many days it happened; 0 where that is not known."""
    unchecked: bool = False
    """A check of some of it failed. Told, at no points: sums that are kept do not count it."""


HIGH, MEDIUM = 10, 6
"""From so many points on."""
_BY_GRAVITY = {0: 6, 1: 6, 2: 6, 3: 6, 4: 4}
"""Points of the gravest kind by its weight; others give two."""
_BY_AMOUNT = ((1_000, 6), (100, 4), (10, 2))
"""From so many people, values or rows on, so many points."""
_BY_ACCOUNT = {AccountKind.PERSONAL: 4, AccountKind.OTHER_TENANT: 4, AccountKind.ANONYMOUS: 4}
_PAST, _UNREAD, _NEW = 6, 4, 1
_PARTLY = "part of it could not be read"


def risk_of(case: Case, *, if_left: bool = False) -> Risk:
    """Return how much a case should worry. What did not leave is low, whatever was in it; with
    `if_left` as if it had: what a person who lets it go decides about.
    """
    inside = case.inside
    ending = None if case.hold is None else case.hold.outcome
    left = case.verdict == Fate.PAST or left_by(case.verdict, ending)
    return weigh(
        Weighed(
            kinds=case.kinds,
            people=inside.people,
            people_exact=inside.people_exact,
            most_exact=inside.most_exact,
            rows=case.records,
            values=case.values,
            account_kind=case.account_kind,
            left=if_left or left or bool(inside.left),
            past=case.verdict == Fate.PAST or Fate.PAST in inside.outcomes,
            observed=case.verdict == OBSERVED,
            days=len(inside.days),
            unchecked=case.unchecked > 0,
        )
    )


def weigh(what: Weighed) -> Risk:
    """Return the risk of what is weighed."""
    if what.observed:
        return Risk(level=Level.MEDIUM, points=MEDIUM, because=("nothing of it was read",))
    if not what.left:
        return Risk(level=Level.LOW, points=0, because=("nothing has left",))
    told = sorted(_points(what), key=lambda part: -part[0])
    points = sum(part for part, _ in told)
    return Risk(level=level_of(points), points=points, because=tuple(words() for _, words in told))


def points_of(what: Weighed) -> int:
    """Return the points of what is weighed, without saying of what."""
    if what.observed:
        return MEDIUM
    return sum(part for part, _ in _points(what)) if what.left else 0


def level_of(points: int) -> Level:
    """Return the level of so many points."""
    if points < MEDIUM:
        return Level.LOW
    return Level.HIGH if points >= HIGH else Level.MEDIUM


@lru_cache(maxsize=2048)
def _gravest(kinds: frozenset[str]) -> tuple[int, str] | None:
    """Return points and words of the gravest kind, if any is known."""
    known = [kind for kind in by_gravity(kinds) if kind != NOT_INSPECTED]
    if not known:
        return None
    gravest = kind_of(known[0])
    return _BY_GRAVITY.get(gravest.weight, 2), gravest.many


def _points(what: Weighed) -> Iterator[tuple[int, Callable[[], str]]]:
    """Yield each part of the sum, with what says it."""
    if what.past:
        yield _PAST, lambda: "it went past Outgate"
    names = frozenset(what.kinds)
    gravest = _gravest(names)
    if gravest is not None:
        yield gravest[0], lambda: gravest[1]
        several = _by_amount(max(what.people, what.rows or 0, what.values))
        if several:
            yield several, partial(_amount, what)
    if NOT_INSPECTED in names:
        yield _UNREAD, lambda: _PARTLY
    elif what.unchecked:
        yield 0, lambda: _PARTLY
    if names and what.account_kind in _BY_ACCOUNT:
        kind = AccountKind(what.account_kind)
        yield _BY_ACCOUNT[kind], lambda: ACCOUNTS[kind].meaning
    if names and what.days == 1:
        yield _NEW, lambda: "for the first time"


def _by_amount(amount: int) -> int:
    return next((points for least, points in _BY_AMOUNT if amount >= least), 0)


def _amount(what: Weighed) -> str:
    """Return the amount that the points are for, and what it is of: people before rows before
    values.
    """
    rows = what.rows or 0
    points = _by_amount(max(what.people, rows, what.values))
    if _by_amount(what.people) == points:
        return at_least(what.people, "person", "people", exact=what.people_exact)
    most = (rows, "row") if _by_amount(rows) == points else (what.values, "value")
    return f"{at_least(*most, exact=what.most_exact)} in one request"
