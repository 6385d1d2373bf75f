"""Closed means “up to here”: what grows, or holds something new, comes back to the queue."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

import evidence
from core.case_inside import Scope, beyond
from core.case_keys import case_key
from core.classification import Account, AccountKind
from core.decision import Verdict
from core.findings import Confidence, Finding
from core.ids import uuid7
from core.record import Record
from core.review import Action, CaseFilter, CaseStatus, Disposition, ReviewEvent
from evidence.scopes import scope_json, scope_of
from evidence.store import Store

Make = Callable[..., Record]
Write = Callable[..., None]
NOW = datetime(2026, 3, 2, tzinfo=UTC)
ANY = CaseFilter(status=None)


class Clock:
    """A clock in the hand."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def store(writer: object, place: Path, clock: Clock) -> Iterator[Store]:
    store = Store(place, clock=clock)
    yield store
    store.close()


def with_people(record: Record, first: int, count: int, kind: str = "email") -> Record:
    """Return the record with so many different people in it, from the number `first` on."""
    marks = tuple(f"{n:016x}" for n in range(first, first + min(count, 20)))
    finding = Finding(
        kind=kind,
        detector=kind,
        confidence=Confidence.CERTAIN,
        count=count,
        distinct=count,
        fingerprints=marks,
    )
    return replace(record, findings=(finding,))


def close(
    store: Store, disposition: Disposition = Disposition.FALSE_ALARM, **scope: Any
) -> ReviewEvent:
    """Close the only case, up to what is there."""
    (case,) = store.page(ANY, 0, 10)
    event = ReviewEvent(
        id=uuid7(NOW),
        at=NOW,
        case_key=case.key,
        action=Action.CLOSE,
        who="officer",
        disposition=disposition,
        scope=case.reach.scope(**scope),
    )
    store.append([event])
    return event


def is_open(store: Store, place: Path) -> bool:
    """Return whether the case is in the queue; the evidence must agree, also when made anew."""
    before = store.page(ANY, 0, 10)
    assert evidence.verify(place).problems == ()
    store.rebuild_cases()
    assert store.page(ANY, 0, 10) == before
    return store.count(CaseFilter()) == 1


@pytest.mark.parametrize(
    ("later", "comes_back"),
    [
        ((7, 40), False),
        ((7, 69), False),
        ((7, 70), True),
        ((7, 15_000), True),
        ((1, 3), False),
        ((1, 9), False),
        ((1, 10), True),
    ],
)
def test_more_people_in_one_request_come_back_at_ten_times(
    store: Store,
    write: Write,
    make_record: Make,
    place: Path,
    later: tuple[int, int],
    comes_back: bool,
) -> None:
    """Closed for a handful says nothing of thousands."""
    before, after = later
    write(with_people(make_record(0), 0, before))
    close(store)
    write(with_people(make_record(1), 0, after))
    assert is_open(store, place) is comes_back


@pytest.mark.parametrize(("requests", "comes_back"), [(8, False), (9, True), (150, True)])
def test_one_person_more_with_each_request_is_growth_too(
    store: Store, write: Write, make_record: Make, place: Path, requests: int, comes_back: bool
) -> None:
    """People add up over requests, not only in the largest of them."""
    write(with_people(make_record(0), 0, 1))
    close(store)
    write(*(with_people(make_record(n), n, 1) for n in range(1, requests + 1)))
    assert is_open(store, place) is comes_back


def test_the_same_people_again_are_no_growth(
    store: Store, write: Write, make_record: Make, place: Path
) -> None:
    """A job that sends the same twelve people every night stays judged."""
    write(with_people(make_record(0), 0, 12))
    close(store)
    write(*(with_people(make_record(n), 0, 12) for n in range(1, 300)))
    assert not is_open(store, place)


@pytest.mark.parametrize(
    ("rows", "times", "comes_back"),
    [(149, 10, False), (150, 10, True), (29, 2, False), (30, 2, True), (999, 100, False)],
)
def test_rows_come_back_at_the_factor_that_was_set(
    store: Store,
    write: Write,
    make_record: Make,
    place: Path,
    rows: int,
    times: int,
    comes_back: bool,
) -> None:
    """How much growth is too much is the organisation's to say."""
    write(make_record(0, rows=15, kind="organisation_word"))
    close(store, times=times)
    write(make_record(1, rows=rows, kind="organisation_word"))
    assert is_open(store, place) is comes_back


def account(record: Record, kind: AccountKind, id_: str | None) -> Record:
    """Return the record as sent with this account."""
    return replace(
        record, destination=replace(record.destination, account=Account(kind=kind, id=id_))
    )


@pytest.mark.parametrize(
    ("change", "comes_back"),
    [
        ({}, False),
        ({"kind": "iban"}, True),
        ({"kind": "not_inspected"}, True),
        ({"sha256": "cd" * 32}, True),
        ({"sha256": None}, False),
        ({"verdict": Verdict.BLOCK}, False),
        ({"findings": ()}, False),
    ],
    ids=str,
)
def test_a_new_kind_or_version_comes_back(
    store: Store,
    write: Write,
    make_record: Make,
    place: Path,
    change: dict[str, Any],
    comes_back: bool,
) -> None:
    """What was not there when somebody looked was not judged."""
    write(make_record(0))
    close(store)
    write(make_record(1, **change))
    assert is_open(store, place) is comes_back


def test_another_account_of_the_same_kind_comes_back(
    store: Store, write: Write, make_record: Make, place: Path
) -> None:
    """One personal account was judged, not everybody's; its name stands in no closing."""
    one = account(make_record(0), AccountKind.PERSONAL, "tenant-of-ann")
    other = account(make_record(2), AccountKind.PERSONAL, "tenant-of-bob")
    write(one)
    event = close(store)
    assert "ann" not in str(event.scope)
    write(account(make_record(1), AccountKind.PERSONAL, "tenant-of-ann"))
    assert not is_open(store, place)
    write(other)
    assert is_open(store, place)


def test_an_account_of_another_kind_is_a_case_of_its_own(
    store: Store, write: Write, make_record: Make
) -> None:
    """Whose account it is, is part of the question."""
    write(account(make_record(0), AccountKind.CORPORATE, "org"))
    close(store)
    write(account(make_record(1), AccountKind.PERSONAL, "me"))
    assert [case.account_kind for case in store.page(CaseFilter(), 0, 9)] == ["personal"]


def test_a_closing_ends_at_its_date(
    store: Store, write: Write, make_record: Make, place: Path, clock: Clock
) -> None:
    """Closed until a day: on that day it is in the queue again, without anything having come."""
    write(make_record(0))
    close(store, until=NOW + timedelta(days=10))
    clock.now = NOW + timedelta(days=10) - timedelta(seconds=1)
    assert not is_open(store, place)
    assert store.totals()["open_cases"] == 0
    clock.now = NOW + timedelta(days=10)
    assert is_open(store, place)
    assert store.count(CaseFilter(status=CaseStatus.CLOSED)) == 0
    assert store.totals()["open_cases"] == 1
    (case,) = store.page(CaseFilter(), 0, 1)
    assert case.scope is not None and case.scope.until == clock.now


def test_what_came_while_somebody_looked_is_not_closed(
    store: Store, write: Write, make_record: Make, place: Path
) -> None:
    """A closing holds for what its reviewer saw, not for what arrived a second before it."""
    write(make_record(0))
    (seen,) = store.page(ANY, 0, 1)
    write(make_record(1, kind="health_data"))
    event = ReviewEvent(
        id=uuid7(NOW),
        at=NOW,
        case_key=seen.key,
        action=Action.CLOSE,
        who="officer",
        disposition=Disposition.FALSE_ALARM,
        scope=seen.reach.scope(),
    )
    store.append([event])
    assert is_open(store, place)
    close(store)
    assert not is_open(store, place)


@pytest.mark.parametrize(
    ("failed_before", "failed_later", "comes_back"),
    [(0, 0, False), (0, 1, True), (1, 1, False), (1, 8, False), (1, 9, True)],
)
def test_a_closing_covers_no_check_that_fails_later(
    store: Store,
    write: Write,
    make_record: Make,
    place: Path,
    failed_before: int,
    failed_later: int,
    comes_back: bool,
) -> None:
    """What nobody looked for was not among what the reviewer judged, though nothing was found."""

    def failed(number: int) -> Record:
        record = replace(make_record(number), findings=())
        return replace(record, decision=replace(record.decision, degraded=("classify: late",)))

    write(make_record(0))
    for number in range(failed_before):
        write(failed(1 + number))
    close(store)
    assert not is_open(store, place)
    for number in range(failed_later):
        write(failed(100 + number))
    assert is_open(store, place) is comes_back


def test_a_closing_without_a_scope_holds_for_what_is_there(
    store: Store, write: Write, make_record: Make, place: Path
) -> None:
    """Another program that closes a case closes it up to here, too."""
    write(make_record(0))
    key = case_key(make_record())
    store.append(
        [ReviewEvent(id=uuid7(NOW), at=NOW, case_key=key, action=Action.CLOSE, who="officer")]
    )
    assert not is_open(store, place)
    write(make_record(1, kind="iban"))
    assert is_open(store, place)


SCOPE = Scope(
    versions=frozenset({"ab", ""}),
    kinds=frozenset({"iban"}),
    accounts=frozenset({"personal:1"}),
    people=3,
    rows=0,
    until=NOW,
    times=7,
    unchecked=2,
)


def test_a_scope_is_read_as_it_was_written() -> None:
    """What holds of a closing today holds after a restart."""
    assert scope_of(scope_json(SCOPE)) == SCOPE
    assert beyond(SCOPE, replace_reach(people=21)) == ("people",)
    assert beyond(SCOPE, replace_reach(people=20)) == ()
    assert beyond(SCOPE, replace_reach(rows=7, kinds=frozenset({"x"}))) == ("kind", "rows")
    assert beyond(SCOPE, replace_reach(unchecked=13)) == ()
    assert beyond(SCOPE, replace_reach(unchecked=14)) == ("unchecked",)


def test_a_closing_of_an_earlier_version_says_nothing_of_checks() -> None:
    """So it holds for none that fails: nobody looked at what was not checked."""
    before = {name: value for name, value in scope_json(SCOPE).items() if name != "unchecked"}
    assert scope_of(before) == replace(SCOPE, unchecked=0)
    assert beyond(scope_of(before), replace_reach(unchecked=1)) == ("unchecked",)
    assert beyond(scope_of(before), replace_reach(unchecked=0)) == ()


def replace_reach(**changes: Any) -> Any:
    """Return a reach that is within the scope but for the changes."""
    from core.case_inside import Reach

    fields: dict[str, Any] = {
        "versions": SCOPE.versions,
        "kinds": SCOPE.kinds,
        "accounts": SCOPE.accounts,
        "people": 3,
        "rows": 0,
        "unchecked": 2,
    }
    return Reach(**(fields | changes))


@pytest.mark.parametrize(
    "broken", [None, [], {}, {"versions": 3}, {**scope_json(SCOPE), "rows": "1"}]
)
def test_what_is_no_scope_is_refused(broken: object) -> None:
    """A damaged closing closes nothing."""
    with pytest.raises(ValueError, match="scope"):
        scope_of(broken)
