"""Messages to the kernel that make the network of a sealed run: addresses and routes.

Written by hand: a library for it takes 400 ms to import, the programs `ip` and `nft` 17 ms and may
be missing.
"""

import os
import socket
import struct
from collections.abc import Iterable

HEADER = struct.Struct("=IHHII")
_ATTRIBUTE = struct.Struct("=HH")
_ERROR = struct.Struct("=i")
REQUEST, _ACKNOWLEDGE, _CREATE = 1, 4, 0x400
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


def attribute(kind: int, content: bytes) -> bytes:
    """Return one attribute, filled up to four bytes."""
    return _ATTRIBUTE.pack(len(content) + 4, kind) + content + bytes(-len(content) % 4)


def nested(kind: int, *content: bytes) -> bytes:
    """Return one attribute that holds others."""
    return attribute(kind | _NESTED, b"".join(content))


def message(kind: int, content: bytes, sequence: int, flags: int = _CREATE) -> bytes:
    """Return one message that asks for an answer."""
    head = HEADER.pack(
        HEADER.size + len(content), kind, REQUEST | _ACKNOWLEDGE | flags, sequence, 0
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


def send_route_messages(messages: Iterable[bytes]) -> None:
    """Have the kernel do these, one after the other. Raises OSError."""
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, socket.NETLINK_ROUTE) as channel:
        for one in messages:
            channel.send(one)
            raise_errors(channel.recv(1 << 16))


def own_addresses() -> list[str]:
    """Return the addresses of this machine other than those of loopback. Raises OSError."""
    asked = HEADER.pack(HEADER.size + 1, _GET_ADDRESS, REQUEST | _DUMP, 1, 0) + b"\0"
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
    while at + HEADER.size <= len(answer):
        length, kind, _, _, _ = HEADER.unpack_from(answer, at)
        if kind == _DONE or length < HEADER.size:
            return found, True
        family, _, _, scope, index = _GIVEN.unpack_from(answer, at + HEADER.size)
        place, end = at + HEADER.size + _GIVEN.size, at + length
        while kind == _NEW_ADDRESS and place + _ATTRIBUTE.size <= end:
            size, name = _ATTRIBUTE.unpack_from(answer, place)
            if name == _ADDRESS and index != _LOOPBACK_INDEX and scope < _SCOPE_LINK:
                found.append(socket.inet_ntop(family, answer[place + 4 : place + size]))
            place += max(size + 3 & ~3, _ATTRIBUTE.size)
        at += (length + 3) & ~3
    return found, False


def raise_errors(answer: bytes) -> int:
    """Return how many messages are acknowledged; raise OSError for the first one refused."""
    at = seen = 0
    while at + HEADER.size <= len(answer):
        length, kind, _, _, _ = HEADER.unpack_from(answer, at)
        if length < HEADER.size:
            break
        if kind == _NLMSG_ERROR:
            (code,) = _ERROR.unpack_from(answer, at + HEADER.size)
            if code:
                raise OSError(-code, os.strerror(-code))
            seen += 1
        at += (length + 3) & ~3
    return seen
