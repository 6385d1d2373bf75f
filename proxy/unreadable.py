"""Requests that are none: what a client sends to the gate, or into a tunnel, that cannot be read as
HTTP. It is refused at once, whether its head is whole or not, and told.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from mitmproxy.connection import Client
from mitmproxy.proxy import commands, context

from core.host_names import authority_of
from core.vocabulary.protocols import NO_PORT
from proxy.sniffing import looks_like_http
from proxy.uninspected import UNKNOWN_HOST, Told, Uninspected

_FIRST = 4096
"""A first line that is longer than this names no host."""
_LONGEST_HOST = 253


def unreadable(told: Uninspected) -> Told:
    """It is no request."""
    return told.unreadable


def old_request(told: Uninspected) -> Told:
    """It is one of HTTP/0.9."""
    return told.old_request


def half_head(told: Uninspected) -> Told:
    """It was only begun, and encrypted: its client left."""
    return told.half_head


def half_plain_head(told: Uninspected) -> Told:
    """It was only begun, and not encrypted."""
    return told.half_plain_head


def half(where: context.Context, begun: bytes) -> Callable[[Uninspected], Told]:
    """Return as what half a head of HTTP/1 is told: by the scheme that it names, or was sent by."""
    scheme = _place(begun)[0].lower()
    encrypted = scheme == b"https" if scheme in _PORTS else where.client.tls_established
    return half_head if encrypted else half_plain_head


@dataclass(frozen=True, slots=True)
class Unreadable:
    """Who sent it, and where it was to go."""

    client: Client
    target: tuple[str, int]
    how: Callable[[Uninspected], Told] = unreadable
    """What tells of it."""


@dataclass
class GateUnreadableHook(commands.StartHook):
    """What a client sent was refused unread."""

    unreadable: Unreadable


def is_request(begun: bytes) -> bool:
    """Return False for what cannot become a request, however it goes on."""
    line = begun.lstrip(b"\r\n")
    return line[:1] != b"\x16" and looks_like_http(line)


def refused(
    where: context.Context, head: bytes, how: Callable[[Uninspected], Told] = unreadable
) -> Iterator[commands.Command]:
    """Yield what tells of it. `head`: the beginning of what was sent; `how`: as what."""
    address = where.server.address
    target = _named(head) if address is None else (address[0], address[1])
    yield GateUnreadableHook(Unreadable(where.client, target, how))


def _named(head: bytes) -> tuple[str, int]:
    """Return the host and port in a first line such as `GET ftp://host/file HTTP/1.1`; none of
    which the end may not have come.
    """
    scheme, mark, rest = _place(head)
    if not mark or not scheme.isalnum():
        return UNKNOWN_HOST, NO_PORT
    host, port = authority_of(rest.partition(b"/")[0].decode("ascii", "replace"))
    plain = host.replace("-", "").replace(".", "").replace("_", "").replace(":", "")
    if not (plain.isascii() and plain.isalnum()) or len(host) > _LONGEST_HOST:
        return UNKNOWN_HOST, NO_PORT
    return host, port or _PORTS.get(scheme.lower(), NO_PORT)


def _place(head: bytes) -> tuple[bytes, bytes, bytes]:
    """Return the scheme of the place in a first line, its mark, and what is behind it; the mark is
    empty where there is none, or its host may not be whole.
    """
    line, end, _ = head[:_FIRST].lstrip(b"\r\n").partition(b"\n")
    _, _, behind = line.partition(b" ")
    place, parted, _ = behind.partition(b" ")
    scheme, mark, rest = place.partition(b"://")
    is_whole = parted or end or b"/" in rest
    return (scheme, mark, rest) if is_whole else (scheme, b"", b"")


_PORTS = {b"http": 80, b"https": 443, b"ws": 80, b"wss": 443, b"ftp": 21}
