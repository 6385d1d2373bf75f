"""Which processes hold a socket: a look at their descriptors, the newest first (Linux)."""

import os
from collections.abc import Collection, Iterable, Sequence

from attribution.backends import procfs
from attribution.backends.idle_holders import IdleHolders
from attribution.backends.sock_diag import SocketEntry
from attribution.facts import Ownership

_EXITED = (
    "no visible process holds the socket: its owner exited, or lives outside this PID namespace"
)
_NO_RIGHT = (
    "the socket belongs to user {uid}, whose processes may not be read; "
    "that takes CAP_SYS_PTRACE and CAP_DAC_READ_SEARCH together"
)
_HIDDEN = (
    "no process that may be read holds the socket: its owner exited, lets nobody look at it, or "
    "left it to a ring of the kernel's (io_uring)"
)
_UNREADABLE_CHILD = "a child of the owner may not be read and could share the socket"


type Held = tuple[dict[int, int], Ownership]
"""Each process that holds a socket, and its descriptor; and what follows from that."""


def holders(entries: Collection[SocketEntry], idle: IdleHolders) -> list[Held]:
    """Look at all processes, once for all these sockets: one can be passed to anybody, also when it
    was made a moment ago. Those that did not run since the last look are not read again.
    """
    unreadable: list[int] = []
    found = _among_all(frozenset(entry.inode for entry in entries), idle, unreadable)
    return [_told(entry, found.get(entry.inode, {}), unreadable) for entry in entries]


def new_holders(entry: SocketEntry, idle: IdleHolders, oldest: float) -> Held:
    """Look for who made a connection that was opened just now, over which nothing was sent yet:
    among the newest first, and those born since `oldest` (Unix time), who inherited it.
    """
    unreadable: list[int] = []
    return _told(entry, _among_the_young(entry.inode, oldest, idle, unreadable), unreadable)


def _told(entry: SocketEntry, found: dict[int, int], unreadable: list[int]) -> Held:
    if found:
        return found, _found(found, unreadable, entry)
    own = os.getpid()
    if procfs.descriptors(own, entry.inode):
        return {}, Ownership(pids=(own,), uid=entry.uid, socket=entry.inode)
    reason = _nobody(entry, unreadable)
    return {}, Ownership(reason=reason, uid=entry.uid, socket=entry.inode)


def _nobody(entry: SocketEntry, unreadable: Sequence[int]) -> str:
    """Return why no holder was found: a right is missing only where the gate is another user."""
    if not unreadable:
        return _EXITED
    has_right = os.geteuid() in {0, entry.uid}
    return _HIDDEN if has_right else _NO_RIGHT.format(uid=entry.uid)


def _among_all(
    sockets: frozenset[int], idle: IdleHolders, unreadable: list[int]
) -> dict[int, dict[int, int]]:
    own, last = os.getpid(), procfs.last_pid()
    everybody = procfs.living() - {own}
    idle.keep_only(everybody)
    found: dict[int, dict[int, int]] = {}
    for pid in everybody:
        places = idle.places(pid, sockets)
        if places is None:
            unreadable.append(pid)
        else:
            _add(found, pid, places)
    # Who was forked while we looked has what its parent has.
    later = procfs.living() if last == 0 or procfs.last_pid() != last else set[int]()
    for pid in later - everybody - {own}:
        _add(found, pid, procfs.sockets(pid) or {})
    return found


def _add(found: dict[int, dict[int, int]], pid: int, places: dict[int, int]) -> None:
    for socket, place in places.items():
        found.setdefault(socket, {})[pid] = place


def _among_the_young(
    inode: int, oldest: float, idle: IdleHolders, unreadable: list[int]
) -> dict[int, int]:
    """Return the first holder that is older, and all that are younger; their maker may be an
    ancestor. Where all have let go, everybody is looked at: big, old holders from memory.
    """
    found: dict[int, int] = {}
    for pid in procfs.pids():
        if pid == os.getpid() or (not found and idle.is_without(pid, inode)):
            continue
        young = _is_young(pid, oldest)
        if found and not young:
            break
        held = procfs.descriptors(pid, inode) if young else idle.descriptors(pid, inode)
        if held is None:
            unreadable.append(pid)
        elif held:
            found[pid] = held[0]
            if not young:
                break
    above = _ancestors(found, idle) - {os.getpid()}
    held_above = {pid: held[0] for pid in above if (held := idle.descriptors(pid, inode))}
    return found | held_above


def _is_young(pid: int, oldest: float) -> bool:
    start = procfs.start_of(pid)
    return start is not None and procfs.start_seconds(start) > oldest


def _ancestors(pids: Iterable[int], idle: IdleHolders) -> set[int]:
    above: set[int] = set()
    for pid in pids:
        parent = idle.parent(pid)
        while parent > 1 and parent not in above:
            above.add(parent)
            parent = idle.parent(parent)
    return above - set(pids)


def _found(found: Iterable[int], unreadable: list[int], entry: SocketEntry) -> Ownership:
    holders = frozenset(found)
    hidden = any(_parent(pid) in holders for pid in unreadable)
    reason = _UNREADABLE_CHILD if hidden else None
    pids = tuple(sorted(holders))
    starts = tuple(procfs.start_of(pid) for pid in pids)
    return Ownership(pids=pids, starts=starts, socket=entry.inode, uid=entry.uid, reason=reason)


def _parent(pid: int) -> int:
    fields = procfs.stat_fields(pid)
    return int(fields[1]) if len(fields) > 1 else 0
