"""The kernel's table of TCP sockets: everybody's in a state or at a port (Linux).

Asked in dumps of sock_diag, with a filter where the kernel can leave out what nobody wants.
"""

import socket
import struct
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from attribution.backends.sock_diag import NETLINK_SOCK_DIAG, DiagRefused
from core.values import quick

_OF_TCP, _BY_FAMILY, _DONE, _ERROR = 18, 20, 3, 2
"""Kinds of messages. The older question is about TCP of every family in one: the kernel goes
through its table once.
"""
_DUMP = 0x301
_IS_ESTABLISHED = 1
ESTABLISHED, _ASKED, LISTEN = 1 << _IS_ESTABLISHED, 1 << 2, 1 << 10
"""States: open; asked for, and not answered yet (SYN-SENT); taking connections."""
_CLOSING = 1 << 4 | 1 << 5 | 1 << 8 | 1 << 9 | 1 << 11
"""States of a connection that one end has closed, and the other may not have."""
_HEADER = struct.Struct("=IHHII")
_REQUEST = struct.Struct("=BBBBI")
_OLD_REQUEST = struct.Struct("=BBBB48xII")
"""Family, lengths of two prefixes, extensions; a socket's ends, unused; states, unused."""
_ENTRY = struct.Struct("=BBBB2s2s16s16s4xII12xII")
"""Family, state, timer, tries; ports, addresses; the interface, the socket's number, its lower half
first; what is due and queued; user, inode.
"""
_INODE = struct.Struct("=I")
_INODE_AT = _HEADER.size + _ENTRY.size - _INODE.size
_PORT = struct.Struct("!H")
_FILTER = struct.Struct("=HHBBHBBHBBHBBH")
"""Attribute header; then two conditions, each as operation, how far to go on, where to go
otherwise, and its port.
"""
_CONDITION = struct.Struct("=BBHBBxxi")
"""Operation, how far to go on where it holds, and where not; family, length of the prefix, port."""
_JUMP = struct.Struct("=BBH")
_BYTECODE, _JUMP_CODE = 1, 1
_OWN, _FAR_ADDRESS = (2, 3), 8
"""Operations: not below and not above this port; the far end's address begins so."""
_THIS_MACHINE: Mapping[int, tuple[tuple[str, int], ...]] = {
    socket.AF_INET: (("127.0.0.0", 8),),
    socket.AF_INET6: (("::1", 128), ("::ffff:127.0.0.0", 104)),
}
_MOST_READS = 4096


@quick
@dataclass(frozen=True, slots=True)
class Row:
    """One socket: its own end, the far one, and its number."""

    host: str
    port: int
    far_host: str
    far_port: int
    inode: int
    uid: int
    established: bool = True
    """False while the far end has not answered, and for what listens."""
    number: int = 0
    """The kernel's own, of this socket alone: no other will ever have it."""


def request(family: int, states: int, port: int | None = None) -> bytes:
    """Return the request for all TCP sockets in these states, at one port of their own if
    given.
    """
    asked = _REQUEST.pack(family, socket.IPPROTO_TCP, 0, 0, states) + b"\0" * 48
    if port is not None:
        below, above = _OWN
        asked += _FILTER.pack(20, _BYTECODE, below, 8, 20, 0, 0, port, above, 8, 12, 0, 0, port)
    return _HEADER.pack(_HEADER.size + len(asked), _BY_FAMILY, _DUMP, 1, 0) + asked


def request_leaving(family: int) -> bytes:
    """Return the request for the TCP sockets that are established or ask to be, and whose far end
    is not on this machine.
    """
    asked = _REQUEST.pack(family, socket.IPPROTO_TCP, 0, 0, ESTABLISHED | _ASKED) + b"\0" * 48
    asked += _leaving_code([family])
    return _HEADER.pack(_HEADER.size + len(asked), _BY_FAMILY, _DUMP, 1, 0) + asked


def request_open() -> bytes:
    """Return the request for the TCP sockets of both families that listen, or are established (or
    ask to be) with a far end that is not on this machine.
    """
    states = ESTABLISHED | _ASKED | LISTEN
    asked = _OLD_REQUEST.pack(socket.AF_UNSPEC, 0, 0, 0, states, 0)
    asked += _leaving_code(_THIS_MACHINE)
    return _HEADER.pack(_HEADER.size + len(asked), _OF_TCP, _DUMP, 1, 0) + asked


def request_listening() -> bytes:
    """Return the request for the TCP sockets of both families that listen."""
    asked = _OLD_REQUEST.pack(socket.AF_UNSPEC, 0, 0, 0, LISTEN, 0)
    return _HEADER.pack(_HEADER.size + len(asked), _OF_TCP, _DUMP, 1, 0) + asked


def _leaving_code(families: Iterable[int]) -> bytes:
    """Return the attribute by which the kernel leaves out what stays on this machine."""
    conditions = [
        (family, socket.inet_pton(family, host), bits)
        for family in families
        for host, bits in _THIS_MACHINE[family]
    ]
    left = sum(_CONDITION.size + len(address) + _JUMP.size for _, address, _ in conditions)
    code = b""
    for family, address, bits in conditions:
        step = _CONDITION.size + len(address)
        code += _CONDITION.pack(_FAR_ADDRESS, step, step + _JUMP.size, family, bits, -1) + address
        # To this machine: a jump past the end, the kernel's word for "not this one".
        code += _JUMP.pack(_JUMP_CODE, _JUMP.size, left - step + 4)
        left -= step + _JUMP.size
    return struct.pack("=HH", len(code) + 4, _BYTECODE) + code


def rows(answer: bytes, among: Collection[int] | None = None) -> Iterator[Row | None]:
    """Yield the sockets of one piece of an answer, and None at its end. `among`: only those with
    such an inode. Raises DiagRefused.
    """
    at = 0
    while at + _HEADER.size <= len(answer):
        length, kind, _, _, _ = _HEADER.unpack_from(answer, at)
        if kind == _DONE:
            yield None
            return
        if kind == _ERROR or length < _HEADER.size:
            raise DiagRefused("the kernel lists no sockets")
        if kind in {_BY_FAMILY, _OF_TCP} and length >= _HEADER.size + _ENTRY.size:
            inode = _INODE.unpack_from(answer, at + _INODE_AT)[0]
            if among is None or inode in among:
                yield _row(answer, at + _HEADER.size)
        at += (length + 3) & ~3


def _row(answer: bytes, at: int) -> Row:
    family, state, _, _, own, far, source, target, low, high, uid, inode = _ENTRY.unpack_from(
        answer, at
    )
    size = 4 if family == socket.AF_INET else 16
    return Row(
        host=socket.inet_ntop(family, source[:size]),
        port=_PORT.unpack(own)[0],
        far_host=socket.inet_ntop(family, target[:size]),
        far_port=_PORT.unpack(far)[0],
        inode=inode,
        uid=uid,
        established=state == _IS_ESTABLISHED,
        number=high << 32 | low,
    )


def listening(channel: socket.socket) -> list[tuple[str, int]]:
    """Return the addresses and ports at which the network listens in which this socket of
    NETLINK_SOCK_DIAG was made. Raises OSError or DiagRefused.
    """
    return [(row.host, row.port) for row in dump(LISTEN, None, channel)]


def open_rows() -> list[Row]:
    """Return what listens, and the TCP connections that are open or asked for with a far end that
    is not on this machine: everybody's.

    Raises OSError or DiagRefused where the kernel does not list them.
    """
    try:
        return answered(request_open())
    except DiagRefused:
        families = (socket.AF_INET, socket.AF_INET6)
        found = [row for family in families for row in answered(request_leaving(family))]
        return found + dump(LISTEN)


def left_closing() -> frozenset[int]:
    """Return the numbers of the TCP sockets that no process holds any more, and whose far ends have
    not closed yet: whoever had them is done with them.
    """
    try:
        return frozenset(row.number for row in dump(_CLOSING) if row.inode == 0)
    except (OSError, DiagRefused):
        return frozenset()


def leaving(own: Collection[int] = (), found: Sequence[Row] | None = None) -> list[Row]:
    """Return the TCP connections that leave this machine, opened here or about to be: not those
    that a listening socket took. `own`: numbers of this process's sockets; neither they nor what
    is connected to them is listed, wherever it was meant to go (a gate that captures). `found`:
    the rows to choose from; else they are asked for.

    Raises OSError or DiagRefused where the kernel does not list them.
    """
    found = open_rows() if found is None else found
    # What listens has no far end yet.
    listening = {row.port for row in found if row.far_port == 0}
    doors = {row.port for row in found if row.far_port == 0 and row.inode in own}
    taken = {(_plain(row.far_host), row.far_port) for row in found if row.port in doors}
    return [
        row
        for row in found
        if row.far_port != 0
        and row.port not in listening
        and row.inode not in own
        and (_plain(row.host), row.port) not in taken
    ]


def _plain(host: str) -> str:
    """Return an address of IPv4 as such, also where a socket of IPv6 names it."""
    return host.removeprefix("::ffff:")


def dump(states: int, port: int | None = None, channel: socket.socket | None = None) -> list[Row]:
    """Return the sockets of both families in these states, at one port of their own if given.
    `channel`: as for `answered`. Raises OSError or DiagRefused.
    """
    families = (socket.AF_INET, socket.AF_INET6)
    asked = (request(family, states, port) for family in families)
    return [row for one in asked for row in answered(one, channel)]


def answered(
    question: bytes,
    channel: socket.socket | None = None,
    among: Collection[int] | None = None,
) -> list[Row]:
    """Return the whole answer to a request. `channel`: made in the network that is to be asked;
    else this process's own is. `among`: as for `rows`. Raises OSError or DiagRefused.
    """
    if channel is not None:
        return _heard(question, channel, among)
    kind = socket.SOCK_RAW | socket.SOCK_CLOEXEC
    with socket.socket(socket.AF_NETLINK, kind, NETLINK_SOCK_DIAG) as asked:
        asked.settimeout(0.5)
        return _heard(question, asked, among)


def _heard(question: bytes, channel: socket.socket, among: Collection[int] | None) -> list[Row]:
    found: list[Row] = []
    channel.send(question)
    for _ in range(_MOST_READS):
        piece = list(rows(channel.recv(1 << 16), among))
        found += [row for row in piece if row is not None]
        if None in piece:
            break
    return found
