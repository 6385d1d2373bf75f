"""Runs are followed for as long as they last, by whoever asks in the right words."""

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest
from hearing import Hearing

from core.attribution import UNATTRIBUTED, ProcessRef
from core.clock_course import ClockCourse
from core.duties import PartEndedError
from core.exchange import Connection
from core.run_members import is_member, members_told
from proxy import following
from proxy.following import Followed, Question, asked_of

_NOW = int(datetime.now(UTC).timestamp() * 1000)


class _Clock:
    now = 100.0


def _followed(table: Hearing, clock: _Clock | None = None) -> Followed:
    clock = clock or _Clock()
    runs = Followed(lambda: clock.now)
    runs.hear_from(table)
    return runs


@pytest.mark.parametrize(
    "path",
    [
        "/health",
        "/",
        "",
        "run/1",
        "/run",
        "/run/",
        "/run/0",
        "/run/-1",
        "/run/1.5",
        "/run/\u0661",
        "/run/x",
        "/run/1/2/3",
        "/run/99999999999999999999",
        "/run/1/99999999999999999999",
        "/run/1/9007199254740991",
    ],
)
def test_other_words_are_no_run(path: str) -> None:
    """Nothing is followed for what is not exactly a run's question, and nothing fails."""
    runs = _followed(Hearing())

    assert _asked(path, runs) == {}
    assert not runs.any


def _asked(path: str, runs: Followed) -> Mapping[str, Any]:
    return asked_of(Question.read(path), runs)


def test_a_run_is_followed_until_its_process_ends() -> None:
    """The kernel is heard while a run lasts, and not after."""
    clock, table = _Clock(), Hearing()
    runs = _followed(table, clock)
    with subprocess.Popen([sys.executable, "-Sc", "input()"], stdin=subprocess.PIPE) as one:
        for pid in (one.pid, os.getpid(), one.pid):
            assert _asked(f"/run/{pid}", runs) == {}
        runs._pids.pop(os.getpid())
        clock.now += 2
        runs.go_on()
        assert (runs.any, table.heard) == (True, [True])
        assert _asked(f"/run/{one.pid}/{_NOW}", runs) == {
            "short_connections": [],
            "members": [],
        }
    clock.now += 2
    runs.go_on()
    assert (runs.any, table.heard) == (False, [True, False])


class _Ends(Hearing):
    """A table that tells of connections that ended, as they come."""

    def __init__(self) -> None:
        super().__init__()
        self.come: list[Connection] = []

    def ended(self) -> Sequence[Connection]:
        come, self.come = self.come, []
        return come


def test_what_a_run_leaves_behind_is_heard_to_the_end_of_its_gate() -> None:
    """Short connections of a child in the background, after the run has asked for its own: told
    once, as what was left behind, and not at all where there were none.
    """
    short = Connection(
        id="c",
        client_host="192.0.2.1",
        client_port=40000,
        gate_host="203.0.113.5",
        gate_port=5432,
        at=datetime.now(UTC),
    )
    for come in ([short], []):
        clock, table = _Clock(), _Ends()
        runs = _followed(table, clock)
        with subprocess.Popen([sys.executable, "-Sc", "input()"], stdin=subprocess.PIPE) as one:
            runs.follow(one.pid)
            assert runs.missed_since(one.pid, short.at) == []
            runs.stay()
        clock.now += 2
        assert (runs.go_on(), runs.any, table.heard) == ([], True, [True])
        table.come = list(come)
        told = runs.go_on(ends=True)
        assert [lost.places for lost in told] == [[("203.0.113.5 port 5432", 1)] for _ in come]
        for lost in told:
            seen = lost.observation()
            assert "left behind" in seen.facts["exit_code"].how
            assert seen.facts["short_connections"].value == ("203.0.113.5 port 5432",)


@pytest.mark.parametrize("followed", [True, False])
def test_who_was_not_followed_is_not_told_that_there_was_nothing(followed: bool) -> None:
    """Where nobody listened, or the kernel does not tell, no answer is no word of none."""
    runs = _followed(Hearing(tells=not followed))
    if followed:
        runs.follow(os.getpid())

    told = _asked(f"/run/{os.getpid()}/{_NOW}", runs)
    assert told == {"short_connections": None, "members": []}


def test_what_has_let_go_of_its_parents_is_of_its_run_all_the_same() -> None:
    """A daemon descends from nobody: by its mark its run knows what it sent, and no other run."""
    table = Hearing()
    table.runs = {71: os.getpid(), 72: 1}
    runs = _followed(table)
    begun = datetime(2026, 11, 26, tzinfo=UTC)
    daemon, other, odd = (
        replace(UNATTRIBUTED, process=ProcessRef(pid=pid, started_at=at, name="python", exe=None))
        for pid, at in ((71, begun), (72, begun), (71, None))
    )
    runs.met(daemon)  # nobody is followed yet
    runs.follow(os.getpid())
    for sender in (daemon, other, odd, UNATTRIBUTED):
        runs.met(sender)
    answer = _asked(f"/run/{os.getpid()}/{_NOW}", runs)
    members = members_told(json.loads(json.dumps(answer)))
    assert members == {(71, round(begun.timestamp() * 1000))}
    assert [is_member(one, members) for one in (daemon, other, odd)] == [True, False, False]
    later = ProcessRef(pid=71, started_at=begun + timedelta(seconds=1), name="x", exe=None)
    assert not is_member(replace(UNATTRIBUTED, process=later), members), "its number went on"
    for broken in (None, {}, {"members": 7}, {"members": [7, [1], ["a", 1], [1, 2, 3]]}):
        assert members_told(broken) == frozenset()


def test_one_user_takes_no_other_users_place() -> None:
    """A program that asks for many runs does not make the gate grow, is told so, and whoever has
    none gets one all the same.
    """
    users = dict.fromkeys(range(1, 200), 1001) | {200: 1002, 201: None}
    runs = Followed(user_of=users.get)
    runs.hear_from(Hearing())
    told = [runs.follow(pid) for pid in range(1, 200)]
    assert told == [0] * 64 + [64] * 135
    assert _asked("/run/199", runs) == {"runs_of_user": 64}
    assert runs.follow(64) == 0, "it is followed already"
    for late in (200, 201):
        assert (_asked(f"/run/{late}", runs), late in runs._pids) == ({}, True)


def test_where_all_places_are_taken_everybody_has_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """Many users with many runs each leave one to each of the others."""
    monkeypatch.setattr(following, "_MOST_OF_ALL", 10)
    runs = Followed(user_of=lambda pid: pid // 100)
    runs.hear_from(Hearing())
    assert [runs.follow(100 + one) for one in range(12)] == [0] * 10 + [10] * 2
    assert [runs.follow(200 + one) for one in range(3)] == [0, 1, 1]
    assert runs.follow(300) == 0


class _Wall:
    """A clock that somebody sets, beside one that nobody can."""

    def __init__(self) -> None:
        self.wall, self.boot = datetime.now(UTC).timestamp(), 50.0

    def course(self) -> ClockCourse:
        return ClockCourse(lambda: self.wall, lambda: self.boot)

    def on(self, seconds: float, *, set_by: float = 0.0) -> None:
        self.boot += seconds
        self.wall += seconds + set_by


@pytest.mark.parametrize("way", ["asked", "lost"])
def test_a_clock_set_back_hides_no_short_connection(way: str) -> None:
    """What a run's connections are noted at then is before the run."""
    wall, clock = _Wall(), _Clock()
    runs = Followed(lambda: clock.now, wall.course)
    runs.hear_from(Hearing())
    with subprocess.Popen([sys.executable, "-Sc", "input()"], stdin=subprocess.PIPE) as run:
        runs.follow(run.pid)
        began = runs._pids[run.pid].clock.began
        wall.on(5, set_by=-600)
        runs.short._now = lambda: began - timedelta(seconds=595)
        runs.short.found(_ANY)
        told = [runs.missed_since(run.pid, began)] if way == "asked" else []
    clock.now += 2
    assert [*told, *(lost.places for lost in runs.go_on())] == [[(" port 443", 1)]]


def test_who_waits_is_woken_by_a_yes_a_run_or_a_fault_only() -> None:
    """A look that has no news wakes nobody; a run that begins ends the wait before the next look,
    and a look that fails is told to whoever waits, whatever it fails by.
    """
    answers: list[bool] = [False, False, True]

    async def waited(runs: Followed) -> None:
        await runs.begun_or(lambda: answers.pop(0), lambda: 0.001)
        assert answers == []
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(runs.begun_or(lambda: False, lambda: 3600.0))
            await asyncio.sleep(0)
            runs.follow(os.getpid())
        for fault in (OSError(), SystemExit(), StopIteration()):
            with pytest.raises(PartEndedError) as told:
                await runs.begun_or(partial(_fails, fault), lambda: 0.001)
            assert told.value.kind == type(fault).__name__

    asyncio.run(asyncio.wait_for(waited(_followed(Hearing())), 20))


def _fails(fault: BaseException) -> bool:
    raise fault


def test_a_run_that_went_without_a_word_is_told_once() -> None:
    """One that asked for its end is not; one that was killed is, with what nobody else tells."""
    clock = _Clock()
    runs = _followed(Hearing(), clock)
    gone = []
    for _ in range(2):
        with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as run:
            runs.follow(run.pid)
            gone.append(run.pid)
            runs.short.found(replace(_ANY, gate_host="10.0.0.7"))
    _asked(f"/run/{gone[0]}/{_NOW}", runs)
    clock.now += 1.5
    [lost] = runs.go_on()
    assert (lost.pid, lost.places) == (gone[1], [("10.0.0.7 port 443", 1)])
    seen = lost.observation()
    assert (seen.about, seen.value("exit_code")) == ("outgate run", None)
    assert seen.value("short_connections") == ("10.0.0.7 port 443",)
    assert runs.go_on(ends=True) == [] and not runs.any


def test_what_went_just_before_the_gate_does_is_told() -> None:
    """A private gate may end in the same second as the run that was killed."""
    runs = _followed(Hearing(), clock := _Clock())
    runs.go_on()
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as run:
        runs.follow(run.pid)
        clock.now += 1.5
        assert runs.go_on() == []
    assert runs.go_on() == []
    assert [lost.pid for lost in runs.go_on(ends=True)] == [run.pid]


_ANY = Connection(
    id="d", client_host="10.0.0.1", client_port=1, gate_host="", gate_port=443,
    at=datetime.now(UTC),
)  # fmt: skip


def test_a_daemon_is_known_however_many_others_sent_meanwhile(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A gate of many users may never be without a run: those of none make room."""
    monkeypatch.setattr(following, "_MOST_MEMBERS", 4)
    table = Hearing()
    table.runs = {1000: os.getpid(), 1: os.getpid(), 2: 7}
    runs = _followed(table)
    runs.follow(os.getpid())
    begun = datetime(2026, 11, 26, tzinfo=UTC)
    for pid in range(1, 1001):
        who = ProcessRef(pid=pid, started_at=begun, name="python", exe=None)
        runs.met(replace(UNATTRIBUTED, process=who))
    assert [pid for pid, _ in runs.members(os.getpid())] == [1, 1000]
