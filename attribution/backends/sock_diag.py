"""Codec of the kernel's sock_diag netlink family for one question: which socket has this exact
4-tuple?
"""

import ipaddress
import socket
import struct
from dataclasses import dataclass
from errno import ENOENT
from functools import lru_cache

from core.values import quick

NETLINK_SOCK_DIAG = 4
_BY_FAMILY = 20
_ERROR = 2
_REQUEST = 1
_HEADER = struct.Struct("=IHHII")
_ASKED = struct.Struct("=IHHIIBBBBI4s16s16s4x8s")
"""Header; family, protocol, extensions, states; ports, addresses, any device, any cookie."""
_PORTS = struct.Struct("!HH")
_ANSWER_TAIL = struct.Struct("=IIIII")
"""expires, receive queue, send queue, uid, inode"""
_ATTRIBUTE = struct.Struct("=HH")
_NUMBER = struct.Struct("=I")
_TRAFFIC, _WITH_TRAFFIC = 2, 1 << 1
"""The kernel's tcp_info."""
_LAST_SENT_AT, _LAST_CAME_AT, _PIECES_AT = 44, 52, 156
"""Places in it: milliseconds since data was sent last, and since data came last; how many segments
of data were sent.
"""
_ERROR_CODE = struct.Struct("=i")
_ANY_STATE = 0xFFFFFFFF
_PATIENCE_US = 200_000
_NO_COOKIE = b"\xff" * 8
_ANSWER_TAIL_AT = _HEADER.size + 4 + 48


@quick
@dataclass(frozen=True, slots=True)
class SocketEntry:
    """One socket of the kernel's table. `inode` is 0 when no process holds it any more."""

    inode: int
    uid: int
    sent_ago_s: float | None = None
    """How long ago data went out over it last, where that was asked and any did."""
    came_ago_s: float | None = None
    """How long ago data came last, or it was connected, where none has come; exact to a tick of the
    kernel's (4 ms or so). None where that was not asked.
    """
    queued: int = 0
    """Bytes that were written to it and that its far end has not taken yet."""


class NoSuchSocket(Exception):  # noqa: N818 - an answer of the kernel, not a fault
    """The kernel knows no socket with these addresses in this network namespace."""


class DiagRefused(Exception):  # noqa: N818 - an answer of the kernel, not a fault
    """The kernel refuses to answer (module missing, seccomp, no netlink)."""


@lru_cache(maxsize=256)
def address_bytes(host: str) -> bytes:
    """Return 4 or 16 bytes; a v4-mapped IPv6 address becomes its IPv4 one. Raises ValueError."""
    try:
        return socket.inet_aton(host) if host.count(".") == 3 and ":" not in host else _v6(host)
    except OSError as error:
        raise ValueError("not an IP address") from error


def _v6(host: str) -> bytes:
    address = ipaddress.IPv6Address(host.partition("%")[0])
    return address.ipv4_mapped.packed if address.ipv4_mapped is not None else address.packed


def encode(
    source: tuple[str, int],
    target: tuple[str, int],
    sequence: int,
    *,
    traffic: bool = False,
    udp: bool = False,
) -> bytes:
    """Return the request for the socket whose own address is `source` and whose peer is `target`,
    of TCP or UDP. `traffic`: ask as well what was sent over it.
    """
    if udp:  # udp_dump_one of the kernel takes the two the other way round
        source, target = target, source
    src, dst = address_bytes(source[0]), address_bytes(target[0])
    if len(src) != len(dst):
        raise ValueError("the two addresses are of different families")
    family = socket.AF_INET if len(src) == 4 else socket.AF_INET6
    header = _ASKED.size, _BY_FAMILY, _REQUEST, sequence, 0
    protocol = socket.IPPROTO_UDP if udp else socket.IPPROTO_TCP
    asked = family, protocol, _WITH_TRAFFIC if traffic else 0, 0, _ANY_STATE
    return _ASKED.pack(*header, *asked, _PORTS.pack(source[1], target[1]), src, dst, _NO_COOKIE)


def decode(answer: bytes, sequence: int, *, traffic: bool = True) -> SocketEntry | None:
    """Return the socket in the kernel's answer; None when it answers another question (read on).
    `traffic`: with what was sent over it, where that was asked.

    Raises NoSuchSocket, or DiagRefused for every other error and for an answer that is no answer.
    """
    if len(answer) < _HEADER.size:
        raise DiagRefused("short netlink answer")
    length, kind, _, number, _ = _HEADER.unpack_from(answer)
    if number != sequence:
        return None
    if kind == _ERROR and len(answer) >= _HEADER.size + 4:
        code = -_ERROR_CODE.unpack_from(answer, _HEADER.size)[0]
        if code == ENOENT:
            raise NoSuchSocket
        raise DiagRefused(f"netlink error {code}")
    if kind != _BY_FAMILY or min(length, len(answer)) < _ANSWER_TAIL_AT + _ANSWER_TAIL.size:
        raise DiagRefused(f"netlink answer of kind {kind}")
    _, _, queued, uid, inode = _ANSWER_TAIL.unpack_from(answer, _ANSWER_TAIL_AT)
    sent, came = _ago(answer, min(length, len(answer))) if traffic else (None, None)
    return SocketEntry(inode, uid, sent, came, queued)


def _ago(answer: bytes, end: int) -> tuple[float | None, float | None]:
    """Return how many seconds ago data was sent, and came."""
    at = _ANSWER_TAIL_AT + _ANSWER_TAIL.size
    while at + _ATTRIBUTE.size <= end:
        size, kind = _ATTRIBUTE.unpack_from(answer, at)
        if kind == _TRAFFIC and size >= _ATTRIBUTE.size + _PIECES_AT + 4:
            body = at + _ATTRIBUTE.size
            (pieces,) = _NUMBER.unpack_from(answer, body + _PIECES_AT)
            (sent,) = _NUMBER.unpack_from(answer, body + _LAST_SENT_AT)
            (came,) = _NUMBER.unpack_from(answer, body + _LAST_CAME_AT)
            return sent / 1000 if pieces else None, came / 1000
        at += max(size + 3 & ~3, _ATTRIBUTE.size)
    return None, None


class SockDiag:
    """One netlink socket. Not for use by two threads at once."""

    def __init__(self, given: socket.socket | None = None) -> None:
        """`given`: a socket made in the network that is to be asked; else this process's own is."""
        self._socket = given or socket.socket(
            socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_CLOEXEC, NETLINK_SOCK_DIAG
        )
        # The kernel has answered when the question is sent: no wait is to be waited for by a poll.
        self._socket.setblocking(True)
        patience = struct.pack("@ll", 0, _PATIENCE_US)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, patience)
        self._sequence = 0

    def find(
        self,
        source: tuple[str, int],
        target: tuple[str, int],
        *,
        traffic: bool = False,
        udp: bool = False,
    ) -> SocketEntry:
        """Ask for one socket. Raises NoSuchSocket, DiagRefused, ValueError."""
        self._sequence = (self._sequence + 1) & 0xFFFFFFFF
        try:
            asked = encode(source, target, self._sequence, traffic=traffic, udp=udp)
            self._socket.send(asked)
            while True:
                entry = decode(self._socket.recv(4096), self._sequence, traffic=traffic)
                if entry is not None:
                    return entry
        except OSError as error:
            raise DiagRefused(f"netlink: {error.strerror}") from error

    def close(self) -> None:
        """Close the netlink socket."""
        self._socket.close()
