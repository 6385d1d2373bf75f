"""The helper processes that read senders' files, as the gate holds them: one that has its imports
done and only forks, and its children, each asked over a socket of its own.

A fork costs a few milliseconds and shares its memory, a new interpreter 0.2 s of processor time.
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
from collections.abc import Sequence
from typing import Any

from core.duties import OWNER, Duty

HEADER = struct.Struct(">QI")
"""Length of the pickled question or answer that follows; milliseconds that a question may take."""
ORDER = struct.Struct(">cI")
"""To the process that forks: FORK with a socket beside it, answered by the child's PROCESS_ID; or
END with the number of a child.
"""
FORK, END = b"F", b"E"
PROCESS_ID = struct.Struct(">I")
FIRST, AGAIN = "first", "again"
"""Whether it is the first of its gate, or nobody was told of mounts since the last one ended."""
DONE, FAILED = "done", "failed"
_ANSWER_LIMIT = 32 << 20
_START_S = 10.0
"""Beside the time that a question may take, for the imports of the process that forks."""
_END_S = 2.0


class Unread(Exception):  # noqa: N818 - an answer, not a fault of ours
    """The files could not be read; the message says why, in plain words."""


class HelperSource:
    """Makes helpers, and a new process to fork them from where the last one ended. Safe for several
    threads.
    """

    def __init__(self, words: Sequence[str]) -> None:
        """`words`: the arguments of `reader_process`."""
        self._words = [FIRST, *words]
        self._lock = threading.Lock()
        self._parent: _Parent | None = None

    def helper(self, until: float) -> "Helper":
        """Return a new helper, by that moment of the monotonic clock; a few seconds later where the
        process to fork from is to be started first. Raises Unread.
        """
        with self._lock:
            for fresh in (self._parent is None, True):
                if self._parent is None:
                    self._parent = _Parent(self._words)
                    self._words[0] = AGAIN
                try:
                    return self._parent.fork(until + (_START_S if fresh else 0.0))
                except (OSError, EOFError):
                    self._parent.end()
                    self._parent = None
        raise Unread("its files could not be read: what reads them does not start")

    def processes(self) -> frozenset[int]:
        """Return the process that helpers are forked from; none before the first one is wanted."""
        parent = self._parent
        return frozenset() if parent is None else frozenset({parent.pid})

    def close(self) -> None:
        """End the process that forks, and with it what it forked."""
        with self._lock:
            if self._parent is not None:
                self._parent.end()
                self._parent = None


class _Parent:
    """The process that has its imports done and forks."""

    def __init__(self, words: Sequence[str]) -> None:
        self._orders, far = socket.socketpair()
        self._sending = threading.Lock()
        try:
            self._process = subprocess.Popen(
                [*_command(), *words],
                stdin=far.fileno(),
                stdout=far.fileno(),
                stderr=subprocess.DEVNULL,
                start_new_session=True,
                cwd="/",
            )
        except OSError as error:
            self._orders.close()
            raise Unread(f"its files could not be read ({type(error).__name__})") from None
        finally:
            far.close()

    @property
    def pid(self) -> int:
        """Its process."""
        return self._process.pid

    def fork(self, until: float) -> "Helper":
        """Return a child, by that moment. Raises OSError or EOFError where this process is of no
        more use.
        """
        near, far = socket.socketpair()
        try:
            with self._sending, far:
                self._orders.settimeout(max(0.001, until - time.monotonic()))
                socket.send_fds(self._orders, [ORDER.pack(FORK, 0)], [far.fileno()])
            (number,) = PROCESS_ID.unpack(received(self._orders, PROCESS_ID.size, until))
        except BaseException:
            near.close()
            raise
        return Helper(near, number, self)

    def end_child(self, number: int) -> None:
        """Have a child killed by its parent, who alone knows that the number is still its own."""
        with contextlib.suppress(OSError), self._sending:
            self._orders.settimeout(1.0)
            self._orders.sendall(ORDER.pack(END, number))

    def end(self) -> None:
        """Let it end its children and itself, without waiting: a process that hangs in the kernel
        must not keep the gate.
        """
        self._orders.close()
        waiting = OWNER.guarded(Duty.READERS, self._ended)
        threading.Thread(target=waiting, daemon=True, name="outgate-reader-end").start()

    def _ended(self) -> None:
        try:
            self._process.wait(_END_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


class Helper:
    """One helper process and the socket to it."""

    def __init__(self, answers: socket.socket, number: int, parent: _Parent) -> None:
        self._socket, self._parent = answers, parent
        self.number = number
        """Of its process."""

    def ask(
        self, seconds: float, question: tuple[str, tuple[Any, ...], dict[str, Any]]
    ) -> tuple[str, Any]:
        """Return the status and the answer. Raises Unread; then this helper is of no more use."""
        data = pickle.dumps(question, protocol=5)
        until = time.monotonic() + seconds
        try:
            self._socket.settimeout(seconds)
            self._socket.sendall(HEADER.pack(len(data), int(seconds * 1000)) + data)
            size, _ = HEADER.unpack(received(self._socket, HEADER.size, until))
            if size > _ANSWER_LIMIT:
                raise Unread("its files could not be read (too much)")
            status, value = _AnswerUnpickler(io.BytesIO(received(self._socket, size, until))).load()
        except TimeoutError:
            raise Unread("its files could not be read in time") from None
        except (OSError, EOFError):
            raise Unread("its files could not be read: what reads them ended") from None
        except Exception as error:  # noqa: BLE001 - boundary: what a hostile pickle may raise is not bounded
            raise Unread(f"its files could not be read ({type(error).__name__})") from None
        return status, value

    def end(self) -> None:
        """Kill it without waiting."""
        self._socket.close()
        self._parent.end_child(self.number)


def received(source: socket.socket, size: int, until: float) -> bytes:
    """Return exactly so many bytes, by that moment of the monotonic clock. Raises TimeoutError,
    EOFError, OSError.
    """
    parts = bytearray()
    while len(parts) < size:
        source.settimeout(max(0.001, until - time.monotonic()))
        part = source.recv(min(size - len(parts), 1 << 20))
        if not part:
            raise EOFError
        parts += part
    return bytes(parts)


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
