"""Keeps a machine's connections coming to its gate: the rules, the listeners that they lead to, and
what stands in their place while the gate is away.

The listeners are opened here and handed to the gate over one connection, whose end is the end of
the gate: then a window opens. It closes when a gate has taken the listeners again, and that gate is
told of it. Nothing is left behind: the kernel takes the rules away with this process, except where
connections are to be refused without a gate, which holds without a keeper as well.
"""

import contextlib
import errno
import os
import select
import signal
import socket
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from capture import handover, machine_rules
from capture import nftables as nft
from capture.keeping import Journal, Window

LOOKS_S = 0.25
"""How often a gate is looked for while there is none."""
_BEATS_S = 5.0
_BACKLOG = 4096
_TRIES = 8


class CannotCaptureError(Exception):
    """Connections cannot be brought to the gate; the words say why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What is captured, and what becomes of it while there is no gate."""

    scope: machine_rules.Scope
    words: str
    """The scope, for a person."""
    closed: bool
    """True: without a gate connections are refused; False: they go their own way, counted."""
    door: Callable[[], Path | None]
    """Where the gate takes listeners now; None while there is none."""


class Keeper:
    """One capture, from `run` until SIGTERM or SIGINT."""

    def __init__(self, plan: Plan, journal: Journal) -> None:
        self._plan = plan
        self._journal = journal
        self._rules = nft.connected()
        self._listeners: list[socket.socket] = []
        self._gate: socket.socket | None = None
        self._window: Window | None = None
        self._kept = nft.Kept.UNTIL_DELETED if plan.closed else nft.Kept.WHILE_OPEN

    def run(self, ready: Callable[[bool], None]) -> None:
        """Capture; `ready` is told once whether a gate is there. Raises CannotCaptureError."""
        awake = _woken_by_signals()
        try:
            self._begin()
            ready(self._gate is not None)
            while not self._told_to_end(awake):
                self._look()
        finally:
            self._end()

    def _begin(self) -> None:
        try:
            nft.send(self._rules, nft.deletion(machine_rules.TABLE))
            self._listeners = listeners()
            self._journal.began(self._plan.words, closed=self._plan.closed, port=self._port)
            if not self._joined():
                self._open_window()
        except OSError as error:
            raise CannotCaptureError(_why_not(error)) from error

    @property
    def _port(self) -> int:
        return int(self._listeners[0].getsockname()[1])

    def _told_to_end(self, awake: int) -> bool:
        """Wait for a signal, the end of the gate, or the next look."""
        watched: list[int | socket.socket] = [awake]
        if self._gate is not None:
            watched.append(self._gate)
        patience = LOOKS_S if self._gate is None else _BEATS_S
        ready, _, _ = select.select(watched, [], [], patience)
        return awake in ready

    def _look(self) -> None:
        if self._gate is not None and _is_over(self._gate):
            self._gate.close()
            self._gate = None
            self._open_window()
        elif self._gate is None:
            self._joined()
        self._journal.beat(self._counted())

    def _joined(self) -> bool:
        """Hand the listeners to the gate, where there is one, and have connections come to it."""
        if (path := self._plan.door()) is None:
            return False
        with contextlib.suppress(OSError, handover.BrokenHandoverError):
            gate = handover.connected(path)
            if not self._taken(gate):
                gate.close()
                return False
            self._put(machine_rules.redirecting(self._plan.scope, self._port), self._window)
            self._gate, self._window = gate, None
            self._tell_windows(gate)
            gate.setblocking(False)
            return True
        return False

    def _taken(self, gate: socket.socket) -> bool:
        descriptors = [one.fileno() for one in self._listeners]
        words = self._plan.words
        version = handover.CAPTURE_VERSION
        handover.send(gate, "capture", descriptors, version=version, scope=words)
        answer = handover.receive(gate)
        if answer is not None and answer.kind == "refused":
            self._journal.refused(str(answer.values.get("why", "")))
        if answer is None or answer.kind != "capturing":
            return False
        return answer.values.get("uid") == self._plan.scope.gate

    def _open_window(self) -> None:
        closed = self._plan.closed
        self._put(machine_rules.standing_in(self._plan.scope, closed=closed), None)
        self._window = self._journal.opened(closed=closed)

    def _put(self, chains: list[nft.Chain], ends: Window | None) -> None:
        """Put these rules in the place of those that stand there; note what those counted."""
        count = self._counted() if ends is not None else None
        made = nft.table_messages(machine_rules.TABLE, chains, self._kept, anew=True)
        nft.send(self._rules, made)
        if ends is not None:
            self._journal.closed(ends, count)

    def _counted(self) -> int | None:
        """Return how many connections there were in the open window; None where nobody knows."""
        if self._window is None:
            return None
        chain = machine_rules.counting_chain(closed=self._plan.closed)
        try:
            return nft.packets_counted(self._rules, machine_rules.TABLE, chain)
        except OSError:
            return None

    def _tell_windows(self, gate: socket.socket) -> None:
        """Have the gate write down every window that it does not know of."""
        for window in self._journal.untold():
            handover.send(gate, "window", (), **window.values())
            answer = handover.receive(gate)
            if answer is None or answer.kind != "noted":
                return
            self._journal.told(window)

    def _end(self) -> None:
        """Take everything away."""
        if self._window is not None:
            self._journal.closed(self._window, self._counted())
        with contextlib.suppress(OSError):
            nft.send(self._rules, nft.deletion(machine_rules.TABLE))
        self._rules.close()
        for one in self._listeners:
            one.close()
        if self._gate is not None:
            self._gate.close()
        self._journal.ended()


def clean() -> bool:
    """Take away rules that a keeper left behind; True when there were some. Raises OSError."""
    with nft.connected() as channel:
        there = nft.exists(channel, machine_rules.TABLE)
        nft.send(channel, nft.deletion(machine_rules.TABLE))
    return there


def listeners() -> list[socket.socket]:
    """Return listeners at one port of loopback, for both families where there are both. Raises
    OSError.
    """
    for _ in range(_TRIES):
        first = _listener(socket.AF_INET, "127.0.0.1", 0)
        try:
            return [first, _listener(socket.AF_INET6, "::1", first.getsockname()[1])]
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                return [first]
            first.close()
    raise OSError(errno.EADDRINUSE, os.strerror(errno.EADDRINUSE))


def _listener(family: int, host: str, port: int) -> socket.socket:
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        if family == socket.AF_INET6:
            listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        listener.bind((host, port))
        listener.listen(_BACKLOG)
    except OSError:
        listener.close()
        raise
    return listener


def _woken_by_signals() -> int:
    awake, wake = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK) if sys.platform == "linux" else os.pipe()
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, lambda *_: None)
    signal.set_wakeup_fd(wake, warn_on_full_buffer=False)
    return awake


def _is_over(gate: socket.socket) -> bool:
    try:
        return handover.receive(gate) is None
    except BlockingIOError:
        return False
    except handover.BrokenHandoverError:
        return True


def _why_not(error: OSError) -> str:
    if error.errno in {errno.EPERM, errno.EACCES}:
        return "it takes root (CAP_NET_ADMIN), and no other keeper"
    if error.errno in {errno.EPROTONOSUPPORT, errno.EOPNOTSUPP, errno.EINVAL, errno.ENOENT}:
        return f"this kernel's nftables do not do what it takes ({os.strerror(error.errno)})"
    return os.strerror(error.errno or 0)
