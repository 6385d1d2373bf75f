"""Requests that are none: what a client sends to the gate, or into a tunnel, that cannot be read as
HTTP. It is refused at once, whether its head is whole or not, and told.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from mitmproxy.connection import Client
from mitmproxy.proxy import commands, context

from core.host_names import authority_of
from proxy.sniffing import looks_like_http
from proxy.uninspected import UNKNOWN_HOST

_FIRST = 4096
"""A first line that is longer than this names no host."""
_LONGEST_HOST = 253


@dataclass(frozen=True, slots=True)
class Unreadable:
    """Who sent it, and where it was to go."""

    client: Client
    target: tuple[str, int]
    ended: bool = False
    """Whether it was only begun: its client left."""


@dataclass
class GateUnreadableHook(commands.StartHook):
    """What a client sent was refused unread."""

    unreadable: Unreadable


def is_request(begun: bytes) -> bool:
    """Return False for what cannot become a request, however it goes on."""
    line = begun.lstrip(b"\r\n")
    return line[:1] != b"\x16" and looks_like_http(line)


def refused(
    where: context.Context, head: bytes, *, ended: bool = False
) -> Iterator[commands.Command]:
    """Yield what tells of it. `head`: the beginning of what was sent; `ended`: and all of it."""
    address = where.server.address
    target = _named(head) if address is None else (address[0], address[1])
    yield GateUnreadableHook(Unreadable(where.client, target, ended))


def _named(head: bytes) -> tuple[str, int]:
    """Return the host and port in a first line such as `GET ftp://host/file HTTP/1.1`."""
    line = head[:_FIRST].lstrip(b"\r\n").partition(b"\n")[0]
    words = line.split(b" ")
    scheme, mark, rest = words[1].partition(b"://") if len(words) > 1 else (b"", b"", b"")
    if not mark or not scheme.isalnum():
        return UNKNOWN_HOST, 0
    host, port = authority_of(rest.partition(b"/")[0].decode("ascii", "replace"))
    plain = host.replace("-", "").replace(".", "").replace("_", "").replace(":", "")
    if not (plain.isascii() and plain.isalnum()) or len(host) > _LONGEST_HOST:
        return UNKNOWN_HOST, 0
    return host, port or _PORTS.get(scheme.lower(), 0)


_PORTS = {b"http": 80, b"https": 443, b"ws": 80, b"wss": 443, b"ftp": 21}
