"""The Unix sockets in the file system at which programs outside a seal can be asked to send for
the program inside: Docker, D-Bus, name services, masters of SSH connections.
"""

import os
from collections.abc import Iterable, Sequence

_FIELDS = 8
ALWAYS_LEFT = ("/run/systemd/journal/", "/dev/log")
"""Where programs write their logs. Beginnings of paths."""


class HostSockets:
    """The table of the network namespace in which it was opened, whatever namespace we are in."""

    def __init__(self, left: Sequence[str] = ()) -> None:
        """`left`: beginnings of paths that stay reachable. Raises OSError."""
        self._left = (*ALWAYS_LEFT, *left)
        self._table = os.open("/proc/net/unix", os.O_RDONLY | os.O_CLOEXEC)
        self._known: set[str] = set()

    def new(self) -> list[str]:
        """Return the paths that have come since the last look."""
        found = set(paths(self._read().splitlines())) - self._known
        self._known |= found
        return sorted(path for path in found if not path.startswith(self._left))

    def close(self) -> None:
        """Close the table."""
        os.close(self._table)

    def _read(self) -> str:
        os.lseek(self._table, 0, os.SEEK_SET)
        pieces = []
        while piece := os.read(self._table, 1 << 16):
            pieces.append(piece)
        return os.fsdecode(b"".join(pieces))


def paths(lines: Iterable[str]) -> Iterable[str]:
    """Yield the absolute paths in the lines of the kernel's table; abstract names are none."""
    for line in lines:
        fields = line.split(None, _FIELDS - 1)
        if len(fields) == _FIELDS and fields[-1].startswith("/"):
            yield fields[-1]
