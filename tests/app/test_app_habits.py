"""A gate's habits: learnt once a day beside the requests, and looked up by them."""

import asyncio
from collections.abc import Callable
from concurrent.futures.process import BrokenProcessPool
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from patience import soon

from app.habits import HabitKeeper, Known, learner_of, learnt, learnt_elsewhere
from benchmarks.habits import CALENDAR
from benchmarks.habits_world import FIRST, Habit, clean, path_of
from core.duties import OWNER, Duty
from core.habits import NEVER_SEEN
from evidence import open_evidence
from habits.calendar import Calendar
from habits.learning import Learner

JOB = Habit(name="job", clock="daily")
OTHER = Habit(name="job2", clock="daily", places=("other.example",))
NOW = datetime(FIRST.year, FIRST.month, FIRST.day, 12, tzinfo=UTC) + timedelta(days=20)
PATH = path_of("job")


@pytest.fixture(scope="module")
def evidence(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Evidence of three weeks of two scripts."""
    path = tmp_path_factory.mktemp("habits") / "evidence.db"
    opened = open_evidence(path)
    for one in clean(20, scripts=(JOB, OTHER)):
        opened.writer.close_record(one.record(), lambda _: None)
    opened.close()
    return path


def test_habits_come_out_of_the_evidence(evidence: Path) -> None:
    """What was written is what is known; one script alone is known just as well."""
    every = learnt(evidence, CALENDAR, NOW)
    assert set(every) == {PATH, path_of("job2")}
    assert every[PATH].learning is None
    alone = learner_of(evidence, CALENDAR, NOW, PATH)
    assert alone.baseline(PATH, NOW) == every[PATH]
    assert set(alone.scripts()) == {PATH}


def test_another_process_learns_the_same(evidence: Path) -> None:
    """The process that learns gives back what it learnt, whole."""
    assert learnt_elsewhere(evidence, CALENDAR, NOW) == learnt(evidence, CALENDAR, NOW)


class Teacher:
    """Learns from nothing and counts how often it was asked."""

    def __init__(self, *answers: Known | Exception) -> None:
        self.answers = list(answers)
        self.asked: list[datetime] = []

    def __call__(self, evidence: Path, calendar: Calendar, now: datetime) -> Known:
        self.asked.append(now)
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer


def keeper(teacher: Teacher, now: Callable[[], datetime], *, asked: bool = True) -> HabitKeeper:
    return HabitKeeper(Path("none"), CALENDAR, lambda: asked, now=now, learn=teacher)


def known() -> Known:
    learner = Learner(CALENDAR)
    for one in clean(20, scripts=(JOB,)):
        learner.add(one.record())
    found = learner.baseline(PATH, NOW)
    assert found is not None
    return {PATH: found}


async def test_habits_are_learnt_once_a_day() -> None:
    """Only days that are over teach anything: within a day nothing is read again."""
    days = [NOW, NOW, NOW, NOW + timedelta(days=1)]
    teacher = Teacher(known(), {})
    kept = keeper(teacher, lambda: days.pop(0) if len(days) > 1 else days[0])
    assert kept.of(PATH) is None
    async with asyncio.TaskGroup() as tasks:
        following = tasks.create_task(kept.follow(every_s=0))
        await kept.ready()
        assert kept.of(PATH) is not None
        await soon(lambda: len(teacher.asked) == 2)
        await soon(lambda: kept.of(PATH) is NEVER_SEEN)
        following.cancel()


async def test_where_no_rule_asks_nothing_is_learnt() -> None:
    """Evidence is not read for nothing, and the gate starts at once."""
    teacher = Teacher()
    kept = keeper(teacher, lambda: NOW, asked=False)
    async with asyncio.TaskGroup() as tasks:
        following = tasks.create_task(kept.follow(every_s=0))
        await kept.ready()
        for _ in range(20):
            await asyncio.sleep(0)
        following.cancel()
    assert teacher.asked == []


async def test_what_cannot_be_learnt_is_told_and_tried_again() -> None:
    """A process that died leaves habits unknown, not usual; health says so until it works."""
    OWNER.forget()
    teacher = Teacher(BrokenProcessPool(), known())
    kept = keeper(teacher, lambda: NOW)
    async with asyncio.TaskGroup() as tasks:
        following = tasks.create_task(kept.follow(every_s=0))
        await kept.ready()
        assert kept.of(PATH) is None
        assert any(Duty.HABITS.value.what in line for line in OWNER.trouble)
        await soon(lambda: kept.of(PATH) is not None)
        assert OWNER.trouble == ()
        following.cancel()


async def test_habits_are_learnt_as_soon_as_a_changed_policy_asks_for_them() -> None:
    """Nobody looks for that every other second."""
    teacher, asked = Teacher(known()), [False]
    kept = HabitKeeper(Path("none"), CALENDAR, lambda: asked[0], now=lambda: NOW, learn=teacher)
    async with asyncio.TaskGroup() as tasks:
        following = tasks.create_task(kept.follow(every_s=3600.0))
        await soon(lambda: kept._first.is_set())
        asked[0] = True
        kept.renew()
        await soon(lambda: kept.of(PATH) is not None)
        following.cancel()
