"""Messages to the kernel that make the network of a sealed run: addresses, routes, redirections.

Written by hand: a library for it takes 400 ms to import, the programs `ip` and `nft` 17 ms and may
be missing.
"""

import os
import socket
import struct
from collections.abc import Iterable, Sequence

_HEADER = struct.Struct("=IHHII")
_ATTRIBUTE = struct.Struct("=HH")
_ERROR = struct.Struct("=i")
_REQUEST, _ACKNOWLEDGE, _CREATE, _APPEND = 1, 4, 0x400, 0x800
_NESTED = 0x8000
_NLMSG_ERROR = 2
_LOOPBACK_INDEX = 1
"""The loopback device is the first of every network namespace."""

_NEW_LINK, _NEW_ADDRESS, _NEW_ROUTE = 16, 20, 24
_UP = 1
_GET_ADDRESS, _DUMP, _DONE = 22, 0x300, 3
_GIVEN = struct.Struct("=BBBBI")
_SCOPE_LINK = 253
"""Addresses of this scope or a narrower one mean something on one wire only."""
_TABLE_LOCAL, _BY_BOOT, _SCOPE_HOST, _KIND_LOCAL = 255, 3, 254, 2
_ADDRESS, _LOCAL = 1, 2
_DEVICE, _PREFERRED_SOURCE = 4, 7

_NFT, _BATCH_BEGIN, _BATCH_END = 10, 0x10, 0x11
_NEW_TABLE, _NEW_CHAIN, _NEW_RULE = 0, 3, 6
_INET = 1
_OUTPUT, _BEFORE_ROUTING = 3, -100
_NAME = b"outgate\0"
_RETURN_VERDICT = -5
_META_PROTOCOL, _META_FAMILY = 16, 15
_NETWORK, _TRANSPORT = 1, 2
_PORT_GIVEN = 2
_REGISTER, _VERDICT_REGISTER = 1, 0


def attribute(kind: int, content: bytes) -> bytes:
    """Return one attribute, filled up to four bytes."""
    return _ATTRIBUTE.pack(len(content) + 4, kind) + content + bytes(-len(content) % 4)


def nested(kind: int, *content: bytes) -> bytes:
    """Return one attribute that holds others."""
    return attribute(kind | _NESTED, b"".join(content))


def message(kind: int, content: bytes, sequence: int, flags: int = _CREATE) -> bytes:
    """Return one message that asks for an answer."""
    head = _HEADER.pack(
        _HEADER.size + len(content), kind, _REQUEST | _ACKNOWLEDGE | flags, sequence, 0
    )
    return head + content


def network_messages() -> list[bytes]:
    """Return what makes every address in the world a local one: loopback up, an address of each
    family that is none of loopback's, and routes for all the rest.

    Answers come from the loopback address: a resolver drops an answer from anywhere else.
    """
    link = struct.pack("=BxHiII", socket.AF_UNSPEC, 0, _LOOPBACK_INDEX, _UP, _UP)
    messages = [message(_NEW_LINK, link, 1)]
    for family, own, source in (
        (socket.AF_INET, "192.0.2.1", "127.0.0.1"),
        (socket.AF_INET6, "2001:db8::1", "::1"),
    ):
        address = socket.inet_pton(family, own)
        given = struct.pack("=BBBBI", family, len(address) * 8, 0, 0, _LOOPBACK_INDEX)
        given += attribute(_LOCAL, address) + attribute(_ADDRESS, address)
        messages.append(message(_NEW_ADDRESS, given, len(messages) + 1))
        route = struct.pack(
            "=BBBBBBBBI", family, 0, 0, 0, _TABLE_LOCAL, _BY_BOOT, _SCOPE_HOST, _KIND_LOCAL, 0
        )
        route += attribute(_DEVICE, struct.pack("=i", _LOOPBACK_INDEX))
        route += attribute(_PREFERRED_SOURCE, socket.inet_pton(family, source))
        messages.append(message(_NEW_ROUTE, route, len(messages) + 1))
    return messages


def redirection_batch(tcp: int, dns_udp: int, dns_tcp: int, home: Sequence[str] = ()) -> bytes:
    """Return the batch that brings to these ports every TCP connection and every question for a
    name, those to loopback stub resolvers as well; other connections to loopback and to the
    addresses of `home` stay as they are.
    """
    rules = [
        [*_protocol(socket.IPPROTO_UDP), *_port(53), *_redirect(dns_udp)],
        [*_protocol(socket.IPPROTO_TCP), *_port(53), *_redirect(dns_tcp)],
        [*_family(socket.AF_INET), *_destination(16, b"\x7f"), _leave()],
        [*_family(socket.AF_INET6), *_destination(24, bytes(15) + b"\x01"), _leave()],
        *([*_of_home(address), _leave()] for address in home),
        [*_protocol(socket.IPPROTO_TCP), *_redirect(tcp)],
    ]
    parts = [_nft(_NEW_TABLE, attribute(1, _NAME)), _nft(_NEW_CHAIN, _chain())]
    parts += [
        _nft(_NEW_RULE, attribute(1, _NAME) + attribute(2, _NAME) + nested(4, *rule))
        for rule in rules
    ]
    batch = [_batch_mark(_BATCH_BEGIN, 0)]
    batch += [
        message(kind, content, at, _CREATE | _APPEND)  # else the last rule would come first
        for at, (kind, content) in enumerate(parts, 1)
    ]
    return b"".join([*batch, _batch_mark(_BATCH_END, len(parts) + 1)])


def send_route_messages(messages: Iterable[bytes]) -> None:
    """Have the kernel do these, one after the other. Raises OSError."""
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, socket.NETLINK_ROUTE) as channel:
        for one in messages:
            channel.send(one)
            _raise_errors(channel.recv(1 << 16))


def send_redirections(batch: bytes) -> None:
    """Have the kernel's nftables take a batch. Raises OSError."""
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 12) as channel:  # NETLINK_NETFILTER
        channel.settimeout(2.0)
        channel.send(batch)
        answered = 0
        wanted = len(_sequences(batch))
        while answered < wanted:
            answered += _raise_errors(channel.recv(1 << 16))


def own_addresses() -> list[str]:
    """Return the addresses of this machine other than those of loopback. Raises OSError."""
    asked = _HEADER.pack(_HEADER.size + 1, _GET_ADDRESS, _REQUEST | _DUMP, 1, 0) + b"\0"
    found: list[str] = []
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, socket.NETLINK_ROUTE) as channel:
        channel.settimeout(1.0)
        channel.send(asked)
        over = False
        while not over:
            addresses, over = _addresses(channel.recv(1 << 16))
            found += addresses
    return found


def _addresses(answer: bytes) -> tuple[list[str], bool]:
    """Return the addresses in one piece of the kernel's answer, and whether it was the last."""
    at = 0
    found: list[str] = []
    while at + _HEADER.size <= len(answer):
        length, kind, _, _, _ = _HEADER.unpack_from(answer, at)
        if kind == _DONE or length < _HEADER.size:
            return found, True
        family, _, _, scope, index = _GIVEN.unpack_from(answer, at + _HEADER.size)
        place, end = at + _HEADER.size + _GIVEN.size, at + length
        while kind == _NEW_ADDRESS and place + _ATTRIBUTE.size <= end:
            size, name = _ATTRIBUTE.unpack_from(answer, place)
            if name == _ADDRESS and index != _LOOPBACK_INDEX and scope < _SCOPE_LINK:
                found.append(socket.inet_ntop(family, answer[place + 4 : place + size]))
            place += max(size + 3 & ~3, _ATTRIBUTE.size)
        at += (length + 3) & ~3
    return found, False


def _raise_errors(answer: bytes) -> int:
    """Return how many messages are acknowledged; raise OSError for the first one refused."""
    at = seen = 0
    while at + _HEADER.size <= len(answer):
        length, kind, _, _, _ = _HEADER.unpack_from(answer, at)
        if length < _HEADER.size:
            break
        if kind == _NLMSG_ERROR:
            (code,) = _ERROR.unpack_from(answer, at + _HEADER.size)
            if code:
                raise OSError(-code, os.strerror(-code))
            seen += 1
        at += (length + 3) & ~3
    return seen


def _sequences(batch: bytes) -> list[int]:
    """Return the numbers of the messages that the kernel acknowledges: all but the marks."""
    at = 0
    found: list[int] = []
    while at + _HEADER.size <= len(batch):
        length, kind, _, sequence, _ = _HEADER.unpack_from(batch, at)
        if kind not in {_BATCH_BEGIN, _BATCH_END}:
            found.append(sequence)
        at += (length + 3) & ~3
    return found


def _batch_mark(kind: int, sequence: int) -> bytes:
    content = struct.pack(">BBH", socket.AF_UNSPEC, 0, _NFT)
    return _HEADER.pack(_HEADER.size + len(content), kind, _REQUEST, sequence, 0) + content


def _nft(kind: int, content: bytes) -> tuple[int, bytes]:
    return _NFT << 8 | kind, struct.pack(">BBH", _INET, 0, 0) + content


def _chain() -> bytes:
    hook = nested(4, attribute(1, _be(_OUTPUT)), attribute(2, struct.pack(">i", _BEFORE_ROUTING)))
    return attribute(1, _NAME) + attribute(3, _NAME) + hook + attribute(7, b"nat\0")


def _be(number: int) -> bytes:
    return struct.pack(">I", number)


def _expression(name: bytes, *content: bytes) -> bytes:
    return nested(1, attribute(1, name + b"\0"), nested(2, *content))


def _is(value: bytes) -> bytes:
    return _expression(
        b"cmp", attribute(1, _be(_REGISTER)), attribute(2, _be(0)), nested(3, attribute(1, value))
    )


def _meta(key: int) -> bytes:
    return _expression(b"meta", attribute(1, _be(_REGISTER)), attribute(2, _be(key)))


def _loaded(base: int, offset: int, length: int) -> bytes:
    places = (_REGISTER, base, offset, length)
    return _expression(b"payload", *(attribute(i, _be(n)) for i, n in enumerate(places, 1)))


def _protocol(number: int) -> list[bytes]:
    return [_meta(_META_PROTOCOL), _is(bytes([number]))]


def _family(family: int) -> list[bytes]:
    return [_meta(_META_FAMILY), _is(bytes([family]))]


def _port(number: int) -> list[bytes]:
    return [_loaded(_TRANSPORT, 2, 2), _is(struct.pack(">H", number))]


def _destination(offset: int, value: bytes) -> list[bytes]:
    return [_loaded(_NETWORK, offset, len(value)), _is(value)]


def _of_home(address: str) -> list[bytes]:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    offset = 24 if family == socket.AF_INET6 else 16
    return [*_family(family), *_destination(offset, socket.inet_pton(family, address))]


def _leave() -> bytes:
    verdict = nested(2, attribute(1, struct.pack(">i", _RETURN_VERDICT)))
    return _expression(b"immediate", attribute(1, _be(_VERDICT_REGISTER)), nested(2, verdict))


def _redirect(port: int) -> list[bytes]:
    value = nested(2, attribute(1, struct.pack(">H", port)))
    return [
        _expression(b"immediate", attribute(1, _be(_REGISTER)), value),
        _expression(b"redir", attribute(1, _be(_REGISTER)), attribute(3, _be(_PORT_GIVEN))),
    ]
