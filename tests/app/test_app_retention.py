"""A running gate removes records whose time is over, beside its work."""

import asyncio
import hashlib
import json
import os
import shutil
import threading
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from invented_day import sample_records
from patience import eventually

from app.home import Home
from app.kept_sources import forget_old
from app.retention import Terms, expire_old
from attribution.identity.contents import ContentStore
from core.happenings import Event, happening
from core.ids import utc_now
from evidence import open_evidence, verify
from evidence.store import Store
from tests.app.conftest import Runs


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


@pytest.mark.parametrize(
    ("age", "kept_days", "left"),
    [(9, [7], 1), (9, [30], 4), (9, [0], 4), (9, [0, 7], 1), (9, [30, 7], 1)],
)
def test_what_is_too_old_is_removed_while_the_gate_runs(
    aged: Callable[[int], Path], age: int, kept_days: list[int], left: int
) -> None:
    """By the days that are said at each round; the fleet may say others. With 0, nothing ever. It
    ends when the gate does.
    """
    place = aged(age)
    said = [*kept_days]

    def terms() -> Terms:
        return Terms(records=said.pop(0) if len(said) > 1 else said[0])

    async def for_a_while() -> None:
        async with asyncio.TaskGroup() as tasks:
            pass_ = tasks.create_task(expire_old(place, terms, every_s=0.05))
            await asyncio.to_thread(
                eventually, lambda: pass_.done() or verify(place).entries == left
            )
            pass_.cancel()

    asyncio.run(for_a_while())
    report = verify(place)
    assert (report.ok, report.entries) == (True, left)


def test_a_command_says_what_goes_when(
    outgate: Runs, home: Path, aged: Callable[[int], Path]
) -> None:
    """Of each kind: how long, how old the oldest is, how many are past their time; also as JSON."""
    place = aged(9)
    home.mkdir(exist_ok=True)
    shutil.copy2(place, home / "evidence.db")
    (home / "settings.yaml").write_text("retention_days: 7\nsums_days: 0\nreviews_days: 30\n")
    told = outgate("retention")
    assert told.code == 0, told
    assert "records and observations: 7 days (retention_days)" in told.out
    assert "4 past their time: a running gate removes them\n" in told.out
    assert "versions of scripts): kept for ever (sums_days)" in told.out
    oldest = min(one.at for one in sample_records(utc_now() - timedelta(days=9))[-4:])
    assert f"4 kept, the oldest of {oldest:%Y-%m-%d}\n" in told.out
    assert outgate("hold", "matter-7", "--reason", "letter").code == 0
    said = json.loads(outgate("retention", "--json").out)
    assert [one["over"] for one in said["kinds"]] == [4, 0, 0]
    assert said["holds"] == ["matter-7"]
    assert "legal hold matter-7" in outgate("retention").out


def test_without_evidence_it_says_so(outgate: Runs) -> None:
    """One line, and nothing is made."""
    told = outgate("retention")
    assert (told.code, "no evidence yet" in told.line) == (2, True)


@pytest.mark.parametrize(("hold", "left"), [(None, 0), ("all", 1), ("other", 0)])
def test_masked_sources_go_with_the_records(
    aged: Callable[[int], Path], tmp_path: Path, hold: str | None, left: int
) -> None:
    """When their version was not seen since; a legal hold keeps those that it may cover."""
    store = Store(aged(9))
    if hold is not None:
        script = None if hold == "all" else "/srv/other.py"
        store.tell(happening(Event.LEGAL_HOLD, {"hold": hold, "script": script}))
    home = Home(tmp_path)
    kept = ContentStore(home.scripts, lambda text: text)
    version = store.script_versions()[0]
    sources = {version.sha256 or "", hashlib.sha256(b"x = 1").hexdigest()}
    for sha256 in sources:
        kept.keep_parts(sha256, {})
    now = utc_now()
    assert forget_old(home, store, now - timedelta(days=7)) == 0  # kept today
    for path in home.scripts.glob("??/*"):
        os.utime(path, (1, 1))
    assert forget_old(home, store, now - timedelta(days=30)) == (0 if hold == "all" else 1)
    forget_old(home, store, now - timedelta(days=7))
    store.close()
    assert len(list(home.scripts.glob("??/*"))) == 2 * left
