"""Who is connected to a process that takes connections itself: forwarders, local proxies, servers
(Linux; TCP, and Unix sockets by `unix_peers`).

Asked of the kernel in two dumps of sock_diag: everything that listens, then what is established on
the ports at which this process does. Connections from other machines have no peer here.
"""

import socket

from attribution.backends import procfs
from attribution.backends.sock_diag import DiagRefused, NoSuchSocket, SockDiag
from attribution.backends.tcp_table import (
    ESTABLISHED,
    LISTEN,
    Row,
    answered,
    dump,
    request_listening,
)
from attribution.backends.unix_peers import UnixPeers

_MOST_PORTS, _MOST_PEERS = 8, 32
_LEAST = 2
"""Sockets of a process that takes connections and has one of its own, which led here."""


class Peers:
    """Two questions to the kernel. Not for use by two threads at once."""

    def __init__(self, given: socket.socket | None = None) -> None:
        """`given`: a socket made in the network that is to be asked; else this process's own is."""
        self._given = given
        self._diag = SockDiag(given)
        self._unix = UnixPeers(given)

    def far_ends(self, pid: int) -> frozenset[int] | None:
        """Return the sockets that are connected to this process; None when it takes no
        connections.
        """
        held = set(procfs.sockets(pid) or ())
        if len(held) < _LEAST:
            return None
        by_tcp, by_unix = self._by_tcp(held), self._by_unix(held)
        if by_tcp is None and by_unix is None:
            return None
        wanted = sorted((by_tcp or set()) | (by_unix or set()))
        return frozenset(wanted[:_MOST_PEERS])

    def _by_unix(self, held: set[int]) -> set[int] | None:
        try:
            return self._unix.far_ends(held)
        except (OSError, DiagRefused):
            return None

    def _by_tcp(self, held: set[int]) -> set[int] | None:
        """Return the far ends of what was accepted; None where nothing listens."""
        try:
            ports = {row.port for row in self._dump_listening(held) if row.inode in held}
            if not ports:
                return None
            taken = [
                row
                for port in sorted(ports)[:_MOST_PORTS]
                for row in self._dump(ESTABLISHED, port)
                if row.inode in held
            ]
        except (OSError, DiagRefused):
            return None
        return {n for row in taken[:_MOST_PEERS] if (n := self._far_end(row))}

    def close(self) -> None:
        """Close the netlink socket."""
        self._diag.close()

    def _dump(self, states: int, port: int | None = None) -> list[Row]:
        return dump(states, port, self._given)

    def _dump_listening(self, held: set[int]) -> list[Row]:
        """Ask for both families in one question, where the kernel takes that."""
        try:
            return answered(request_listening(), self._given, held)
        except DiagRefused:
            return self._dump(LISTEN)

    def _far_end(self, row: Row) -> int:
        try:
            return self._diag.find((row.far_host, row.far_port), (row.host, row.port)).inode
        except (NoSuchSocket, DiagRefused, ValueError):
            return 0
