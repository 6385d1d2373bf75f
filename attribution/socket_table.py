"""The sockets of programs, as collectors of observations ask for them: from the kernel on Linux, by
psutil elsewhere.
"""

import os
import socket
import struct
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from attribution.backends.opened import Came
from attribution.backends.sock_diag import NETLINK_SOCK_DIAG, DiagRefused
from attribution.connection_table import own_sockets
from core.activity import OpenSocket

_BY_FAMILY, _OF_BOTH, _DUMP, _DONE, _ERROR = 20, 18, 0x301, 3, 2
"""Kinds of messages. What asks by family goes through the kernel's whole table once for each; the
older kind of question goes through it once for both.
"""
_ESTABLISHED, _LISTEN = 1 << 1, 1 << 10
_HEADER = struct.Struct("=IHHII")
_REQUEST, _OLDER = struct.Struct("=BBBBI48x"), struct.Struct("=BBBB48xII")
_ENTRY = struct.Struct("=BBBB2s2s16s16s12xIIIII")
_ATTRIBUTE = struct.Struct("=HH")
_PORT = struct.Struct("!H")
_TRAFFIC, _WITH_TRAFFIC, _BYTECODE = 2, 1 << 1, 1
"""The kernel's tcp_info, and how it is asked for."""
_COUNTERS, _SENT = struct.Struct("=QQ"), struct.Struct("=QQ")
_COUNTERS_AT, _SENT_AT = 120, 200
"""Places in it: bytes acknowledged and received; bytes sent, and sent again."""
_OPERATION = struct.Struct("=BBHHH")
"""Operation, how far to go on where it holds, and where not; unused, its port."""
_JUMP = struct.Struct("=BBH")
_JUMP_CODE, _FAR_PORT_FROM = 1, 4
"""Operations: go on there; the far port is not below this one."""
_MOST_READS = _MOST_KNOWN = 4096
_PORTS = (32768, 60999)
_SURELY_S = 5.0
"""The kernel is asked after so long, whatever its counters say."""


@dataclass(slots=True)
class _Kept:
    """What one look found, and when that was."""

    found: list[OpenSocket] = field(default_factory=list)
    times: int | None = None
    at: float = 0.0


class KernelSockets:
    """Implements core.activity.SocketTable."""

    def __init__(
        self, *, everybody: bool = False, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """`everybody`: every user's, as root sees them anyway; else this user's."""
        self._clock = clock
        self._everybody = everybody
        self._came = Came()
        self._listened = _Kept()
        self._connected: dict[frozenset[int], _Kept] = {}
        self._own: frozenset[int] = frozenset()
        self._others: frozenset[int] = frozenset()
        """What was listed so far, told apart: for what is known nobody looks through ours again."""

    def listening(self) -> list[OpenSocket]:
        """See SocketTable.listening."""
        if sys.platform != "linux":
            return [one for one in _by_psutil() if not one.far_port]
        return self._unless_settled(self._listened, _LISTEN, b"")

    def connected_to(self, ports: frozenset[int]) -> list[OpenSocket]:
        """See SocketTable.connected_to."""
        if sys.platform != "linux":
            return [one for one in _by_psutil() if one.far_port in ports]
        kept = self._connected.setdefault(ports, _Kept())
        if kept.found:  # what these carry changes
            kept = _Kept()
        found = self._unless_settled(kept, _ESTABLISHED, _code_of(ports))
        self._connected[ports] = kept
        return found

    def still(self) -> bool:
        """See SocketTable.still: what is connected carries more and more."""
        kept = self._listened, *self._connected.values()
        if sys.platform != "linux" or any(one.found for one in self._connected.values()):
            return False
        times, oldest = self._came.times(), min(one.at for one in kept)
        same = times is not None and all(one.times == times for one in kept)
        return same and self._clock() - oldest < _SURELY_S

    def _unless_settled(self, kept: "_Kept", states: int, code: bytes) -> list[OpenSocket]:
        """Return what was found the last time where no socket can have come or gone since."""
        times, now = self._came.times(), self._clock()
        if times is None or times != kept.times or now - kept.at >= _SURELY_S:
            kept.found, kept.times, kept.at = self._dumped(states, code), times, now
        return kept.found

    def _dumped(self, states: int, code: bytes) -> list[OpenSocket]:
        found = _dumped(states, code, None if self._everybody else os.getuid() or None)
        own = self._own_of(frozenset(one.number for one in found))
        return [one for one in found if one.number not in own]

    def _own_of(self, numbers: frozenset[int]) -> frozenset[int]:
        """Return which of these sockets are this process's own."""
        if not numbers <= self._own | self._others:
            self._own = own_sockets()
            known = self._others if len(self._others) < _MOST_KNOWN else frozenset[int]()
            self._others = (known | numbers) - self._own
        return self._own

    def given_out(self) -> tuple[int, int]:
        """See SocketTable.given_out."""
        try:
            first, last = Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()
        except (OSError, ValueError):
            return (49152, 65535) if sys.platform != "linux" else _PORTS
        return int(first), int(last)


@lru_cache(maxsize=4)
def _code_of(ports: frozenset[int]) -> bytes:
    return far_ports_code(sorted(ports))


def far_ports_code(ports: Sequence[int]) -> bytes:
    """Return the attribute by which the kernel lists sockets with one of these far ports only."""
    size, code = _OPERATION.size, b""
    left = len(ports) * 2 * size + _JUMP.size
    for port in ports:
        code += _OPERATION.pack(_FAR_PORT_FROM, size, 2 * size, 0, port)
        code += _OPERATION.pack(_FAR_PORT_FROM, size, left - size, 0, min(port + 1, 0xFFFF))
        left -= 2 * size
    # The very end is the kernel's word for "this one", past the end for "not this one".
    code += _JUMP.pack(_JUMP_CODE, _JUMP.size, _JUMP.size + 4)
    return _ATTRIBUTE.pack(len(code) + _ATTRIBUTE.size, _BYTECODE) + code


def _dumped(states: int, code: bytes, uid: int | None) -> list[OpenSocket]:
    """Return this user's sockets in these states; None: everybody's.

    Raises OSError or DiagRefused.
    """
    try:
        rows = _asked(_OF_BOTH, _OLDER.pack(0, 0, 0, _WITH_TRAFFIC, states, 0) + code)
    except DiagRefused:
        rows = []
        for family in (socket.AF_INET, socket.AF_INET6):
            request = _REQUEST.pack(family, socket.IPPROTO_TCP, _WITH_TRAFFIC, 0, states)
            rows += _asked(_BY_FAMILY, request + code)
    return [one for owner, one in rows if uid in {None, owner} and one.number]


def _asked(kind: int, request: bytes) -> list[tuple[int, OpenSocket]]:
    head = _HEADER.pack(_HEADER.size + len(request), kind, _DUMP, 1, 0)
    return list(_heard(head + request))


def _heard(question: bytes) -> Iterator[tuple[int, OpenSocket]]:
    kind = socket.SOCK_RAW | socket.SOCK_CLOEXEC
    with socket.socket(socket.AF_NETLINK, kind, NETLINK_SOCK_DIAG) as asked:
        asked.settimeout(0.5)
        asked.send(question)
        for _ in range(_MOST_READS):
            piece = asked.recv(1 << 16)
            yield from _rows(piece)
            if _ends(piece):
                return


def _messages(piece: bytes) -> Iterator[tuple[int, int, int]]:
    """Yield kind, first byte and end of each message."""
    at = 0
    while at + _HEADER.size <= len(piece):
        length, kind, _, _, _ = _HEADER.unpack_from(piece, at)
        if length < _HEADER.size:
            raise DiagRefused("the kernel's list is damaged")
        yield kind, at, min(at + length, len(piece))
        at += (length + 3) & ~3


def _ends(piece: bytes) -> bool:
    return any(kind == _DONE for kind, _, _ in _messages(piece))


def _rows(piece: bytes) -> Iterator[tuple[int, OpenSocket]]:
    for kind, at, end in _messages(piece):
        if kind == _ERROR:
            raise DiagRefused("the kernel lists no sockets")
        if kind in {_BY_FAMILY, _OF_BOTH} and end - at >= _HEADER.size + _ENTRY.size:
            yield _row(piece, at + _HEADER.size, end)


def _row(piece: bytes, at: int, end: int) -> tuple[int, OpenSocket]:
    family, _, _, _, own, far, source, target, _, _, _, uid, inode = _ENTRY.unpack_from(piece, at)
    far_port = _PORT.unpack(far)[0]
    sent, received = _carried(piece, at + _ENTRY.size, end) if far_port else (None, None)
    return uid, OpenSocket(
        number=inode,
        host=_host(family, source),
        port=_PORT.unpack(own)[0],
        far_host=_host(family, target) if far_port else "",
        far_port=far_port,
        bytes_sent=sent,
        bytes_received=received,
    )


def _host(family: int, packed: bytes) -> str:
    """Return an address; one of the fourth version inside the sixth as itself."""
    if family == socket.AF_INET:
        return socket.inet_ntop(family, packed[:4])
    if packed.startswith(b"\0" * 10 + b"\xff\xff"):
        return socket.inet_ntop(socket.AF_INET, packed[12:])
    return socket.inet_ntop(family, packed)


def _carried(piece: bytes, at: int, end: int) -> tuple[int | None, int | None]:
    """Return bytes sent and received, as the kernel has counted them."""
    while at + _ATTRIBUTE.size <= end:
        size, kind = _ATTRIBUTE.unpack_from(piece, at)
        body = at + _ATTRIBUTE.size
        if kind == _TRAFFIC and size >= _ATTRIBUTE.size + _COUNTERS_AT + _COUNTERS.size:
            acknowledged, received = _COUNTERS.unpack_from(piece, body + _COUNTERS_AT)
            # The opening of a connection counts as one byte.
            sent = max(0, acknowledged - 1)
            if size >= _ATTRIBUTE.size + _SENT_AT + _SENT.size:
                out, again = _SENT.unpack_from(piece, body + _SENT_AT)
                sent = max(sent, out - again)
            return sent, received
        at += max((size + 3) & ~3, _ATTRIBUTE.size)
    return None, None


def _by_psutil() -> Iterator[OpenSocket]:
    import psutil

    try:
        rows = psutil.net_connections("tcp")
    except (psutil.Error, OSError):
        return
    yield from _of_rows(rows)


def _of_rows(rows: Iterable[object]) -> Iterator[OpenSocket]:
    import psutil

    for row in rows:
        if getattr(row, "pid", None) == os.getpid() or not (near := getattr(row, "laddr", ())):
            continue
        far = getattr(row, "raddr", ())
        status = getattr(row, "status", "")
        if status == psutil.CONN_LISTEN or (far and status == psutil.CONN_ESTABLISHED):
            host, port = far[:2] if far else ("", 0)
            yield OpenSocket(number=0, host=near[0], port=near[1], far_host=host, far_port=port)
