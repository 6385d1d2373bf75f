"""Whose process listens at an address of this machine, by the kernel's table (Linux)."""

import ipaddress
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

_TABLES = ("/proc/net/tcp", "/proc/net/tcp6")
_LISTENS = "0A"
_LOCAL, _STATE, _UID = 1, 3, 7
"""Columns of the table: address and port in hex, the state, the user."""
type _Ip = ipaddress.IPv4Address | ipaddress.IPv6Address


def listening_user(host: str, port: int, tables: Iterable[str] | None = None) -> int | None:
    """Return the user who listens there, who made that listener: root where systemd holds it. None
    where nobody can tell. `tables`: texts of the kernel's, for tests.
    """
    try:
        wanted = _plain(ipaddress.ip_address(host))
        read = _read() if tables is None else tables
        rows = [row for text in read for row in _rows(text)]
    except (OSError, ValueError):
        return None
    at = [(address, user) for address, own, user in rows if own == port]
    exactly = [user for address, user in at if address == wanted]
    any_address = [
        user
        for address, user in at
        if address.is_unspecified and (address.version == wanted.version or address.version == 6)
    ]
    return next(iter([*exactly, *any_address]), None)


def _read() -> Iterator[str]:
    if sys.platform == "linux":
        yield from (Path(table).read_text() for table in _TABLES if Path(table).exists())


def _rows(text: str) -> Iterator[tuple[_Ip, int, int]]:
    for line in text.splitlines()[1:]:
        fields = line.split()
        if len(fields) > _UID and fields[_STATE] == _LISTENS:
            address, _, port = fields[_LOCAL].partition(":")
            yield _plain(_address(bytes.fromhex(address))), int(port, 16), int(fields[_UID])


def _address(words: bytes) -> _Ip:
    """The kernel prints each word of four bytes in its own order."""
    step = 4
    parts = (words[at : at + step] for at in range(0, len(words), step))
    ordered = b"".join(part[::-1] if sys.byteorder == "little" else part for part in parts)
    return ipaddress.ip_address(ordered)


def _plain(found: _Ip) -> _Ip:
    if isinstance(found, ipaddress.IPv6Address) and found.ipv4_mapped is not None:
        return found.ipv4_mapped
    return found
