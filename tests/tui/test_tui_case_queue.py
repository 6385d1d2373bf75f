"""The queue as values: pages, the cursor's case, marks."""

from collections.abc import Callable

from hypothesis import given, settings
from hypothesis import strategies as st
from present import there

from core.review import CaseFilter
from examples import most
from tests.tui.conftest import EndlessStore, FragileStore
from tui.case_queue import PAGE_SIZE, PAGES_KEPT, Queue, look


def opened_at(
    store: EndlessStore | FragileStore,
    cursor: int = 0,
    key: str | None = None,
    queue: Queue | None = None,
) -> Queue:
    queue = queue or Queue()
    queue.take(look(store, CaseFilter(), cursor, key, queue.count if queue.version else None))
    return queue


def test_an_empty_queue_has_no_case(empty_store: FragileStore) -> None:
    """Nothing under the cursor, nothing to mark, nowhere to go."""
    queue = opened_at(empty_store)

    assert (queue.count, queue.current, queue.toggle_mark(), queue.chosen()) == (0, None, None, [])
    assert not queue.move(5)


def test_the_cursor_stays_within_the_queue(store: FragileStore) -> None:
    """Before the first is the first, after the last is the last."""
    queue = opened_at(store)

    queue.move(-3)
    assert queue.cursor == 0
    queue.move(10_000)
    assert queue.cursor == queue.count - 1


def test_only_so_many_pages_are_kept(endless: EndlessStore) -> None:
    """A long walk through the queue does not fill the memory."""
    queue = opened_at(endless)
    for number in range(60):
        queue.take_page(
            queue.wanted,
            queue.version,
            number,
            tuple(endless.page(queue.wanted, number * PAGE_SIZE, PAGE_SIZE)),
        )

    assert len(queue._pages) == PAGES_KEPT
    assert queue.case_at(0) is None
    assert (
        there(queue.case_at(59 * PAGE_SIZE)).key
        == endless.page(queue.wanted, 59 * PAGE_SIZE, 1)[0].key
    )


def test_a_page_of_another_filter_or_an_older_look_is_not_taken(endless: EndlessStore) -> None:
    """A late answer must not show the wrong case at a position."""
    queue = opened_at(endless)
    page = tuple(endless.page(queue.wanted, 0, PAGE_SIZE))

    assert not queue.take_page(CaseFilter(text="x"), queue.version, 3, page)
    assert not queue.take_page(queue.wanted, -1, 3, page)
    assert queue.case_at(3 * PAGE_SIZE) is None


def test_pages_that_are_missing_are_named(endless: EndlessStore) -> None:
    """Just those that the positions in view need."""
    queue = opened_at(endless)

    assert queue.missing(0, 40) == []
    assert queue.missing(90, 230) == [1, 2]
    assert queue.missing(99_990, 200_000) == [999]


@settings(max_examples=most(40), deadline=None)
@given(cursor=st.integers(0, 99_999), grown=st.integers(0, 5_000))
def test_the_cursor_keeps_its_case_however_many_arrive(
    endless_again: Callable[[], EndlessStore], cursor: int, grown: int
) -> None:
    """Wherever a person is in the queue, and whatever arrives above."""
    store = endless_again()
    queue = Queue()
    queue.take(look(store, CaseFilter(), cursor, None))
    key = there(queue.current).key
    store.grow(grown)
    moved = queue.take(look(store, CaseFilter(), queue.cursor, queue.cursor_key, queue.count))

    assert there(queue.current).key == key
    assert moved == grown == queue.new_above


def test_a_step_taken_while_reading_is_kept(endless: EndlessStore) -> None:
    """The person pressed ↓ while the store was being read."""
    queue = opened_at(endless)
    late = look(endless, CaseFilter(), queue.cursor, queue.cursor_key, queue.count)
    queue.move(1)
    key = there(queue.current).key
    queue.take(late)

    assert there(queue.current).key == key


def test_a_case_that_is_gone_leaves_the_cursor_in_place(endless: EndlessStore) -> None:
    """What stands there now is the next one."""
    queue = opened_at(endless, 10)
    queue.take(look(endless, CaseFilter(), 10, "case-that-was-closed", queue.count))

    assert queue.cursor == 10


def test_marks_are_kept_by_case_not_by_position(endless: EndlessStore) -> None:
    """New arrivals do not move a mark to another case."""
    queue = opened_at(endless, 5)
    assert queue.toggle_mark() is True
    key = there(queue.current).key
    endless.grow(7)
    opened_at(endless, queue.cursor, queue.cursor_key, queue)

    assert [case.key for case in queue.chosen()] == [key]
    assert queue.toggle_mark() is False
    assert [case.key for case in queue.chosen()] == [there(queue.current).key]
