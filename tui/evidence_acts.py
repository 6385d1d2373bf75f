"""What the review can do with the evidence as a whole: verify it, export a filter's records.

The app says how.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from core.review import CaseFilter
from core.review_ports import CaseStore
from habits.passport import Passport
from tui.case_queue import all_cases
from tui.kept_code import KeptOf
from tui.rule_making import RuleMaking
from tui.saved_views import Views
from tui.script_view import PartsOf
from tui.sheet import Sheets


@dataclass(frozen=True, slots=True, kw_only=True)
class Verified:
    """What a verification found."""

    whole: bool
    words: Sequence[str]
    """Plain lines, what matters most first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportChoice:
    """One format that cases can be exported in."""

    name: str
    suffix: str
    """With its dot: the end of a file's name chooses the format."""
    purpose: str
    """After the name, in a list."""
    proposed: bool = False
    """What is proposed to somebody who has not chosen."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EvidenceActs:
    """Both may take long and block on the disk; they raise OutgateError with words for an
    officer.
    """

    verify: Callable[[], Verified]
    export: Callable[[str, frozenset[str], Path], int]
    """Format, keys of cases, file → how many records were written. Refuses a file that exists."""
    formats: tuple[ExportChoice, ...]
    list_problem: Callable[[], str | None] | None = None
    """What is wrong with the list of cases, if anything. Some records are read for it."""
    parts: PartsOf | None = None
    kept: KeptOf | None = None
    """The masked sources of scripts."""
    approve_unread: bool = False
    """Whether a version that cannot be read may be approved, and is then marked so."""
    rules: RuleMaking | None = None
    sheets: Sheets | None = None
    """What the tabs beside the queue show."""
    views: Views | None = None
    passport: Callable[[str, datetime], Passport] | None = None
    """Path of a script, the time now → its page. May take seconds; raises OutgateError."""


def cases_of(store: CaseStore, wanted: CaseFilter) -> frozenset[str]:
    """Return the keys of all cases that match. Blocks on the disk."""
    return frozenset(case.key for case in all_cases(store, wanted))


def proposed(choices: Sequence[ExportChoice]) -> ExportChoice:
    """Return what to propose."""
    return next((choice for choice in choices if choice.proposed), choices[0])


def chosen_by(name: str, choices: Sequence[ExportChoice]) -> ExportChoice | None:
    """Return the format that a file's name asks for by its end, the longest end first; None when it
    asks for none.
    """
    fitting = [choice for choice in choices if name.lower().endswith(choice.suffix.lower())]
    return max(fitting, key=lambda choice: len(choice.suffix), default=None)
