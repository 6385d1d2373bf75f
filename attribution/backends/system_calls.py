"""What the threads of a Linux process wait for: the system calls in which they stand."""

# paths of /proc as text: pathlib costs ten times as much on the event loop

import os
import platform
import struct

from attribution.backends.procfs import descriptors, home, read, thread_ids, told

_ON_DESCRIPTOR = {
    "x86_64": frozenset({0, 1, 19, 20, 40, 44, 45, 46, 47, 299}),
    "aarch64": frozenset({63, 64, 65, 66, 71, 206, 207, 211, 212, 243}),
}
"""Numbers of system calls whose first argument is the descriptor: read, write, readv, sendto,
recvfrom…
"""
_POLL = {"x86_64": frozenset({7, 271}), "aarch64": frozenset({73})}
_SELECT = {"x86_64": frozenset({23, 270}), "aarch64": frozenset({72})}
_RESTARTED = {"x86_64": 219, "aarch64": 128}
"""A poll that was interrupted (by a sampler that paused the process) goes on under this number with
its arguments.
"""
_EPOLL = {"x86_64": frozenset({232, 281, 441}), "aarch64": frozenset({22, 441})}
_POLL_ENTRY = struct.Struct("=ihh")
_MACHINE = platform.machine()


def waiting_threads(pid: int, socket: int) -> frozenset[int] | None:
    """Return the threads that stand in a read, write or poll of this socket; None when it cannot be
    told.
    """
    held = descriptors(pid, socket)
    if not held or _MACHINE not in _POLL:
        return None
    wanted, found = frozenset(held), set()
    for thread in thread_ids(pid):
        call = read(f"/proc/{pid}/task/{thread}/syscall", 256)
        if not call:
            return None
        if _waits_on(pid, call.split(), wanted):
            found.add(thread)
    return frozenset(found)


def is_told(pid: int) -> bool:
    """True where the kernel tells for what a thread of this process waits."""
    return _MACHINE in _POLL and bool(read(f"/proc/{pid}/syscall", 256))


def is_running(pid: int) -> bool:
    """True when a thread of the process does not wait for anything but a processor."""
    calls = (read(f"/proc/{pid}/task/{thread}/syscall", 256) for thread in thread_ids(pid))
    return any(call.startswith(b"running") for call in calls)


def attendant(
    pid: int, descriptor: int, most_threads: int | None = None, last: int | None = None
) -> int | None:
    """Return a thread that stands in a read, write or poll of this descriptor, or in an event loop
    that watches it.

    `last`: the thread that did so the last time, to be asked first.
    """
    if _MACHINE not in _POLL:
        return None
    if last is not None and _attends(pid, last, descriptor):
        return last
    others = (thread for thread in thread_ids(pid, most_threads) if thread != last)
    return next((thread for thread in others if _attends(pid, thread, descriptor)), None)


def _attends(pid: int, thread: int, descriptor: int) -> bool:
    call = read(f"/proc/{pid}/task/{thread}/syscall", 256).split()
    return _waits_on(pid, call, frozenset({descriptor})) or _watches(pid, call, descriptor)


def watched(pid: int, descriptor: int) -> bool:
    """True when an event loop of the process watches this descriptor."""
    if _MACHINE not in _EPOLL:
        return False
    calls = (read(f"/proc/{pid}/task/{thread}/syscall", 256).split() for thread in thread_ids(pid))
    return any(_watches(pid, call, descriptor) for call in calls)


def _waits_on(pid: int, call: list[bytes], held: frozenset[int]) -> bool:
    if len(call) < 4 or not call[0].isdigit():
        return False
    number = int(call[0])
    if number in _ON_DESCRIPTOR[_MACHINE]:
        return int(call[1], 16) & 0xFFFFFFFF in held
    if number in _SELECT[_MACHINE]:
        return any(_selected(pid, call, descriptor) for descriptor in held)
    restarted = number == _RESTARTED[_MACHINE]
    if number not in _POLL[_MACHINE] and not restarted:
        return False
    return not held.isdisjoint(_polled(pid, int(call[1], 16), int(call[2], 16), doubtful=restarted))


def _watches(pid: int, call: list[bytes], descriptor: int) -> bool:
    """True for an epoll wait whose interest list holds the descriptor."""
    if len(call) < 4 or not call[0].isdigit() or int(call[0]) not in _EPOLL[_MACHINE]:
        return False
    listed = told(pid, f"fdinfo/{int(call[1], 16)}")
    return any(
        line[:4] == b"tfd:" and int(line.split()[1]) == descriptor for line in listed.splitlines()
    )


def _selected(pid: int, call: list[bytes], descriptor: int) -> bool:
    """True for a descriptor among those that a select call reads or writes."""
    if not descriptor < int(call[1], 16) <= 1 << 16:
        return False
    sets = (int(call[2], 16), int(call[3], 16))
    return any(
        byte and byte[0] >> descriptor % 8 & 1
        for address in sets
        if address and (byte := _memory(pid, address + descriptor // 8, 1))
    )


def _memory(pid: int, address: int, size: int) -> bytes:
    """Return what stands at an address where a process waits for it. No other memory is read."""
    try:
        handle = os.open(f"{home(pid)}/mem", os.O_RDONLY | os.O_CLOEXEC)
        try:
            return os.pread(handle, size, address)
        finally:
            os.close(handle)
    except (OSError, OverflowError):
        return b""


def _polled(pid: int, address: int, count: int, *, doubtful: bool) -> frozenset[int]:
    """Return the descriptors of a poll call.

    `doubtful`: it may be another call; then every entry must look like one of a poll, or none
    counts.
    """
    if not 0 < count <= 4096:
        return frozenset()
    data = _memory(pid, address, count * _POLL_ENTRY.size)
    usable = len(data) - len(data) % _POLL_ENTRY.size
    entries = list(_POLL_ENTRY.iter_unpack(data[:usable]))
    if doubtful and not all(0 <= fd < 1 << 20 and 0 < events < 0x3000 for fd, events, _ in entries):
        return frozenset()
    return frozenset(entry[0] for entry in entries)
