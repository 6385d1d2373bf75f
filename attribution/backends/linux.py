"""Linux: the exact socket by sock_diag, its holders and their facts by /proc."""

import threading

from attribution.backends import procfs
from attribution.backends.sock_diag import DiagRefused, NoSuchSocket, SockDiag, SocketEntry
from attribution.facts import KnownOwners, Ownership, Peer, ProcessFacts

_SETTLED_S = 2.0
"""A process older than this when a connection was accepted cannot have inherited it: it would have stood in the
gate's accept queue for that long."""
_TICK_S = 0.02
"""Start marks are cut to clock ticks of 10 ms."""
_QUICK_CANDIDATES = 4
_QUICK_DESCRIPTORS = 128
_QUICK_THREADS = 16

_ELSEWHERE = "no socket here has these addresses: another machine, container or network namespace connected"
_CLOSED = "the client had already closed its socket"
_EXITED = "no visible process holds the socket: its owner exited, or lives outside this PID namespace"
_NO_RIGHT = (
    "the socket belongs to user {uid}, whose processes may not be read; "
    "that takes CAP_SYS_PTRACE and CAP_DAC_READ_SEARCH together"
)
_UNREADABLE_CHILD = "a child of the owner may not be read and could share the socket"


class LinuxBackend:
    """Answers with every holder of the client's socket, or with the reason why there is none."""

    method = "sock_diag"

    def __init__(self) -> None:
        """Raise DiagRefused or OSError when the kernel offers no sock_diag."""
        self._quick = SockDiag()
        self._thorough = SockDiag()
        self._lock = threading.Lock()

    def recall(self, peer: Peer, known: KnownOwners, since: float) -> Ownership | None:
        """See Backend.recall: one netlink question, then the descriptors of a few known processes."""
        try:
            entry = _ask(self._quick, peer)
        except (NoSuchSocket, DiagRefused, ValueError):
            return None
        if entry.inode == 0:
            return Ownership(reason=_CLOSED, uid=entry.uid)
        for facts in known.recent(entry.uid)[:_QUICK_CANDIDATES]:
            if procfs.descriptors(facts.pid, entry.inode, _QUICK_DESCRIPTORS):
                sole = self.unchanged(facts) and _is_sole(facts, entry.inode, since)
                return Ownership(pids=(facts.pid,), socket=entry.inode, uid=entry.uid) if sole else None
        return None

    def still_sole(self, facts: ProcessFacts, socket: int, verified_at: float) -> bool:
        """See Backend.still_sole: only a process made since then can have joined."""
        return (
            bool(procfs.descriptors(facts.pid, socket, _QUICK_DESCRIPTORS))
            and self.unchanged(facts)
            and _no_young_sharer(facts.pid, socket, verified_at - _TICK_S)
        )

    def search(self, peer: Peer) -> Ownership:
        """See Backend.search: all processes of the socket's user, then everybody's."""
        try:
            with self._lock:
                entry = _ask(self._thorough, peer)
        except NoSuchSocket:
            return Ownership(reason=_ELSEWHERE)
        except ValueError as error:
            return Ownership(reason=str(error))
        except DiagRefused as error:
            return Ownership(reason=f"the kernel did not answer ({error})")
        if entry.inode == 0:
            return Ownership(reason=_CLOSED, uid=entry.uid)
        return _holders(entry)

    def start_of(self, pid: int) -> int | None:
        """See Backend.start_of."""
        return procfs.start_of(pid)

    def unchanged(self, facts: ProcessFacts) -> bool:
        """See Backend.unchanged: an exec keeps pid and start, but not the command line."""
        return procfs.start_of(facts.pid) == facts.start and procfs.arguments(facts.pid) == facts.argv

    def process(self, pid: int) -> ProcessFacts | None:
        """See Backend.process."""
        return procfs.process(pid)

    def waiting(self, pid: int, socket: int) -> frozenset[int] | None:
        """See Backend.waiting."""
        return procfs.waiting_threads(pid, socket)

    def close(self) -> None:
        """Close both netlink sockets."""
        self._quick.close()
        self._thorough.close()


def _ask(diag: SockDiag, peer: Peer) -> SocketEntry:
    return diag.find((peer.client_host, peer.client_port), (peer.gate_host, peer.gate_port))


def _is_sole(facts: ProcessFacts, inode: int, since: float) -> bool:
    """True when no process can share the socket by fork: neither the owner nor a child of it is young enough."""
    oldest = since - _SETTLED_S
    return procfs.start_seconds(facts.start) <= oldest and _no_young_sharer(facts.pid, inode, oldest)


def _no_young_sharer(pid: int, inode: int, oldest: float) -> bool:
    children = procfs.children(pid, _QUICK_THREADS)
    if children is None:
        return False
    for child in children:
        start = procfs.start_of(child)
        if start is not None and procfs.start_seconds(start) > oldest and procfs.descriptors(child, inode) != []:
            return False
    return True


def _holders(entry: SocketEntry) -> Ownership:
    """Look at all processes of the socket's user first; at the others only when none of them holds it."""
    everybody = [(pid, procfs.owner_uid(pid)) for pid in procfs.pids()]
    unreadable: list[int] = []
    for same_user in (True, False):
        found = []
        for pid, uid in everybody:
            if (uid == entry.uid) is not same_user:
                continue
            held = procfs.descriptors(pid, entry.inode)
            if held is None:
                unreadable.append(pid)
            elif held:
                found.append(pid)
        if found:
            return _found(found, unreadable, entry)
    reason = _NO_RIGHT.format(uid=entry.uid) if unreadable else _EXITED
    return Ownership(reason=reason, uid=entry.uid, socket=entry.inode)


def _found(found: list[int], unreadable: list[int], entry: SocketEntry) -> Ownership:
    hidden = any(_parent(pid) in found for pid in unreadable)
    reason = _UNREADABLE_CHILD if hidden else None
    return Ownership(pids=tuple(sorted(found)), socket=entry.inode, uid=entry.uid, reason=reason)


def _parent(pid: int) -> int:
    fields = procfs.stat_fields(pid)
    return int(fields[1]) if len(fields) > 1 else 0
