"""What a sender's process uses, while it lives."""

import os
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import psutil
import pytest

from attribution.backends.process_use import use_of
from core.attribution import Attribution, Certainty, ProcessRef


def started() -> datetime:
    return datetime.fromtimestamp(psutil.Process().create_time(), UTC)


def sender(process: ProcessRef | None, script: ProcessRef | None = None) -> Attribution:
    return Attribution(
        certainty=Certainty.EXACT, method="test", process=process, script_process=script
    )


def own() -> ProcessRef:
    return ref(os.getpid(), started())


def ref(pid: int, started_at: datetime | None) -> ProcessRef:
    return ProcessRef(pid=pid, started_at=started_at, name="python3", exe=None)


def test_a_living_process_is_told() -> None:
    """CPU seconds and bytes, of the process that runs the script."""
    for told in (use_of(sender(own())), use_of(sender(ref(1, started()), own()))):
        assert told is not None
        cpu, memory = told
        assert 0 < cpu < 100_000
        assert memory > 5_000_000


@pytest.mark.parametrize(
    "process",
    [
        lambda: None,
        lambda: ref(os.getpid(), None),
        lambda: ref(os.getpid(), started() - timedelta(minutes=1)),
        lambda: ref(2**22 + 1, started()),
    ],
)
def test_of_another_process_nothing_is_told(process: Callable[[], ProcessRef | None]) -> None:
    """A pid alone is no process: it may have been given to another since."""
    assert use_of(sender(process())) is None
