"""Whether any connection can have begun, or any datagram been sent, since one last asked: from what
the kernel counts (Linux).
"""

import os
import weakref
from collections.abc import Callable, Iterator
from pathlib import Path

_COUNTED = (("Tcp", b"ActiveOpens"), ("Udp", b"OutDatagrams"))
_DATAGRAMS = (b"OutDatagrams", b"InDatagrams", b"NoPorts")
"""Connections of both families are counted together, datagrams are not."""
_COME = (b"ActiveOpens", b"PassiveOpens", b"CurrEstab")
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


class Came:
    """Counts how often it was seen that a TCP socket came to listen or to be connected, or that one
    went: by the counters of this process's network.
    """

    def __init__(self, folder: Path = Path("/proc/net")) -> None:
        self._files = tuple(_KeptOpen(folder / name) for name in ("snmp", "sockstat", "sockstat6"))
        self._last: tuple[bytes, ...] | None = None
        self._times = 0

    def times(self) -> int | None:
        """Return it: the same number as before where none did. None where nothing is told."""
        general, *sums = (file.read() for file in self._files)
        now = *(_number(general, b"\nTcp: ", name) for name in _COME), *map(_in_use, sums)
        if b"" in now[: len(_COME) + 1]:
            return None
        self._times += now != self._last
        self._last = now
        return self._times


def datagrams(folder: Path = Path("/proc/net")) -> Callable[[], tuple[int, int] | None]:
    """Return what tells how many datagrams this process's network has sent, and how many came for
    it, taken or refused, of both families; None where the kernel does not tell.
    """
    general, ipv6 = _KeptOpen(folder / "snmp"), _KeptOpen(folder / "snmp6")

    def totals() -> tuple[int, int] | None:
        four, six = general.read(), ipv6.read()
        by_four = [_number(four, b"\nUdp: ", name) for name in _DATAGRAMS]
        if b"" in by_four:
            return None
        sent, *came = (
            int(one) + int(_by_ipv6(six, name) or b"0")
            for one, name in zip(by_four, _DATAGRAMS, strict=True)
        )
        return sent, sum(came)

    return totals


def _by_ipv6(text: bytes, name: bytes) -> bytes:
    """Return the number of datagrams by IPv6; nothing where there is none."""
    return text.partition(b"\nUdp6%b" % name)[2].partition(b"\n")[0]


def _in_use(text: bytes) -> bytes:
    """Return how many TCP sockets there are; nothing where that is not told. Those that ended and
    memory stand in the same line.
    """
    first, *_ = *(line for line in text.split(b"\n") if line.startswith(b"TCP")), b""
    words = first.split()
    return words[2] if words[1:2] == [b"inuse"] and len(words) > 2 else b""


def _counters(general: bytes, by_ipv6: bytes) -> Iterator[bytes]:
    for protocol, name in _COUNTED:
        yield _number(general, b"\n%b: " % protocol.encode(), name)
    yield _by_ipv6(by_ipv6, b"OutDatagrams")


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
