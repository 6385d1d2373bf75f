"""Which processes hold a socket: a look at their descriptors, the newest first (Linux)."""

import os
from collections.abc import Iterable, Sequence

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


def holders(
    entry: SocketEntry, idle: IdleHolders, oldest: float | None = None
) -> tuple[dict[int, int], Ownership]:
    """Look at all processes: a socket can be passed to anybody, also one made a moment ago. Those
    that did not run since the last look are not read again.

    `oldest`: over a connection that was opened just now nothing was sent yet. Its maker is looked
    for, among the newest first, and those born since this moment (Unix time), who inherited it.
    """
    unreadable: list[int] = []
    if oldest is None:
        found = _among_all(entry.inode, idle, unreadable)
    else:
        found = _among_the_young(entry.inode, oldest, idle, unreadable)
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


def _among_all(inode: int, idle: IdleHolders, unreadable: list[int]) -> dict[int, int]:
    own, last = os.getpid(), procfs.last_pid()
    everybody = set(procfs.pids()) - {own}
    idle.keep_only(everybody)
    found: dict[int, int] = {}
    for pid in everybody:
        held = idle.descriptors(pid, inode)
        if held is None:
            unreadable.append(pid)
        elif held:
            found[pid] = held[0]
    # Who was forked while we looked has what its parent has.
    later = set(procfs.pids()) if last == 0 or procfs.last_pid() != last else set[int]()
    for pid in later - everybody - {own}:
        if held := procfs.descriptors(pid, inode):
            found[pid] = held[0]
    return found


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
