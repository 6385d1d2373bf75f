"""The gate's side of the process that reads senders' files: asked over a socket, killed when late,
replaced when gone.

The gate itself opens no file that a sender names. Such a name may lead to a pipe that never
answers, or to the evidence itself, and to close any descriptor of that file drops every POSIX lock
that SQLite holds on it in the same process.
"""

import contextlib
import threading
import time
from collections.abc import Callable, Sequence
from typing import Protocol

from attribution.reader_helpers import DONE, Helper, HelperSource, Unread
from core.duties import OWNER, Duty

_MOST = 3
"""One file that hangs must not keep the others waiting."""
_KEPT_READY = 2
_PATIENCE_S = 0.3


class Reader(Protocol):
    """Calls a function of `examination` where it may touch files."""

    def ask[**P, T](
        self, seconds: float, what: Callable[P, T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Return the function's answer. Raises Unread when there is none within so many seconds.
        Not for the loop.
        """

    def warm(self, seconds: float) -> None:
        """Start what answers the first questions, within so many seconds. Not for the loop."""

    def close(self) -> None:
        """End the helpers."""


class InPlace:
    """Reads in this very process: for the helper's own tests, and for Windows, which has no POSIX
    locks to lose.
    """

    def ask[**P, T](
        self, seconds: float, what: Callable[P, T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """See Reader.ask."""
        return what(*args, **kwargs)

    def warm(self, seconds: float) -> None:
        """Nothing is to be started."""

    def close(self) -> None:
        """Nothing is held."""


class HelperReader:
    """Asks long-lived helper processes, started when needed. Safe for several threads."""

    def __init__(self, keep_out: Sequence[str] = (), beacons: str = "") -> None:
        """`keep_out`: files and folders of Outgate's own that are nobody's script. `beacons`: where
        beacons write.
        """
        self._source = HelperSource((beacons, *keep_out))
        self._idle: list[Helper] = []
        self._busy = 0
        self._closed = False
        self._changed = threading.Condition()

    def ask[**P, T](
        self, seconds: float, what: Callable[P, T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """See Reader.ask."""
        helper = self._take(time.monotonic() + seconds)
        try:
            status, value = helper.ask(seconds, (what.__name__, args, kwargs))
        except BaseException:
            self._give(None)
            helper.end()
            raise
        self._give(helper)
        if status == DONE:
            result: T = value
            return result
        raise Unread(f"its files could not be read ({str(value)[:60]})")

    def warm(self, seconds: float) -> None:
        """See Reader.warm: one long question must not keep the others waiting for a helper to
        start.
        """
        from attribution.examination import ready

        def start() -> None:
            with contextlib.suppress(Unread):
                self.ask(seconds, ready)

        body = OWNER.guarded(Duty.READERS, start)
        starting = [threading.Thread(target=body, daemon=True) for _ in range(_KEPT_READY)]
        for thread in starting:
            thread.start()
        for thread in starting:
            thread.join()

    def another(self, until: float) -> Helper:
        """Return a helper for the asker alone, by that moment of the monotonic clock. Raises
        Unread.
        """
        if self._closed:
            raise Unread("what reads files has ended")
        return self._source.helper(until)

    def processes(self) -> frozenset[int]:
        """Return the process whose children read for us."""
        return self._source.processes()

    def close(self) -> None:
        """See Reader.close."""
        with self._changed:
            self._closed = True
            idle, self._idle = self._idle, []
        for helper in idle:
            helper.end()
        self._source.close()

    def _take(self, until: float) -> Helper:
        with self._changed:
            if self._busy >= _KEPT_READY:  # most questions take a millisecond, a new helper five
                self._changed.wait_for(
                    lambda: self._idle, min(_PATIENCE_S, until - time.monotonic())
                )
            free = self._changed.wait_for(
                lambda: self._idle or self._busy < _MOST, until - time.monotonic()
            )
            if not free or self._closed:
                raise Unread("its files could not be read in time")
            self._busy += 1
            if self._idle:
                return self._idle.pop()
        try:
            return self._source.helper(until)
        except Unread:
            self._give(None)
            raise

    def _give(self, helper: Helper | None) -> None:
        with self._changed:
            self._busy -= 1
            if helper is not None and not self._closed:
                self._idle.append(helper)
                helper = None
            self._changed.notify()
        if helper is not None:
            helper.end()
