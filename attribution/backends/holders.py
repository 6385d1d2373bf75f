"""Which processes hold a socket: what a look at their descriptors says of it (Linux)."""

import os
from collections.abc import Collection, Iterable, Sequence

from attribution.backends import procfs
from attribution.backends.looks import Looks
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


def holders(entries: Collection[SocketEntry], looks: Looks) -> list[Held]:
    """Look at all processes, once for all these sockets: one can be passed to anybody, also when it
    was made a moment ago. Those that did not run since the last look are not read again.
    """
    found, unreadable = looks.at_all(frozenset(entry.inode for entry in entries))
    return [_told(entry, found.get(entry.inode, {}), unreadable) for entry in entries]


def new_holders(entry: SocketEntry, looks: Looks, oldest: float) -> Held:
    """Look for who made a connection that was opened just now, over which nothing was sent yet:
    among the newest first, and those born since `oldest` (Unix time), who inherited it.
    """
    return _told(entry, *looks.at_the_young(entry.inode, oldest))


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
