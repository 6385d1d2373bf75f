"""The Unix sockets in the file system at which programs outside a seal can be asked to send for
the program inside: Docker, D-Bus, name services, masters of SSH connections.
"""

import os
import socket
from collections.abc import Iterator, Sequence
from pathlib import Path

from capture.other_networks import OtherNetworks
from capture.unix_inodes import inodes_of
from capture.unix_table import Row, rows

_MOST_ENTRIES = 1 << 16
"""Of one folder that are looked through for a socket."""
_SOCK_DIAG = 4
_OTHERS_EVERY = 5
"""Each so many looks the tables of other networks are read, too."""
ALWAYS_LEFT = ("/run/systemd/journal/", "/dev/log")
"""Where programs write their logs. Beginnings of paths."""


class HostSockets:
    """The table of the network namespace in which it was opened, whatever namespace we are in."""

    def __init__(self, left: Sequence[str] = ()) -> None:
        """`left`: beginnings of paths that stay reachable. Raises OSError."""
        self._left = (*ALWAYS_LEFT, *left)
        self._table = os.open("/proc/net/unix", os.O_RDONLY | os.O_CLOEXEC)
        self._asked = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, _SOCK_DIAG)
        self._known: set[Row] = set()
        self._young: set[Row] = set()
        self._others = OtherNetworks()
        self._of_others: set[Row] = set()
        self._looks = 0

    def new(self) -> list[str]:
        """Return the paths at which sockets have come since the last look; one that is bound anew
        comes again, and so may one that somebody has connected to.

        Who binds under one name and links the socket to another, as masters of SSH connections do,
        stands in the table under the first for ever: it is looked for by the number of its file,
        once more at the next look, for it may have been in the middle of that.
        """
        there = set(rows(self._read()))
        fresh = there - self._known
        elsewhere = {name for _, name in fresh | (self._young & there) if not _stands(name)}
        self._known, self._young = there, fresh
        if not self._looks % _OTHERS_EVERY:
            others = self._others.rows()
            fresh = fresh | (others - self._of_others)
            self._of_others = others
        self._looks += 1
        found = {name for _, name in fresh if name.startswith("/")} | set(self._found(elsewhere))
        return sorted(path for path in found if not path.startswith(self._left))

    def _found(self, wanted: set[str]) -> Iterator[str]:
        """Yield where sockets stand now that were bound under these names."""
        if not wanted:
            return
        by_folder: dict[str, set[int]] = {}
        for name, inode in inodes_of(self._asked):
            if name in wanted:
                for folder in _folders(name):
                    by_folder.setdefault(folder, set()).add(inode)
        for folder, inodes in by_folder.items():
            yield from _files(folder, inodes)

    def close(self) -> None:
        """Close the table."""
        self._asked.close()
        os.close(self._table)

    def _read(self) -> str:
        os.lseek(self._table, 0, os.SEEK_SET)
        pieces = []
        while piece := os.read(self._table, 1 << 16):
            pieces.append(piece)
        return os.fsdecode(b"".join(pieces))


def _stands(name: str) -> bool:
    return name.startswith("/") and os.path.lexists(name)


def _folders(name: str) -> Iterator[str]:
    """Yield the folders that a name can mean: where programs that we may look at stand now."""
    folder = os.path.dirname(name)  # noqa: PTH120 - a name as it was given to the kernel
    if name.startswith("/"):
        yield folder
        return
    for pid in filter(str.isdigit, os.listdir("/proc")):  # noqa: PTH208 - names only
        try:
            yield str(Path(os.readlink(f"/proc/{pid}/cwd"), folder))  # noqa: PTH115 - a mark
        except OSError:
            continue


def _files(folder: str, inodes: set[int]) -> Iterator[str]:
    try:
        with os.scandir(folder) as entries:
            for _, entry in zip(range(_MOST_ENTRIES), entries, strict=False):
                if entry.inode() & 0xFFFFFFFF in inodes:
                    yield entry.path
    except OSError:
        return
