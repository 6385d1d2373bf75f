"""Observations in the evidence: chained, filed as cases, found, erased and expired like records."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from evidence_file import run

import evidence
from core.attribution import Attribution, Certainty
from core.case_keys import observation_key
from core.observation import Kind, Observation
from core.record import Record
from core.review import Action, CaseFilter, CaseStatus, Disposition, ReviewEvent
from core.stored import StoredObservation, StoredRecord
from evidence.erasure import Wanted, erase_now
from evidence.retention import expire
from evidence.store import Store
from evidence.times import micros
from tests.evidence.conftest import START, make_observation, make_record

Write = Callable[..., None]


@pytest.fixture
def mixed(write: Write, place: Path) -> Store:
    """Records and observations, in turn; a run is nothing to review."""
    write(make_record(0), make_observation(1), make_record(2))
    write(make_observation(3, kind=Kind.RUN, about="a run", notable=False))
    write(make_observation(4), make_observation(5, kind=Kind.LISTENER, about="port 8000"))
    return Store(place)


def test_what_was_observed_is_chained_with_the_records_and_verifies(
    mixed: Store, place: Path
) -> None:
    """One chain proves both: nobody can take out what was seen without the requests."""
    assert evidence.verify(place).ok
    run(place, "DELETE FROM entries WHERE seq = 2")
    assert not evidence.verify(place).ok


def test_readers_of_requests_are_given_requests_only(mixed: Store) -> None:
    """A report of what was sent counts no connection that was only seen."""
    assert all(isinstance(entry, StoredRecord) for entry in mixed.iter_records())
    assert len(list(mixed.iter_records())) == len(list(mixed.iter_by_time())) == 2
    seen = list(mixed.observations())
    assert [one.observation.kind.value for one in seen] == [
        "connection", "run", "connection", "listener",
    ]  # fmt: skip
    assert seen[0].observation == make_observation(1, id=seen[0].observation.id)
    assert len(list(mixed.observed_entries(since=seen[2].observation.at))) == 2


def test_alike_observations_are_one_case_and_a_run_is_none(mixed: Store) -> None:
    """The officer sees a database once, however often it was used; what nobody need see is no
    case.
    """
    cases = {case.kinds: case for case in mixed.page(CaseFilter(verdict="observed"), 0, 10)}
    assert {kinds: case.count for kinds, case in cases.items()} == {
        ("connection",): 2, ("listener",): 1,
    }  # fmt: skip
    case = cases["connection",]
    assert (case.host, case.script, case.user) == (
        "postgresql at db.example:5432", "upload.py", "analyst",
    )  # fmt: skip
    assert case.bytes_sent == 2400
    newest = mixed.observations_of(case.key)
    times = [one.observation.at for one in newest if isinstance(one, StoredObservation)]
    assert len(times) == len(newest) and times == sorted(times, reverse=True)
    assert not mixed.records(case.key)


@pytest.mark.parametrize("disposition", [Disposition.ALLOWED_PURPOSE, Disposition.CONFIRMED_LEAK])
def test_a_case_of_an_observation_is_closed_and_comes_back_like_any_other(
    mixed: Store, write: Write, place: Path, disposition: Disposition
) -> None:
    """Closed as an allowed purpose it stays closed; a confirmed leak opens again."""
    key = observation_key(make_observation())
    at = make_observation(60).at
    mixed.append([ReviewEvent(
        id="e1", at=at, case_key=key, action=Action.CLOSE, who="ada", disposition=disposition
    )])  # fmt: skip
    assert mixed.case(key).status is CaseStatus.CLOSED  # type: ignore[union-attr]
    write(make_observation(70))
    comes_back = disposition is Disposition.CONFIRMED_LEAK
    expected = CaseStatus.OPEN if comes_back else CaseStatus.CLOSED
    assert mixed.case(key).status is expected  # type: ignore[union-attr]
    assert evidence.verify(place).ok
    mixed.rebuild_cases()
    assert mixed.case(key).status is expected  # type: ignore[union-attr]


def _of(user: str) -> Attribution:
    return replace(make_record().sender, user=user)


@pytest.mark.parametrize(
    ("wanted", "gone"),
    [
        (Wanted(users=frozenset({"mia"})), 1),
        (Wanted(users=frozenset({"zoe_db"})), 1),
        (Wanted(users=frozenset({"ledger_app"})), 2),
        (Wanted(script="/home/analyst/upload.py"), 3),
        (Wanted(before_us=micros(START) + 1_500_000), 2),
        (Wanted(users=frozenset({"nobody"})), 0),
    ],
)
def test_a_person_is_erased_from_what_was_observed(
    write: Write, place: Path, wanted: Wanted, gone: int
) -> None:
    """Who asks to be forgotten is forgotten by observations too, be it as user or in a fact; the
    chain stays whole.
    """
    write(make_observation(0, sender=_of("mia")), make_observation(1, user="zoe_db"))
    write(make_observation(2, sender=_of("ben")))
    erase_now(place, wanted, who="ada", why="asked")
    assert evidence.verify(place).ok
    left = list(Store(place).observations())
    assert len(left) == 3 - gone
    told = "".join(map(str, left))
    assert all(name not in told for name in wanted.users)


def test_observations_expire_with_the_records_of_their_time(write: Write, place: Path) -> None:
    """What was seen is kept no longer than what was sent, and its case keeps its count."""
    write(*(make_observation(n) if n % 2 else make_record(n) for n in range(8)))
    store = evidence.open_store(place)
    store.checkpoint("test")
    expire(place, micros(make_record(5).at), "older")
    assert len(list(store.observations())) == 2
    case = store.case(observation_key(make_observation()))
    assert case is not None and case.count == 4
    assert evidence.verify(place).ok


def test_what_cannot_be_stored_is_refused_alone(write: Write, place: Path) -> None:
    """One observation that cannot be written down keeps no other from the file."""
    broken = make_observation(1, facts=3)
    with pytest.raises(AssertionError):
        write(broken)
    write(make_observation(2))
    (left,) = Store(place).observations()
    assert isinstance(left, StoredObservation)


def test_an_unknown_program_may_be_observed(write: Write, place: Path) -> None:
    """Who could not be named stands as unknown, and is a case all the same."""
    nobody = Attribution(certainty=Certainty.UNKNOWN, method="none", reason="it had ended")
    write(make_observation(1, sender=nobody))
    (case,) = Store(place).page(CaseFilter(), 0, 5)
    assert case.script == "unknown" and case.verdict == "observed"


def test_both_kinds_of_entries_have_a_case_of_their_own(write: Write, place: Path) -> None:
    """A request and an observation of the same script and place are never one case."""
    record: Record = make_record(1)
    seen: Observation = make_observation(2, about="openai")
    write(record, seen)
    assert Store(place).count(CaseFilter()) == 2
