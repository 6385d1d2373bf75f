"""Habits for a serving gate: learnt from the evidence in a process of its own, once a day, since
only days that are over teach anything; a request only looks them up.
"""

import asyncio
import contextlib
import os
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from datetime import date, datetime, timedelta
from multiprocessing import get_context
from pathlib import Path

from core.beats import until_beat
from core.duties import OWNER, Duty
from core.errors import EvidenceError
from core.habits import NEVER_SEEN, Habits
from core.ids import utc_now
from core.record import Record
from core.text import printable
from habits.baseline import Baseline
from habits.calendar import Calendar
from habits.learning import REMEMBERED_DAYS, Learner
from proxy.threads import COURTESIES

LOOK_S = 60.0
_AGAIN_S = 2.0
"""After so long what failed is tried again."""
FIRST_S = 15.0
"""How long a gate that asks for habits waits for them before it serves."""
_NICE = 10

type Known = Mapping[str, Baseline]
"""Script → what it does as a rule."""


class HabitKeeper:
    """What is known of each script today; None of all until it was learnt."""

    def __init__(
        self,
        evidence: Path,
        calendar: Calendar,
        asked: Callable[[], bool],
        *,
        now: Callable[[], datetime] = utc_now,
        learn: "Callable[[Path, Calendar, datetime], Known] | None" = None,
    ) -> None:
        """`asked`: whether some rule looks at habits now; else nothing is learnt."""
        self._evidence = evidence
        self._calendar = calendar
        self._asked = asked
        self._now = now
        self._learn = learn or learnt_elsewhere
        self._known: Known | None = None
        self._day: date | None = None
        self._first, self._hurry = asyncio.Event(), asyncio.Event()

    def of(self, script: str) -> Habits | None:
        """Return what this script does as a rule; None where nobody can tell yet."""
        if self._known is None:
            return None
        return self._known.get(printable(script), NEVER_SEEN)

    async def follow(self, every_s: float = LOOK_S) -> None:
        """Learn when a rule asks for it and whenever a day is over, until cancelled."""
        while True:
            today = self._calendar.local(self._now()).date()
            if self._asked() and today != self._day and await self._learnt():
                self._day = today
            self._first.set()
            failed = self._asked() and self._known is None
            self._hurry.clear()
            await self._hurried_or(min(every_s, _AGAIN_S) if failed else every_s)

    def renew(self) -> None:
        """Rules may ask for habits now that did not."""
        self._hurry.set()

    async def _hurried_or(self, seconds: float) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(until_beat(asyncio.get_running_loop().time(), seconds)):
                await self._hurry.wait()

    async def ready(self, within_s: float = FIRST_S) -> None:
        """Wait until it was learnt once, or for so long."""
        if not self._asked():
            return
        try:
            async with asyncio.timeout(within_s):
                await self._first.wait()
        except TimeoutError:
            return

    async def _learnt(self) -> bool:
        learning = COURTESIES.run(self._learn, self._evidence, self._calendar, self._now())
        try:
            self._known = await learning
        except (EvidenceError, OSError, BrokenProcessPool) as error:
            OWNER.lost(Duty.HABITS, error)
            return False
        OWNER.done(Duty.HABITS)
        return True


def learnt_elsewhere(evidence: Path, calendar: Calendar, now: datetime) -> Known:
    """Return `learnt` of a process of its own, which takes no time from the requests. Raises what
    that raises, and BrokenProcessPool.
    """
    pool = ProcessPoolExecutor(max_workers=1, mp_context=get_context("spawn"), initializer=_be_nice)
    with pool:
        return pool.submit(learnt, evidence, calendar, now).result()


def _be_nice() -> None:
    if hasattr(os, "nice"):
        os.nice(_NICE)


def learnt(evidence: Path, calendar: Calendar, now: datetime) -> dict[str, Baseline]:
    """Return what is known of each script by the evidence. Raises EvidenceError."""
    learner = learner_of(evidence, calendar, now)
    known = ((name, learner.baseline(name, now)) for name in learner.scripts())
    return {name: found for name, found in known if found is not None}


def learner_of(
    evidence: Path, calendar: Calendar, now: datetime, script: str | None = None
) -> Learner:
    """Return what has learnt all scripts, or this one, from the evidence. Raises EvidenceError."""
    learner = Learner(calendar)
    for record in records_of(evidence, now - timedelta(days=REMEMBERED_DAYS + 1), script):
        learner.add(record)
    return learner


def records_of(evidence: Path, since: datetime | None, script: str | None) -> Iterator[Record]:
    """Yield records of this time; of one script, without reading the others."""
    from core.stored import StoredRecord
    from evidence import open_store
    from evidence.entries import Recalled

    store, known = open_store(evidence), Recalled()
    named = b"" if script is None else _in_json(script)
    try:
        for entry in store.iter_entries(since=since):
            if named not in entry.text:
                continue
            stored = entry.opened(known)
            if isinstance(stored, StoredRecord):
                yield stored.record
    finally:
        store.close()


def _in_json(text: str) -> bytes:
    import orjson

    return orjson.dumps(text)
