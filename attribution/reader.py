"""The gate's side of the process that reads senders' files: asked over a socket, killed when late,
replaced when gone.

The gate itself opens no file that a sender names. Such a name may lead to a pipe that never
answers, or to the evidence itself, and to close any descriptor of that file drops every POSIX lock
that SQLite holds on it in the same process.
"""

import contextlib
import io
import os
import pickle
import socket
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from typing import Any, Protocol

from core.duties import OWNER, Duty

HEADER = struct.Struct(">QI")
"""Length of the pickled question or answer that follows; milliseconds that a question may take."""
DONE, FAILED = "done", "failed"
_ANSWER_LIMIT = 32 << 20
_MOST = 3
"""One file that hangs must not keep the others waiting."""
_KEPT_READY = 2
_PATIENCE_S = 0.3
_START_S = 10.0
"""Beside the time that a question may take, for the imports of a new helper."""


class Unread(Exception):  # noqa: N818 - an answer, not a fault of ours
    """The files could not be read; the message says why, in plain words."""


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
        self._told = (beacons, *keep_out)
        self._idle: list[_Helper] = []
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

    def close(self) -> None:
        """See Reader.close."""
        with self._changed:
            self._closed = True
            idle, self._idle = self._idle, []
        for helper in idle:
            helper.end()

    def _take(self, until: float) -> "_Helper":
        with self._changed:
            if (
                self._busy >= _KEPT_READY
            ):  # most questions take a millisecond, a new helper a third of a second
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
            return _Helper(self._told)
        except OSError as error:
            self._give(None)
            raise Unread(f"its files could not be read ({type(error).__name__})") from None

    def _give(self, helper: "_Helper | None") -> None:
        with self._changed:
            self._busy -= 1
            if helper is not None and not self._closed:
                self._idle.append(helper)
                helper = None
            self._changed.notify()
        if helper is not None:
            helper.end()


class _Helper:
    """One helper process and the socket to it."""

    def __init__(self, words: Sequence[str]) -> None:
        self._socket, far = socket.socketpair()
        self._fresh = True
        try:
            self._process = subprocess.Popen(
                [*_command(), *words],
                stdin=far.fileno(),
                stdout=far.fileno(),
                stderr=subprocess.DEVNULL,
                start_new_session=True,
                cwd="/",
            )
        except BaseException:
            self._socket.close()
            raise
        finally:
            far.close()

    def ask(
        self, seconds: float, question: tuple[str, tuple[Any, ...], dict[str, Any]]
    ) -> tuple[str, Any]:
        """Return the status and the answer. Raises Unread; then this helper is of no more use."""
        data = pickle.dumps(question, protocol=5)
        allowed = seconds + (_START_S if self._fresh else 0.0)
        until = time.monotonic() + allowed
        try:
            self._socket.settimeout(allowed)
            self._socket.sendall(HEADER.pack(len(data), int(seconds * 1000)) + data)
            size, _ = HEADER.unpack(self._received(HEADER.size, until))
            if size > _ANSWER_LIMIT:
                raise Unread("its files could not be read (too much)")
            status, value = _AnswerUnpickler(io.BytesIO(self._received(size, until))).load()
        except TimeoutError:
            raise Unread("its files could not be read in time") from None
        except (OSError, EOFError):
            raise Unread("its files could not be read: what reads them ended") from None
        except Exception as error:  # noqa: BLE001 - boundary: what a hostile pickle may raise is not bounded
            raise Unread(f"its files could not be read ({type(error).__name__})") from None
        self._fresh = False
        return status, value

    def _received(self, size: int, until: float) -> bytes:
        parts = bytearray()
        while len(parts) < size:
            self._socket.settimeout(max(0.001, until - time.monotonic()))
            part = self._socket.recv(min(size - len(parts), 1 << 20))
            if not part:
                raise EOFError
            parts += part
        return bytes(parts)

    def end(self) -> None:
        """Kill it without waiting: a process that hangs in the kernel must not keep the gate."""
        self._socket.close()
        with contextlib.suppress(OSError):
            self._process.kill()
        waiting = OWNER.guarded(Duty.READERS, self._process.wait)
        threading.Thread(target=waiting, daemon=True, name="outgate-reader-end").start()


class _AnswerUnpickler(pickle.Unpickler):
    """Reads answers of a process that parses hostile files: only Outgate's own plain values come
    in.
    """

    def find_class(self, module: str, name: str) -> Any:
        """Return a value class of attribution or `core`, or a date type. Raises UnpicklingError for
        anything else.
        """
        if module.startswith(("core.", "attribution.")) or (module, name) in _PLAIN:
            found = super().find_class(module, name)
            if isinstance(found, type):
                return found
        raise pickle.UnpicklingError("an answer may hold plain values only")


_PLAIN = frozenset({("datetime", "datetime"), ("datetime", "timezone"), ("datetime", "timedelta")})


def _command() -> list[str]:
    """The helper's command line: isolated from environment and working folder, with this process's
    own import path.
    """
    path = [os.path.abspath(entry) for entry in sys.path if entry]  # noqa: PTH100 - as the import system has it
    words = (
        f"import sys; sys.path[:] = {path!r}; from attribution.reader_process import main; main()"
    )
    return [sys.executable, "-I", "-S", "-c", words]
