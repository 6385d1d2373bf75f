"""What a Python interpreter itself runs, read from outside: the outermost frames of its main
thread.

In the helper process, from memory where the interpreter publishes its offsets, else by py-spy: one
look per loaded program, since its outermost frame stays the same as long as it runs.
"""

import os
import time
from collections import OrderedDict
from collections.abc import Sequence

from attribution.backends import procfs
from attribution.cpython_memory import all_threads, is_readable, main_thread
from attribution.facts import ProcessFacts, Witness
from attribution.line.frames import Frame, Program, Stacks, Thread, is_library
from attribution.line.py_spy import dump, find_program
from attribution.runtime_places import RuntimePlaces

_DEADLINE_S = 0.6
_PAUSES_S = (0.0, 0.0, 0.001, 0.002, 0.004, 0.008, 0.016)
"""Between looks at a program that is on its way into or out of its main program, or very busy."""
_MOST_OTHERS = 40
_MOST_KNOWN = 2000
_OF_IMPORTS = "<frozen "
_IMPORTS = "_run_module_as_main"
_RUNNERS = ("/runpy.py",)
"""Run the main program of `-m`, of a folder and of an archive."""


class Interpreters:
    """Asks each program once."""

    def __init__(self, program: str | None = None) -> None:
        """`program`: path of py-spy; by default the one installed with this Python."""
        self._program = program if program is not None else find_program()
        self._places = RuntimePlaces()
        self._known: OrderedDict[tuple[object, ...], Witness] = OrderedDict()

    def ask(self, facts: ProcessFacts, *, frozen: bool = False) -> Witness | None:
        """Return what the interpreter says; None when it may not be read, or says nothing.

        `frozen`: it is part of a program. Then it may keep its frames as its maker wants (Nuitka
        does), and is sampled where they cannot be read.
        """
        key = (facts.pid, facts.start, facts.image, facts.command_line)
        known = self._known.get(key)
        if known is not None:
            return known
        if facts.image == 0:
            return None  # nothing would tell when it has become another program
        found = self._heard(facts)
        if found is None and frozen and self._program is not None and not is_refused(facts):
            found = self._sampled(facts.pid)
        if procfs.start_and_image(facts.pid) != (facts.start, facts.image):
            return None
        if found is not None:
            self._known[key] = found
            while len(self._known) > _MOST_KNOWN:
                self._known.popitem(last=False)
        return found

    def _heard(self, facts: ProcessFacts) -> Witness | None:
        """Read the memory of the interpreters that say where to look; have all others sampled."""
        if not is_readable(facts, self._places):
            sampled = self._program is not None and not is_refused(facts)
            return self._sampled(facts.pid) if sampled else None
        found = None
        for pause in _PAUSES_S:
            again = self._read(facts)
            if again is not None and found is not None and again.main == found.main:
                return again
            found = again
            time.sleep(pause)
        return None

    def _read(self, facts: ProcessFacts) -> Witness | None:
        """Look once. The program runs on meanwhile, so one look alone may have seen a mixture."""
        thread = main_thread(facts, self._places)
        return None if thread is None else witness((thread,), facts.pid)

    def _sampled(self, pid: int) -> Witness | None:
        """Have the process paused for a moment: what is read while it runs may be a mixture."""
        try:
            threads = dump(str(self._program), pid, _DEADLINE_S)
        except PermissionError:
            return None
        return witness(threads, pid) if threads else None

    def stacks(self, facts: ProcessFacts, program: str, seconds: float) -> Stacks:
        """Return every thread of the process as it runs; a torn reading is repeated with a pause
        of some ms. `program`: path of py-spy, for interpreters that do not say where to look.
        """
        until = time.monotonic() + seconds
        if threads := all_threads(facts, self._places):
            return Stacks(threads=tuple(threads))
        try:
            for options in (("--nonblocking",), ()):
                if sampled := dump(program, facts.pid, until - time.monotonic(), *options):
                    return Stacks(threads=tuple(sampled))
        except PermissionError:
            return Stacks(refused=True)
        return Stacks()


def is_refused(facts: ProcessFacts) -> bool:
    """True when the kernel lets nobody of our rights read the process's memory."""
    try:
        os.close(os.open(f"{procfs.home(facts.pid)}/mem", os.O_RDONLY | os.O_CLOEXEC))
    except PermissionError:
        return True
    except OSError:
        return False
    return False


def witness(threads: Sequence[Thread], pid: int) -> Witness | None:
    """Return what the main thread's frames say; None when it is not to be told, or stands in no
    program of its own.
    """
    thread = _main_thread(threads, pid)
    if thread is None:
        return None
    if not thread.frames or not _is_main(thread.frames[-1]):
        return None  # it still starts, or ends already
    outermost_first = [f for f in reversed(thread.frames) if not _is_machinery(f)]
    if not outermost_first or outermost_first[0].function != "<module>":
        return None
    main, *inner = outermost_first
    others = dict.fromkeys(f.file for f in inner if not _is_of_library(f.file))
    return Witness(
        source="interpreter",
        main=main.file,
        others=tuple(others)[:_MOST_OTHERS],
        imported=thread.frames[-1].function == _IMPORTS,
    )


def _is_main(outermost: Frame) -> bool:
    if outermost.function == _IMPORTS:
        return True
    return outermost.function == "<module>" and not outermost.file.startswith(_OF_IMPORTS)


def _is_of_library(file: str) -> bool:
    return is_library(file, Program(strings_are_own=True, absolute=str, main=file))


def _is_machinery(frame: Frame) -> bool:
    return frame.file.startswith(_OF_IMPORTS) or frame.file.endswith(_RUNNERS)


def _main_thread(threads: Sequence[Thread], pid: int) -> Thread | None:
    """The kernel gives the main thread the number of the process; older interpreters tell no
    numbers but a name.
    """
    numbered = [thread for thread in threads if thread.id == pid]
    if numbered:
        return numbered[0]
    named = [thread for thread in threads if thread.name == "MainThread"]
    if len(named) == 1:
        return named[0]
    return threads[0] if len(threads) == 1 else None
