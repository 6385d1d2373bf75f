"""The queue as values: pages by position in a small cache, the cursor's case, the marks.

Knows no Textual.
"""

from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from core.review import Case, CaseFilter, Order
from core.review_ports import CaseStore, HoldQueue, TellsLess
from tui.holds import with_states

PAGE_SIZE = 100
PAGES_KEPT = 24
_PAGES_SEARCHED = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """What one look at the store brought: enough to draw the screen around the cursor."""

    wanted: CaseFilter
    version: int
    count: int
    pages: dict[int, tuple[Case, ...]]
    asked: int
    """Where the cursor was when the look began."""
    cursor: int
    """Where its case stands now."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Overview:
    """Numbers over all cases, and today's totals for the health line."""

    totals: Mapping[str, int] = field(default_factory=dict)
    open_cases: int = 0
    watching: bool | None = None
    """Whether a gate runs now; None when nobody can say."""


def overview(
    store: CaseStore, today: datetime, watching: Callable[[], bool] | None = None
) -> Overview:
    """Read the numbers; `today` is when this day began. Blocks on the disk."""
    return Overview(
        watching=None if watching is None else watching(),
        totals=store.totals(today),
        open_cases=store.count(CaseFilter()),
    )


def look(
    store: CaseStore,
    wanted: CaseFilter,
    cursor: int,
    cursor_key: str | None,
    previous_count: int | None = None,
    holds: HoldQueue | None = None,
) -> Snapshot:
    """Read the pages around the cursor, and find where its case stands now. Blocks on the disk."""
    version = store.data_version()
    count = store.count(wanted)
    last = max(0, count - 1)
    grown = 0 if previous_count is None else max(0, count - previous_count)
    guess = min(max(0, cursor + grown), last)
    pages = {0: read_page(store, wanted, 0, holds)}
    for number in _search_order(guess // PAGE_SIZE, last // PAGE_SIZE):
        if number not in pages:
            pages[number] = read_page(store, wanted, number, holds)
        found = None if cursor_key is None else _position(pages[number], number, cursor_key)
        if found is not None:
            return Snapshot(
                wanted=wanted, version=version, count=count, pages=pages, asked=cursor, cursor=found
            )
        if cursor_key is None and number == guess // PAGE_SIZE:
            break
    stay = min(max(0, cursor), last)
    if stay // PAGE_SIZE not in pages:
        pages[stay // PAGE_SIZE] = read_page(store, wanted, stay // PAGE_SIZE, holds)
    return Snapshot(
        wanted=wanted, version=version, count=count, pages=pages, asked=cursor, cursor=stay
    )


def _search_order(guess: int, last: int) -> Iterable[int]:
    near = (guess, guess + 1, guess - 1, 0, guess + 2, guess - 2)
    return tuple(dict.fromkeys(n for n in near if 0 <= n <= last))[:_PAGES_SEARCHED] or (0,)


def read_page(
    store: CaseStore, wanted: CaseFilter, number: int, holds: HoldQueue | None = None
) -> tuple[Case, ...]:
    """Read one page; with `holds`, held cases know how that ended. Blocks on the disk."""
    return with_states(store.page(wanted, number * PAGE_SIZE, PAGE_SIZE), holds)


URGENT_FIRST, WIDEST_FIRST = "the most urgent first", "those open on most machines first"


def sorted_by(store: CaseStore, order: Order) -> Order | None:
    """Return the order if the store's list is in it; None where it has but its own."""
    return None if isinstance(store, TellsLess) and not store.sorts(order) else order


def first_told(store: CaseStore) -> str:
    """Return which cases stand first where nobody asked for an order, in words."""
    return URGENT_FIRST if sorted_by(store, Order.RISK) else WIDEST_FIRST


def all_cases(store: CaseStore, wanted: CaseFilter) -> Iterator[Case]:
    """Yield every case that matches, once. Blocks on the disk."""
    offset, seen = 0, set[str]()
    while page := store.page(wanted, offset, PAGE_SIZE):
        offset += len(page)
        for case in page:
            if case.key not in seen:
                seen.add(case.key)
                yield case


def _position(page: Sequence[Case], number: int, key: str) -> int | None:
    for offset, case in enumerate(page):
        if case.key == key:
            return number * PAGE_SIZE + offset
    return None


class Queue:
    """Which cases there are, as far as they have been read, and where the person is among them."""

    def __init__(self) -> None:
        self.wanted = CaseFilter()
        self.of_a_fleet = False
        """Whether cases are of several machines."""
        self.count = 0
        self.version: int | None = None
        self.cursor = 0
        self.new_above = 0
        """Cases that arrived above the view and were not looked at yet."""
        self.marks: dict[str, Case] = {}
        self._pages: OrderedDict[int, tuple[Case, ...]] = OrderedDict()
        self._cursor_key: str | None = None

    @property
    def cursor_key(self) -> str | None:
        """Key of the case under the cursor, kept while its page is being read again."""
        return self._cursor_key

    def case_at(self, index: int) -> Case | None:
        """Return the case at a position, or None when it is not read yet or not there."""
        page = self._pages.get(index // PAGE_SIZE)
        if page is None or index < 0:
            return None
        self._pages.move_to_end(index // PAGE_SIZE)
        offset = index % PAGE_SIZE
        return page[offset] if offset < len(page) else None

    @property
    def current(self) -> Case | None:
        """The case under the cursor."""
        return self.case_at(self.cursor) if self.count else None

    @property
    def is_filtered(self) -> bool:
        """Whether other cases are shown than all open ones."""
        return replace(self.wanted, order=Order.RISK) != CaseFilter()

    @property
    def lacks(self) -> str:
        """Why there is no case under the cursor, in words."""
        if self.version is None or self.count:
            return "One moment: the evidence is being read."
        return "There is no case here."

    def known(self) -> Iterable[Case]:
        """Return all cases that are read, for completions."""
        return (case for page in self._pages.values() for case in page)

    def missing(self, first: int, last: int) -> list[int]:
        """Return the numbers of the pages that positions `first` to `last` need and that are not
        read.
        """
        end = min(last, self.count - 1)
        return [
            n
            for n in range(max(0, first) // PAGE_SIZE, end // PAGE_SIZE + 1)
            if n not in self._pages
        ]

    def take_page(
        self, wanted: CaseFilter, version: int | None, number: int, page: tuple[Case, ...]
    ) -> bool:
        """Keep a page that was read; False when it is of another filter or an older look."""
        if wanted != self.wanted or version != self.version:
            return False
        self._pages[number] = page
        self._pages.move_to_end(number)
        while len(self._pages) > PAGES_KEPT:
            self._pages.popitem(last=False)
        if number == self.cursor // PAGE_SIZE:
            self._remember()
        return True

    def take(self, snapshot: Snapshot) -> int:
        """Use a fresh look at the store. Returns by how many positions the cursor's case moved.

        The person may have moved the cursor while the store was read: that step is kept.
        """
        same_view = snapshot.wanted == self.wanted and self.version is not None
        grown = max(0, snapshot.count - self.count) if same_view else 0
        moved = snapshot.cursor - snapshot.asked
        self.new_above = self.new_above + min(grown, max(0, moved)) if same_view else 0
        self.wanted, self.version, self.count = snapshot.wanted, snapshot.version, snapshot.count
        stepped = self.cursor - snapshot.asked if same_view else 0
        self.cursor = min(max(0, snapshot.cursor + stepped), max(0, snapshot.count - 1))
        self._pages = OrderedDict(snapshot.pages)
        self._remember()
        return moved

    def move(self, index: int) -> bool:
        """Put the cursor at a position, within bounds. True when it moved."""
        wanted = min(max(0, index), max(0, self.count - 1))
        moved = wanted != self.cursor
        self.cursor = wanted
        self._remember()
        return moved

    def _remember(self) -> None:
        case = self.current
        self._cursor_key = None if case is None else case.key

    def toggle_mark(self) -> bool | None:
        """Mark or unmark the cursor's case.

        Returns whether it is marked now, None when there is no case.
        """
        case = self.current
        if case is None:
            return None
        if self.marks.pop(case.key, None) is None:
            self.marks[case.key] = case
            return True
        return False

    def chosen(self) -> list[Case]:
        """Return the marked cases, or else the one under the cursor."""
        if self.marks:
            return list(self.marks.values())
        return [] if self.current is None else [self.current]
