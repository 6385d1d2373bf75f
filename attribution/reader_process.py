"""The process that reads senders' files: has its imports done once and forks helpers, each of which
answers one question after another; all end with their gate.
"""

import contextlib
import os
import pickle
import select
import signal
import socket
import sys
from collections.abc import Callable
from typing import Any

from attribution import examination, looks_by_helper, near_files
from attribution.beacon import reading
from attribution.plain_files import keep_out
from attribution.reader_helpers import DONE, END, FAILED, FIRST, FORK, HEADER, ORDER, PROCESS_ID
from attribution.relative_names import absolute

_MEMORY = 1 << 30
_GRACE_S = 1.0
"""The gate ends a late helper itself; this is for a helper whose gate has gone meanwhile."""
_QUESTIONS: dict[str, Callable[..., Any]] = {
    asked.__name__: asked
    for asked in (
        examination.examine,
        examination.imports,
        examination.composition,
        examination.source,
        examination.stacks,
        absolute,
        reading.request_claims,
        examination.ready,
        looks_by_helper.look_at_all,
        looks_by_helper.look_at_the_young,
        near_files.files_near,
        near_files.files_proven,
    )
}


def main() -> None:
    """Fork helpers until the gate closes its end; then none is left."""
    is_first, beacons = sys.argv[1] == FIRST, sys.argv[2]
    reading.listen_to(beacons)
    keep_out(sys.argv[3:])
    gate = _private_socket()
    _limit()
    children: set[int] = set()
    mounts = examination.hold_mounts(missed=not is_first)
    with contextlib.suppress(OSError, EOFError), gate:
        while True:
            _wait_for_order(gate, mounts)
            order, sockets = _ordered(gate)
            _forget_ended(children)
            match order:
                case (kind, _) if kind == FORK and len(sockets) == 1:
                    children.add(_forked(gate, sockets[0]))
                case (kind, number) if kind == END and number in children:
                    os.kill(number, signal.SIGKILL)
    for number in children:
        with contextlib.suppress(OSError):
            os.kill(number, signal.SIGKILL)


def _wait_for_order(gate: socket.socket, mounts: int | None) -> None:
    """Look at each change of the mounts meanwhile: a helper that is forked later has to know of
    it. No thread does that here, for a fork takes none along.
    """
    waiting = select.poll()
    waiting.register(gate, select.POLLIN)
    if mounts is not None:
        waiting.register(mounts, select.POLLERR | select.POLLPRI)
    while True:
        ready = {handle for handle, _ in waiting.poll()}
        if mounts is not None and mounts in ready:
            examination.look_at_mounts(mounts)
        if ready - {mounts}:
            return


def _ordered(gate: socket.socket) -> tuple[tuple[bytes, int], list[int]]:
    order, sockets, _, _ = socket.recv_fds(gate, ORDER.size, 1)
    if not order:
        raise EOFError
    order += _received(gate, ORDER.size - len(order))
    kind, number = ORDER.unpack(order)
    return (kind, number), sockets


def _forget_ended(children: set[int]) -> None:
    """Only a child that nobody waited for yet still owns its number."""
    with contextlib.suppress(ChildProcessError):
        while (ended := os.waitpid(-1, os.WNOHANG)[0]) != 0:
            children.discard(ended)


def _forked(gate: socket.socket, answers: int) -> int:
    """Return the child's number, which the gate has been told. In the child: answer, and end."""
    number = os.fork()
    if number:
        os.close(answers)
        gate.sendall(PROCESS_ID.pack(number))
        return number
    status = 1
    try:
        os.setsid()
        gate.close()
        _serve(socket.socket(fileno=answers))
        status = 0
    finally:
        os._exit(status)


def _serve(gate: socket.socket) -> None:
    """Answer until the gate closes its end. What watches the mounts is a thread, which no fork
    takes along: it begins here.
    """
    examination.ready()
    with contextlib.suppress(OSError, EOFError), gate:
        while True:
            size, milliseconds = HEADER.unpack(_received(gate, HEADER.size))
            question = _received(gate, size)
            signal.setitimer(signal.ITIMER_REAL, milliseconds / 1000 + _GRACE_S)
            answer = _answer(question)
            signal.setitimer(signal.ITIMER_REAL, 0)
            gate.sendall(HEADER.pack(len(answer), 0) + answer)


def _answer(question: bytes) -> bytes:
    try:
        name, args, kwargs = pickle.loads(question)  # noqa: S301 - written by the gate that started this process
        answer = (DONE, _QUESTIONS[name](*args, **kwargs))
        return pickle.dumps(answer, protocol=5)
    except Exception as error:  # noqa: BLE001 - boundary: one sender's files are not another's trouble
        return pickle.dumps((FAILED, type(error).__name__), protocol=5)


def _private_socket() -> socket.socket:
    """Take stdin and stdout away from everything else: a library that prints must not break the
    frames.
    """
    gate = socket.socket(fileno=os.dup(0))
    nothing = os.open(os.devnull, os.O_RDWR)
    os.dup2(nothing, 0)
    os.dup2(nothing, 1)
    return gate


def _limit() -> None:
    import resource

    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    with contextlib.suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_DATA, (_MEMORY, _MEMORY))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _received(gate: socket.socket, size: int) -> bytes:
    parts = bytearray()
    while len(parts) < size:
        part = gate.recv(min(size - len(parts), 1 << 20))
        if not part:
            raise EOFError
        parts += part
    return bytes(parts)
