"""The open connections of this user to HTTPS servers, from the connection table: cheap enough to look every few seconds."""

import os
import socket
import struct
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from core.exchange import Connection

_ESTABLISHED = b"01"
_HTTPS = 443


class ConnectionTable:
    """Implements core.ports.DirectConnections."""

    def __init__(self, folder: Path = Path("/proc/net"), port: int = _HTTPS) -> None:
        self._folder = folder
        self._port = port

    def established(self) -> list[Connection]:
        """Return the connections of this user to that port, without those of this process. Off the event loop."""
        if sys.platform != "linux":
            return list(_by_psutil(self._port))
        own, uid = _own_sockets(), os.getuid()
        now = datetime.now(UTC)
        lines = (line for name in ("tcp", "tcp6") for line in _lines(self._folder / name))
        return [c for line in lines if (c := _connection(line, self._port, uid, own, now)) is not None]


def _lines(path: Path) -> list[bytes]:
    try:
        return path.read_bytes().splitlines()[1:]
    except OSError:
        return []


def _connection(line: bytes, port: int, uid: int, own: frozenset[int], now: datetime) -> Connection | None:
    fields = line.split(None, 10)
    if len(fields) < 10 or fields[3] != _ESTABLISHED or int(fields[2].rpartition(b":")[2], 16) != port:
        return None
    if int(fields[7]) != uid or int(fields[9]) in own:
        return None
    (host, local), (target, to) = _address(fields[1]), _address(fields[2])
    return Connection(
        id=f"direct-{fields[9].decode()}",
        client_host=host,
        client_port=local,
        gate_host=target,
        gate_port=to,
        at=now,
    )


def _address(field: bytes) -> tuple[str, int]:
    """Return an address of the table, whose words stand in the machine's byte order."""
    words, _, port = field.partition(b":")
    packed = b"".join(struct.pack("=I", int(words[at : at + 8], 16)) for at in range(0, len(words), 8))
    family = socket.AF_INET if len(packed) == 4 else socket.AF_INET6
    return socket.inet_ntop(family, packed), int(port, 16)


def _own_sockets() -> frozenset[int]:
    found = set()
    for name in os.listdir("/proc/self/fd"):  # noqa: PTH208 - names only, on the shortest way
        try:
            link = os.readlink(f"/proc/self/fd/{name}")  # noqa: PTH115 - no path, a mark of the kernel
        except OSError:
            continue
        if link.startswith("socket:["):
            found.add(int(link[8:-1]))
    return frozenset(found)


def _by_psutil(port: int) -> Iterator[Connection]:
    import psutil

    now, own = datetime.now(UTC), os.getpid()
    try:
        rows = psutil.net_connections("tcp")
    except (psutil.Error, OSError):
        return
    for row in rows:
        local, remote = row.laddr, row.raddr
        if not local or not remote or remote.port != port or row.status != psutil.CONN_ESTABLISHED or row.pid == own:
            continue
        yield Connection(
            id=f"direct-{local.port}-{remote.ip}",
            client_host=local.ip,
            client_port=local.port,
            gate_host=remote.ip,
            gate_port=remote.port,
            at=now,
        )
