"""What a script does as a rule, as policy asks about it: a request is like its script's others, or
it is unusual, in words. Pure.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import Protocol

from core.classification import AccountKind
from core.findings import NOT_INSPECTED, Confidence, Finding
from core.vocabulary.habits import Unusual
from core.vocabulary.sizes import counted


@dataclass(frozen=True, slots=True, kw_only=True)
class Sending:
    """One request, as habits look at it."""

    at: datetime
    place: str
    """The service's id, else the host."""
    named: bool = False
    """True for a service of the catalogue."""
    account: tuple[AccountKind, str | None] = (AccountKind.UNKNOWN, None)
    """Whose account it is and which."""
    kinds: frozenset[str] = frozenset()
    """What was found in it, published examples aside."""
    bytes: int = 0
    bytes_day: int = 0
    """What the script had sent there in the day before."""
    requests_day: int = 0


def telling(findings: tuple[Finding, ...]) -> frozenset[str]:
    """Return the kinds of what was found, without published examples and mere possibilities."""
    return frozenset(
        f.kind
        for f in findings
        if not f.test_data and f.kind != NOT_INSPECTED and f.confidence is not Confidence.POSSIBLE
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Learning:
    """Too little of a script is known yet for anything to be unusual."""

    day: int
    """Counted from 1."""
    of: int
    active: int
    """Days on which it sent something."""
    active_needed: int

    def __str__(self) -> str:
        """Return `learning, day 3 of 14`."""
        if self.day <= self.of:
            return f"learning, day {self.day} of {self.of}"
        return f"learning, seen on {counted(self.active, 'day')} of {self.active_needed}"


class Habits(Protocol):
    """Tells what is unusual about a request. A value: the same request has the same answer."""

    @property
    def learning(self) -> Learning | None:
        """How far it has come; None when it is known well enough."""

    def unusual(self, sending: Sending) -> Mapping[Unusual, str]:
        """Return each way in which it is unusual with a sentence part: `it never sends on
        Sundays`. Nothing while learning.
        """


LEARNING_DAYS, ACTIVE_DAYS = 14, 3
"""A script is known after so many days, of which it sent something on so many."""
_NOTHING: Mapping[Unusual, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldHabits:
    """Habits that somebody states outright, for the cases that policies are tested with."""

    words: frozenset[Unusual] = field(default_factory=frozenset)
    learning: Learning | None = None

    def unusual(self, sending: Sending) -> Mapping[Unusual, str]:
        """Return what was stated."""
        if self.learning is not None:
            return _NOTHING
        return {word: f"its {word} is unusual" for word in Unusual if word in self.words}


NEVER_SEEN = ToldHabits(
    learning=Learning(day=1, of=LEARNING_DAYS, active=0, active_needed=ACTIVE_DAYS)
)
"""Of a script that has sent nothing yet."""
