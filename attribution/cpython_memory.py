"""The frames of CPython 3.13's threads, read from the process's memory by the offsets that it
publishes for that.

In the helper process, on Linux. Less than a millisecond, where a sampler has to be started, finds
the interpreter anew and takes tens. Every number read is another process's word: whatever does not
fit ends the reading without a result.
"""

import os
import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from attribution.backends import procfs
from attribution.backends.thread_numbers import numbers_here, own_number
from attribution.facts import ProcessFacts
from attribution.line.frames import Frame, Thread
from attribution.location_table import line_at
from attribution.runtime_places import RuntimePlaces

_COOKIE = b"xdebugpy"
_VERSION = (3, 13)
_FIELDS = struct.Struct("=8s70Q")
_POINTER = struct.Struct("=Q")
_LINE = struct.Struct("=i")
_MOST_FRAMES, _MOST_THREADS, _MOST_TEXT, _MOST_TABLE = 2000, 4000, 4096, 8 << 20
MAIN = "MainThread"
_TRIES = 3
_OWNED_BY_C = 3


class _TornError(Exception):
    """What was read makes no sense: it changed while it was read, or it is no such interpreter."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Offsets:
    """Where things lie in the interpreter's structures (`_Py_DebugOffsets` of 3.13)."""

    interpreters: int
    next_interpreter: int
    threads: int
    next_thread: int
    current_frame: int
    native_id: int
    frame_size: int
    previous: int
    executable: int
    instruction: int
    owner: int
    code_size: int
    filename: int
    qualified_name: int
    line_table: int
    first_line: int
    instructions: int
    bytes_length: int
    bytes_begin: int
    state: int
    length: int
    text: int


def is_readable(facts: ProcessFacts, places: RuntimePlaces) -> bool:
    """True for an interpreter of the kind that says where its frames are, and may be read."""
    try:
        address = places.address(facts)
        memory = os.open(f"{procfs.home(facts.pid)}/mem", os.O_RDONLY | os.O_CLOEXEC)
    except (OSError, struct.error, ValueError):
        return False
    try:
        return address is not None and _offsets(memory, address).frame_size > 0
    except (_TornError, OSError, OverflowError, struct.error):
        return False
    finally:
        os.close(memory)


def main_thread(facts: ProcessFacts, places: RuntimePlaces) -> Thread | None:
    """Return the frames of the main thread, innermost first, without their lines; None when they
    cannot be read so.
    """
    return _reading(facts, places, _main)


def all_threads(facts: ProcessFacts, places: RuntimePlaces) -> list[Thread] | None:
    """Return every thread with its frames, innermost first; None when they cannot be read so.

    The program runs on meanwhile: only the frames of a thread that stands in a system call are
    those of one moment.
    """
    return _reading(facts, places, _all)


def _reading[T](
    facts: ProcessFacts, places: RuntimePlaces, read: Callable[[int, int, int], T]
) -> T | None:
    try:
        address = places.address(facts)
        if address is None:
            return None
        memory = os.open(f"{procfs.home(facts.pid)}/mem", os.O_RDONLY | os.O_CLOEXEC)
    except (OSError, struct.error, ValueError):
        return None
    try:
        for _ in range(_TRIES):
            try:
                return read(memory, address, facts.pid)
            except (_TornError, OSError, OverflowError, ValueError, LookupError, struct.error):
                continue
        return None
    finally:
        os.close(memory)


def _main(memory: int, address: int, pid: int) -> Thread:
    at = _offsets(memory, address)
    # the first one that was made, the last of the list, has the main thread
    *_, first_made = _interpreters(memory, address, at)
    own = own_number(pid)
    for state, number in _states(memory, first_made, at):
        if number == own:
            frames = tuple(_frames(memory, _pointer(memory, state + at.current_frame), at))
            return Thread(id=pid, name=MAIN, active=False, frames=frames)
    raise _TornError


def _all(memory: int, address: int, pid: int) -> list[Thread]:
    at, here = _offsets(memory, address), numbers_here(pid)
    return [
        _read_thread(memory, state, at, pid, number if here is None else here[number])
        for interpreter in _interpreters(memory, address, at)
        for state, number in _states(memory, interpreter, at)
    ]


def _read_thread(memory: int, state: int, at: _Offsets, pid: int, number: int) -> Thread:
    """Return one thread; one that runs too fast to be read is told without frames."""
    frames: tuple[Frame, ...] = ()
    active = _is_running(pid, number)
    try:
        place = _pointer(memory, state + at.current_frame)
        frames = tuple(_frames(memory, place, at, lines=True))
    except (_TornError, OSError, OverflowError, ValueError, IndexError, struct.error):
        if not active and not _is_running(pid, number):
            raise
        active = True
    name = MAIN if number == pid else None
    return Thread(id=number, name=name, active=active, frames=frames)


def _interpreters(memory: int, address: int, at: _Offsets) -> Iterator[int]:
    interpreter = _pointer(memory, address + at.interpreters)
    for _ in range(_MOST_THREADS):
        if interpreter == 0:
            return
        yield interpreter
        interpreter = _pointer(memory, interpreter + at.next_interpreter)
    raise _TornError


def _states(memory: int, interpreter: int, at: _Offsets) -> Iterator[tuple[int, int]]:
    """Yield the address of each thread's state and the kernel's number of the thread."""
    state = _pointer(memory, interpreter + at.threads)
    for _ in range(_MOST_THREADS):
        if state == 0:
            return
        yield state, _pointer(memory, state + at.native_id)
        state = _pointer(memory, state + at.next_thread)
    raise _TornError


def _is_running(pid: int, number: int) -> bool:
    """True when the kernel has the thread on a processor or waiting for one."""
    with open(f"/proc/{pid}/task/{number}/stat", "rb") as file:  # noqa: PTH123 - of /proc
        return file.read(512).rpartition(b")")[2][1:2] == b"R"


def _offsets(memory: int, address: int) -> _Offsets:
    found = _FIELDS.unpack(_bytes(memory, address, _FIELDS.size))
    cookie, version, free_threaded, *o = found
    if cookie != _COOKIE or (version >> 24, version >> 16 & 255) != _VERSION or free_threaded:
        raise _TornError
    return _Offsets(
        interpreters=o[2],
        next_interpreter=o[5],
        threads=o[6],
        next_thread=o[18],
        current_frame=o[20],
        native_id=o[22],
        frame_size=o[25],
        previous=o[26],
        executable=o[27],
        instruction=o[28],
        owner=o[30],
        code_size=o[31],
        filename=o[32],
        qualified_name=o[34],
        line_table=o[35],
        first_line=o[36],
        instructions=o[40],
        bytes_length=o[62],
        bytes_begin=o[63],
        state=o[65],
        length=o[66],
        text=o[67],
    )


def _frames(memory: int, frame: int, at: _Offsets, *, lines: bool = False) -> Iterator[Frame]:
    """Yield the frames from the innermost on. A chain that does not end where C called the first
    one is torn: its outermost frames, the very ones that are wanted, may be missing.
    """
    if not 0 < at.frame_size <= 1024 or not 0 < at.code_size <= 4096:
        raise _TornError
    owner = _OWNED_BY_C
    for _ in range(_MOST_FRAMES):
        if frame == 0:
            if owner != _OWNED_BY_C:
                raise _TornError
            return
        data = _bytes(memory, frame, at.frame_size)
        owner = data[at.owner]
        if owner != _OWNED_BY_C:
            place = _POINTER.unpack_from(data, at.executable)[0]
            code = _bytes(memory, place, at.code_size)
            ahead = _POINTER.unpack_from(data, at.instruction)[0] - place - at.instructions
            yield Frame(
                file=_text(memory, _POINTER.unpack_from(code, at.filename)[0], at),
                line=_line(memory, code, ahead, at) if lines else 0,
                function=_text(memory, _POINTER.unpack_from(code, at.qualified_name)[0], at),
            )
        frame = _POINTER.unpack_from(data, at.previous)[0]
    raise _TornError


def _line(memory: int, code: bytes, ahead: int, at: _Offsets) -> int:
    """Return the line of the instruction so many bytes behind the first one of the code."""
    table = _POINTER.unpack_from(code, at.line_table)[0]
    size = _pointer(memory, table + at.bytes_length)
    if not 0 <= size <= _MOST_TABLE or ahead < 0:
        raise _TornError
    first = _LINE.unpack_from(code, at.first_line)[0]
    return line_at(_bytes(memory, table + at.bytes_begin, size), first, ahead) or first


def _text(memory: int, address: int, at: _Offsets) -> str:
    head = _bytes(memory, address, at.text + 16)
    length = _POINTER.unpack_from(head, at.length)[0]
    state = head[at.state]
    kind, compact, plain = state >> 2 & 7, state >> 5 & 1, state >> 6 & 1
    if not compact or kind not in {1, 2, 4} or not 0 < length <= _MOST_TEXT:
        raise _TornError
    begin = address + at.text + (0 if plain else 16)
    data = _bytes(memory, begin, length * kind)
    encoding = {1: "ascii" if plain else "latin-1", 2: "utf-16-le", 4: "utf-32-le"}[kind]
    return data.decode(encoding, "surrogatepass" if kind > 1 else "strict")


def _bytes(memory: int, address: int, size: int) -> bytes:
    data = os.pread(memory, size, address)
    if len(data) != size:
        raise _TornError
    return data


def _pointer(memory: int, address: int) -> int:
    found: int = _POINTER.unpack(_bytes(memory, address, 8))[0]
    return found
