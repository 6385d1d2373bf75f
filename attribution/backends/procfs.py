"""Plain reads of Linux /proc: start marks, file descriptors, process facts."""

# paths of /proc as text: pathlib costs ten times as much on the event loop
# ruff: noqa: PTH110, PTH115, PTH116, PTH208

import os
import time
from datetime import UTC, datetime

from attribution.facts import KEPT_ENVIRONMENT, ProcessFacts

_TICKS = os.sysconf("SC_CLK_TCK") if hasattr(os, "sysconf") else 100
_READ_MAX = 1 << 20
_STACK, _ARGUMENTS, _ENV_END = 25, 45, 48
"""Places in /proc/PID/stat, counted from the state on: start of the stack, of the arguments, end of
the environment.
"""
_WHOLE = 1024
"""The kernel gives /proc files in pieces of about a page; a first piece shorter than this is all
there is.
"""


def boot_time() -> float:
    """Return the Unix time of boot, exact to some ms (`btime` in /proc/stat is cut to seconds)."""
    return time.time() - time.clock_gettime(time.CLOCK_BOOTTIME)


_BOOT = boot_time() if hasattr(time, "CLOCK_BOOTTIME") else 0.0


def start_seconds(start: int) -> float:
    """Return a start mark as Unix time, exact to one clock tick (10 ms)."""
    return _BOOT + start / _TICKS


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
    """Return the fields of /proc/PID/stat from the state on; empty when the process is gone."""
    data = read(f"/proc/{pid}/stat", 4096)
    return data[data.rfind(b")") + 2 :].split(b" ")


def is_alive(fields: list[bytes]) -> bool:
    """True for the fields of a process that is neither gone nor a zombie."""
    return len(fields) > 19 and fields[0] not in {b"Z", b"X"}


def start_of(pid: int) -> int | None:
    """Return the start mark in clock ticks after boot; None for a process that is gone or a
    zombie.
    """
    return start_and_threads(pid)[0]


def start_and_threads(pid: int) -> tuple[int | None, int]:
    """Return the start mark as `start_of`, and the number of threads."""
    fields = stat_fields(pid)
    if len(fields) <= 19 or fields[0] in {b"Z", b"X"}:
        return None, 0
    return int(fields[19]), int(fields[17])


def start_and_image(pid: int) -> tuple[int | None, int]:
    """Return the start mark as `start_of`, and the mark of the loaded program."""
    fields = stat_fields(pid)
    if len(fields) <= 19 or fields[0] in {b"Z", b"X"}:
        return None, 0
    return int(fields[19]), image_of(fields)


def image_of(fields: list[bytes]) -> int:
    """Return where stack, arguments and environment of the loaded program lie, as one number; 0
    when it is not told.

    The kernel lays them out anew, at random places, with every exec. A fork keeps them.
    """
    if len(fields) <= _ENV_END:
        return 0
    stack, arguments, environment = (int(fields[at]) for at in (_STACK, _ARGUMENTS, _ENV_END - 1))
    return 0 if stack == 0 else stack << 64 ^ arguments << 32 ^ environment


def last_pid() -> int:
    """Return the pid given out last, to a process or a thread; 0 when the kernel does not tell."""
    fields = read("/proc/loadavg", 200).split()
    return int(fields[4]) if len(fields) > 4 else 0


def pids() -> list[int]:
    """Return all visible pids, the newest first: downwards from the last one given out, then round
    the end.
    """
    found = sorted((int(name) for name in os.listdir("/proc") if name.isdigit()), reverse=True)
    newest = last_pid()
    at = next((at for at, pid in enumerate(found) if pid <= newest), 0)
    return found[at:] + found[:at]


_CHILDREN_KNOWN = os.path.exists(f"/proc/self/task/{os.getpid()}/children")
"""False on kernels built without CONFIG_PROC_CHILDREN."""


def is_process(pid: int) -> bool:
    """True for a process; False for a thread, which has a number of the same kind, and for one that
    is gone.
    """
    status = read(f"/proc/{pid}/status", 256)
    at = status.find(b"\nTgid:")
    return at >= 0 and status[at + 6 :].split(b"\n", 1)[0].strip() == b"%d" % pid


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
    count = int(fields[17]) if len(fields) > 17 else 0
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
    try:
        folder = os.open(f"/proc/{pid}/fd", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except FileNotFoundError:
        return []
    except OSError:
        return None
    try:
        names = os.listdir(folder)
        if most is not None and len(names) > most:
            return None
        return _matching(folder, names, f"socket:[{socket}]")
    except FileNotFoundError:
        return []
    except OSError:
        return None
    finally:
        os.close(folder)


def is_inheritable(pid: int, descriptor: int) -> bool:
    """True for a descriptor that stays open when its process becomes another program."""
    for line in read(f"/proc/{pid}/fdinfo/{descriptor}", 4096).splitlines():
        if line.startswith(b"flags:"):
            return not int(line.split()[1], 8) & os.O_CLOEXEC
    return False


def sockets(pid: int) -> set[int]:
    """Return the numbers of the sockets that a process holds; none where they may not be read."""
    found: set[int] = set()
    try:
        folder = os.open(f"/proc/{pid}/fd", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError:
        return found
    try:
        for name in os.listdir(folder):
            try:
                target = os.readlink(name, dir_fd=folder)
            except OSError:
                continue
            if target.startswith("socket:["):
                found.add(int(target[8:-1]))
    except OSError:
        return found
    finally:
        os.close(folder)
    return found


def _matching(folder: int, names: list[str], wanted: str) -> list[int]:
    found = []
    readlink = os.readlink
    for name in names:
        try:
            if readlink(name, dir_fd=folder) == wanted:
                found.append(int(name))
        except FileNotFoundError:
            continue
    return found


def command_line(pid: int) -> bytes:
    """Return the command line as the kernel has it."""
    return read(f"/proc/{pid}/cmdline")


def arguments(data: bytes) -> tuple[str, ...]:
    """Return the words of a command line; bytes that are no UTF-8 survive as surrogates."""
    return (
        tuple(os.fsdecode(part) for part in data.removesuffix(b"\0").split(b"\0")) if data else ()
    )


def environment(pid: int) -> dict[str, str]:
    """Return the kept variables of the environment the process was started with."""
    found = {}
    for entry in read(f"/proc/{pid}/environ").split(b"\0"):
        name, _, value = entry.partition(b"=")
        if (text := os.fsdecode(name)) in KEPT_ENVIRONMENT:
            found[text] = os.fsdecode(value)
    return found


def process(pid: int) -> ProcessFacts | None:
    """Read everything about a process; None when it is gone or became another one while it was
    read.
    """
    fields = stat_fields(pid)
    if len(fields) <= 19 or fields[0] in {b"Z", b"X"}:
        return None
    start = int(fields[19])
    loaded = link(f"/proc/{pid}/exe") or ""
    exe = loaded.removesuffix(" (deleted)") or None
    line = command_line(pid)
    image = image_of(fields)
    facts = ProcessFacts(
        pid=pid,
        start=start,
        started_at=datetime.fromtimestamp(start_seconds(start), UTC),
        parent=int(fields[1]),
        name=os.fsdecode(read(f"/proc/{pid}/comm", 64).rstrip(b"\n")),
        exe=exe,
        argv=arguments(line),
        command_line=line,
        cwd=link(f"/proc/{pid}/cwd"),
        env=environment(pid),
        uid=owner_uid(pid),
        stdin=link(f"/proc/{pid}/fd/0"),
        terminal=fields[4] != b"0",
        root=_root(pid),
        image=image,
        born_at=start_seconds(start),
        image_from=start_seconds(start),
        line_intact=_is_intact(fields, line),
        exe_replaced=loaded.endswith(" (deleted)"),
        is_asked=True,
    )
    same = start_and_image(pid) == (start, image) and command_line(pid) == line
    return facts if same else None


def _is_intact(fields: list[bytes], line: bytes) -> bool:
    """True when the command line fills the room that the kernel gave it, as words that end where it
    gave them their end.

    A title written over it is shorter, and zeros fill the rest, or longer, and runs on into the
    environment.
    """
    if len(fields) <= _ENV_END or not line:
        return bool(line)
    begin, end, environment = (int(fields[_ARGUMENTS + at]) for at in range(3))
    if begin == 0:
        # The kernel does not tell us: then only what is plainly padding can be seen.
        return not line.endswith(b"\0\0\0")
    return len(line) == end - begin and environment == end and not line.endswith(b"\0\0\0")


def _root(pid: int) -> str:
    mounts, ours = link(f"/proc/{pid}/ns/mnt"), link("/proc/self/ns/mnt")
    same = mounts is None or mounts == ours
    return "" if same and link(f"/proc/{pid}/root") in {"/", None} else f"/proc/{pid}/root"
