"""CPU time that work takes, as of a calm machine, and how it grows with the text: no test says how
fast the machine is that it runs on.
"""

import gc
import json
import re
import signal
import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

CALM_S = 0.0057
"""CPU seconds of `_reference` on the calm machine on which the limits of these tests were set."""
_TEXT = "Herr Müller, a@b.co 4111 1111 2024-01-01T00:00 " * 800
_WORD = re.compile(r"\w+|[^\w\s]")
LEAST_S = 0.01
"""What takes less than this is not compared: the clock is coarser than the work."""
ROUNDS = 6


class TooSlow(BaseException):
    """The CPU time was used up; no boundary of ours catches this."""


def _reference() -> object:
    """Do what the work of these tests is made of: patterns, words, a table, JSON."""
    seen: dict[str, int] = {}
    for word in _WORD.finditer(_TEXT):
        seen[word.group().lower()] = seen.get(word.group().lower(), 0) + len(word.group())
    return json.loads(json.dumps([_TEXT, seen]))


def pace() -> float:
    """Return how many times slower this machine is now than the calm one; never below one."""
    took = []
    for _ in range(5):
        begun = time.thread_time()
        _reference()
        took.append(time.thread_time() - begun)
    return max(1.0, statistics.median(took) / CALM_S)


@contextmanager
def cpu_limit(seconds: float) -> Iterator[None]:
    """Raise `TooSlow` in what takes more CPU time than that on a calm machine; `re` looks for
    signals while it matches, so it is ended too.

    A machine that is slower now is given as much longer. The collector rests meanwhile: its rounds
    over what other tests left count for nothing, and an exception inside of one is lost.
    """
    given = seconds

    def ring(*_: object) -> None:
        nonlocal given
        more = seconds * pace() - given
        if more < seconds / 10:
            raise TooSlow
        given += more
        signal.setitimer(signal.ITIMER_VIRTUAL, more)

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


def too_dear(
    work: Callable[[int], object], size: int, *, growth: float, most_s: float, limit: float = 5.0
) -> str | None:
    """Say what is wrong when four times the text costs more than `growth` times as much, or more
    than `most_s` CPU seconds of a calm machine; None when nothing is.

    A quarter of the size and the whole are timed in turns, and the least of each is compared:
    whatever else the machine does can only make a round longer.
    """
    quarter = whole = float("inf")
    for _ in range(ROUNDS):
        quarter = min(quarter, cpu_seconds(lambda: work(size // 4), limit=limit))
        whole = min(whole, cpu_seconds(lambda: work(size), limit=limit))
        if whole == float("inf"):
            break  # it was ended: another round would be as well
        grown = whole > LEAST_S and whole > growth * quarter
        if not grown and (whole <= most_s or whole <= most_s * pace()):
            return None
    return f"{quarter:.4f} s, {whole:.4f} s"
