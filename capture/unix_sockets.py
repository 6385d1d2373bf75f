"""The Unix sockets in the file system at which programs outside a seal can be asked to send for
the program inside: Docker, D-Bus, name services, masters of SSH connections.
"""

import os
import socket
from collections.abc import Sequence

from capture.other_networks import OtherNetworks
from capture.unix_inodes import inodes_of
from capture.unix_places import AT_ONCE, IN_TIME, OF_PROCESSES, names_of, number_of, places
from capture.unix_table import Row, rows

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
        young = {name for _, name in fresh | (self._young & there)}
        fresh_names = {name for _, name in fresh}
        self._known, self._young = there, fresh
        elsewhere = places(self._strays(young), IN_TIME if self._looks == 1 else AT_ONCE)
        if not self._looks % _OTHERS_EVERY:
            others = self._others.rows()
            fresh_names |= {name for _, name in others - self._of_others}
            self._of_others = others
        self._looks += 1
        found = {name for name in fresh_names if _is_a_place(name)} | elsewhere
        return sorted(path for path in found if not path.startswith(self._left))

    def _strays(self, wanted: set[str]) -> dict[str, set[int]]:
        """Return those of these names whose sockets are not, or not only, where the names say."""
        strays: dict[str, set[int]] = {}
        if not wanted:
            return strays
        for name, number in inodes_of(self._asked):
            if name in wanted and not _stands_there_alone(name, number):
                strays.setdefault(name, set()).add(number)
        return strays

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


def _is_a_place(name: str) -> bool:
    return name.startswith("/") and not name.startswith(OF_PROCESSES)


def _stands_there_alone(name: str, number: int) -> bool:
    if not _is_a_place(name):
        return False
    try:
        return number_of(name) == number and names_of(name) == 1
    except (OSError, ValueError):
        return False
