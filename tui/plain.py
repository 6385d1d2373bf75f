"""The queue as plain lines, for screen readers, pipes and small terminals. Loads no Textual."""

from collections.abc import Callable, Iterator
from datetime import datetime, tzinfo
from typing import TextIO

from core.ids import utc_now
from core.review import Case, CaseFilter, CaseStatus
from core.review_ports import CaseStore, HoldQueue
from core.vocabulary.sizes import capital, counted
from core.vocabulary.times import time_left
from tui.background_reader import Trouble, attempt, trouble_of
from tui.case_names import understood_here
from tui.case_queue import first_told
from tui.case_remarks import hold_remark, own_remark
from tui.closing_words import came_back, holds
from tui.holds import Waiting, asked_and_waiting, with_states
from tui.wording import (
    case_sentence,
    disposition_words,
    risk_is_low,
    risk_words,
    safe,
    sentence,
)

_PAGE = 200


def print_queue(
    store: CaseStore,
    out: TextIO,
    filter_line: str = "",
    *,
    clock: Callable[[], datetime] = utc_now,
    zone: tzinfo | None = None,
    limit: int | None = None,
    holds: HoldQueue | None = None,
    list_problem: Callable[[], str | None] | None = None,
) -> int:
    """Write one numbered paragraph a case, the most urgent first; before all what is wrong with the
    list of cases, if anything.

    Returns 0; 1 when the store fails, or its list is not that of the records; 2 for an unclear
    filter.
    """
    now = clock()
    try:
        parsed = understood_here(store, filter_line, now, zone)
        if parsed.problem:
            print(parsed.problem, file=out)
            return 2
        wanted, changed = parsed.wanted, print_changed(out, list_problem)
        waiting = Waiting() if holds is None else asked_and_waiting(holds, now)
        _print_waiting(waiting, out, now, zone)
        words = _heading(store.count(wanted), wanted, first_told(store))
        print(NOTHING_ELSE if waiting.held and words == NOTHING else words, file=out)
        for number, case in enumerate(_cases(store, wanted, limit, holds), 1):
            print(f"\n{number}. {paragraph(store, case, now, zone)}", file=out)
    except Exception as error:  # noqa: BLE001 - boundary: the store's failures become words
        print(trouble_of(error).what, file=out)
        return 1
    return int(changed)


def print_changed(out: TextIO, list_problem: Callable[[], str | None] | None) -> bool:
    """Write what is wrong with the list of cases; say whether anything is. Blocks on the disk."""
    found = None if list_problem is None else attempt(list_problem)
    if found is None or isinstance(found, Trouble):
        return False  # whoever reads the cases says what the trouble is
    print(f"The evidence was changed: {safe(found, 300)}.\n", file=out)
    return True


def _print_waiting(waiting: Waiting, out: TextIO, now: datetime, zone: tzinfo | None) -> None:
    for held in waiting.held:
        words = sentence(held.record, now, zone, waiting=True)
        asked = f" {safe(held.asked_by, 60)} asked to release it." if held.asked_by else ""
        print(f"Held now, {time_left(held.left(now))} left to answer: {words}{asked}\n", file=out)
    for entry in waiting.unreadable:
        print(f"{safe(entry.for_officer(), 300)}\n", file=out)


NOTHING = "Nothing needs you."
NO_CASE = "No case is like that."
NOTHING_ELSE = "Nothing else needs you."


def _heading(total: int, wanted: CaseFilter, first: str) -> str:
    if wanted == CaseFilter():
        return f"{counted(total, 'case')} to look at, {first}." if total else NOTHING
    if not total:
        return NO_CASE
    return f"{counted(total, 'case')}, {first}."


def _cases(
    store: CaseStore, wanted: CaseFilter, limit: int | None, holds: HoldQueue | None
) -> Iterator[Case]:
    """Yield each case once, though cases may arrive and shift the pages meanwhile."""
    seen: set[str] = set()
    offset = 0
    while True:
        page = with_states(store.page(wanted, offset, _PAGE), holds)
        for case in page:
            if limit is not None and len(seen) >= limit:
                return
            if case.key not in seen:
                seen.add(case.key)
                yield case
        if len(page) < _PAGE:
            return
        offset += len(page)


def paragraph(store: CaseStore, case: Case, now: datetime, zone: tzinfo | None) -> str:
    """Return one case in sentences. Blocks on the disk."""
    closed = case.status is CaseStatus.CLOSED
    state = f" Closed: {disposition_words(case.disposition)}." if closed else ""
    if closed and (standing := holds(case, now, zone)):
        state += f" {standing}"
    elif back := came_back(case, now):
        state = f" It was closed and came back: {back}."
    risk = "" if closed or risk_is_low(case) else f" Risk {risk_words(case)}."
    remarks = (hold_remark(case.hold), own_remark(case))
    said = "".join(f" {capital(remark)}." for remark in remarks if remark)
    return case_sentence(case, now, zone) + said + risk + state
