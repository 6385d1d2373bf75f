"""Looks at the descriptors of all processes by a helper process, so that they share no interpreter
lock with the gate's loop.

A look is hundreds of short calls of the kernel, and each lets go of that lock: beside a busy loop
whoever looks waits for it hundreds of times. Where no helper answers, the gate looks by itself.
"""

import contextlib
import os
import threading
import time
from collections.abc import Callable
from typing import Any

from attribution.backends import procfs
from attribution.backends.looks import Looks, LooksHere, Places
from attribution.reader_helpers import DONE, Helper, Unread
from core.duties import OWNER, Duty

_START_S = 5.0
_LATE_S = 5.0
"""The gate would be as slow: the first look at 100,000 descriptors takes half a second of processor
time, and is remembered by whoever makes it. One that does not answer by then was stopped.
"""
_AGAIN_S = 10.0
_RIGHTS = (b"Uid:", b"Gid:", b"Groups:", b"CapEff:")

_here: list[LooksHere] = []
"""What a helper remembers from look to look: it has one gate, and answers one question at a
time.
"""


def look_at_all(gate: int, sockets: frozenset[int]) -> tuple[dict[int, Places], list[int]]:
    """See Looks.at_all. In the helper."""
    return _looks_of(gate).at_all(sockets)


def look_at_the_young(gate: int, socket: int, oldest: float) -> tuple[Places, list[int]]:
    """See Looks.at_the_young. In the helper."""
    return _looks_of(gate).at_the_young(socket, oldest)


def _looks_of(gate: int) -> LooksHere:
    if not _here:
        _here.append(LooksHere(gate))
    return _here[0]


def rights_of(pid: int) -> tuple[bytes, ...]:
    """Return what the kernel goes by when a process asks to look at another one."""
    status = procfs.told(pid, "status").splitlines()
    return tuple(line for line in status if line.startswith(_RIGHTS))


class LooksByHelper:
    """Implements Looks by a helper of its own, which is begun when something is asked."""

    def __init__(
        self,
        new: Callable[[float], Helper],
        here: Looks,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`new`: returns another helper, by a moment of the monotonic clock, or raises Unread.
        `here`: looks where no helper answers.
        """
        self._new, self._here, self._clock = new, here, clock
        self._helper: Helper | None = None
        self._closed = False
        self._again = float("-inf")
        """When a helper may be begun: at once, or a while after one that ended."""
        self._changing = threading.Lock()

    def _begin(self) -> None:
        """Start the helper. May take seconds. One that may see less than the gate is of no use: it
        would miss who holds a socket as well.
        """
        with contextlib.suppress(Unread):
            fresh = self._new(time.monotonic() + _START_S)
            with self._changing:
                alike = rights_of(fresh.number) == rights_of(os.getpid())
                self._again = self._again if alike else float("inf")
                if alike and self._helper is None and not self._closed:
                    self._helper = fresh
                    return
            fresh.end()

    def at_all(self, sockets: frozenset[int]) -> tuple[dict[int, Places], list[int]]:
        """See Looks.at_all."""
        told = self._asked(look_at_all, sockets)
        return self._here.at_all(sockets) if told is None else told

    def at_the_young(self, socket: int, oldest: float) -> tuple[Places, list[int]]:
        """See Looks.at_the_young."""
        told = self._asked(look_at_the_young, socket, oldest)
        return self._here.at_the_young(socket, oldest) if told is None else told

    def close(self) -> None:
        """See Looks.close."""
        with self._changing:
            self._closed = True
            helper, self._helper = self._helper, None
        if helper is not None:
            helper.end()
        self._here.close()

    def _asked[T](self, what: Callable[..., T], *args: Any) -> T | None:
        """Return what the helper answers; None where there is none, or it does not."""
        helper = self._helper
        if helper is None:
            self._begin_soon()
            return None
        try:
            status, value = helper.ask(_LATE_S, (what.__name__, (os.getpid(), *args), {}))
        except Unread:
            status, value = "", None
        except BaseException:
            self._lose(helper)
            raise
        if status == DONE:
            told: T = value
            return told
        self._lose(helper)
        return None

    def _lose(self, helper: Helper) -> None:
        with self._changing:
            self._helper = None
            self._again = self._clock() + _AGAIN_S
        helper.end()

    def _begin_soon(self) -> None:
        """Begin one beside what is done here, where that is due."""
        if self._clock() < self._again:
            return
        self._again = self._clock() + _AGAIN_S
        body = OWNER.guarded(Duty.READERS, self._begin)
        threading.Thread(target=body, daemon=True, name="outgate-looks").start()
