"""A rule made of a case, as values: what a person wants, and what it would do. The app makes it."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from core.review import Case


class Wish(StrEnum):
    """What shall happen to what is like the case; `OWN` is about its account, and is no rule."""

    ALLOW = "allow"
    STOP = "stop"
    ASK = "ask"
    OWN = "own"


WISHES = {
    Wish.ALLOW: ("Allow this", "It passes, and makes no case any more."),
    Wish.STOP: ("Stop this", "It is refused; the script is told why."),
    Wish.ASK: ("Ask me", "It waits until somebody releases or refuses it."),
    Wish.OWN: ("It is ours", "The account is the organisation's own from now on."),
}
STOPPING = frozenset({Wish.STOP, Wish.ASK})
"""Those that can watch at first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What a person wants of a rule."""

    wish: Wish
    watch_first: bool = True
    """It only records what it would do."""
    until: date | None = None
    """The last day on which it is in force."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """A rule, before it is written."""

    name: str
    sentence: str
    """What it does, plainly."""
    effect: str
    """What it would have matched."""
    lines: tuple[str, ...]
    """As it will stand in the policy file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleMaking:
    """Makes rules. Each call may block on the disk; raises OutgateError."""

    propose: Callable[[Case, Wanted], Proposal]
    write: Callable[[Case, Wanted], str]
    """Writes the rule into the policy file; returns what was done, in words."""
