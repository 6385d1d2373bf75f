"""A filter in the words of the review, given on the command line, as the cases that it names."""

from collections.abc import Callable
from datetime import datetime

from core.case_telling import in_words
from core.errors import InputError
from core.ids import utc_now
from core.review_ports import CaseStore
from tui.case_names import understood
from tui.case_queue import all_cases


def filtered(
    store: CaseStore, line: str, clock: Callable[[], datetime] = utc_now
) -> tuple[frozenset[str], str]:
    """Return the keys of the cases that a filter shows, and the filter in words.

    Raises InputError when it is not understood, EvidenceError.
    """
    parsed = understood(store, line, clock())
    if parsed.problem:
        raise InputError(parsed.problem, remedy="docs/review.md lists the words of filters.")
    keys = frozenset(case.key for case in all_cases(store, parsed.wanted))
    return keys, in_words(parsed.wanted)
