"""How many different people stand in the requests of some days."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from core.decision import Verdict
from core.findings import NOT_INSPECTED
from core.record import Record
from evidence.people_lately import PeopleLately, PeopleSince, findings_in
from evidence.store import Store
from tests.evidence.conftest import START, make_observation, make_record

type Writes = Callable[..., None]


LATER = START + timedelta(days=300)


def about(number: int, people: int, *, first: int = 0, **changes: object) -> Record:
    """Return a request about so many people, by their e-mail addresses."""
    made = make_record(number, **changes)
    marks = tuple(f"{n:016x}" for n in range(first, first + people))[:20]
    (found,) = made.findings
    found = replace(found, count=people, distinct=people, fingerprints=marks)
    return replace(made, findings=(found,))


def read(place: Path, days: int = 7, step: int = 1000, ended: int | None = None) -> PeopleSince:
    store = Store(place, clock=lambda: LATER)
    counting, steps = PeopleLately(store, step), 0
    since = START - timedelta(days=days)
    keys = [] if ended is None else [START + timedelta(seconds=ended)]
    while not (found := counting.read_on(since, keys)).whole:
        steps += 1
        assert steps < 100
    store.close()
    return found


def test_each_person_counts_once_and_only_of_these_days(write: Writes, place: Path) -> None:
    """Two of ten stand in both requests; whoever stood in earlier ones only counts nothing; what a
    rule allowed and what it stopped count both.
    """
    write(
        about(-700_000, 15, first=500),
        about(1, 6),
        about(2, 6, first=4, verdict=Verdict.BLOCK),
        about(3, 0),
        make_observation(4),
    )
    assert read(place) == PeopleSince(people=10, exact=True, whole=True, unknown=0)


@pytest.mark.parametrize("step", [1, 2, 3, 7])
def test_read_in_steps_it_is_the_same(write: Writes, place: Path, step: int) -> None:
    """However few are read at once, and whatever order they ended in."""
    for n in (5, 1, 9, 3, 7):
        write(about(n, 3, first=n))
    assert read(place, step=step) == read(place)
    assert read(place).people == 11


def test_what_comes_meanwhile_counts_once(write: Writes, place: Path) -> None:
    """Also what began before what was read, and ended after."""
    write(about(5, 4), about(6, 4))
    store = Store(place, clock=lambda: LATER)
    counting, since = PeopleLately(store, step=1), START - timedelta(days=1)
    counting.read_on(since)
    write(about(1, 4, first=100), about(9, 4, first=200))
    told = [counting.read_on(since) for _ in range(6)]
    assert [one.whole for one in told][-1] and told[-1].people == 12 and told[-1].exact
    write(about(10, 1, first=300))
    assert [counting.read_on(since).people for _ in range(2)][-1] == 13
    later = [counting.read_on(START + timedelta(seconds=6)) for _ in range(4)][-1]
    assert later == PeopleSince(people=9, exact=True, whole=True, unknown=0)
    store.close()


def test_it_says_where_there_may_be_more(write: Writes, place: Path) -> None:
    """Of twenty-five people twenty have a mark; while not all is read; where a part was not
    inspected, nobody knows.
    """
    write(about(1, 25), about(2, 25, first=5))
    assert read(place) == PeopleSince(people=25, exact=False, whole=True, unknown=0)
    store = Store(place, clock=lambda: LATER)
    first = PeopleLately(store, step=1).read_on(START)
    assert not first.whole and not first.exact
    store.close()
    blind = about(3, 1)
    (found,) = blind.findings
    write(replace(blind, findings=(found, replace(found, kind=NOT_INSPECTED, distinct=0))))
    assert read(place).unknown == 1


def test_under_another_key_nobody_is_known_again(write: Writes, place: Path) -> None:
    """Eight marks of four people are told as at least four, not as eight."""
    write(about(1, 4), about(9, 4, first=50))
    assert read(place).people == 8
    assert read(place, ended=5) == PeopleSince(people=4, exact=False, whole=True, unknown=0)


@pytest.mark.parametrize(
    "text",
    [b"", b"[]", b'{"findings":{}}', b'{"findings":[{"kind":"email"}]}', b'{"findings":[7]}', b"x"],
)
def test_what_is_damaged_is_not_taken_for_nothing(text: bytes) -> None:
    """It is told as not known."""
    with pytest.raises(ValueError):
        findings_in(text)
