"""The frames of CPython 3.13's main thread, read from the process's memory by the offsets that it
publishes for that.

In the helper process, on Linux. Less than a millisecond, where a sampler has to be started, finds
the interpreter anew and takes tens. Every number read is another process's word: whatever does not
fit ends the reading without a result.
"""

import os
import struct
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass

from attribution.facts import ProcessFacts
from attribution.filesystem import files_of
from attribution.line.frames import Frame, Thread
from attribution.plain_files import opened

_COOKIE = b"xdebugpy"
_VERSION = (3, 13)
_FIELDS = struct.Struct("=8s70Q")
_POINTER = struct.Struct("=Q")
_ELF_HEADER = struct.Struct("=16sHHIQQQIHHHHHH")
_SECTION = struct.Struct("=IIQQQQIIQQ")
_PROGRAM = struct.Struct("=IIQQQQQQ")
_MOST_FRAMES, _MOST_THREADS, _MOST_TEXT = 2000, 4000, 4096
_MOST_SECTIONS, _MOST_KNOWN = 200, 200
_TRIES = 3
_NAME = b".PyRuntime"
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
    owner: int
    code_size: int
    filename: int
    name: int
    state: int
    length: int
    text: int


class RuntimePlaces:
    """Where the file of an interpreter keeps its runtime state; each file is read once."""

    def __init__(self) -> None:
        self._known: OrderedDict[tuple[bytes, bytes, bytes], int | None] = OrderedDict()

    def address(self, facts: ProcessFacts) -> int | None:
        """Return the address of the runtime state in this process."""
        files = files_of(facts)
        for start, identity in _first_maps(facts.pid):
            path = identity[2]
            if b"python" not in path.rpartition(b"/")[2] and path != os.fsencode(facts.exe or ""):
                continue
            if identity not in self._known:
                self._known[identity] = _offset_in(files.outside(os.fsdecode(path)))
                while len(self._known) > _MOST_KNOWN:
                    self._known.popitem(last=False)
            offset = self._known[identity]
            if offset is not None:
                return start + offset
        return None


def is_readable(facts: ProcessFacts, places: RuntimePlaces) -> bool:
    """True for an interpreter of the kind that says where its frames are, and may be read."""
    try:
        address = places.address(facts)
        memory = os.open(f"/proc/{facts.pid}/mem", os.O_RDONLY | os.O_CLOEXEC)
    except (OSError, struct.error, ValueError):
        return False
    try:
        return address is not None and _offsets(memory, address).frame_size > 0
    except (_TornError, OSError, OverflowError, struct.error):
        return False
    finally:
        os.close(memory)


def main_thread(facts: ProcessFacts, places: RuntimePlaces) -> Thread | None:
    """Return the frames of the main thread, innermost first; None when they cannot be read so."""
    try:
        address = places.address(facts)
        if address is None:
            return None
        memory = os.open(f"/proc/{facts.pid}/mem", os.O_RDONLY | os.O_CLOEXEC)
    except (OSError, struct.error, ValueError):
        return None
    try:
        return _read(memory, address, facts.pid)
    finally:
        os.close(memory)


def _read(memory: int, address: int, pid: int) -> Thread | None:
    for _ in range(_TRIES):
        try:
            return _thread(memory, address, pid)
        except (_TornError, OSError, OverflowError, ValueError, struct.error):
            continue
    return None


def _thread(memory: int, address: int, pid: int) -> Thread:
    at = _offsets(memory, address)
    interpreter = _pointer(memory, address + at.interpreters)
    while following := _pointer(memory, interpreter + at.next_interpreter):
        interpreter = (
            following  # the first one that was made, the last of the list, has the main thread
        )
    state = _pointer(memory, interpreter + at.threads)
    for _ in range(_MOST_THREADS):
        if state == 0:
            raise _TornError
        if _pointer(memory, state + at.native_id) == pid:
            frames = tuple(_frames(memory, _pointer(memory, state + at.current_frame), at))
            return Thread(id=pid, name="MainThread", active=False, frames=frames)
        state = _pointer(memory, state + at.next_thread)
    raise _TornError


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
        owner=o[30],
        code_size=o[31],
        filename=o[32],
        name=o[33],
        state=o[65],
        length=o[66],
        text=o[67],
    )


def _frames(memory: int, frame: int, at: _Offsets) -> Iterator[Frame]:
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
            code = _bytes(memory, _POINTER.unpack_from(data, at.executable)[0], at.code_size)
            yield Frame(
                file=_text(memory, _POINTER.unpack_from(code, at.filename)[0], at),
                line=0,
                function=_text(memory, _POINTER.unpack_from(code, at.name)[0], at),
            )
        frame = _POINTER.unpack_from(data, at.previous)[0]
    raise _TornError


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


def _first_maps(pid: int) -> Iterator[tuple[int, tuple[bytes, bytes, bytes]]]:
    """Yield where each mapped file begins, with its device, number and path."""
    with open(f"/proc/{pid}/maps", "rb") as file:  # noqa: PTH123 - of /proc
        for line in file.read(4 << 20).splitlines():
            fields = line.split(None, 5)
            if len(fields) == 6 and fields[2].strip(b"0") == b"" and fields[5].startswith(b"/"):
                identity = (fields[3], fields[4], fields[5])
                yield int(fields[0].partition(b"-")[0], 16), identity


def _offset_in(path: str) -> int | None:
    """Return how far behind its first page a file's runtime state comes to lie; None when it has
    none.
    """
    handle = opened(path)
    if handle is None:
        return None
    try:
        return _section_at(handle)
    except (OSError, struct.error, OverflowError, ValueError):
        return None
    finally:
        os.close(handle)


def _section_at(handle: int) -> int | None:
    head = _ELF_HEADER.unpack(os.pread(handle, _ELF_HEADER.size, 0))
    magic, programs_at, sections_at = head[0], head[5], head[6]
    program_count, section_count, names_in = head[10], head[12], head[13]
    if magic[:6] != b"\x7fELF\x02\x01" or section_count > _MOST_SECTIONS:
        return None
    table = os.pread(handle, section_count * _SECTION.size, sections_at)
    sections = [_SECTION.unpack_from(table, n * _SECTION.size) for n in range(section_count)]
    names = os.pread(handle, min(sections[names_in][5], 1 << 16), sections[names_in][4])
    place = next((s[3] for s in sections if names[s[0] :].startswith(_NAME + b"\0")), None)
    programs = os.pread(handle, program_count * _PROGRAM.size, programs_at)
    loaded = [_PROGRAM.unpack_from(programs, n * _PROGRAM.size) for n in range(program_count)]
    lowest = min((p[3] for p in loaded if p[0] == 1), default=None)
    return None if place is None or lowest is None else place - (lowest & ~0xFFF)
