"""Which processes hold a socket: a look at their descriptors, the newest first (Linux)."""

import os
from collections.abc import Iterable

from attribution.backends import procfs
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


def holders(entry: SocketEntry, oldest: float | None) -> tuple[dict[int, int], Ownership]:
    """Look at all processes of the socket's user first; at the others only when none of them holds
    it. `oldest`: see `_scan`; without it all are looked at, for a socket can be passed to anybody.
    """
    unreadable: list[int] = []
    own = os.getpid()
    everybody = [pid for pid in procfs.pids() if pid != own]
    for same_user in (True, False):
        chosen: Iterable[int] = everybody
        if oldest is not None:
            chosen = (p for p in everybody if (procfs.owner_uid(p) == entry.uid) is same_user)
        found = _scan(chosen, entry.inode, oldest, unreadable)
        if found:
            return found, _found(found, unreadable, entry)
    if procfs.descriptors(own, entry.inode):
        return {}, Ownership(pids=(own,), uid=entry.uid, socket=entry.inode)
    reason = _NO_RIGHT.format(uid=entry.uid) if unreadable else _EXITED
    return {}, Ownership(reason=reason, uid=entry.uid, socket=entry.inode)


def _scan(
    newest_first: Iterable[int], inode: int, oldest: float | None, unreadable: list[int]
) -> dict[int, int]:
    """Return the holders among these processes, each with a descriptor that is the socket.

    With `oldest`, stop at the first holder older than that: a fresh socket has one holder that made
    it, and others only among processes made since; all of those are newer and were looked at. The
    maker of a socket held by young ones is one of their ancestors.
    """
    found: dict[int, int] = {}
    for pid in newest_first:
        young = oldest is None or _is_young(pid, oldest)
        if found and not young:
            break
        held = procfs.descriptors(pid, inode)
        if held is None:
            unreadable.append(pid)
        elif held:
            found[pid] = held[0]
            if not young:
                break
    return found | {
        pid: held[0] for pid in _ancestors(found) if (held := procfs.descriptors(pid, inode))
    }


def _is_young(pid: int, oldest: float) -> bool:
    start = procfs.start_of(pid)
    return start is not None and procfs.start_seconds(start) > oldest


def _ancestors(pids: Iterable[int]) -> set[int]:
    above: set[int] = set()
    for pid in pids:
        parent = _parent(pid)
        while parent > 1 and parent not in above:
            above.add(parent)
            parent = _parent(parent)
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
