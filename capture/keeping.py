"""What a keeper notes for others, and for the keeper after it: whose connections, since when, and
the windows in which no gate was there.

One small file below /run, of root's: a keeper that was killed cannot say when it was, so the next
one takes its last beat for that.
"""

import json
import os
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any, Self

from core.ids import rfc3339, utc_now

FOLDER = Path("/run/outgate-capture")
_NAME = "state.json"
_MOST_UNTOLD = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """A time in which no gate was there."""

    since: str
    until: str | None = None
    """None: it lasts."""
    connections: int | None = None
    """How many there were; None: nobody counted."""
    closed: bool = False
    """True: they were refused; False: they went their own way."""

    def values(self) -> dict[str, object]:
        """Return it for a message."""
        return asdict(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """What is known of a keeper."""

    pid: int
    started: int
    """When its process began, in the kernel's ticks: a pid alone may be another's by now."""
    scope: str
    closed: bool
    port: int
    since: str
    beat: str
    open: bool = False
    """No gate is there now."""
    connections: int | None = None
    """In the window that is open."""
    refused: str = ""
    """Why a gate would not take the listeners."""
    over: bool = False
    """It ended in order."""
    windows: tuple[Window, ...] = ()
    """Which no gate knows of yet; the last one may be open."""

    @classmethod
    def read(cls, folder: Path = FOLDER) -> Self | None:
        """Return what the file says; None where there is none that can be read."""
        try:
            values: dict[str, Any] = json.loads((folder / _NAME).read_text("utf-8"))
            windows = tuple(Window(**one) for one in values.pop("windows"))
            return cls(**values, windows=windows)
        except (OSError, ValueError, TypeError, KeyError, AttributeError):
            return None

    @property
    def is_alive(self) -> bool:
        """Whether that very process is there."""
        return not self.over and started_at(self.pid) == self.started


class Journal:
    """Keeps the file up to date. Raises OSError where it cannot be written."""

    def __init__(self, folder: Path = FOLDER, clock: Callable[[], datetime] = utc_now) -> None:
        self._folder = folder
        self._clock = clock
        self._state: State | None = None

    def began(self, scope: str, *, closed: bool, port: int) -> None:
        """A keeper begins; what the one before it could not tell any more is a window, too."""
        before = State.read(self._folder)
        now = self._now()
        self._write(
            State(
                pid=os.getpid(),
                started=started_at(os.getpid()) or 0,
                scope=scope,
                closed=closed,
                port=port,
                since=now,
                beat=now,
                windows=() if before is None else _left_by(before, now),
            )
        )

    def opened(self, *, closed: bool) -> Window:
        """No gate is there from now on."""
        window = Window(since=self._now(), closed=closed)
        state = self._known
        kept = (*state.windows, window)[-_MOST_UNTOLD:]
        self._write(replace(state, open=True, connections=0, windows=kept))
        return window

    def closed(self, window: Window, connections: int | None) -> None:
        """It is over."""
        ended = replace(window, until=self._now(), connections=connections)
        state = self._known
        kept = tuple(ended if one == window else one for one in state.windows)
        self._write(replace(state, open=False, connections=None, refused="", windows=kept))

    def untold(self) -> tuple[Window, ...]:
        """Return the windows that are over and that no gate knows of."""
        return tuple(one for one in self._known.windows if one.until is not None)

    def told(self, window: Window) -> None:
        """A gate has written it down."""
        state = self._known
        self._write(replace(state, windows=tuple(w for w in state.windows if w != window)))

    def refused(self, why: str) -> None:
        """A gate would not take the listeners."""
        if why != self._known.refused:
            self._write(replace(self._known, refused=why))

    def beat(self, connections: int | None) -> None:
        """The keeper lives."""
        self._write(replace(self._known, beat=self._now(), connections=connections))

    def ended(self) -> None:
        """It ends in order; the file stays while there is something to tell."""
        if self._state is None:
            return
        if self._state.windows:
            self._write(replace(self._state, over=True, open=False, beat=self._now()))
        else:
            (self._folder / _NAME).unlink(missing_ok=True)

    @property
    def _known(self) -> State:
        assert self._state is not None
        return self._state

    def _now(self) -> str:
        return rfc3339(self._clock())

    def _write(self, state: State) -> None:
        self._state = state
        self._folder.mkdir(mode=0o755, parents=True, exist_ok=True)
        beside = self._folder / f".{_NAME}"
        beside.write_text(json.dumps(asdict(state)), "utf-8")
        beside.replace(self._folder / _NAME)


def _left_by(before: State, now: str) -> tuple[Window, ...]:
    """Return the windows of an earlier keeper; from the last beat of one that was killed until now
    nobody counted.
    """
    if before.over:
        return before.windows
    ended = tuple(one for one in before.windows if one.until is not None)
    since = next((one.since for one in before.windows if one.until is None), before.beat)
    return (*ended, Window(since=since, until=now, closed=before.closed))


def started_at(pid: int) -> int | None:
    """Return when a process began, in ticks since the machine did; None where there is none."""
    try:
        text = Path(f"/proc/{pid}/stat").read_bytes()
        fields = text.rpartition(b")")[2].split()
        return None if fields[0] == b"Z" else int(fields[19])
    except (OSError, ValueError, IndexError):
        return None
