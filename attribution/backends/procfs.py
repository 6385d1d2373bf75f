"""Plain reads of Linux /proc: start marks, file descriptors, process facts."""

# paths of /proc as text: pathlib costs ten times as much on the event loop
# ruff: noqa: PTH110, PTH115, PTH116, PTH208

import contextlib
import os
import time
from collections.abc import Callable

from attribution.backends.memory_reads import NAMES, PATIENCE_S, MemoryReads

_TICKS = os.sysconf("SC_CLK_TCK") if hasattr(os, "sysconf") else 100
_READ_MAX = 1 << 20
_STACK, ARGUMENTS, ENV_END = 25, 45, 48
"""Places in /proc/PID/stat, counted from the state on: start of the stack, of the arguments, end of
the environment.
"""
_FLAGS, _THREADS, START = 6, 17, 19
_PF_KTHREAD, _PF_RANDOMIZE = 0x00200000, 0x00400000
_FEW_PLACES = 1 << 32
"""Below this address a program of 32 bits lies, of which some thousand places are all there are."""
_FEW_PIDS = 64
"""To ask for so many numbers takes no longer than to list all processes."""
_ENDED = frozenset({b"Z", b"X"})
_LINKS_OF_ONE = 3
_MUCH = 256
_WHOLE = 1024
"""The kernel gives /proc files in pieces of about a page; a first piece shorter than this is all
there is.
"""


def boot_time() -> float:
    """Return the Unix time of boot, exact to some ms (`btime` in /proc/stat is cut to seconds)."""
    return time.time() - time.clock_gettime(time.CLOCK_BOOTTIME)


_boot = [boot_time() if hasattr(time, "CLOCK_BOOTTIME") else 0.0]
_STEP_S = 0.25


def start_seconds(start: int) -> float:
    """Return a start mark as Unix time, to one clock tick (10 ms); another when a clock is set."""
    now = boot_time()
    if abs(now - _boot[0]) > _STEP_S:
        _boot[0] = now
    return _boot[0] + start / _TICKS


def mark_at(moment: float) -> float:
    """Return the start mark, not cut to ticks, of what would have started at this Unix time."""
    return (moment - start_seconds(0)) * _TICKS


def read(path: str, limit: int = _READ_MAX) -> bytes:
    """Return a /proc file; empty when it cannot be read."""
    try:
        handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return b""
    try:
        data = os.read(handle, limit)
        if len(data) < _WHOLE:
            return data
        while len(data) < limit and (more := os.read(handle, limit - len(data))):
            data += more
        return data
    except OSError:
        return b""
    finally:
        os.close(handle)


def link(path: str) -> str | None:
    """Return what a /proc link points to, or None."""
    try:
        return os.readlink(path)
    except OSError:
        return None


def stat_fields(pid: int) -> list[bytes]:
    """Return the fields of /proc/PID/stat from the state on; empty when the process is gone. Where
    only its first thread has ended, state and places are those of one that lives.
    """
    fields = _fields(f"/proc/{pid}/stat")
    if len(fields) <= _THREADS or fields[0] not in _ENDED or fields[_THREADS] in {b"0", b"1"}:
        return fields
    living = _fields(f"{_living(pid)}/stat")
    if len(living) <= START:
        return fields
    living[START] = fields[START]
    return living


def _fields(path: str) -> list[bytes]:
    data = read(path, 4096)
    return data[data.rfind(b")") + 2 :].split(b" ")


def home(pid: int) -> str:
    """Return the folder in which /proc tells of a process: of its first thread's own, memory and
    files are gone with that thread, while others live on.
    """
    return _living(pid) if _is_headless(pid) else f"/proc/{pid}"


_memory = MemoryReads(read)


def told(pid: int, name: str, seconds: float = PATIENCE_S) -> bytes:
    """As `read`, of a file in a process's folder. Waits so many seconds for its memory at most."""
    data = _told(pid, f"/proc/{pid}/{name}", seconds)
    return data if data or not _is_headless(pid) else _told(pid, f"{_living(pid)}/{name}", seconds)


def line_and_environment(pid: int) -> tuple[bytes, bytes]:
    """Return both as `told`, in one go."""
    place = home(pid)
    line, environment = _memory.all(pid, [f"{place}{name}" for name in NAMES])
    return line, environment


def holds_up(pid: int) -> bool:
    """True while a read of this process's memory has not come back."""
    return _memory.is_held_up(pid)


def _told(pid: int, path: str, seconds: float) -> bytes:
    return _memory.read(pid, path, seconds) if path.endswith(NAMES) else read(path)


def _is_headless(pid: int) -> bool:
    if not _has_threads(pid):
        return False
    return _fields(f"/proc/{pid}/stat")[0] in _ENDED


def _has_threads(pid: int) -> bool:
    """True for a process of several threads: each is a folder, and counted as a link to it."""
    try:
        return os.stat(f"/proc/{pid}/task").st_nlink > _LINKS_OF_ONE
    except OSError:
        return False


def _living(pid: int) -> str:
    """Return the folder of a thread that lives; the process's own where none does."""
    with contextlib.suppress(OSError):
        for name in os.listdir(f"/proc/{pid}/task"):
            if _fields(f"/proc/{pid}/task/{name}/stat")[0] not in {b"", *_ENDED}:
                return f"/proc/{pid}/task/{name}"
    return f"/proc/{pid}"


def is_alive(fields: list[bytes]) -> bool:
    """True for the fields of a process that is neither gone nor a zombie."""
    return len(fields) > START and fields[0] not in _ENDED


def is_of_the_kernel(pid: int) -> bool:
    """True for a thread of the kernel's own."""
    fields = stat_fields(pid)
    return len(fields) > _FLAGS and bool(int(fields[_FLAGS]) & _PF_KTHREAD)


def exists(pid: int) -> bool:
    """True for a process that is there, also as a zombie: the shortest question."""
    return os.path.exists(f"/proc/{pid}")


def start_of(pid: int) -> int | None:
    """Return the start mark in clock ticks after boot; None for a process that is gone or a
    zombie.
    """
    fields = stat_fields(pid)
    return int(fields[START]) if is_alive(fields) else None


def start_and_image(pid: int) -> tuple[int | None, int]:
    """Return the start mark as `start_of`, and the mark of the loaded program."""
    fields = stat_fields(pid)
    if not is_alive(fields):
        return None, 0
    return int(fields[START]), image_of(fields)


def image_of(fields: list[bytes]) -> int:
    """Return where stack, arguments and environment of the loaded program lie, as one number; 0
    when it is not told.

    The kernel lays them out anew, at random places, with every exec. A fork keeps them.
    """
    if len(fields) <= ENV_END:
        return 0
    stack, arguments, environment = (int(fields[at]) for at in (_STACK, ARGUMENTS, ENV_END - 1))
    return 0 if stack == 0 else stack << 64 ^ arguments << 32 ^ environment


def is_placed_at_random(fields: list[bytes]) -> bool:
    """True where the kernel drew the places of `image_of` at random when it loaded the program: it
    draws none where that is turned off, for the machine or for one program (`setarch -R`).
    """
    if len(fields) <= ENV_END:
        return False
    return bool(int(fields[_FLAGS]) & _PF_RANDOMIZE) and int(fields[ARGUMENTS]) >= _FEW_PLACES


def last_pid() -> int:
    """Return the pid given out last, to a process or a thread; 0 when the kernel does not tell."""
    fields = read("/proc/loadavg", 200).split()
    return int(fields[4]) if len(fields) > 4 else 0


def living() -> set[int]:
    """Return all visible pids."""
    return {int(name) for name in os.listdir("/proc") if name[0] <= "9" and name.isdigit()}


def born_since(last: int) -> set[int]:
    """Return those that began since this pid was the last one given out, where those are counted:
    they have the next numbers. Where they cannot be, all visible pids.
    """
    now = last_pid()
    if last and last <= now <= last + _FEW_PIDS:
        return {pid for pid in range(last + 1, now + 1) if _is_process(pid)}
    return living()


def _is_process(pid: int) -> bool:
    """True for a process; a thread has a number of the same kind, by which it is found as well."""
    return b"\nTgid:\t%d\n" % pid in read(f"/proc/{pid}/status", 4096)


def pids() -> list[int]:
    """Return all visible pids, the newest first: downwards from the last one given out, then round
    the end.
    """
    found = sorted(living(), reverse=True)
    newest = last_pid()
    at = next((at for at, pid in enumerate(found) if pid <= newest), 0)
    return found[at:] + found[:at]


_CHILDREN_KNOWN = os.path.exists(f"/proc/self/task/{os.getpid()}/children")
"""False on kernels built without CONFIG_PROC_CHILDREN."""


def owner_uid(pid: int) -> int | None:
    """Return the user a process runs as."""
    try:
        return os.stat(f"/proc/{pid}").st_uid
    except OSError:
        return None


def children(pid: int, count: int, most_threads: int) -> list[int] | None:
    """Return the direct children of a process with `count` threads; None when the kernel does not
    tell or the threads are too many to ask."""
    if not _CHILDREN_KNOWN:
        return None
    if count > most_threads:
        return None
    threads = [pid] if count == 1 else thread_ids(pid, most_threads)
    return [
        int(child)
        for thread in threads
        for child in read(f"/proc/{pid}/task/{thread}/children").split()
    ]


def thread_ids(pid: int, most: int | None = None) -> list[int]:
    """Return the threads of a process; none when there are more than `most`. One thread needs no
    listing.
    """
    fields = stat_fields(pid)
    count = int(fields[_THREADS]) if len(fields) > _THREADS else 0
    if count == 1:
        return [pid]
    if most is not None and count > most:
        return []
    try:
        return [int(name) for name in os.listdir(f"/proc/{pid}/task")]
    except OSError:
        return []


def descriptors(pid: int, socket: int, most: int | None = None) -> list[int] | None:
    """Return the descriptors of `pid` that are this socket; None when they may not be read or are
    too many.

    `most`: give up above this number of descriptors, unless None.
    """
    wanted = f"socket:[{socket}]"
    return _within(pid, lambda folder, names: _matching(folder, names, wanted, most), list)


def linked(pid: int, target: str) -> list[int]:
    """Return the descriptors of `pid` that lead to this target; none where they may not be read."""
    return _within(pid, lambda folder, names: _matching(folder, names, target, None), list) or []


def _within[T](pid: int, look: Callable[[int, list[str]], T], gone: Callable[[], T]) -> T | None:
    """Look among the descriptors of a process, by their folder and names; None: unreadable."""
    try:
        return _looked(pid, look)
    except FileNotFoundError:
        return gone()
    except OSError:
        return None


def _looked[T](pid: int, look: Callable[[int, list[str]], T]) -> T:
    try:
        found, names = _listed(f"/proc/{pid}", look)
    except FileNotFoundError:
        raise
    except OSError:
        if _is_headless(pid):
            return _listed(_living(pid), look)[0]
        raise
    # One whose first thread has ended seems to hold nothing, or to be nobody's to read.
    return _listed(_living(pid), look)[0] if not names and _is_headless(pid) else found


def _listed[T](place: str, look: Callable[[int, list[str]], T]) -> tuple[T, list[str]]:
    folder = os.open(f"{place}/fd", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        names = os.listdir(folder)
        return look(folder, names), names
    finally:
        os.close(folder)


def is_inheritable(pid: int, descriptor: int) -> bool:
    """True for a descriptor that stays open when its process becomes another program."""
    for line in told(pid, f"fdinfo/{descriptor}").splitlines():
        if line.startswith(b"flags:"):
            return not int(line.split()[1], 8) & os.O_CLOEXEC
    return False


def holds_much(pid: int) -> bool:
    """True for a process of many descriptors, counted without a look at them (Linux 6.2; before it
    none is).
    """
    try:
        return os.stat(f"/proc/{pid}/fd").st_size > _MUCH
    except OSError:
        return False


def sockets(pid: int) -> dict[int, int] | None:
    """Return the sockets that a process holds, each with its first descriptor; None: unreadable."""
    return _within(pid, _sockets, dict[int, int])


def _sockets(folder: int, names: list[str]) -> dict[int, int]:
    found: dict[int, int] = {}
    readlink = os.readlink
    for name in names:
        try:
            target = readlink(name, dir_fd=folder)
        except FileNotFoundError:
            continue
        if target[:8] == "socket:[":
            found.setdefault(int(target[8:-1]), int(name))
    return found


def _matching(folder: int, names: list[str], wanted: str, most: int | None) -> list[int] | None:
    if most is not None and len(names) > most:
        return None
    found, readlink = [], os.readlink
    for name in names:
        try:
            if readlink(name, dir_fd=folder) == wanted:
                found.append(int(name))
        except FileNotFoundError:
            continue
    return found


def command_line(pid: int, seconds: float = PATIENCE_S) -> bytes:
    """Return the command line as the kernel has it."""
    return told(pid, "cmdline", seconds)


def arguments(data: bytes) -> tuple[str, ...]:
    """Return the words of a command line; bytes that are no UTF-8 survive as surrogates."""
    return (
        tuple(os.fsdecode(part) for part in data.removesuffix(b"\0").split(b"\0")) if data else ()
    )
