"""How long a worker is waited for, by a clock of its own that the test winds."""

import asyncio
import os
import selectors
import subprocess
import sys
from collections.abc import Iterator

import pytest

from classifiers.workers import patience
from classifiers.workers.patience import Patience, processor_seconds


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere nobody tells")
def test_the_clock_of_another_process_is_read() -> None:
    """None for one that has ended, and for none."""
    mine = processor_seconds(os.getpid())
    assert mine is not None and mine > 0
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    assert processor_seconds(gone.pid) is None
    assert processor_seconds(None) is None


class _Wound(selectors.DefaultSelector):
    """Waits for nothing: the time that it was to wait has passed at once."""

    now = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        self.now += timeout or 0.0
        return super().select(0)


class _WoundLoop(asyncio.SelectorEventLoop):
    """A loop whose clock goes on only where it would wait."""

    def __init__(self) -> None:
        self._wound = _Wound()
        super().__init__(self._wound)

    def time(self) -> float:
        return self._wound.now


async def _waited(monkeypatch: pytest.MonkeyPatch, told: Iterator[float | None]) -> int:
    """Return how often the worker's clock was read until it was late."""
    count = 0

    def read(_: int | None) -> float | None:
        nonlocal count
        count += 1
        return next(told)

    monkeypatch.setattr(patience, "processor_seconds", read)
    with pytest.raises(TimeoutError):
        async with Patience(lambda: 1, asyncio.get_running_loop().time(), 0.01):
            await asyncio.sleep(600)
    return count


@pytest.mark.parametrize(
    ("told", "reads"),
    [
        ([None, None], 2),
        ([0.0, None], 2),
        ([0.0, 0.0], 2),
        ([0.0, 0.02], 2),
        ([5.0, 5.001, 5.001], 3),
        ([5.0, 5.004, 5.008, 5.02], 4),
    ],
    ids=["nobody tells", "it ended", "it hangs", "it had all", "it hangs later", "it works"],
)
def test_late_is_who_had_its_time_or_does_nothing(
    monkeypatch: pytest.MonkeyPatch, told: list[float | None], reads: int
) -> None:
    """Nobody waits longer for one that hangs, nor where nobody tells."""
    with asyncio.Runner(loop_factory=_WoundLoop) as runner:
        assert runner.run(_waited(monkeypatch, iter(told))) == reads


async def test_the_wait_has_an_end_however_little_a_worker_is_given(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Somebody waits for the answer: four times what was allowed, and no more."""
    seconds = iter(range(1_000_000))
    monkeypatch.setattr(patience, "processor_seconds", lambda _: 5e-4 * next(seconds))
    loop = asyncio.get_running_loop()
    begun = loop.time()
    with pytest.raises(TimeoutError):
        async with Patience(lambda: 1, begun + 0.01, 0.01):
            await asyncio.sleep(600)
    assert loop.time() - begun >= 0.04


async def test_whoever_is_asked_late_has_a_moment_to_begin(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A worker that became free after the deadline is not called idle before it could run."""
    loop = asyncio.get_running_loop()
    looks: list[float] = []

    def read(_: int | None) -> float:
        looks.append(loop.time())
        return 5.0

    monkeypatch.setattr(patience, "processor_seconds", read)
    with pytest.raises(TimeoutError):
        async with Patience(lambda: 1, loop.time() - 0.01, 0.04):
            await asyncio.sleep(600)
    assert looks[1] - looks[0] >= 0.01


async def test_what_is_ready_in_time_is_not_looked_at_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The block ends the looking."""
    reads: list[int | None] = []
    monkeypatch.setattr(patience, "processor_seconds", reads.append)
    async with Patience(lambda: 7, asyncio.get_running_loop().time() + 0.01, 0.01):
        pass
    await asyncio.sleep(0.02)
    assert reads == [7]
