"""What a running program and all that it started use: memory, bytes, children, files held open.

Reads /proc of that tree only, so that the other processes of a machine cost nothing; the longer a
look takes, the longer until the next. Linux; elsewhere nothing is told, and that is said.
"""

import os
import stat
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from threading import Event

from attribution.backends import procfs
from core.vocabulary.programs import is_office

FIRST_S, LONGEST_S = 0.02, 1.0
_SHARE = 600
"""Looking takes one part in so many of the time, at most: a sixth of a percent…"""
_ALLOWANCE_S = 0.03
"""…beside so much of CPU, for what starts and ends at the beginning."""
_MOST_PROCESSES = 4_000
_MOST_THREADS = 64
_MOST_NAMES = 50
_MOST_FILES = 200
_SPREADSHEETS = (".xlsx", ".xlsm", ".xlsb", ".xls", ".ods", ".csv", ".tsv", ".parquet", ".numbers")
_START = 19
"""Of a process, in the fields of its stat file."""
_PEAK = b"\nVmHWM:"
_NOT_DATA = ("/dev/", "/proc/", "/sys/", "/usr/", "/lib/", "/run/")


@dataclass(slots=True, kw_only=True)
class RunUse:
    """What was seen of one run."""

    looks: int = 0
    peak_memory: int = 0
    """Bytes of the largest process of it, at its largest."""
    processes: dict[tuple[int, int], tuple[int, int]] = field(default_factory=dict)
    """Pid and start → bytes read and written, of files, pipes and connections alike."""
    children: dict[str, None] = field(default_factory=dict)
    """Names of programs that it started, in order."""
    spreadsheets: dict[str, None] = field(default_factory=dict)
    files_written: dict[str, None] = field(default_factory=dict)
    """Files held open for writing."""

    @property
    def bytes_read(self) -> int:
        """Bytes read by all of its processes, as of the last look at each."""
        return sum(read for read, _ in self.processes.values())

    @property
    def bytes_written(self) -> int:
        """Bytes written by all of its processes, as of the last look at each."""
        return sum(written for _, written in self.processes.values())

    @property
    def office(self) -> tuple[str, ...]:
        """Office programs among its children."""
        return tuple(name for name in self.children if is_office(name))


def can_watch() -> bool:
    """Return whether this platform tells what a process uses."""
    return sys.platform == "linux" and os.path.isdir("/proc/self/task")  # noqa: PTH112


def watch(root: int, ended: Event, use: RunUse, after: Callable[[list[int]], None]) -> None:
    """Look at the tree below this process until it has ended; `after` each look is given the
    processes that are new.
    """
    wait, spent, began = FIRST_S, 0.0, time.monotonic()
    while True:
        before = time.thread_time()
        new = list(look(root, use))
        spent += time.thread_time() - before
        after(new)
        owed = (spent - _ALLOWANCE_S) * _SHARE - (time.monotonic() - began)
        if ended.wait(max(wait, owed)):
            return
        wait = min(wait * 2, LONGEST_S)


def look(root: int, use: RunUse) -> Iterator[int]:
    """Look once; yield the processes that are new."""
    use.looks += 1
    for pid in _tree(root):
        fields = procfs.stat_fields(pid)
        if not procfs.is_alive(fields):
            continue
        key = pid, int(fields[_START])
        new = key not in use.processes
        if not new or len(use.processes) < _MOST_PROCESSES:
            use.processes[key] = _io(pid) or use.processes.get(key, (0, 0))
        use.peak_memory = max(use.peak_memory, _peak(pid))
        _note_files(pid, use)
        if new:
            if pid != root:
                _note(use.children, _program(pid), _MOST_NAMES)
            yield pid


def _tree(root: int) -> Iterator[int]:
    waiting, seen = [root], {root}
    while waiting and len(seen) < _MOST_PROCESSES:
        pid = waiting.pop(0)
        yield pid
        threads = len(procfs.thread_ids(pid, _MOST_THREADS)) or 1
        for child in procfs.children(pid, threads, _MOST_THREADS) or ():
            if child not in seen:
                seen.add(child)
                waiting.append(child)


def _program(pid: int) -> str:
    try:
        exe = os.readlink(f"/proc/{pid}/exe")  # noqa: PTH115 - bare calls: often
    except OSError:
        return procfs.read(f"/proc/{pid}/comm", 64).decode("utf-8", "replace").strip()
    return exe.removesuffix(" (deleted)").rsplit("/", 1)[-1]


def _io(pid: int) -> tuple[int, int] | None:
    found = dict(
        line.split(b": ") for line in procfs.read(f"/proc/{pid}/io", 4096).splitlines() if line
    )
    try:
        return int(found[b"rchar"]), int(found[b"wchar"])
    except (KeyError, ValueError):
        return None


def _peak(pid: int) -> int:
    status = procfs.read(f"/proc/{pid}/status", 8192)
    _, mark, rest = status.partition(_PEAK)
    words = rest.split(b"\n", 1)[0].split()
    return int(words[0]) * 1024 if mark and words and words[0].isdigit() else 0


def _note_files(pid: int, use: RunUse) -> None:
    folder = f"/proc/{pid}/fd"
    try:
        numbers = os.listdir(folder)[:_MOST_FILES]  # noqa: PTH208
    except OSError:
        return
    for number in numbers:
        try:
            path = os.readlink(f"{folder}/{number}")  # noqa: PTH115
            if not path.startswith("/") or path.startswith(_NOT_DATA):
                continue
            held = os.lstat(f"{folder}/{number}").st_mode
        except OSError:
            continue
        if path.lower().endswith(_SPREADSHEETS):
            _note(use.spreadsheets, path, _MOST_NAMES)
        if held & stat.S_IWUSR:  # of the link: for what its descriptor is open
            _note(use.files_written, path, _MOST_NAMES)


def _note(known: dict[str, None], name: str, most: int) -> None:
    if name and len(known) < most:
        known[name] = None
