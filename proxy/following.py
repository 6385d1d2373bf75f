"""Runs that are followed: programs that somebody runs behind the gate by `outgate run`. It asks for
that where it asks for the gate's health (`/run/PID`), and in the end for what was missed
(`/run/PID/MILLISECONDS`).
"""

import asyncio
import os
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from core.attribution import Attribution
from core.beats import until_beat
from core.clock_course import ClockCourse
from core.duties import PartEndedError
from core.ids import utc_now
from core.ports import DirectConnections
from core.run_answers import NOT_FOLLOWED
from proxy.lost_runs import LostRun
from proxy.run_users import user_of
from proxy.short_connections import ShortConnections

_MOST, _MOST_MEMBERS = 64, 4096
"""So many runs of one user are followed; who has none gets one, however many others have."""
_MOST_OF_ALL = 1024
_ALIVE_S = 1.0
"""How often it is asked whether a run still lasts."""
_RUN = "run"
_LARGEST = 1 << 53


@dataclass(frozen=True, slots=True)
class _Run:
    user: int | None
    clock: ClockCourse
    """Since it is followed."""


class Followed:
    """The processes of `outgate run` that live, and what ends meanwhile. For the event loop."""

    def __init__(
        self,
        clock: Callable[[], float] = time.monotonic,
        course: Callable[[], ClockCourse] = ClockCourse,
        user_of: Callable[[int], int | None] = user_of,
    ) -> None:
        self._clock, self._course, self._user_of = clock, course, user_of
        self._table: DirectConnections | None = None
        self._pids: dict[int, _Run] = {}
        """By the process of `outgate run`."""
        self._asked: set[int] = set()
        """Those that have asked for the end of their run."""
        self._members: dict[tuple[int, datetime | None], int | None] = {}
        """Processes that sent something → the run they are of."""
        self._remain: datetime | None = None
        """Since when only what a run left behind is here, whose end nobody will ask for."""
        self._asked_alive = 0.0
        self._waiting: asyncio.Future[None] | None = None
        self.short = ShortConnections()
        self.begun = 0
        """So many runs have been followed so far."""

    @property
    def any(self) -> bool:
        """Whether one is followed, or what it left behind is."""
        return bool(self._pids) or self._remain is not None

    def hear_from(self, table: DirectConnections) -> None:
        """Ask this table what has ended."""
        self._table = table

    def follow(self, pid: int) -> int:
        """Look closely for as long as this process lives. Return 0; where its user has so many
        runs followed already that this one is not, how many.
        """
        if pid in self._pids or self._table is None or sys.platform != "linux":
            return 0
        user = self._user_of(pid)
        of_user = sum(run.user == user for run in self._pids.values())
        if of_user >= _MOST or (of_user and len(self._pids) >= _MOST_OF_ALL):
            return of_user
        self._hear()
        self._pids[pid] = _Run(user=user, clock=self._course())
        self._wake()
        return 0

    def clock_of(self, pid: int) -> ClockCourse:
        """Return how the clock was put right since this run is followed; since now for another."""
        run = self._pids.get(pid)
        clock = self._course() if run is None else run.clock
        clock.look()
        return clock

    def stay(self) -> None:
        """Look closely to the end of this gate, and tell then what was missed: it stays for what a
        run left behind, and nobody is there any more who would ask.
        """
        if self._remain is not None or self._table is None or sys.platform != "linux":
            return
        self._hear()
        self._remain = utc_now()
        self._wake()

    def _hear(self) -> None:
        if not self.any and self._table is not None:
            self.short.whole = self._table.hear(wanted=True)

    def _wake(self) -> None:
        self.begun += 1
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_result(None)

    def met(self, sender: Attribution) -> None:
        """This one sends: note of which run it is. Who has let go of its parents, as daemons do, is
        known by that alone.
        """
        process = sender.process
        if not self._pids or self._table is None or process is None:
            return
        key = process.pid, process.started_at
        if key in self._members:
            return
        if len(self._members) >= _MOST_MEMBERS:
            self._members = {one: run for one, run in self._members.items() if run in self._pids}
        if len(self._members) < _MOST_MEMBERS:
            self._members[key] = self._table.run_of(process.pid)

    def members(self, pid: int) -> list[tuple[int, int]]:
        """Return the processes of this run that sent something: each with its start, in
        milliseconds.
        """
        return [
            (process, round(started.timestamp() * 1000))
            for (process, started), run in self._members.items()
            if run == pid and started is not None
        ]

    async def begun_or(self, due: Callable[[], bool], every_s: Callable[[], float]) -> None:
        """Wait until a run begins, or until `due` says so, which is asked so often and may raise.

        It is asked by a timer of the loop: to wake a task for each no took most of what a gate
        takes that has nothing to do.
        """
        loop = asyncio.get_running_loop()
        waiting = self._waiting = loop.create_future()
        timer: asyncio.TimerHandle

        def ask() -> None:
            nonlocal timer
            if waiting.done():
                return
            try:
                if due():
                    waiting.set_result(None)
                    return
            except BaseException as error:  # noqa: BLE001 - boundary: who waits is told
                waiting.set_exception(PartEndedError("looking", error))
                return
            timer = loop.call_later(until_beat(loop.time(), every_s(), every_s() / 2), ask)

        timer = loop.call_later(until_beat(loop.time(), every_s(), every_s() / 2), ask)
        try:
            await waiting
        finally:
            timer.cancel()

    def go_on(self, *, ends: bool = False) -> list[LostRun]:
        """Hear what has ended; let go of runs that are over, and return those that did not ask.
        `ends`: the gate does, and what runs left behind is told, too.
        """
        if self._table is None or not self.any:
            return []
        self.short.ended(self._table.ended())
        if not ends and self._clock() - self._asked_alive < _ALIVE_S:
            return []
        self._asked_alive = self._clock()
        for run in self._pids.values():
            run.clock.look()
        over = {pid: run for pid, run in self._pids.items() if not _is_alive(pid)}
        lost = [
            LostRun(pid=pid, began=run.clock.began, places=self.short.since(run.clock.earliest()))
            for pid, run in over.items()
            if pid not in self._asked
        ]
        self._pids = {pid: run for pid, run in self._pids.items() if pid not in over}
        self._asked &= self._pids.keys()
        if ends and self._remain is not None and (places := self.short.since(self._remain)) != []:
            left = LostRun(pid=os.getpid(), began=self._remain, places=places, left_behind=True)
            lost.append(left)
        if not self._pids and self._remain is None:
            self._table.hear(wanted=False)
            self._members.clear()
        return lost

    def missed_since(self, pid: int, moment: datetime) -> list[tuple[str, int]] | None:
        """Return the places of connections since then of which nobody can tell whose they were, and
        how many; None where such could be missed, and for a run that is not followed.
        """
        if self._table is None or pid not in self._pids:
            return None
        self._asked.add(pid)
        self.short.ended(self._table.ended())
        return self.short.since(self.clock_of(pid).earliest(moment))


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True


@dataclass(frozen=True, slots=True)
class Question:
    """What `outgate run` asks the gate for, beside its health."""

    pid: int
    """Its own process."""
    since: datetime | None = None
    """When its program began; None while that has not ended."""

    @classmethod
    def read(cls, path: str) -> "Question | None":
        """Return the question that a path is; None for any other."""
        _, *words = path.split("/")
        numbers = [_number(word) for word in words[1:]]
        if words[:1] != [_RUN] or not 1 <= len(numbers) <= 2 or 0 in numbers:
            return None
        if len(numbers) == 1:
            return cls(numbers[0])
        try:
            return cls(numbers[0], datetime.fromtimestamp(numbers[1] / 1000, UTC))
        except (OverflowError, ValueError, OSError):
            return None


def asked_of(question: Question | None, runs: Followed) -> Mapping[str, Any]:
    """Do what is asked, and return what to answer beside the health."""
    if question is None:
        return {}
    if question.since is None:
        others = runs.follow(question.pid)
        return {NOT_FOLLOWED: others} if others else {}
    missed = runs.missed_since(question.pid, question.since)
    return {"short_connections": missed, "members": runs.members(question.pid)}


def _number(word: str) -> int:
    """Return a number of moderate size; 0 for what is none."""
    plain = word.isascii() and word.isdigit() and len(word) <= 16
    return int(word) if plain and int(word) < _LARGEST else 0
