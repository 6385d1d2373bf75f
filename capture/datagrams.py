"""Datagrams (UDP) that a sealed program sends to anywhere but its own servers: none leaves, and a
socket that sees all packets of the seal's network tells whence and where to.

The kernel's own filter lets through what is told of, and no more of each than its heads: datagrams
to other addresses than loopback's, and the kernel's word that nobody takes one at loopback.
"""

import contextlib
import ipaddress
import socket
import struct
from dataclasses import dataclass

_ALL_PROTOCOLS = 0x0003
_PACKET, _STATISTICS, _IGNORE_OUTGOING = 263, 6, 23
_ATTACH_FILTER = 26
_COUNTS = struct.Struct("=II")
_KEPT = 128
"""Bytes of a packet: two heads of IPv6 and what stands before and in the second."""
_ROOM = 1 << 18
_INSTRUCTION = struct.Struct("=HBBI")
_BYTE, _HALF, _WORD, _MASK, _EQUAL, _ANY_OF, _RETURN = 0x30, 0x28, 0x20, 0x54, 0x15, 0x45, 0x06
_UDP, _ICMP, _ICMP6 = 17, 1, 58
_FOUR, _SIX = 20, 40
"""How long the heads are: of IPv4 without options, at least; of IPv6 what has more is not told."""
_ERROR = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Datagram:
    """One: the near end, and where it was to go."""

    near: tuple[str, int]
    far: tuple[str, int]


def watching() -> socket.socket:
    """Return a socket that sees them, in the network that this process is in. Raises OSError."""
    if not hasattr(socket, "AF_PACKET"):
        raise OSError("no such sockets here")
    seen = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, 0)
    try:
        seen.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _ROOM)
        with contextlib.suppress(OSError):  # Linux 4.20; before, each is seen twice
            seen.setsockopt(_PACKET, _IGNORE_OUTGOING, 1)
        _attach(seen)
        seen.bind(("lo", _ALL_PROTOCOLS))
    except OSError:
        seen.close()
        raise
    return seen


def missed(seen: socket.socket) -> int:
    """Return how many there was no room for since one last asked."""
    with contextlib.suppress(OSError, struct.error):
        told = seen.getsockopt(_PACKET, _STATISTICS, _COUNTS.size)
        return int(_COUNTS.unpack(told)[1])
    return 0


def read(packet: bytes) -> Datagram | None:
    """Return what a packet tells; None for one that tells of no datagram. Never raises."""
    try:
        protocol, head = _head(packet)
        if protocol in {_ICMP, _ICMP6}:
            packet = packet[head + _ERROR :]
            protocol, head = _head(packet)
        return _ends(packet, head) if protocol == _UDP else None
    except (IndexError, struct.error, ValueError):
        return None


def _head(packet: bytes) -> tuple[int, int]:
    """Return what the packet carries and where. Raises ValueError where it is none."""
    if packet[0] >> 4 == 6:
        return packet[6], _SIX
    head = 4 * (packet[0] & 0x0F)
    if packet[0] >> 4 != 4 or head < _FOUR:
        raise ValueError
    return packet[9], head


def _ends(packet: bytes, head: int) -> Datagram:
    near, far = struct.unpack_from("!HH", packet, head)
    at, size = (8, 16) if packet[0] >> 4 == 6 else (12, 4)
    source, target = packet[at : at + size], packet[at + size : at + 2 * size]
    return Datagram(near=(_text(source), near), far=(_text(target), far))


def _text(address: bytes) -> str:
    return str(ipaddress.ip_address(address))


def _attach(seen: socket.socket) -> None:
    import ctypes

    code = ctypes.create_string_buffer(_filter())
    count = len(_filter()) // _INSTRUCTION.size
    given = struct.pack("@HP", count, ctypes.addressof(code))
    seen.setsockopt(socket.SOL_SOCKET, _ATTACH_FILTER, given)


def _filter() -> bytes:
    """Return the kernel's byte code: what is none of these leaves it at once."""
    four = [
        *_only(_HALF, 6, 0, 0x1FFF),  # the first part of a datagram, or all of it
        *_either(
            (9, _UDP),
            _other(_BYTE, 16, 127),
            [
                *_only(_BYTE, 9, _ICMP),
                *_only(_BYTE, 20, 3),
                *_only(_BYTE, 37, _UDP),
                *_only(_BYTE, 44, 127),
            ],
        ),
    ]
    six = _either(
        (6, _UDP),
        _not_loopback(24),
        [
            *_only(_BYTE, 6, _ICMP6),
            *_only(_BYTE, 40, 1),
            *_only(_BYTE, 54, _UDP),
            *_loopback(72),
        ],
    )
    return b"".join(
        [
            _do(_BYTE, 0),
            _do(_MASK, 0xF0),
            *_branch(0x40, four),
            *_branch(0x60, six),
            _do(_RETURN, 0),
        ]
    )


def _do(code: int, value: int, then: int = 0, otherwise: int = 0) -> bytes:
    return _INSTRUCTION.pack(code, then, otherwise, value)


def _branch(value: int, part: list[bytes]) -> list[bytes]:
    return [_do(_EQUAL, value, 0, len(part) + 1), *part, _do(_RETURN, _KEPT)]


def _only(size: int, at: int, value: int, mask: int | None = None) -> list[bytes]:
    """Leave unless the value there is this one; with a mask, unless none of its bits is set."""
    if mask is not None:
        return [_do(size, at), _do(_ANY_OF, mask, 0, 1), _do(_RETURN, 0)]
    return [_do(size, at), _do(_EQUAL, value, 1, 0), _do(_RETURN, 0)]


def _other(size: int, at: int, value: int) -> list[bytes]:
    """Leave where the value there is this one."""
    return [_do(size, at), _do(_EQUAL, value, 0, 1), _do(_RETURN, 0)]


def _either(test: tuple[int, int], then: list[bytes], otherwise: list[bytes]) -> list[bytes]:
    """Do the first where the byte there has this value, else the second; both end by accepting."""
    at, value = test
    accepts = [*then, _do(_RETURN, _KEPT)]
    return [_do(_BYTE, at), _do(_EQUAL, value, 0, len(accepts)), *accepts, *otherwise]


def _loopback(at: int) -> list[bytes]:
    """Leave unless ::1 stands there."""
    words = (0, 0, 0, 1)
    return [one for i, word in enumerate(words) for one in _only(_WORD, at + 4 * i, word)]


def _not_loopback(at: int) -> list[bytes]:
    """Leave where ::1 stands there."""
    parts: list[bytes] = []
    for i, word in enumerate((0, 0, 0)):
        left = 3 - i
        parts += [_do(_WORD, at + 4 * i), _do(_EQUAL, word, 0, 2 * left + 1)]
    return [*parts, _do(_WORD, at + 12), _do(_EQUAL, 1, 0, 1), _do(_RETURN, 0)]
