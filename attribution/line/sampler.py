"""Asks for the stacks of a sending process with a hard deadline; a refusal is remembered for
`doctor`, never raised.
"""

# paths of other programs, kept as the text they are
# ruff: noqa: PTH123

import contextlib
import os
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from attribution.examination import stacks
from attribution.facts import ProcessFacts
from attribution.interpreters import is_python_program
from attribution.line.frames import Program, Thread, choose, choose_starter
from attribution.line.py_spy import find_program
from attribution.reader import Reader
from attribution.reader_helpers import Unread
from attribution.relative_names import absolute
from attribution.resolution import search_paths
from core.attribution import CodeLine

DEADLINE_S = 0.4
_SETTLE_S = 0.002
_SETTLE_MOST_S = 0.03
_AGAIN_S = 0.1
"""A second dump is worth while only with this much time left."""
_ABSOLUTE_S = 0.3
_NOBODY: frozenset[int] = frozenset()
_REFUSED = "the operating system refuses to let py-spy read the process"
_ABSENT = "the stack sampler py-spy is not installed beside this Python"


@dataclass(frozen=True, slots=True, kw_only=True)
class SampleTarget:
    """The process to sample."""

    facts: ProcessFacts
    waiting: Callable[[], frozenset[int] | None]
    """Which threads stand in the socket, asked before and after the dump."""
    alive: Callable[[], bool]
    watched: Callable[[], bool] = lambda: False
    """True when an event loop watches the socket."""
    starter: bool = False
    """True when not this process sends but a program that it started."""


class LineSampler:
    """Finds py-spy once and samples on demand."""

    def __init__(self, reader: Reader, program: str | None = None) -> None:
        """`program`: path of py-spy; by default the one installed with this Python."""
        self._reader = reader
        self._program = program if program is not None else find_program()
        self._refusal: str | None = None

    def obstacle(self) -> str | None:
        """Return why sampling does not work here, in plain words; None when nothing is known
        against it.
        """
        if self._program is None:
            return _ABSENT
        return self._refusal or _rights()

    def sample(self, target: SampleTarget) -> tuple[CodeLine | None, str]:
        """Return the line and an outcome word. Takes a millisecond where the interpreter says where
        its frames are (CPython 3.13 on Linux), elsewhere some 20 ms, at most DEADLINE_S.

        Only a thread that stood in the socket before and after the dump was there during it.
        """
        if self._program is None:
            return None, "no_sampler"
        until = time.monotonic() + DEADLINE_S
        if target.starter:
            return self._starter(target, until)
        for last in (False, True):
            before = _settled(target)
            if before == _NOBODY and target.watched():
                return None, "event_loop"
            threads = self._dump(target.facts, until)
            after = target.waiting()
            steady = None if before is None or after is None else before & after
            if not threads or steady != _NOBODY or last or time.monotonic() + _AGAIN_S > until:
                break
        if not threads:
            return None, "refused" if self._refusal else "failed"
        return (
            choose(threads, steady, self._names(threads, target.facts))
            if target.alive()
            else (None, "gone")
        )

    def _starter(self, target: SampleTarget, until: float) -> tuple[CodeLine | None, str]:
        threads = self._dump(target.facts, until)
        if not threads:
            return None, "refused" if self._refusal else "failed"
        return (
            choose_starter(threads, self._names(threads, target.facts))
            if target.alive()
            else (None, "gone")
        )

    def _names(self, threads: Sequence[Thread], facts: ProcessFacts) -> Program:
        whole: dict[str, str] = {}
        has_folder = is_python_program(facts.exe or "")
        if has_folder and (relative := _relative(threads, facts)):
            with contextlib.suppress(Unread):
                whole = self._reader.ask(_ABSOLUTE_S, absolute, facts, relative)
        return replace(program_of(facts), absolute=lambda file: whole.get(file, file))

    def _dump(self, facts: ProcessFacts, until: float) -> tuple[Thread, ...]:
        """Have the helper process look: it can be ended when it is late."""
        left = until - time.monotonic()
        if left <= 0 or self._program is None:
            return ()
        try:
            seen = self._reader.ask(left, stacks, facts, self._program, left)
        except Unread:
            return ()
        self._refusal = (_rights() or _REFUSED) if seen.refused else None
        return seen.threads


def _settled(target: SampleTarget) -> frozenset[int] | None:
    """Give the sender some ms to come from its write to its read; under an event loop nobody ever
    stands there.
    """
    found = target.waiting()
    until = time.monotonic() + _SETTLE_MOST_S
    while found == _NOBODY and time.monotonic() < until and not target.watched():
        time.sleep(_SETTLE_S)
        found = target.waiting()
    return found


def program_of(facts: ProcessFacts) -> Program:
    """Return what its command line tells of whose code is whose."""
    words = facts.argv[1:]
    strings = "-c" in words or any(w.startswith("-") and w.endswith("c") for w in words[:2])
    return Program(strings_are_own=strings, absolute=lambda file: file)


def _rights() -> str | None:
    """Return the right that is missing, where the OS says so in advance."""
    if os.name == "nt" or os.geteuid() == 0:
        return None
    if sys.platform == "darwin":
        return "macOS lets only root read another process's stack"
    try:
        with open("/proc/sys/kernel/yama/ptrace_scope", encoding="ascii") as file:
            scope = file.read().strip()
    except OSError:
        return None
    if scope == "0":
        return None
    return (
        f"kernel.yama.ptrace_scope is {scope}: only a process with CAP_SYS_PTRACE may read"
        " another's stack"
    )


def _relative(threads: Sequence[Thread], facts: ProcessFacts) -> list[str]:
    files = {frame.file for thread in threads for frame in thread.frames}
    return sorted(
        file
        for file in files
        if not file.startswith("<") and not search_paths.is_absolute(facts, file)
    )
