"""A running gate removes records whose time is over, beside its work."""

import asyncio
import threading
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from invented_day import sample_records

from app.retention import expire_old
from core.ids import utc_now
from evidence import open_evidence, verify


@pytest.fixture
def aged(tmp_path: Path) -> Callable[[int], Path]:
    """Make evidence of records that are so many days old."""

    def make(days: int) -> Path:
        place = tmp_path / "evidence.db"
        opened = open_evidence(place)
        told = threading.Semaphore(0)
        for record in sample_records(utc_now() - timedelta(days=days))[-4:]:
            opened.writer.close_record(record, lambda _: told.release())
            assert told.acquire(timeout=30)
        opened.close()
        return place

    return make


def _until(true: Callable[[], bool]) -> None:
    for _ in range(600):
        if true():
            return
        threading.Event().wait(0.05)


@pytest.mark.parametrize(
    ("age", "kept_days", "left"),
    [(9, 7, 1), (9, 30, 4), (9, 0, 4), (9, lambda: 7, 1), (9, lambda: 0, 4)],
)
def test_what_is_too_old_is_removed_while_the_gate_runs(
    aged: Callable[[int], Path], age: int, kept_days: int | Callable[[], int], left: int
) -> None:
    """By the settings' days; with 0, nothing ever; or by what the fleet says at that moment. It
    ends when the gate does.
    """
    place = aged(age)

    async def for_a_while() -> None:
        async with asyncio.TaskGroup() as tasks:
            pass_ = tasks.create_task(expire_old(place, kept_days, every_s=3600))
            await asyncio.to_thread(_until, lambda: pass_.done() or verify(place).entries == left)
            pass_.cancel()

    asyncio.run(for_a_while())
    report = verify(place)
    assert (report.ok, report.entries) == (True, left)
