"""What the review can do with the evidence as a whole: verify it, export a filter's records. The app says how."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from core.ports import CaseStore
from core.review import CaseFilter
from tui.script_view import PartsOf

_PAGE = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Verified:
    """What a verification found."""

    whole: bool
    words: Sequence[str]
    """Plain lines, what matters most first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EvidenceActs:
    """Both may take long and block on the disk; they raise OutgateError with words for an officer."""

    verify: Callable[[], Verified]
    export: Callable[[str, frozenset[str], Path], int]
    """Format, keys of cases, file → how many records were written. Refuses a file that exists."""
    formats: tuple[str, ...]
    """Names of the formats, which are the file suffixes too."""
    parts: PartsOf | None = None


def cases_of(store: CaseStore, wanted: CaseFilter) -> frozenset[str]:
    """Return the keys of all cases that match. Blocks on the disk."""
    keys: set[str] = set()
    offset = 0
    while page := store.page(wanted, offset, _PAGE):
        offset += len(page)
        keys.update(case.key for case in page)
    return frozenset(keys)
