"""The network of a sealed run: made inside a new namespace, its sockets open for the gate."""

import os
import socket
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from capture import datagrams, netlink, nftables

TCP_PORT, DNS_PORT, DNS_TCP_PORT = 15001, 15053, 15054
ROLES = ("tcp", "dns", "dns6", "dns_tcp", "quick", "thorough", "peers", "datagrams")
"""What the sockets are for, in the order in which they are handed over: connections, questions for
names (three ways), three to ask the kernel who holds a socket of this network, and one that sees
the datagrams that go nowhere.
"""
_SOCK_DIAG = 4
_NAME, _BEFORE_ROUTING = "outgate", -100
_IPV6_LOOPBACK = bytes(15) + b"\x01"


def enter_new_namespaces() -> None:
    """Have a user, a network and a mount namespace of our own, as the same user. For a process of
    one thread. Raises OSError.
    """
    uid, gid = os.getuid(), os.getgid()
    os.unshare(os.CLONE_NEWUSER | os.CLONE_NEWNET | os.CLONE_NEWNS)
    for name, text in (
        ("setgroups", "deny"),
        ("uid_map", f"{uid} {uid} 1"),
        ("gid_map", f"{gid} {gid} 1"),
    ):
        Path(f"/proc/self/{name}").write_text(text)


def make(home: Sequence[str] = ()) -> None:
    """Make every TCP connection and every question for a name end at our ports. Raises OSError.

    `home`: the machine's own addresses, which stay what they are for the program: its own.
    """
    netlink.send_route_messages(netlink.network_messages())
    chain = nftables.Chain(
        name=_NAME, kind="nat", priority=_BEFORE_ROUTING, rules=_redirections(home)
    )
    with nftables.connected() as channel:
        nftables.send(channel, nftables.table_messages(_NAME, [chain]))


def _redirections(home: Sequence[str]) -> list[nftables.Rule]:
    """Every TCP connection and every question for a name, those to loopback stub resolvers as well;
    other connections to loopback and to the addresses of `home` stay as they are.
    """
    is_tcp = nftables.protocol_is(socket.IPPROTO_TCP)
    is_udp = nftables.protocol_is(socket.IPPROTO_UDP)
    ours = [
        [*nftables.family_is(socket.AF_INET), *nftables.destination_begins(16, b"\x7f")],
        [*nftables.family_is(socket.AF_INET6), *nftables.destination_begins(24, _IPV6_LOOPBACK)],
        *(nftables.address_is(address) for address in home),
    ]
    return [
        [*is_udp, *nftables.port_is(53), *nftables.redirected(DNS_PORT)],
        [*is_tcp, *nftables.port_is(53), *nftables.redirected(DNS_TCP_PORT)],
        *([*place, nftables.returned()] for place in ours),
        [*is_tcp, *nftables.redirected(TCP_PORT)],
    ]


def identity() -> int:
    """Return the kernel's number of the network that this process is in."""
    return Path("/proc/self/ns/net").stat().st_ino


@contextmanager
def sockets() -> Iterator[list[socket.socket]]:
    """Yield one socket for each role; they are closed here at the end. Raises OSError."""
    found: list[socket.socket] = []
    try:
        found.append(_listener(TCP_PORT))
        found += [_asked(socket.AF_INET, "0.0.0.0"), _asked(socket.AF_INET6, "::")]  # noqa: S104
        found.append(_listener(DNS_TCP_PORT))
        found += [_diag() for _ in range(3)]
        found.append(datagrams.watching())
        yield found
    finally:
        for one in found:
            one.close()


def _listener(port: int) -> socket.socket:
    listener = socket.socket(socket.AF_INET6, socket.SOCK_STREAM)
    listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
    listener.bind(("::", port))
    listener.listen(1024)
    return listener


def _asked(family: int, host: str) -> socket.socket:
    asked = socket.socket(family, socket.SOCK_DGRAM)
    if family == socket.AF_INET6:
        asked.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
    asked.bind((host, DNS_PORT))
    return asked


def _diag() -> socket.socket:
    return socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, _SOCK_DIAG)
