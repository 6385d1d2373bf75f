"""Whether any connection can have begun, or any datagram been sent, since one last asked: from what
the kernel counts (Linux).
"""

import os
import weakref
from collections.abc import Iterator
from pathlib import Path

_COUNTED = (("Tcp", b"ActiveOpens"), ("Udp", b"OutDatagrams"))
_BY_IPV6 = b"\nUdp6OutDatagrams"
"""Connections of both families are counted together, datagrams are not."""
_MOST, _PIECE = 1 << 16, 1 << 13


class Opened:
    """Compares the counters of this process's network with those of the last time."""

    def __init__(self, folder: Path = Path("/proc/net")) -> None:
        self._general, self._ipv6 = _KeptOpen(folder / "snmp"), _KeptOpen(folder / "snmp6")
        self._texts: tuple[bytes, bytes] | None = None
        self._last: tuple[bytes, ...] | None = None

    def changed(self) -> bool:
        """Return whether they differ, or tell nothing. Takes some 30 µs."""
        texts = self._general.read(), self._ipv6.read()
        if texts != self._texts:
            self._texts, now = texts, tuple(_counters(*texts))
            before, self._last = self._last, now
            return before != now or not _told(now)
        return not _told(self._last)


def _counters(general: bytes, by_ipv6: bytes) -> Iterator[bytes]:
    for protocol, name in _COUNTED:
        yield _number(general, b"\n%b: " % protocol.encode(), name)
    yield by_ipv6.partition(_BY_IPV6)[2].partition(b"\n")[0]  # empty where there is no IPv6


def _told(counters: tuple[bytes, ...] | None) -> bool:
    return counters is not None and b"" not in counters[: len(_COUNTED)]


class _KeptOpen:
    """A file of the kernel's that is written anew for each read from its beginning: to open it
    takes as long as to read it.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._handle: int | None = None

    def read(self) -> bytes:
        """Return all of it; nothing where it cannot be read."""
        try:
            if self._handle is None:
                self._handle = os.open(self._path, os.O_RDONLY | os.O_CLOEXEC)
                weakref.finalize(self, os.close, self._handle)
            text = piece = os.pread(self._handle, _PIECE, 0)
            while len(piece) == _PIECE and len(text) < _MOST:  # such a file ends a piece only there
                piece = os.pread(self._handle, _PIECE, len(text))
                text += piece
        except OSError:
            return b""
        return text


def _number(text: bytes, mark: bytes, name: bytes) -> bytes:
    """Return the number of this name; nothing where none is told."""
    _, *lines = (b"\n" + text).split(mark)
    rows = [line.partition(b"\n")[0].split() for line in lines]
    if len(rows) != 2 or name not in rows[0] or len(rows[0]) != len(rows[1]):
        return b""
    return rows[1][rows[0].index(name)]
