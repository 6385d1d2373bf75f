"""Sums by the hour: what the overview asks, answered alike before and after records expired."""

from collections import Counter
from collections.abc import Callable, Iterable
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from benchmarks.evidence_records import START, records
from core.case_keys import destination_of, sender_of
from core.fate import Fate
from core.findings import NOT_INSPECTED
from core.record import Record
from evidence import hours
from evidence.batch import Appender, Batch, Items
from evidence.database import connect
from evidence.hours import (
    Total,
    Wanted,
    course,
    kinds,
    oldest,
    ranked,
    ranking,
    total,
    unread_names,
)
from evidence.notary import Notary
from evidence.retention import expire
from evidence.schema import prepare
from evidence.store import Store
from evidence.times import HOUR_US, micros

COUNT = 600
MADE = list(records(COUNT, 11, days=20))
HOUR = timedelta(hours=1)
LATER = START + 300 * 24 * HOUR


@pytest.fixture(scope="module", params=["kept", "expired"])
def store(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Any:
    """Records of twenty days; once all there, once only those of the last eight."""
    place = tmp_path_factory.mktemp("hours") / "evidence.db"
    prepare(place)
    with closing(connect(place)) as connection:
        appender, items = Appender(connection, "test"), Items()
        appender.write(Batch(closes=[items.closed(one) for one in MADE]))
        Notary(place).take(connection, "hour")
    if request.param == "expired":
        gone = expire(place, micros(START + 12 * 24 * HOUR), "a rule", rest=lambda _: None)
        assert gone.records > COUNT // 3
    opened = Store(place, clock=lambda: LATER)
    yield opened
    opened.close()


def expected(chosen: Iterable[Record]) -> Total:
    """What records add up to, counted by hand."""
    found = Total()
    for one in chosen:
        values = sum(f.distinct for f in one.findings if f.kind != "not_inspected")
        llm = one.llm
        found += Total(
            exchanges=1,
            sent=int(one.left),
            bytes=one.request.bytes if one.left else 0,
            found=values,
            tokens=(llm.input_tokens or 0) + (llm.output_tokens or 0) if llm and one.left else 0,
            cost_usd=Decimal(llm.cost_usd or 0) if llm and one.left else Decimal(),
        )
    return found


def hour_of(record: Record) -> int:
    return micros(record.at) // HOUR_US


CONDITIONS: dict[str, tuple[Wanted, Callable[[Record], bool]]] = {
    "everything": (Wanted(), lambda one: True),
    "since a time": (
        Wanted(since=START + 100 * HOUR + timedelta(minutes=20)),
        lambda one: one.at >= START + 100 * HOUR,
    ),
    "until a time": (
        Wanted(until=START + 300 * HOUR - timedelta(minutes=20)),
        lambda one: one.at < START + 300 * HOUR,
    ),
    "some whole days": (
        Wanted(since=START + 72 * HOUR, until=START + 240 * HOUR),
        lambda one: START + 72 * HOUR <= one.at < START + 240 * HOUR,
    ),
    "days and parts of two": (
        Wanted(since=START + 70 * HOUR, until=START + 245 * HOUR, destination="openai"),
        lambda one: START + 70 * HOUR <= one.at < START + 245 * HOUR
        and destination_of(one) == "openai",
    ),
    "hours of one day": (
        Wanted(since=START + 50 * HOUR, until=START + 60 * HOUR),
        lambda one: START + 50 * HOUR <= one.at < START + 60 * HOUR,
    ),
    "the end of one day and the begin of the next": (
        Wanted(since=START + 60 * HOUR, until=START + 80 * HOUR),
        lambda one: START + 60 * HOUR <= one.at < START + 80 * HOUR,
    ),
    "one script": (
        Wanted(script=sender_of(MADE[0])), lambda one: sender_of(one) == sender_of(MADE[0]),
    ),
    "one destination": (
        Wanted(destination="openai"), lambda one: destination_of(one) == "openai",
    ),
    "a host without a service": (
        Wanted(destination="intake.example.net"),
        lambda one: one.destination.host == "intake.example.net",
    ),
    "personal accounts": (
        Wanted(account="personal"), lambda one: one.destination.account.kind.value == "personal",
    ),
    "a kind of data": (
        Wanted(kind="email"), lambda one: any(f.kind == "email" for f in one.findings),
    ),
    "part of a word": (Wanted(kind="mail"), lambda one: False),
    "what was stopped": (Wanted(outcome="block"), lambda one: one.outcome == "block"),
    "several at once": (
        Wanted(destination="openai", outcome="watch", kind="iban"),
        lambda one: destination_of(one) == "openai" and one.outcome == "watch"
        and any(f.kind == "iban" for f in one.findings),
    ),
    "what there is none of": (Wanted(script="/none.py"), lambda one: False),
}  # fmt: skip


@pytest.mark.parametrize("name", CONDITIONS)
def test_totals_are_those_of_the_records(store: Store, name: str) -> None:
    """Whatever is asked for adds up to what the records add up to, to the millionth of a dollar,
    be the records still there or not.
    """
    wanted, fits = CONDITIONS[name]
    chosen = [one for one in MADE if fits(one)]
    assert total(store, wanted) == expected(chosen)
    spans = course(store, wanted)
    assert [one.begins for one in spans] == sorted({
        datetime(1970, 1, 1, tzinfo=UTC) + hour_of(one) * HOUR for one in chosen
    })  # fmt: skip
    assert sum((one.total for one in spans), Total()) == expected(chosen)
    assert sum((one.total for one in course(store, wanted, days=True)), Total()) == expected(chosen)


@pytest.mark.parametrize("span", [(48, 216), (60, 225), (74, 94), (84, 108), (0, 480)])
@pytest.mark.parametrize("by", ["destination", "account", "outcome"])
def test_days_and_hours_tell_the_same(store: Store, by: Any, span: tuple[int, int]) -> None:
    """What is read from sums of days is what all hours of that time add up to, with the first and
    the last hour of each.
    """
    since, until = (START + n * HOUR for n in span)
    chosen = [r for r in MADE if since <= r.at < until]
    found = ranking(store, by, Wanted(since=since, until=until), limit=1000)
    assert sum((one.total for one in found), Total()) == expected(chosen)
    for one in found:
        alone = Wanted(since=since, until=until, **{by: one.name})
        spans = course(store, alone)
        assert one.total == sum((span.total for span in spans), Total()) == total(store, alone)
        assert (one.first_hour, one.last_hour) == (spans[0].begins, spans[-1].begins)
        by_day: dict[datetime, Total] = {}
        for one_hour in spans:
            day = one_hour.begins.replace(hour=0)
            by_day[day] = by_day.get(day, Total()) + one_hour.total
        days = course(store, alone, days=True)
        assert {one_day.begins: one_day.total for one_day in days} == by_day


@pytest.mark.parametrize("measure", ["exchanges", "sent", "bytes", "found", "tokens", "cost_usd"])
def test_a_ranking_names_the_largest_first(store: Store, measure: Any) -> None:
    """By each measure, with what each place adds up to and when it was seen; what has nothing of it
    has no place.
    """
    since = START + 48 * HOUR
    chosen = [one for one in MADE if one.at >= since]
    names = {destination_of(one) for one in chosen}
    sums = {n: expected(one for one in chosen if destination_of(one) == n) for n in names}
    some = [name for name in names if getattr(sums[name], measure)]
    right = sorted(some, key=lambda n: (-getattr(sums[n], measure), n))
    wanted = Wanted(since=since)
    found, count = ranked(store, "destination", wanted, measure=measure, limit=3)
    assert [one.name for one in found] == right[:3] and count == len(right)
    for one in found:
        own = [hour_of(r) for r in chosen if destination_of(r) == one.name]
        assert one.total == sums[one.name]
        first, last = (micros(at) // HOUR_US for at in (one.first_hour, one.last_hour))
        assert (first, last) == (min(own), max(own))


@pytest.mark.parametrize("by", ["script", "destination"])
def test_a_ranking_knows_what_went_past_and_what_was_not_read(store: Store, by: Any) -> None:
    """Of each name, over all the time, and how many names there are in all."""
    name_of = {"script": sender_of, "destination": destination_of}[by]
    found, count = ranked(store, by, limit=7)
    assert count == len({name_of(one) for one in MADE}) > 0
    everything, _ = ranked(store, by, limit=10_000)
    assert found == everything[:7]
    past = Counter(name_of(one) for one in MADE if one.fate is Fate.PAST)
    assert {one.name: one.past for one in everything if one.past} == dict(past)
    unread = {name_of(one) for one in MADE if any(f.kind == NOT_INSPECTED for f in one.findings)}
    assert unread_names(store)[by] == unread


@pytest.mark.parametrize("by", ["script", "destination", "account", "outcome"])
def test_everything_that_is_ranked_adds_up(store: Store, by: Any) -> None:
    """No exchange is in two places of a ranking, and none in no place."""
    found = ranking(store, by, limit=10_000)
    assert sum((one.total for one in found), Total()) == expected(MADE)


def test_kinds_of_data_are_counted_each(store: Store) -> None:
    """An exchange with two kinds counts in both."""
    found = kinds(store)
    for kind, one in found.items():
        chosen = [r for r in MADE if any(f.kind == kind for f in r.findings)]
        assert one == expected(chosen)
    assert set(found) == {f.kind for r in MADE for f in r.findings}
    counts = [one.exchanges for one in found.values()]
    assert counts == sorted(counts, reverse=True)


def test_it_is_known_since_when(store: Store, tmp_path: Path) -> None:
    """The overview can say how far back it reaches; an empty file knows nothing."""
    found = oldest(store)
    assert found is not None and found <= MADE[0].at < found + HOUR
    empty = Store(tmp_path / "empty.db")
    assert oldest(empty) is None
    assert (total(empty), list(course(empty)), kinds(empty)) == (Total(), [], {})
    assert list(ranking(empty, "script")) == []
    empty.close()


def test_names_are_no_part_of_a_question(store: Store) -> None:
    """A name that reads like a statement is looked for, and nothing else."""
    odd = "x' OR 1 --"
    wanted = replace(Wanted(), script=odd, destination=odd, kind=odd, account=odd, outcome=odd)
    assert total(store, wanted) == Total()
    assert hours.total(store) == expected(MADE)
