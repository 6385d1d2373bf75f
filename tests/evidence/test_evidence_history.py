"""History: what policy is told of a script's past is what the evidence holds, at once."""

import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from present import readable

from core.case_keys import case_key
from core.decision import Decision, HoldOutcome, Verdict
from core.errors import EvidenceError
from core.ids import uuid7
from core.record import Record
from core.review import Action, ReviewEvent, script_event, script_key
from evidence import verify
from evidence.factory import Evidence, open_evidence
from evidence.history import DAY, HOUR, History, _Sums
from evidence.rollup import Rollup

Make = Callable[..., Record]
START = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
SCRIPT = "/home/analyst/upload.py"


@pytest.fixture
def opened(place: Path) -> Iterator[Evidence]:
    opened = open_evidence(place)
    yield opened
    opened.close()


def write(opened: Evidence, *records: Record) -> None:
    done = threading.Event()
    problems: list[EvidenceError | None] = []
    for record in records:
        opened.writer.close_record(record, problems.append)
    opened.writer.close_record(records[-1], lambda _twice: done.set())
    assert done.wait(30)
    assert problems == [None] * len(records)


def test_an_unseen_script_has_no_history(opened: Evidence) -> None:
    """Nothing is claimed of a script that never sent anything."""
    history = opened.history.script(SCRIPT, "ab" * 32)
    assert (history.first_seen, history.approved, history.changed_since_approval) == (
        None,
        None,
        False,
    )
    volume = opened.history.volume(SCRIPT, "openai", START)
    assert (volume.bytes_hour, volume.bytes_day, volume.tokens_day, volume.cost_day_usd) == (
        0,
        0,
        0,
        0,
    )


def test_a_script_is_known_since_its_first_record(opened: Evidence, make_record: Make) -> None:
    """First seen is the time of the earliest record of this path, and of this version for the
    version.
    """
    write(opened, make_record(50), make_record(10, sha256="cd" * 32), make_record(90))
    assert opened.history.script(SCRIPT, None).first_seen == START + timedelta(seconds=10)
    assert opened.history.first_seen(SCRIPT, "ab" * 32) == START + timedelta(seconds=50)
    write(opened, make_record(5))
    assert opened.history.script(SCRIPT, None).first_seen == START + timedelta(seconds=5)


@pytest.mark.parametrize("asked_before", [True, False], ids=["counted-live", "read-from-file"])
def test_volume_counts_what_went_out_in_the_last_hour_and_day(
    opened: Evidence, make_record: Make, asked_before: bool
) -> None:
    """Refused requests, other destinations and older days do not count; what is committed counts at
    once.
    """
    now = START + timedelta(hours=30)
    if asked_before:
        opened.history.volume(SCRIPT, "openai", now)
    write(
        opened,
        make_record(at=now - timedelta(hours=26), bytes=1),
        make_record(at=now - timedelta(hours=20), bytes=10),
        make_record(at=now - timedelta(minutes=30), bytes=100),
        make_record(at=now - timedelta(minutes=1), bytes=1000),
        make_record(at=now, bytes=10_000, verdict=Verdict.BLOCK),
        make_record(at=now, bytes=100_000, service="dropbox"),
        make_record(at=now, bytes=1_000_000, script="/srv/other.py"),
    )
    volume = opened.history.volume(SCRIPT, "openai", now)
    assert (volume.bytes_hour, volume.bytes_day) == (1100, 1110)
    assert volume.tokens_day == 90
    assert volume.cost_day_usd == pytest.approx(0.00075)
    again = History(opened.store).volume(SCRIPT, "openai", now)
    assert again == volume


@pytest.mark.parametrize("outcome", [None, *HoldOutcome])
def test_a_held_request_counts_once_somebody_let_it_go(
    opened: Evidence, make_record: Make, outcome: HoldOutcome | None
) -> None:
    """What was held and refused, or timed out, never left and is no volume."""
    held = Decision(verdict=Verdict.HOLD, hold_key="0123", hold_seconds=300.0, hold_outcome=outcome)
    write(opened, make_record(0, bytes=5, decision=held))
    sent = outcome in {HoldOutcome.APPROVED, HoldOutcome.APPROVED_BEFORE}
    assert opened.history.volume(SCRIPT, "openai", START).bytes_day == (5 if sent else 0)
    assert verify(opened.store.path).ok


def test_an_approval_is_for_one_version_of_a_script(opened: Evidence, make_record: Make) -> None:
    """Approving holds for the very hash; a changed script is not approved, and said to have
    changed.
    """
    now = [100.0]
    history = History(opened.store, clock=lambda: now[0])
    write(opened, make_record(0))
    [version] = opened.store.script_versions(SCRIPT)

    def act(*, approve: bool) -> None:
        opened.store.append(
            [script_event(version, approve=approve, who="officer", at=START, note="looked at it")]
        )
        now[0] += 2

    assert history.script(SCRIPT, "ab" * 32).approved is None
    act(approve=True)
    assert history.script(SCRIPT, "ab" * 32).approved is True
    changed = history.script(SCRIPT, "ff" * 32)
    assert (changed.approved, changed.changed_since_approval) == (None, True)
    assert history.script("/srv/other.py", "ab" * 32).approved is None
    act(approve=False)
    assert history.script(SCRIPT, "ab" * 32).approved is False
    assert history.script(SCRIPT, "ff" * 32).changed_since_approval is False
    told = readable(opened.store.history(script_key(SCRIPT)))
    assert [(e.action, e.who, e.note, e.script, e.script_sha256) for e in told] == [
        (Action.APPROVE_SCRIPT, "officer", "looked at it", SCRIPT, "ab" * 32),
        (Action.WITHDRAW_SCRIPT, "officer", "looked at it", SCRIPT, "ab" * 32),
    ]
    assert opened.store.case(script_key(SCRIPT)) is None
    assert verify(opened.store.path).ok


@pytest.mark.parametrize(
    "change", [{"script": "/srv/other.py"}, {"script_sha256": "ff" * 32}, {"script_sha256": None}]
)
def test_only_a_version_that_was_seen_can_be_approved(
    opened: Evidence, make_record: Make, change: Any
) -> None:
    """Nobody approves a version by a slip: what was never seen is refused in words, and nothing is
    written.
    """
    write(opened, make_record(0))
    [version] = opened.store.script_versions(SCRIPT)
    event = replace(
        script_event(version, approve=True, who="officer", at=START, note="x"), **change
    )
    with pytest.raises(EvidenceError, match="no such version"):
        opened.store.append([event])
    assert opened.store.history(script_key(SCRIPT)) == []


def test_an_answer_to_a_held_request_approves_no_script(
    opened: Evidence, make_record: Make
) -> None:
    """What was said about one request does not make its script an approved one."""
    record = make_record(0)
    write(opened, record)
    for about in (record.id, None):
        event = ReviewEvent(
            id=uuid7(),
            at=START,
            case_key=case_key(record),
            action=Action.APPROVE,
            who="officer",
            record_id=about,
        )
        opened.store.append([event])
    assert opened.history.script(SCRIPT, "ab" * 32).approved is None


def test_a_script_with_a_hostile_name_has_its_history_too(
    opened: Evidence, make_record: Make
) -> None:
    """A name full of controls hides no script from the rules."""
    hostile = "/srv/\x1b[2J\u202ex.py"
    write(opened, make_record(0, script=hostile, bytes=5))
    assert opened.history.script(hostile, None).first_seen == START
    assert opened.history.volume(hostile, "openai", START).bytes_day == 5


def test_what_was_committed_is_added_up_once(
    opened: Evidence, make_record: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The past is told from the sums that the writer made: adding up costs as much again."""
    write(opened, make_record(0))
    assert opened.history.script(SCRIPT, None).first_seen is not None
    before = opened.history.volume(SCRIPT, "openai", START).requests_day
    added: list[str] = []
    add = Rollup.add

    def counted(self: Rollup, record: Record, at_us: int) -> str | None:
        added.append(record.id)
        return add(self, record, at_us)

    monkeypatch.setattr(Rollup, "add", counted)
    done = threading.Event()
    opened.writer.close_record(make_record(1), lambda _: done.set())
    assert done.wait(30)
    opened.writer.stop()
    assert len(added) == 1
    assert opened.history.volume(SCRIPT, "openai", START).requests_day == before + 1


STEPS = st.lists(
    st.tuples(
        st.booleans(), st.integers(0, 700), st.lists(st.integers(0, 9), min_size=5, max_size=5)
    ),
    max_size=30,
)


@given(STEPS)
def test_sums_of_hour_and_day_are_those_of_their_buckets(
    steps: list[tuple[bool, int, list[int]]],
) -> None:
    """Whatever was asked and added between, in which order ever: as added up anew."""
    sums, every = _Sums(0, 0.0), list[tuple[int, list[int]]]()
    for asks, bucket, values in steps:
        if asks:
            told = [
                [sum(row[n] for when, row in every if when >= bucket - window) for n in range(5)]
                for window in (HOUR, DAY)
            ]
            assert list(map(list, sums.up_to(bucket))) == told
        else:
            every.append((bucket, values))
            sums.add(bucket, values)


def test_a_day_is_added_up_once_for_all_who_ask_in_the_same_minutes() -> None:
    """A script that sends all day pays no more for each request than one that begins."""

    class Buckets(dict[int, list[int]]):
        looks = 0

        def items(self) -> Any:
            self.looks += 1
            return super().items()

    buckets = Buckets({n: [1, 2, 3, 4, 0] for n in range(288)})
    sums = _Sums(0, 0.0, buckets)
    sums.up_to(287)
    before = buckets.looks
    for _ in range(10):
        sums.add(287, [1, 1, 1, 1, 0])
        sums.up_to(287)
    assert buckets.looks == before
    assert sums.up_to(288) == ([12 + 10, 24 + 10, 36 + 10, 48 + 10, 0], [298, 586, 874, 1162, 0])
