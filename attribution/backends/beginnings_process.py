"""The process that reads command line, environment and working folder of each program as it begins:
a small program of its own, which nothing in the gate holds up.

Told of each exec by the kernel, before the program has run an instruction, and put before all other
work of the machine where that is allowed: it is there some 0.1 ms later, also on a machine whose
processors have ten programs each. Started by its path, without a package, and so without imports
of ours.
"""

import contextlib
import errno
import hashlib
import os
import select
import socket
import struct
import sys
import time

# bare calls on paths of /proc, as the text they are
# ruff: noqa: PTH115

EVENT = struct.Struct("=IIQiiii")
"""What happened, on which processor, nanoseconds of the monotonic clock; of an exec the thread and
its process, of a fork those of the parent and then those of the child."""
EVENT_AT = 36
"""Where in a message the event begins, behind the heads of netlink and of the kernel's connector
(linux/netlink.h, linux/connector.h)."""
EXEC = 0x2
TOLD = struct.Struct("=iQ16s16s?iIHH")
SOCKET = struct.Struct("=Q")
"""Process; the kernel's time of its exec; digests of its command line and of its environment, zeros
where it was too late; whether another program traces it; its parent, and how often it has stood
still; bytes of its working folder, and how many sockets it was given: both follow."""
LATE = bytes(16)
READY = b"r"
_READ_MOST = 16_000
"""Bytes that a program may have read and not have begun to run a script: before that an interpreter
has read its libraries' heads and its encodings, 31,000 bytes at least (Python 3.8 to 3.14, with -I
-S -E). Counted by the kernel, at once, and never set back."""
_PASSED_MOST_NS = 1_500_000
"""Likewise in time, for what had read much before it became another program."""
_STOPS, _MOST_STOPS = b"voluntary_ctxt_switches", 0x7FFFFFFF
"""How often a thread went to sleep, which a stop by a tracer is as well."""
MANY = 0xFFFF
_MOST_GIVEN = 64
"""Descriptors that are looked at; of a program with more it is told that there are many."""
_MOST_WAITING = 1 << 20
"""Bytes; what is more is not told, and counts as not read."""
_PIECE = 1 << 16
_MOST_READ = 4 << 20
_WHOLE = 1024
"""Bytes: as in procfs, which this program does not import."""


def main() -> None:
    """Listen on the first descriptor that is named, tell on the second, until that is closed."""
    heard = socket.socket(fileno=int(sys.argv[1]))
    told = socket.socket(fileno=int(sys.argv[2]))
    _go_first()
    told.setblocking(False)
    waiting = bytearray(READY)
    calls = select.poll()
    calls.register(heard, select.POLLIN)
    while True:
        calls.register(told, select.POLLIN | (select.POLLOUT if waiting else 0))
        ready = dict(calls.poll())
        if ready.get(told.fileno(), 0) & (select.POLLIN | select.POLLHUP | select.POLLERR):
            return
        for record in _begun(heard):
            if len(waiting) + len(record) <= _MOST_WAITING:
                waiting += record
        if waiting:
            with contextlib.suppress(BlockingIOError):
                del waiting[: told.send(waiting)]


def _go_first() -> None:
    """Be there before the program that it is told of; it takes 0.1 ms for each."""
    with contextlib.suppress(OSError):
        os.setpriority(os.PRIO_PROCESS, 0, -20)
    with contextlib.suppress(OSError):
        os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(1))


def _begun(heard: socket.socket) -> list[bytes]:
    """Return what is to be told of all programs that began until now."""
    found: list[bytes] = []
    while True:
        try:
            data, (sender, _) = heard.recvfrom(4096)
        except BlockingIOError:
            return found
        except OSError as error:
            if error.errno != errno.ENOBUFS:  # some were lost: of those nothing is told
                raise
            continue
        if sender == 0 and len(data) >= EVENT_AT + EVENT.size:
            what, _, at, _, pid, _, _ = EVENT.unpack_from(data, EVENT_AT)
            if what == EXEC:
                found.append(look(pid, at))


def look(pid: int, at: int) -> bytes:
    """Return the record of a program that began at this time: what was read counts only where it
    is shown afterwards that it had run no script yet.
    """
    folder = b""
    with contextlib.suppress(OSError):
        folder = os.readlink(b"/proc/%d/cwd" % pid)
    line = read(f"/proc/{pid}/cmdline", _MOST_READ)
    environment = read(f"/proc/{pid}/environ", _MOST_READ)
    given, status = _sockets(pid), read(f"/proc/{pid}/status", _PIECE)
    passed = time.clock_gettime_ns(time.CLOCK_MONOTONIC) - at
    # What it has read is asked only where time alone does not tell: it takes as long as its line.
    io = b"" if 0 <= passed <= _PASSED_MOST_NS else read(f"/proc/{pid}/io", 200)
    if not line or not has_not_begun(io, passed):
        return TOLD.pack(pid, at, LATE, LATE, False, 0, 0, 0, 0)
    held = tracer(status) != 0, _number(status, b"PPid"), _number(status, _STOPS)
    told = digest(line), digest(environment), *held
    count = MANY if given is None else len(given)
    numbers = b"".join(SOCKET.pack(number) for number in given or ())
    return TOLD.pack(pid, at, *told, len(folder), count) + folder + numbers


def _sockets(pid: int) -> list[int] | None:
    """Return the numbers of the sockets that a program was given; None where it was given much."""
    found = []
    with contextlib.suppress(OSError):
        names = os.listdir(f"/proc/{pid}/fd")  # noqa: PTH208
        if len(names) > _MOST_GIVEN:
            return None
        for name in names:
            held = os.readlink(f"/proc/{pid}/fd/{name}")
            if held.startswith("socket:["):
                found.append(int(held[8:-1]))
    return found


def tracer(status: bytes) -> int:
    """Return who traces a process, by what `/proc/PID/status` tells; 0: nobody."""
    return _number(status, b"TracerPid")


def _number(status: bytes, name: bytes) -> int:
    told = status.partition(b"\n%b:" % name)[2].split(b"\n", 1)[0].strip()
    return min(int(told), _MOST_STOPS) if told.isdigit() else 0


def has_not_begun(io: bytes, passed_ns: int) -> bool:
    """True where a program cannot have run a line of a script yet, by what the kernel counts of it
    (`/proc/PID/io`) or by the time since its exec.
    """
    if 0 <= passed_ns <= _PASSED_MOST_NS:
        return True
    words = io.split()
    return words[:1] == [b"rchar:"] and int(words[1]) <= _READ_MOST


def digest(text: bytes) -> bytes:
    """Return what a command line or an environment is compared by: it may hold secrets, and is not
    kept.
    """
    return hashlib.blake2b(text, digest_size=16).digest()


def read(path: str, most: int) -> bytes:
    """Return a file of the kernel's; nothing where it cannot be read, or is longer than `most`."""
    try:
        handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return b""
    try:
        data = os.read(handle, _PIECE)
        # A piece that is shorter than the kernel gives at once is all there is.
        more = len(data) >= _WHOLE
        while more and len(data) <= most and (piece := os.read(handle, _PIECE)):
            data += piece
    except OSError:
        return b""
    finally:
        os.close(handle)
    return data if len(data) <= most else b""


if __name__ == "__main__":
    main()
