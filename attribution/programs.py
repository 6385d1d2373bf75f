"""Whether a program holds a Python interpreter, by what its files hold: names can be anybody's.

In the helper process. Each file is read once; what is remembered counts only for the very same file.
"""

# paths of another process, kept as the text they are
# ruff: noqa: PTH116

import mmap
import os
import time
from collections import OrderedDict
from collections.abc import Iterator

from attribution.facts import ProcessFacts
from attribution.filesystem import HostFiles, files_of
from attribution.interpreters import is_other_python, is_plainly_not_python
from attribution.plain_files import opened

_MARKS = (b"Fatal Python error: ", b"Fatal RPython error", b"_PyRuntime\0")
"""Stand in the core of every CPython and PyPy, linked in or as a library, and in no extension module."""
_MOST_SIZE = 512 << 20
_MOST_KNOWN = 4000
_AGAIN_S = 10.0
"""A program may load Python later on."""
_MOST_MAPS = 4 << 20


class Programs:
    """Remembers which program files and libraries hold Python."""

    def __init__(self) -> None:
        self._files: OrderedDict[tuple[object, ...], bool] = OrderedDict()
        self._loaded: OrderedDict[tuple[object, ...], tuple[bool, float]] = OrderedDict()

    def is_interpreter(self, facts: ProcessFacts) -> bool | None:
        """True when the program file itself holds Python; None when it cannot be read or is another kind of Python."""
        if os.name == "nt" or not os.path.exists(f"/proc/{facts.pid}"):  # noqa: PTH110 - of /proc
            return None
        if is_other_python(facts.exe or ""):
            return None
        return self._holds(f"/proc/{facts.pid}/exe")

    def has_loaded_python(self, facts: ProcessFacts) -> bool:
        """True when the process has a library loaded that holds Python, whatever the library is called."""
        if facts.embeds_python:
            return True
        if is_plainly_not_python(facts.exe or ""):
            return False
        key, now = (facts.pid, facts.start, facts.image), time.monotonic()
        known = self._loaded.get(key)
        if known is not None and (known[0] or known[1] > now):
            return known[0]
        files = files_of(facts)
        found = any(self._is_python_library(path, files) for path in _libraries(facts.pid))
        _put(self._loaded, key, (found, now + _AGAIN_S))
        return found

    def _is_python_library(self, path: str, files: HostFiles) -> bool:
        return "/libpython" in path or "/libpypy" in path or bool(self._holds(files.outside(path)))

    def _holds(self, path: str) -> bool | None:
        try:
            found = os.stat(path)
        except (OSError, ValueError):
            return None
        key = (found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns)
        known = self._files.get(key)
        if known is None:
            read = _read(path)
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


def _read(path: str) -> bool | None:
    handle = opened(path)
    if handle is None:
        return None
    try:
        size = os.fstat(handle).st_size
        if not 0 < size <= _MOST_SIZE:
            return False if size == 0 else None
        with mmap.mmap(handle, size, access=mmap.ACCESS_READ) as content:
            return any(content.find(mark) >= 0 for mark in _MARKS)
    except (OSError, ValueError):
        return None
    finally:
        os.close(handle)


def _libraries(pid: int) -> Iterator[str]:
    """Yield the files of which a process runs code, each once."""
    try:
        with open(f"/proc/{pid}/maps", "rb") as file:  # noqa: PTH123 - of /proc
            lines = file.read(_MOST_MAPS).splitlines()
    except OSError:
        return
    seen: set[bytes] = set()
    for line in lines:
        fields = line.split(None, 5)
        if len(fields) < 6 or b"x" not in fields[1] or not fields[5].startswith(b"/"):
            continue
        if fields[5] not in seen:
            seen.add(fields[5])
            yield os.fsdecode(fields[5])
