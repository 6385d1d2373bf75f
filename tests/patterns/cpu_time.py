"""CPU time that work takes, with a limit at which it is ended, so that a pattern that starts over
fails and does not hang.
"""

import gc
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager


class TooSlow(BaseException):
    """The CPU time was used up; no boundary of ours catches this."""


@contextmanager
def cpu_limit(seconds: float) -> Iterator[None]:
    """Raise `TooSlow` in what takes more CPU time; `re` looks for signals while it matches, so it
    is ended too. The collector rests meanwhile: its rounds over what other tests left count for
    nothing, and an exception inside of one is lost.
    """

    def ring(*_: object) -> None:
        raise TooSlow

    collected = gc.isenabled()
    gc.disable()
    before = signal.signal(signal.SIGVTALRM, ring)
    signal.setitimer(signal.ITIMER_VIRTUAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)
        if collected:
            gc.enable()


def cpu_seconds(work: Callable[[], object], *, limit: float = 3.0, rounds: int = 1) -> float:
    """Return the least CPU time of some rounds in seconds; infinite when a round was ended at the
    limit.
    """
    least = float("inf")
    try:
        for _ in range(rounds):
            begun = time.thread_time()
            with cpu_limit(limit):
                work()
            least = min(least, time.thread_time() - begun)
    except TooSlow:
        return float("inf")
    return least
