"""A clock that was set back is noticed, and what began before is not dated by it."""

import os
import sys
from dataclasses import dataclass

import pytest

from attribution.backends import procfs
from attribution.backends.clock_steps import ClockSteps
from attribution.backends.linux import LinuxBackend

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="a Linux matter")


@dataclass
class Clocks:
    """Both clocks, set by hand."""

    wall: float = 1000.0
    boot: float = 10.0

    def go(self, seconds: float, *, step: float = 0.0) -> None:
        """Let time go by; `step`: by how much the wall clock is set meanwhile."""
        self.boot += seconds
        self.wall += seconds + step


@pytest.mark.parametrize(
    ("step", "noticed"), [(0.0, 0.0), (3600.0, 0.0), (-0.001, 0.0), (-0.5, 15.0), (-3600.0, 15.0)]
)
def test_only_a_step_back_is_noticed(step: float, noticed: float) -> None:
    """Not one forward, nor that a clock is a little off; and not again later."""
    clocks = Clocks()
    subject = ClockSteps(lambda: clocks.wall, lambda: clocks.boot)
    clocks.go(5.0, step=step)
    assert subject.set_back_at() == noticed
    clocks.go(5.0)
    assert subject.set_back_at() == noticed


def test_a_clock_that_is_slowed_down_is_not_set_back() -> None:
    """By 500 parts in a million, as far as it goes, for a day."""
    clocks = Clocks()
    subject = ClockSteps(lambda: clocks.wall, lambda: clocks.boot)
    clocks.go(86400.0, step=-43.2)
    assert subject.set_back_at() == 0.0


def test_what_began_before_is_not_dated(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whether a script was changed since its start cannot be told by the times of files then."""
    backend = LinuxBackend()
    try:
        before = backend.process(os.getpid())
        assert before is not None
        assert before.image_from is not None
        steps = backend._starts._steps
        monkeypatch.setattr(steps, "_offset", steps._offset + 3600)
        after = backend.process(os.getpid())
        assert after is not None
        assert after.image_from is None
        assert after.image_until is None
    finally:
        backend.close()


def test_starts_are_told_by_the_clock_as_it_is_now(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where no events tell them, what begins after a step is not dated by the clock before it."""
    assert abs(procfs.start_seconds(0) - procfs.boot_time()) < 1
    true = procfs.boot_time()
    monkeypatch.setattr(procfs, "_boot", [true + 3600])
    assert abs(procfs.start_seconds(0) - true) < 1
    assert procfs.start_seconds(0) == procfs.start_seconds(0)
    assert abs(procfs.mark_at(procfs.start_seconds(4711)) - 4711) < 0.01
