"""The open connections of this user that leave the machine, at any port, from the connection
table; and whether any may have begun, which is cheap enough to ask four times a second.

A UDP socket that is connected shows where it goes; one that is not may send anywhere, so it is
listed without a destination, and only `speaks_quic` makes it worth a second look.
"""

import contextlib
import ipaddress
import os
import socket
import struct
import sys
from collections.abc import Collection, Iterable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Literal

from attribution.backends import procfs
from attribution.backends.datagrams import Datagrams
from attribution.backends.ended_sockets import NAMES, EndedSocket, EndedSockets, plain
from attribution.backends.opened import Opened
from attribution.backends.own_sockets import OwnSockets
from attribution.backends.sock_diag import DiagRefused
from attribution.backends.tcp_table import leaving, left_closing, open_rows
from core.exchange import Connection

_TABLES = Path("/proc/net")
_ESTABLISHED, _ASKED, _LISTENING = b"01", b"02", b"0A"
_REMEMBERED = 8192
_RUN = b"\0OUTGATE_RUN="
"""As in `app.leftovers`: RUN_VARIABLE, and what `run_mark` begins with."""
_AGE = timedelta(minutes=1)
"""How old a listed connection is cannot be told: old enough for anybody to have inherited it."""
_PORTS = (32768, 60999)
_QUIC_LIBRARIES = (
    b"aioquic",
    b"qh3",
    b"quiche",
    b"msquic",
    b"ngtcp2",
    b"nghttp3",
    b"lsquic",
    b"picoquic",
    b"curl-impersonate",
)
"""Parts of file names of libraries that speak QUIC, as they stand among a process's loaded
files.
"""


class ConnectionTable:
    """Implements core.ports.DirectConnections."""

    def __init__(
        self, folder: Path = _TABLES, *, everybody: bool = False, own: OwnSockets | None = None
    ) -> None:
        """`everybody`: every user's, as root's gate sees them anyway. `own`: what this process
        makes itself; of none of these it is told that it has ended.
        """
        self._own = own or OwnSockets()
        self._folder = folder
        self._everybody = everybody
        self._opened = Opened(folder)
        self._ended: EndedSockets | None = None
        self._datagrams = Datagrams(folder)
        self._were_closing: frozenset[int] = frozenset()
        """Numbers of those that were over, but for their far ends, when it was begun to hear."""
        self._others: dict[tuple[str, int], None] = {}
        """Own ends of connections that are this process's or other users': seen while open."""

    def changed(self) -> bool:
        """See DirectConnections.changed: asked of the kernel's counters."""
        return sys.platform != "linux" or self._opened.changed()

    def established(self) -> list[Connection]:
        """Return the TCP connections that this user opened, or asks to open, to other machines,
        and the UDP sockets that may send there, without those of this process. Off the event loop.
        """
        if sys.platform != "linux":
            return list(_by_psutil())
        own, uid = own_sockets(), None if self._everybody else os.getuid() or None
        now = datetime.now(UTC)
        listed = self._listed(uid, own, now)
        chosen: list[Connection] = [] if listed is None else listed
        for transport in ("tcp", "udp") if listed is None else ("udp",):
            for name in (transport, f"{transport}6"):
                lines = _lines(self._folder / name)
                taken = _listening(lines)
                rows = (_connection(line, uid, own, now, transport) for line in lines)
                chosen += [row for row in rows if row and _is_worth_a_look(row, taken)]
        if chosen:  # this process may have made some since
            own = own_sockets()
        return [row for row in chosen if row.socket not in own]

    def _listed(
        self, uid: int | None, own: frozenset[int], now: datetime
    ) -> list[Connection] | None:
        """Have the kernel choose the TCP connections: the text of its table may hold hundreds of
        thousands of others.
        """
        if self._folder != _TABLES:
            return None
        try:
            everything = open_rows()
            # Those too that it made since, and has closed again.
            own |= {row.inode for row in everything if self._own.hold(row.number)}
            rows = leaving(own, everything)
        except (OSError, DiagRefused):
            return None
        for row in everything:
            if row.inode in own or uid not in {None, row.uid}:
                _remember(self._others, (plain(row.host), row.port))
        return [
            Connection(
                id=f"direct-{row.inode}",
                client_host=row.host,
                client_port=row.port,
                gate_host=row.far_host,
                gate_port=row.far_port,
                at=now - _AGE,
                transport="tcp",
                socket=row.inode,
                answered=row.established,
            )
            for row in rows
            if uid in {None, row.uid} and row.inode != 0 and row.far_host != row.host
        ]

    def hear(self, *, wanted: bool) -> bool:
        """See DirectConnections.hear: the kernel tells, on Linux."""
        if wanted and self._ended is None and sys.platform == "linux":
            self._were_closing = left_closing()
            self._datagrams.begin()
            with contextlib.suppress(OSError):
                self._ended = EndedSockets()
        if not wanted and self._ended is not None:
            self._ended.close()
            self._ended = None
        return self._ended is not None

    def ended(self) -> list[Connection] | None:
        """See DirectConnections.ended: those that were opened here, to other machines."""
        heard = [] if self._ended is None else list(self._ended.take())
        if self._ended is None or None in heard:
            return None
        now, sent = datetime.now(UTC), self._datagrams.may_be_of_others(filter(None, heard))
        return [
            _of_ended(one, now)
            for one in heard
            if one is not None
            and (sent or one.transport == "tcp")
            and not self._own.hold(one.number)
            and one.number not in self._were_closing
            and (one.host, one.port) not in self._others
            and _was_opened_here(one)
        ]

    def speaks_quic(self, pid: int) -> bool:
        """Return True when the process has loaded a library for HTTP/3."""
        return any(name in loaded for loaded in _loaded(pid) for name in _QUIC_LIBRARIES)

    def run_of(self, pid: int) -> int | None:
        """See DirectConnections.run_of: each run has its mark, which begins with its process."""
        _, found, rest = (b"\0" + procfs.told(pid, "environ")).partition(_RUN)
        number = rest[:20].partition(b"-")[0]
        return int(number) if found and number.isdigit() else None


def _is_worth_a_look(row: Connection, listening: Collection[int]) -> bool:
    """True for TCP that was opened here to another machine, and for UDP that may send to one."""
    if row.transport == "tcp":
        return row.client_port not in listening and not _is_near(row)
    if row.gate_host:
        return row.gate_port != NAMES
    return _is_client(row.client_host, row.client_port)


def _was_opened_here(one: EndedSocket) -> bool:
    """True for what went to another machine, or may have; not for what listened or was never
    used, nor for name look-ups.
    """
    if not _is_client(one.host, one.port):
        return False
    if one.transport == "tcp":
        far = ipaddress.ip_address(one.far_host)
        aimed = not (far.is_unspecified or far.is_loopback)
        return aimed and one.far_host != one.host
    # Connected datagram sockets are also how a program sorts addresses: nothing need be sent.
    return one.far_port == 0


def _remember[Key](known: dict[Key, None], key: Key) -> None:
    known.pop(key, None)
    known[key] = None
    if len(known) > _REMEMBERED:
        del known[next(iter(known))]


def _of_ended(one: EndedSocket, now: datetime) -> Connection:
    aimed = one.transport == "tcp"
    return Connection(
        id=f"ended-{one.host}-{one.port}",
        client_host=one.host,
        client_port=one.port,
        gate_host=one.far_host if aimed else "",
        gate_port=one.far_port if aimed else 0,
        at=now,
        transport=one.transport,
        answered=one.answered,
    )


def _is_near(row: Connection) -> bool:
    """True for a connection of this machine to itself."""
    far = ipaddress.ip_address(row.gate_host)
    if isinstance(far, ipaddress.IPv6Address) and far.ipv4_mapped is not None:
        far = far.ipv4_mapped
    return far.is_loopback or row.gate_host == row.client_host


def _is_client(host: str, port: int) -> bool:
    """Return True for a port that the system gave out; name services and servers have chosen theirs
    (53, 5353, 443).
    """
    first, last = _given_out()
    return first <= port <= last and not host.startswith("127.") and host != "::1"


def _given_out() -> tuple[int, int]:
    try:
        first, last = Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()
    except (OSError, ValueError):
        return (49152, 65535) if sys.platform != "linux" else _PORTS
    return int(first), int(last)


def _lines(path: Path) -> list[bytes]:
    try:
        return path.read_bytes().splitlines()[1:]
    except OSError:
        return []


def _listening(lines: Iterable[bytes]) -> frozenset[int]:
    """Return the ports at which somebody takes connections."""
    rows = (line.split(None, 4) for line in lines)
    return frozenset(
        int(row[1].rpartition(b":")[2], 16) for row in rows if len(row) > 3 and row[3] == _LISTENING
    )


def _connection(
    line: bytes,
    uid: int | None,
    own: frozenset[int],
    now: datetime,
    transport: Literal["tcp", "udp"],
) -> Connection | None:
    """Return a row of this user's (None: of anybody's) as a connection: one that is open, or a UDP
    socket that is bound to no far side.
    """
    fields = line.split(None, 10)
    if len(fields) < 10 or uid not in {None, int(fields[7])}:
        return None
    if int(fields[9]) in own or fields[9] == b"0":
        return None
    connected = fields[3] == _ESTABLISHED
    if not connected and transport == "tcp" and fields[3] != _ASKED:
        return None
    (host, local), (target, to) = _address(fields[1]), _address(fields[2])
    return Connection(
        id=f"direct-{fields[9].decode()}",
        client_host=host,
        client_port=local,
        gate_host=target if connected or transport == "tcp" else "",
        gate_port=to if connected or transport == "tcp" else 0,
        at=now - _AGE,
        transport=transport,
        socket=int(fields[9]),
        answered=connected or transport == "udp",
    )


def _address(field: bytes) -> tuple[str, int]:
    """Return an address of the table, whose words stand in the machine's byte order."""
    words, _, port = field.partition(b":")
    packed = b"".join(
        struct.pack("=I", int(words[at : at + 8], 16)) for at in range(0, len(words), 8)
    )
    family = socket.AF_INET if len(packed) == 4 else socket.AF_INET6
    return socket.inet_ntop(family, packed), int(port, 16)


def own_sockets() -> frozenset[int]:
    """Return the numbers of this process's own sockets."""
    found = set()
    for name in os.listdir("/proc/self/fd"):  # noqa: PTH208 - names only, on the shortest way
        try:
            link = os.readlink(f"/proc/self/fd/{name}")  # noqa: PTH115 - no path, a mark of the kernel
        except OSError:
            continue
        if link.startswith("socket:["):
            found.add(int(link[8:-1]))
    return frozenset(found)


def _loaded(pid: int) -> Iterator[bytes]:
    """Yield what stands of the files that a process has loaded."""
    if sys.platform != "linux":
        yield from _loaded_by_psutil(pid)
    else:
        with contextlib.suppress(OSError):
            yield Path(f"{procfs.home(pid)}/maps").read_bytes()


def _loaded_by_psutil(pid: int) -> Iterator[bytes]:
    import psutil

    try:
        maps: Iterable[Any] = getattr(psutil.Process(pid), "memory_maps", tuple)()
    except (psutil.Error, OSError):
        return
    for row in maps:
        yield os.fsencode(row.path).lower()


def _by_psutil() -> Iterator[Connection]:
    import psutil

    own, at = os.getpid(), datetime.now(UTC) - _AGE
    try:
        rows = psutil.net_connections("inet")
    except (psutil.Error, OSError):
        return
    listening = {row.laddr[1] for row in rows if row.status == psutil.CONN_LISTEN and row.laddr}
    for row in rows:
        udp = row.type == socket.SOCK_DGRAM
        if not row.laddr or row.pid == own or (not udp and row.status != psutil.CONN_ESTABLISHED):
            continue
        remote = row.raddr or ("", 0)
        listed = Connection(
            id=f"direct-{row.type.name}-{row.laddr[1]}-{remote[0]}",
            client_host=row.laddr[0],
            client_port=row.laddr[1],
            gate_host=remote[0],
            gate_port=remote[1],
            at=at,
            transport="udp" if udp else "tcp",
        )
        if _is_worth_a_look(listed, listening):
            yield listed
