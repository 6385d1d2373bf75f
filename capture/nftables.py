"""Messages to the kernel's nftables: tables, chains and rules, all in one batch or none."""

import socket
import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import IntFlag

from capture.netlink import HEADER, REQUEST, attribute, message, nested, raise_errors

_NFT, _BATCH_BEGIN, _BATCH_END = 10, 0x10, 0x11
_NEW_TABLE, _GET_TABLE, _DELETE_TABLE, _NEW_CHAIN, _NEW_RULE, _GET_RULE = 0, 1, 2, 3, 6, 7
_CREATE, _APPEND, _DUMP = 0x400, 0x800, 0x300
_ERROR, _DONE = 2, 3
_INET = 1
_OUTPUT = 3
_RETURN_VERDICT = -5
_NETFILTER = 12
_PATIENCE_S = 2.0
_META_OUT, _META_USER, _META_FAMILY, _META_PROTOCOL = 5, 10, 15, 16
_NETWORK, _TRANSPORT = 1, 2
_PORT_GIVEN = 2
_REGISTER, _VERDICT_REGISTER = 1, 0
_EQUAL, _UNEQUAL = 0, 1
_CONNECTION_STATE, _IS_NEW = 0, 8
_BY_RESET, _BY_UNREACHABLE, _PORT_UNREACHABLE = 1, 2, 1
_CGROUP_V2 = 3
_LOOPBACK_INDEX = 1
_KIND_MASK = 0x3FFF

type Rule = Sequence[bytes]
"""Expressions, in the order in which the kernel asks them."""


class Kept(IntFlag):
    """How long a table stays."""

    UNTIL_DELETED = 0
    WHILE_OPEN = 2
    """The kernel takes it away with the socket that made it, however that ends (Linux 5.12)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Chain:
    """Rules for what this machine sends."""

    name: str
    kind: str
    """`nat` is asked of the first packet of each connection, `filter` of every packet."""
    priority: int
    rules: Sequence[Rule]


def table_messages(
    table: str, chains: Sequence[Chain], kept: Kept = Kept.UNTIL_DELETED, *, anew: bool = False
) -> bytes:
    """Return the batch that makes a table; with `anew` in place of one of the same keeping."""
    made = (_NEW_TABLE, _of_table(table, kept), _CREATE)
    parts = [made]
    if anew:
        parts += [(_DELETE_TABLE, attribute(1, _text(table)), 0), made]
    for chain in chains:
        parts.append((_NEW_CHAIN, _of_chain(table, chain), _CREATE))
        names = attribute(1, _text(table)) + attribute(2, _text(chain.name))
        parts += [  # appended, else the last rule would come first
            (_NEW_RULE, names + nested(4, *rule), _CREATE | _APPEND) for rule in chain.rules
        ]
    return _batch(parts)


def deletion(table: str) -> bytes:
    """Return the batch after which there is no such table, whether there was one or not."""
    name = attribute(1, _text(table))
    return _batch([(_NEW_TABLE, name, _CREATE), (_DELETE_TABLE, name, 0)])


def connected() -> socket.socket:
    """Return a socket to the kernel's nftables."""
    kind = socket.SOCK_RAW | socket.SOCK_CLOEXEC
    channel = socket.socket(socket.AF_NETLINK, kind, _NETFILTER)
    channel.settimeout(_PATIENCE_S)
    return channel


def send(channel: socket.socket, batch: bytes) -> None:
    """Have the kernel take a batch. Raises OSError."""
    channel.send(batch)
    answered = 0
    wanted = len(_sequences(batch))
    while answered < wanted:
        answered += raise_errors(channel.recv(1 << 16))


def exists(channel: socket.socket, table: str) -> bool:
    """Return whether there is such a table. Raises OSError."""
    asked = struct.pack(">BBH", _INET, 0, 0) + attribute(1, _text(table))
    channel.send(
        HEADER.pack(HEADER.size + len(asked), _NFT << 8 | _GET_TABLE, REQUEST, 1, 0) + asked
    )
    return any(kind != _ERROR for kind, _ in _messages(channel.recv(1 << 16)))


def packets_counted(channel: socket.socket, table: str, chain: str) -> int:
    """Return how often the counting rules of a chain were reached, in packets. Raises OSError."""
    asked = struct.pack(">BBH", _INET, 0, 0)
    asked += attribute(1, _text(table)) + attribute(2, _text(chain))
    channel.send(
        HEADER.pack(HEADER.size + len(asked), _NFT << 8 | _GET_RULE, REQUEST | _DUMP, 1, 0) + asked
    )
    total, over = 0, False
    while not over:
        answer = channel.recv(1 << 16)
        for kind, content in _messages(answer):
            if kind == _ERROR:
                raise_errors(answer)
            over = over or kind in {_DONE, _ERROR}
            if kind == _NFT << 8 | _GET_RULE - 1:
                total += _packets(content[4:])
    return total


def returned() -> bytes:
    """Leave the chain: nothing is done to it."""
    verdict = nested(2, attribute(1, struct.pack(">i", _RETURN_VERDICT)))
    return _expression(b"immediate", attribute(1, _be(_VERDICT_REGISTER)), nested(2, verdict))


def redirected(port: int) -> list[bytes]:
    """Bring the connection to this port of this machine."""
    value = nested(2, attribute(1, struct.pack(">H", port)))
    return [
        _expression(b"immediate", attribute(1, _be(_REGISTER)), value),
        _expression(b"redir", attribute(1, _be(_REGISTER)), attribute(3, _be(_PORT_GIVEN))),
    ]


def refused(*, is_tcp: bool) -> bytes:
    """Answer at once that nobody listens there."""
    if is_tcp:
        return _expression(b"reject", attribute(1, _be(_BY_RESET)))
    code = attribute(2, bytes([_PORT_UNREACHABLE]))
    return _expression(b"reject", attribute(1, _be(_BY_UNREACHABLE)), code)


def counts() -> bytes:
    """Count what comes here."""
    return _expression(b"counter")


def protocol_is(number: int) -> list[bytes]:
    """TCP, UDP, …"""
    return [_meta(_META_PROTOCOL), _compared(bytes([number]))]


def family_is(family: int) -> list[bytes]:
    """IPv4 or IPv6."""
    return [_meta(_META_FAMILY), _compared(bytes([family]))]


def port_is(number: int) -> list[bytes]:
    """The port that it goes to."""
    return [_loaded(_TRANSPORT, 2, 2), _compared(struct.pack(">H", number))]


def destination_begins(offset: int, value: bytes) -> list[bytes]:
    """The address that it goes to; `offset`: where that stands in the head of its family."""
    return [_loaded(_NETWORK, offset, len(value)), _compared(value)]


def address_is(address: str) -> list[bytes]:
    """The whole address that it goes to."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    offset = 24 if family == socket.AF_INET6 else 16
    return [*family_is(family), *destination_begins(offset, socket.inet_pton(family, address))]


def user_is(uid: int) -> list[bytes]:
    """Whose socket it is."""
    return [_meta(_META_USER), _compared(struct.pack("=I", uid))]


def goes_to_loopback() -> list[bytes]:
    """It never leaves this machine."""
    return [_meta(_META_OUT), _compared(struct.pack("=I", _LOOPBACK_INDEX))]


def cgroup_is(number: int, level: int) -> list[bytes]:
    """The socket was made in this cgroup (version 2) or below it. `number`: of its folder;
    `level`: how many folders deep that is.
    """
    asked = (attribute(1, _be(_CGROUP_V2)), attribute(2, _be(_REGISTER)), attribute(3, _be(level)))
    return [_expression(b"socket", *asked), _compared(struct.pack("=Q", number))]


def is_new() -> list[bytes]:
    """The first packet of a connection, for chains that see all of them."""
    asked = attribute(1, _be(_REGISTER)) + attribute(2, _be(_CONNECTION_STATE))
    masked = (
        attribute(1, _be(_REGISTER)),
        attribute(2, _be(_REGISTER)),
        attribute(3, _be(4)),
        nested(4, attribute(1, struct.pack("=I", _IS_NEW))),
        nested(5, attribute(1, bytes(4))),
    )
    return [
        _expression(b"ct", asked),
        _expression(b"bitwise", *masked),
        _compared(bytes(4), _UNEQUAL),
    ]


def _text(name: str) -> bytes:
    return name.encode() + b"\0"


def _of_table(name: str, kept: Kept) -> bytes:
    flags = attribute(2, _be(kept)) if kept else b""
    return attribute(1, _text(name)) + flags


def _of_chain(table: str, chain: Chain) -> bytes:
    hook = nested(4, attribute(1, _be(_OUTPUT)), attribute(2, struct.pack(">i", chain.priority)))
    names = attribute(1, _text(table)) + attribute(3, _text(chain.name))
    return names + hook + attribute(7, _text(chain.kind))


def _batch(parts: Sequence[tuple[int, bytes, int]]) -> bytes:
    head = struct.pack(">BBH", _INET, 0, 0)
    middle = [
        message(_NFT << 8 | kind, head + content, at, flags)
        for at, (kind, content, flags) in enumerate(parts, 1)
    ]
    return b"".join([_mark(_BATCH_BEGIN, 0), *middle, _mark(_BATCH_END, len(parts) + 1)])


def _mark(kind: int, sequence: int) -> bytes:
    content = struct.pack(">BBH", socket.AF_UNSPEC, 0, _NFT)
    return HEADER.pack(HEADER.size + len(content), kind, REQUEST, sequence, 0) + content


def _sequences(batch: bytes) -> list[int]:
    """Return the kinds of the messages that the kernel acknowledges: all but the marks."""
    return [kind for kind, _ in _messages(batch) if kind not in {_BATCH_BEGIN, _BATCH_END}]


def _messages(data: bytes) -> Iterator[tuple[int, bytes]]:
    at = 0
    while at + HEADER.size <= len(data):
        length, kind, _, _, _ = HEADER.unpack_from(data, at)
        if length < HEADER.size:
            return
        yield kind, data[at + HEADER.size : at + length]
        at += (length + 3) & ~3


def _attributes(data: bytes) -> Iterator[tuple[int, bytes]]:
    at = 0
    while at + 4 <= len(data):
        size, kind = struct.unpack_from("=HH", data, at)
        if size < 4:
            return
        yield kind & _KIND_MASK, data[at + 4 : at + size]
        at += (size + 3) & ~3


def _packets(rule: bytes) -> int:
    """Return what the counters of one rule say."""
    total = 0
    for expressions in _under(rule, 4):
        for _, element in _attributes(expressions):
            found = dict(_attributes(element))
            if found.get(1) == b"counter\0":
                total += sum(int.from_bytes(n, "big") for n in _under(found.get(2, b""), 2))
    return total


def _under(data: bytes, kind: int) -> Iterator[bytes]:
    return (content for found, content in _attributes(data) if found == kind)


def _be(number: int) -> bytes:
    return struct.pack(">I", number)


def _expression(name: bytes, *content: bytes) -> bytes:
    return nested(1, attribute(1, name + b"\0"), nested(2, *content))


def _compared(value: bytes, how: int = _EQUAL) -> bytes:
    asked = (attribute(1, _be(_REGISTER)), attribute(2, _be(how)))
    return _expression(b"cmp", *asked, nested(3, attribute(1, value)))


def _meta(key: int) -> bytes:
    return _expression(b"meta", attribute(1, _be(_REGISTER)), attribute(2, _be(key)))


def _loaded(base: int, offset: int, length: int) -> bytes:
    places = (_REGISTER, base, offset, length)
    return _expression(b"payload", *(attribute(i, _be(n)) for i, n in enumerate(places, 1)))
