"""What a sender's process uses, while it lives."""

import os
from datetime import UTC, datetime, timedelta

import psutil
import pytest

from attribution.backends.process_use import use_of
from core.attribution import Attribution, Certainty, ProcessRef

STARTED = datetime.fromtimestamp(psutil.Process().create_time(), UTC)


def sender(process: ProcessRef | None, script: ProcessRef | None = None) -> Attribution:
    return Attribution(
        certainty=Certainty.EXACT, method="test", process=process, script_process=script
    )


def ref(pid: int, started_at: datetime | None = STARTED) -> ProcessRef:
    return ProcessRef(pid=pid, started_at=started_at, name="python3", exe=None)


def test_a_living_process_is_told() -> None:
    """CPU seconds and bytes, of the process that runs the script."""
    for told in (use_of(sender(ref(os.getpid()))), use_of(sender(ref(1), ref(os.getpid())))):
        assert told is not None
        cpu, memory = told
        assert 0 < cpu < 100_000
        assert memory > 5_000_000


@pytest.mark.parametrize(
    "process",
    [
        None,
        ref(os.getpid(), None),
        ref(os.getpid(), STARTED - timedelta(minutes=1)),
        ref(2**22 + 1),
    ],
)
def test_of_another_process_nothing_is_told(process: ProcessRef | None) -> None:
    """A pid alone is no process: it may have been given to another since."""
    assert use_of(sender(process)) is None
