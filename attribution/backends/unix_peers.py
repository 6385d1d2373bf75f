"""Who is connected to a process by Unix sockets at which it takes connections (Linux).

Asked of the kernel in dumps of sock_diag: what listens, and only for a process that does, what is
connected, with the number of each far end. Datagrams have no connections, and no peers here.
"""

import socket
import struct
from collections.abc import Collection, Iterator
from dataclasses import dataclass

from attribution.backends.sock_diag import NETLINK_SOCK_DIAG, DiagRefused
from core.values import quick

_BY_FAMILY, _DUMP, _DONE, _ERROR = 20, 0x301, 3, 2
_HEADER = struct.Struct("=IHHII")
_REQUEST = struct.Struct("=BBHIII8x")
"""Family, unused, unused, states, one socket's number (none: all), what is to be shown."""
_ENTRY = struct.Struct("=BBBBI8x")
"""Family, type, state, unused, the socket's number."""
_ATTRIBUTE = struct.Struct("=HH")
_NUMBER = struct.Struct("=I")
_ESTABLISHED, _LISTEN = 1, 10
_SHOW_NAME, _SHOW_PEER = 1, 4
_NAME, _PEER = 0, 2
_MOST_READS = 4096


@quick
@dataclass(frozen=True, slots=True)
class UnixRow:
    """One Unix socket: its number, what it is called, and the number of its far end."""

    inode: int
    name: bytes = b""
    peer: int = 0

    def __repr__(self) -> str:
        return f"<UnixRow {self.inode}>"


def far_ends(held: Collection[int], channel: socket.socket | None = None) -> set[int] | None:
    """Return the far ends of what a process has accepted by Unix sockets; None when it listens at
    none.

    `held`: the numbers of its sockets. What it accepted has the name of the socket that listens; of
    what it opened itself the far end has. `channel`: a socket of NETLINK_SOCK_DIAG made in the
    network that is to be asked. Raises OSError or DiagRefused.
    """
    names = {row.name for row in _dump(_LISTEN, channel) if row.inode in held and row.name}
    if not names:
        return None
    connected = _dump(_ESTABLISHED, channel)
    return {row.peer for row in connected if row.inode in held and row.name in names and row.peer}


def _dump(state: int, channel: socket.socket | None) -> list[UnixRow]:
    show = _SHOW_NAME | (_SHOW_PEER if state == _ESTABLISHED else 0)
    asked = _REQUEST.pack(socket.AF_UNIX, 0, 0, 1 << state, 0, show)
    question = _HEADER.pack(_HEADER.size + len(asked), _BY_FAMILY, _DUMP, 1, 0) + asked
    if channel is not None:
        return list(_heard(question, channel))
    kind = socket.SOCK_RAW | socket.SOCK_CLOEXEC
    with socket.socket(socket.AF_NETLINK, kind, NETLINK_SOCK_DIAG) as own:
        own.settimeout(0.5)
        return list(_heard(question, own))


def _heard(question: bytes, channel: socket.socket) -> Iterator[UnixRow]:
    channel.send(question)
    for _ in range(_MOST_READS):
        piece = channel.recv(1 << 16)
        for row in rows(piece):
            if row is None:
                return
            yield row


def rows(piece: bytes) -> Iterator[UnixRow | None]:
    """Yield the sockets of one piece of an answer, and None at its end. Raises DiagRefused."""
    at = 0
    while at + _HEADER.size <= len(piece):
        length, kind, _, _, _ = _HEADER.unpack_from(piece, at)
        if kind == _DONE:
            yield None
            return
        if kind == _ERROR or length < _HEADER.size:
            raise DiagRefused("the kernel lists no Unix sockets")
        if kind == _BY_FAMILY and length >= _HEADER.size + _ENTRY.size:
            yield _row(piece[at + _HEADER.size : at + length])
        at += (length + 3) & ~3


def _row(entry: bytes) -> UnixRow:
    inode = _ENTRY.unpack_from(entry)[4]
    name, peer, at = b"", 0, _ENTRY.size
    while at + _ATTRIBUTE.size <= len(entry):
        size, kind = _ATTRIBUTE.unpack_from(entry, at)
        body = entry[at + _ATTRIBUTE.size : at + size]
        if kind == _NAME:
            name = body
        elif kind == _PEER and len(body) >= _NUMBER.size:
            peer = _NUMBER.unpack_from(body)[0]
        at += max((size + 3) & ~3, _ATTRIBUTE.size)
    return UnixRow(inode, name, peer)
