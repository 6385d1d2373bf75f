"""A classifier worker: reads exchanges from a pipe, answers with classifications, and ends with its
gate.
"""

import contextlib
import ctypes
import importlib
import os
import pickle
import select
import signal
import struct
import sys
import threading
from dataclasses import replace
from functools import partial
from typing import Any, BinaryIO, NamedTuple

from core.redaction import RedactionStep, RedactionTask
from core.uncounted import TokenCount, Uncounted

HEADER = struct.Struct(">QQ")
"""Lengths of the pickled head and of the raw body that follow."""
READY, SOFAR, DONE, FAILED = "ready", "so far", "done", "failed"
WHOLE, WINDOW, TOKENS = "classify", "classify_window", "tokens"
REDACTION = "redaction"
"""What is asked of the classifier: its methods, the tokens of an answer that states none, and a
step of redaction.
"""
_PR_SET_PDEATHSIG = 1
_BEHIND_THE_GATE = 5
"""Niceness: where cores are few, whoever needs no worker does not wait for those who do."""


class Setup(NamedTuple):
    """What a worker needs to start. May hold a key: it travels on the pipe only."""

    factory: str
    """`module:function`, called with `init`; what it returns has
    `classify(exchange, progress=…)` and `classify_window(exchange)`.
    """
    init: object
    memory_bytes: int
    parent: int

    def __repr__(self) -> str:
        return f"<Setup {self.factory}>"


def main() -> None:
    """Serve until the pipe closes."""
    with contextlib.suppress(KeyboardInterrupt, BrokenPipeError):
        tasks, answers = _private_pipes()
        head, _ = _receive(tasks)
        setup: Setup = pickle.loads(head)  # noqa: S301 - written by the gate that started this process
        _end_with(setup.parent, tasks.fileno())
        _limit(setup.memory_bytes)
        _serve(tasks, answers, _build(setup))


def _private_pipes() -> tuple[BinaryIO, BinaryIO]:
    """Take stdin and stdout away from everything else in this process: a library that prints must
    not break the frames.
    """
    _widen(0)
    tasks = os.fdopen(os.dup(0), "rb")
    answers = os.fdopen(os.dup(1), "wb", buffering=0)
    nothing = os.open(os.devnull, os.O_RDWR)
    os.dup2(nothing, 0)
    os.dup2(nothing, 1)
    return tasks, answers


def _widen(pipe: int) -> None:
    """Let a large body through in few steps; Linux only, and only a matter of speed."""
    if sys.platform == "linux":
        import fcntl

        with contextlib.suppress(OSError):
            fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, 1 << 20)


def _end_with(parent: int, pipe: int) -> None:
    """End when the gate ends: by the kernel where it can, else by the closed pipe, even in the
    middle of a task.
    """
    if sys.platform == "linux":
        with contextlib.suppress(OSError, AttributeError):
            ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if hasattr(os, "getppid") and os.getppid() != parent:
        os._exit(0)
    if hasattr(select, "poll"):
        threading.Thread(target=_watch, args=(pipe,), daemon=True).start()


def _watch(pipe: int) -> None:
    poll = select.poll()
    poll.register(pipe, 0)
    poll.poll()
    os._exit(0)


def _limit(memory_bytes: int) -> None:
    """Bound the memory, and leave no core file with payload behind."""
    if sys.platform == "win32":
        return
    import resource

    os.nice(_BEHIND_THE_GATE)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if memory_bytes:
        which = resource.RLIMIT_DATA if sys.platform == "linux" else resource.RLIMIT_AS
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(which, (memory_bytes, memory_bytes))


def _allow_cpu(seconds: float) -> None:
    """Let the kernel end this process when a task burns far more than its deadline and nobody came
    to kill it.
    """
    if sys.platform == "win32":
        return
    import resource

    usage = resource.getrusage(resource.RUSAGE_SELF)
    soft = int(usage.ru_utime + usage.ru_stime + 2 * seconds) + 5
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_CPU, (soft, resource.getrlimit(resource.RLIMIT_CPU)[1]))


def _build(setup: Setup) -> Any:
    module, _, function = setup.factory.partition(":")
    return getattr(importlib.import_module(module), function)(setup.init)


def _serve(tasks: BinaryIO, answers: BinaryIO, classifier: Any) -> None:
    _send(answers, (READY, None, _resident()))
    while True:
        try:
            head, body = _receive(tasks)
        except EOFError:
            return
        subject, seconds, task = pickle.loads(head)  # noqa: S301 - written by the gate that started this process
        _allow_cpu(seconds)
        answer: tuple[str, object]
        try:
            if task == TOKENS:
                answer = (DONE, _counted(subject))
            elif task == REDACTION:
                answer = (DONE, _redaction(classifier, subject, body))
            elif task == WINDOW:
                answer = (DONE, classifier.classify_window(replace(subject, body=body)))
            else:
                whole = replace(subject, body=body)
                answer = (DONE, classifier.classify(whole, progress=partial(_tell, answers)))
                del whole
        except Exception as error:  # noqa: BLE001 - boundary: the gate learns the kind of error, never its text
            answer = (FAILED, type(error).__name__)
        del subject, head, body
        _send(answers, (*answer, _resident()))


def _counted(uncounted: Uncounted) -> TokenCount:
    from classifiers.llm.estimate import tokens_of

    return tokens_of(uncounted)


def _redaction(classifier: Any, task: RedactionTask, body: bytes) -> RedactionStep:
    from classifiers.redaction import Redactor

    whole = replace(task, exchange=replace(task.exchange, body=body))
    return Redactor(classifier.hits_in, classifier.kinds_in).step(whole)


def _tell(answers: BinaryIO, sofar: object) -> None:
    """Send what is known before the part that may be ended."""
    _send(answers, (SOFAR, sofar, _resident()))


def _resident() -> int:
    """Resident bytes now; 0 where that is not known."""
    try:
        with open("/proc/self/statm", "rb") as file:  # noqa: PTH123 - called once a task
            return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError, IndexError):
        return 0


def _receive(pipe: BinaryIO) -> tuple[bytes, bytes]:
    head, body = HEADER.unpack(_exactly(pipe, HEADER.size))
    return _exactly(pipe, head), _exactly(pipe, body)


def _exactly(pipe: BinaryIO, size: int) -> bytes:
    """Read so many bytes into one piece of memory: bodies are large, and no copy of them is
    small.
    """
    data = pipe.read(size)
    if len(data) < size:
        raise EOFError
    return data


def _send(pipe: BinaryIO, answer: tuple[str, object, int]) -> None:
    data = pickle.dumps(answer, protocol=5)
    view = memoryview(HEADER.pack(len(data), 0) + data)
    while view:
        view = view[pipe.write(view) :]
