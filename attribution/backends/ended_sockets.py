"""Which sockets of this machine's network have ended, told by the kernel as they do (Linux; no
right is needed): the addresses, and nobody's name.

That is all there is of a connection that began and ended between two looks at the table.
"""

import socket
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from attribution.backends.sock_diag import NETLINK_SOCK_DIAG

_GROUPS = 0b1111
"""TCP and UDP, of IPv4 and IPv6 (SKNLGRP_INET_TCP_DESTROY and the three after it)."""
_BUFFER = 1 << 20
_MOST = 1 << 14
_MOST_AT_ONCE = 4096
_HEADER = struct.Struct("=IHHII")
_ENTRY = struct.Struct("=BBBB2s2s16s16s")
"""Family, state, timer, tries; then both ports and addresses."""
_NUMBER_AT = struct.Struct("=4xII")
"""What follows: the interface, and the socket's number, its lower half first."""
_REST = 32
"""How much follows of the entry in all: of the rest nothing is filled in."""
_ATTRIBUTE = struct.Struct("=HH")
_TRAFFIC, _PROTOCOL = 2, 10
_NUMBER = struct.Struct("=Q")
_ACKNOWLEDGED_AT, _RECEIVED_AT = 120, 128
"""In the kernel's tcp_info: bytes that the far side took, its answer to the first word among them;
and bytes that came from it.
"""
_BY_FAMILY = 20
_PORT = struct.Struct("!H")
_ATTACH_FILTER = 26
_LOAD, _LOAD_HALF, _LOAD_BYTE, _EQUAL, _RETURN = 0x20, 0x28, 0x30, 0x15, 0x06
_FAMILY_AT = _HEADER.size
_FAR_AT = _FAMILY_AT + 4 + 4 + 16
_FAR_PORT_AT = _FAMILY_AT + 4 + 2
_LOOPBACK_NET, _MAPPED = 127, 0xFFFF
NAMES = 53
"""Port at which names are looked up: the system's own business."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EndedSocket:
    """One socket that is no more."""

    transport: Literal["tcp", "udp"]
    host: str
    port: int
    far_host: str
    """An address of none (`0.0.0.0`, `::`) where it was bound to no far side."""
    far_port: int
    """0 where it was bound to none; or had been, and was refused."""
    answered: bool
    """Whether the far side ever answered. True for UDP, where nobody can tell."""
    number: int
    """The kernel's own, of this socket alone."""


class EndedSockets:
    """Hears of them. Raises OSError where the kernel does not tell. For one thread."""

    def __init__(self) -> None:
        kind = socket.SOCK_RAW | socket.SOCK_CLOEXEC | socket.SOCK_NONBLOCK
        self._socket = socket.socket(socket.AF_NETLINK, kind, NETLINK_SOCK_DIAG)
        try:
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _BUFFER)
            _only_what_leaves(self._socket)
            self._socket.bind((0, _GROUPS))
        except BaseException:
            self._socket.close()
            raise

    def take(self) -> Iterator[EndedSocket | None]:
        """Yield what has come since; None where some was lost."""
        for _ in range(_MOST_AT_ONCE):
            try:
                data, (sender, _) = self._socket.recvfrom(_MOST)
            except BlockingIOError:
                return
            except OSError:  # ENOBUFS: more came than there was room for
                yield None
                continue
            if sender == 0 and (found := read_ended(data)) is not None:
                yield found

    def close(self) -> None:
        """Hear no more."""
        self._socket.close()


def read_ended(data: bytes) -> EndedSocket | None:
    """Return what one message of the kernel tells; None for what is none of these."""
    begin = _HEADER.size + _ENTRY.size + _REST
    if len(data) < begin:
        return None
    length, kind, *_ = _HEADER.unpack_from(data)
    family, _, _, _, own, far, source, target = _ENTRY.unpack_from(data, _HEADER.size)
    low, high = _NUMBER_AT.unpack_from(data, _HEADER.size + _ENTRY.size)
    told = dict(_attributes(data, begin, min(length, len(data))))
    protocol = told.get(_PROTOCOL, b"")[:1]
    known = {bytes([socket.IPPROTO_TCP]): "tcp", bytes([socket.IPPROTO_UDP]): "udp"}
    if kind != _BY_FAMILY or family not in {socket.AF_INET, socket.AF_INET6}:
        return None
    if protocol not in known:
        return None
    size = 4 if family == socket.AF_INET else 16
    is_tcp = known[protocol] == "tcp"
    return EndedSocket(
        transport="tcp" if is_tcp else "udp",
        host=plain(socket.inet_ntop(family, source[:size])),
        port=_PORT.unpack(own)[0],
        far_host=plain(socket.inet_ntop(family, target[:size])),
        far_port=_PORT.unpack(far)[0],
        answered=not is_tcp or _was_answered(told.get(_TRAFFIC, b"")),
        number=high << 32 | low,
    )


def plain(host: str) -> str:
    """Return an address of IPv4 as such, also where a socket of IPv6 names it."""
    return host.removeprefix("::ffff:") if "." in host else host


def _attributes(data: bytes, at: int, end: int) -> Iterator[tuple[int, bytes]]:
    while at + _ATTRIBUTE.size <= end:
        size, kind = _ATTRIBUTE.unpack_from(data, at)
        if size < _ATTRIBUTE.size:
            return
        yield kind, data[at + _ATTRIBUTE.size : min(at + size, end)]
        at += size + 3 & ~3


def _was_answered(traffic: bytes) -> bool:
    if len(traffic) < _RECEIVED_AT + _NUMBER.size:
        return False
    taken = _NUMBER.unpack_from(traffic, _ACKNOWLEDGED_AT)[0]
    return bool(taken or _NUMBER.unpack_from(traffic, _RECEIVED_AT)[0])


def _only_what_leaves(held: socket.socket) -> None:
    """Have the kernel leave out what stays on this machine: a gate's clients are by the thousand.
    Look-ups of names are told wherever they went.

    Numbers are loaded as the network orders them.
    """
    import ctypes

    rows = (
        (_LOAD_HALF, 0, 0, _FAR_PORT_AT),
        (_EQUAL, 18, 0, NAMES),
        (_LOAD_BYTE, 0, 0, _FAMILY_AT),
        (_EQUAL, 0, 2, socket.AF_INET),
        (_LOAD_BYTE, 0, 0, _FAR_AT),
        (_EQUAL, 10, 9, _LOOPBACK_NET),
        (_LOAD, 0, 0, _FAR_AT),
        (_EQUAL, 0, 7, 0),
        (_LOAD, 0, 0, _FAR_AT + 4),
        (_EQUAL, 0, 5, 0),
        (_LOAD, 0, 0, _FAR_AT + 8),
        (_EQUAL, 5, 0, _MAPPED),
        (_EQUAL, 0, 2, 0),
        (_LOAD, 0, 0, _FAR_AT + 12),
        (_EQUAL, 1, 0, 1),
        (_RETURN, 0, 0, _MOST),
        (_RETURN, 0, 0, 0),
        (_LOAD_BYTE, 0, 0, _FAR_AT + 12),
        (_EQUAL, 0, 1, _LOOPBACK_NET),
        (_RETURN, 0, 0, 0),
        (_RETURN, 0, 0, _MOST),
    )
    program = b"".join(struct.pack("=HBBI", *row) for row in rows)
    kept = ctypes.create_string_buffer(program, len(program))
    attached = struct.pack("@HP", len(rows), ctypes.addressof(kept))
    held.setsockopt(socket.SOL_SOCKET, _ATTACH_FILTER, attached)
