"""What the review can do with the evidence as a whole: verify it, export a filter's records. The app says how."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core.ports import CaseStore
from core.review import CaseFilter

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
    export: Callable[[str, Iterable[Mapping[str, Any]], Path], int]
    """Format, records, file → how many were written. Refuses a file that exists."""
    formats: tuple[str, ...]
    """Names of the formats, which are the file suffixes too."""


def records_of(store: CaseStore, wanted: CaseFilter) -> Iterator[Mapping[str, Any]]:
    """Yield every record of every case that matches, newest case first. Blocks on the disk.

    One case's records are in memory at a time. A case that moves while this runs is still taken once.
    """
    seen: set[str] = set()
    offset = 0
    while page := store.page(wanted, offset, _PAGE):
        offset += len(page)
        for case in page:
            if case.key not in seen:
                seen.add(case.key)
                yield from store.records(case.key, case.count)
