"""Which processes hold a socket: a look at their descriptors, the newest first (Linux)."""

import os
from collections.abc import Iterable

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
_UNREADABLE_CHILD = "a child of the owner may not be read and could share the socket"


def holders(entry: SocketEntry, idle: IdleHolders) -> tuple[dict[int, int], Ownership]:
    """Look at all processes: a socket can be passed to anybody, also one made a moment ago. Those
    that did not run since the last look are not read again.
    """
    own = os.getpid()
    everybody = [pid for pid in procfs.pids() if pid != own]
    idle.keep_only(everybody)
    unreadable: list[int] = []
    found: dict[int, int] = {}
    for pid in everybody:
        held = idle.descriptors(pid, entry.inode)
        if held is None:
            unreadable.append(pid)
        elif held:
            found[pid] = held[0]
    # Who was forked while we looked has what its parent has.
    for pid in [pid for pid in procfs.pids() if pid not in everybody and pid != own]:
        if held := procfs.descriptors(pid, entry.inode):
            found[pid] = held[0]
    if found:
        return found, _found(found, unreadable, entry)
    if procfs.descriptors(own, entry.inode):
        return {}, Ownership(pids=(own,), uid=entry.uid, socket=entry.inode)
    reason = _NO_RIGHT.format(uid=entry.uid) if unreadable else _EXITED
    return {}, Ownership(reason=reason, uid=entry.uid, socket=entry.inode)


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
