"""Where an interpreter keeps its runtime state: from the program files that it has mapped.

In the helper process, on Linux.
"""

import os
import struct
from collections import OrderedDict
from collections.abc import Iterator

from attribution.backends import procfs
from attribution.facts import ProcessFacts
from attribution.filesystem import files_of
from attribution.plain_files import opened

_ELF_HEADER = struct.Struct("=16sHHIQQQIHHHHHH")
_SECTION = struct.Struct("=IIQQQQIIQQ")
_PROGRAM = struct.Struct("=IIQQQQQQ")
_MOST_SECTIONS, _MOST_KNOWN = 200, 200
_NAME = b".PyRuntime"


class RuntimePlaces:
    """Remembers where; each program file is read once, each loaded program's maps as well."""

    def __init__(self) -> None:
        self._known: OrderedDict[tuple[bytes, bytes, bytes], int | None] = OrderedDict()
        self._addresses: OrderedDict[tuple[object, ...], int] = OrderedDict()

    def address(self, facts: ProcessFacts) -> int | None:
        """Return the address of the runtime state in this process. Raises OSError."""
        key = (facts.pid, facts.start, facts.image)
        if key not in self._addresses:
            found = self._found(facts)
            if found is None or facts.image == 0:
                return found  # nothing would tell when it has become another program
            self._addresses[key] = found
            while len(self._addresses) > _MOST_KNOWN:
                self._addresses.popitem(last=False)
        return self._addresses[key]

    def _found(self, facts: ProcessFacts) -> int | None:
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


def _first_maps(pid: int) -> Iterator[tuple[int, tuple[bytes, bytes, bytes]]]:
    """Yield where each mapped file begins, with its device, number and path."""
    with open(f"{procfs.home(pid)}/maps", "rb") as file:  # noqa: PTH123 - of /proc
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
