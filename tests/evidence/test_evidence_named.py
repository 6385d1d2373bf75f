"""Whose records are erased: their names are found where they stand, and nobody else's are."""

from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

import evidence
from core.happenings import Event, happening
from core.record import Record
from evidence.database import connect
from evidence.erasure import Wanted, erase_now, lines_of, plan
from evidence.named import Named
from evidence.notary import Notary
from evidence.past import all_past
from evidence.retention import expire
from evidence.store import Store
from evidence.times import micros
from evidence.writer import Writer
from tests.evidence.conftest import LATER

type Make = Callable[..., Record]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("mia", "mia"),
        ("mia", "\x1fben\x1fmia\x1f"),
        ("mia", "/home/mia/job.py"),
        ("mia", "/srv/mia-report.py"),
        ("mia", "C:\\Users\\mia\\job.py"),
        ("mia", "/srv/damian/mia.py"),
        ("CORP\\mia", "CORP\\mia"),
        ("zoë", "/home/zoë/job.py"),
    ],
)
def test_a_name_is_found_where_it_stands_by_itself(name: str, text: str) -> None:
    assert Named(users={name}).is_in(text)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("al", "personal"),
        ("al", "/srv/global/all.py"),
        ("mia", "/srv/damian.py"),
        ("mia", "miami"),
        ("mia", "CORP\\mia"),
        ("api", "api.partner.example"),
        ("mia", None),
        ("", "/srv/job.py"),
    ],
)
def test_nobody_elses_is(name: str, text: object) -> None:
    assert not Named(users={name}).is_in(text)


def test_a_script_is_its_whole_path() -> None:
    named = Named(script="/srv/a.py")
    assert named.is_in("/srv/a.py") and named.is_in("/srv/a.py\x1fopenai\x1fpersonal")
    assert not named.is_in("/srv/a.py.bak") and not named.is_in("/mnt/srv/a.py")


def test_all_that_an_act_says_is_looked_at() -> None:
    named = Named(users={"mia"})
    assert named.is_anywhere_in({"facts": {"scripts": [{"path": "/home/mia/job.py"}]}})
    assert not named.is_anywhere_in({"who": "officer", "n": 3, "facts": {"why": "mia asked"}})


USERS = ("mia", "CORP\\mia", "damian", "zoë")


@pytest.fixture
def expired(place: Path, write: Callable[..., None], make_record: Make, writer: Writer) -> Path:
    """A file in which only sums are kept of a record of each user."""

    def of(number: int, user: str) -> Record:
        made = make_record(number, script=f"/srv/{number}.py")
        return replace(made, sender=replace(made.sender, user=user))

    write(*(of(number, user) for number, user in enumerate((*USERS, "whose record stays"))))
    writer.stop()
    Notary(place).take_now("test")
    expire(place, micros(LATER), "older than 180 days", rest=lambda _: None)
    return place


def users_of_past(place: Path) -> set[str | None]:
    with closing(connect(place)) as connection:
        return {case.user for case in all_past(connection).rollup.cases.values()}


@pytest.mark.parametrize("user", USERS)
def test_sums_of_what_expired_lose_whom_is_erased_and_nobody_else(expired: Path, user: str) -> None:
    assert users_of_past(expired) == set(USERS)
    wanted = Wanted(users=frozenset({user}))
    assert plan(expired, wanted).past == 1
    erase_now(expired, wanted, who="officer", why="asked")
    assert users_of_past(expired) == {*USERS} - {user}
    assert evidence.verify(expired).problems == ()
    assert plan(expired, wanted).nothing


@pytest.mark.parametrize("user", ["al", "email", "llm", "allow", "upload"])
def test_who_is_called_like_a_part_of_a_word_takes_no_sums_with_him(
    expired: Path, user: str
) -> None:
    """`al` stands in `personal`, `email` is a kind of data."""
    assert plan(expired, Wanted(users=frozenset({user}))).nothing


def test_a_plan_tells_of_acts_that_name_somebody(
    place: Path, write: Callable[..., None], make_record: Make
) -> None:
    """A legal hold on a script in somebody's folder, say: it stays, and that is said."""
    write(make_record(1))
    facts = {"hold": "m-1", "why": "letter", "script": "/home/mia/job.py"}
    with closing(Store(place)) as store:
        store.tell(happening(Event.LEGAL_HOLD, facts, who="officer"))
    made = plan(place, Wanted(users=frozenset({"mia"})))
    assert made.acts == 1
    assert any("Acts that name" in line and ": 1. They stay" in line for line in lines_of(made))
    assert plan(place, Wanted(users=frozenset({"ben"}))).acts == 0
