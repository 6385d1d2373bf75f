"""Whether a program holds a Python interpreter, by what its files hold: names can be anybody's.

In the helper process. Each file is read once; what is remembered counts only for the very same
file.
"""

# paths of another process, kept as the text they are
# ruff: noqa: PTH116

import mmap
import os
import time
from collections import OrderedDict
from collections.abc import Iterator

from attribution.backends import procfs
from attribution.facts import ProcessFacts
from attribution.filesystem import HostFiles, files_of
from attribution.interpreters import is_other_python, is_python_program
from attribution.plain_files import opened

_MARKS = (b"Fatal Python error: ", b"Fatal RPython error", b"_PyRuntime\0")
"""Stand in the core of every CPython and PyPy, linked in or as a library, and in no extension
module.
"""
_FREEZERS = (b"MEI\x0c\x0b\x0a\x0b\x0e", b"nuitka_", b"NUITKA_")
"""Stand in what PyInstaller and Nuitka make: the script is in it."""
_ALIKE = (b"cx_Freeze", b"freeze_core/initscripts")
"""Stand in what cx_Freeze makes: the same file for every script, byte by byte. What it runs lies in
an archive beside it.
"""
_OF_ANY = (b"Py_BytesMain",)
"""What an interpreter calls that runs whatever it is told to."""
_ASKS = (b"libpython", b"libpypy")
_OF_SYSTEM = (b"/usr/lib/", b"/usr/lib64/", b"/lib/", b"/lib64/")
"""Only root writes there: of these libraries it is believed what was read of them once."""
_MOST_SIZE = 512 << 20
_MOST_KNOWN = 4000
_AGAIN_S = 10.0
"""A program may load Python later on."""
_LOADING_S = 5.0
"""So long a program may take to have its libraries."""
_MOST_MAPS = 4 << 20


class Programs:
    """Remembers which program files and libraries hold Python."""

    def __init__(self) -> None:
        self._files: OrderedDict[tuple[object, ...], bool] = OrderedDict()
        self._libraries: OrderedDict[tuple[bytes, bytes, bytes], bool] = OrderedDict()
        """By device, number and path, as the kernel shows them: those that hold it, and the
        system's.
        """
        self._loaded: OrderedDict[tuple[object, ...], tuple[bool, float]] = OrderedDict()

    def is_interpreter(self, facts: ProcessFacts) -> bool | None:
        """True when the program file itself holds Python; None when it cannot be read or is another
        kind of Python.
        """
        if os.name == "nt" or not os.path.exists(f"/proc/{facts.pid}"):  # noqa: PTH110 - of /proc
            return None
        if is_other_python(facts.exe or ""):
            return None
        link = f"{procfs.home(facts.pid)}/exe"
        if self._holds(link):
            return True
        # The library comes some ms after the program: what asks for it by name need not be waited
        # for.
        return self._holds(link, _ASKS) if is_python_program(facts.exe or "") else False

    def is_made_for_one(self, facts: ProcessFacts) -> bool:
        """True for a program file that was made to run one script, whatever words it is given."""
        link = f"{procfs.home(facts.pid)}/exe"
        return self._holds(link, _FREEZERS) is True and self._holds(link, _OF_ANY) is False

    def is_like_others(self, facts: ProcessFacts) -> bool:
        """True for a program file that tells nothing of the script that it runs."""
        return self._holds(f"{procfs.home(facts.pid)}/exe", _ALIKE) is True

    def has_loaded_python(self, facts: ProcessFacts) -> bool:
        """True when the process has a library loaded that holds Python, whatever the library is
        called.
        """
        if facts.embeds_python:
            return True
        key, now = (facts.pid, facts.start, facts.image), time.monotonic()
        known = self._loaded.get(key)
        if known is not None and (known[0] or known[1] > now):
            return known[0]
        files = files_of(facts)
        here = not facts.root
        found = any(
            self._is_python_library(library, files, here=here) for library in _libraries(facts.pid)
        )
        settled = facts.image_from is not None and time.time() - facts.image_from > _LOADING_S
        if found or settled:
            _put(self._loaded, key, (found, now + _AGAIN_S))
        return found

    def _is_python_library(
        self, library: tuple[bytes, bytes, bytes], files: HostFiles, *, here: bool
    ) -> bool:
        """`here`: it lies in this machine's own file system."""
        known = self._libraries.get(library)
        if known is None:
            path = os.fsdecode(library[2])
            named = "/libpython" in path or "/libpypy" in path
            known = named or self._holds(files.outside(path))
            # What anybody else may write over stays the same number and path, and what could not
            # be read, as the process has ended, may be anything.
            if known or (known is False and here and library[2].startswith(_OF_SYSTEM)):
                _put(self._libraries, library, known)
        return bool(known)

    def _holds(self, path: str, marks: tuple[bytes, ...] = _MARKS) -> bool | None:
        try:
            found = os.stat(path)
        except (OSError, ValueError):
            return None
        times = (found.st_mtime_ns, found.st_ctime_ns)
        key = (found.st_dev, found.st_ino, found.st_size, *times, marks)
        known = self._files.get(key)
        if known is None:
            read = _read(path, marks)
            if read is None:
                return None
            known = read
            _put(self._files, key, known)
        return known


def _put[K, V](cache: OrderedDict[K, V], key: K, value: V) -> None:
    cache.pop(key, None)
    cache[key] = value
    while len(cache) > _MOST_KNOWN:
        cache.popitem(last=False)


def _read(path: str, marks: tuple[bytes, ...]) -> bool | None:
    handle = opened(path)
    if handle is None:
        return None
    try:
        size = os.fstat(handle).st_size
        if not 0 < size <= _MOST_SIZE:
            return False if size == 0 else None
        with mmap.mmap(handle, size, access=mmap.ACCESS_READ) as content:
            return any(content.find(mark) >= 0 for mark in marks)
    except (OSError, ValueError):
        return None
    finally:
        os.close(handle)


def _libraries(pid: int) -> Iterator[tuple[bytes, bytes, bytes]]:
    """Yield device, number and path of the files of which a process runs code, each once."""
    try:
        with open(f"{procfs.home(pid)}/maps", "rb") as file:  # noqa: PTH123 - of /proc
            lines = file.read(_MOST_MAPS).splitlines()
    except OSError:
        return
    seen: set[bytes] = set()
    for line in lines:
        at = line.find(b" ")
        if line[at + 3 : at + 4] != b"x":  # four letters behind the addresses: what may be done
            continue
        fields = line.split(None, 5)
        if len(fields) < 6 or not fields[5].startswith(b"/"):
            continue
        if fields[5] not in seen:
            seen.add(fields[5])
            yield fields[3], fields[4], fields[5]
