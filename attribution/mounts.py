"""When a file system came to stand where it does: no file's times tell that another folder was
mounted over one.

Linux lists the mounts without their times. So what shows other files than those that lie there
counts from the moment at which it was first seen here.
"""

import re
import time
from dataclasses import dataclass

_ESCAPED = re.compile(rb"\\([0-7]{3})")
_MOST = 1 << 20
_MOST_KNOWN = 20_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Mount:
    """One line of mountinfo."""

    id: int
    source: bytes
    """Device and folder within it that are shown."""
    place: str
    bound: bool
    """True where files that are older than it may show through it: a bind mount, an overlay, a
    user's file system.
    """


class MountTimes:
    """Remembers when each mount was first seen."""

    def __init__(self) -> None:
        self._read: tuple[bytes, list[Mount]] = (b"", [])
        self._first: dict[tuple[int, bytes, str], float] = {}
        self.over("self", "/")

    def over(self, pid: int | str, path: str) -> float:
        """Return the time since which `path`, resolved, surely leads over the mounts that it does
        now, in that process.
        """
        now = time.time()
        latest = 0.0
        if len(self._first) > _MOST_KNOWN:
            self._first.clear()
        for mount in self._mounts_of(pid):
            seen = self._first.setdefault((mount.id, mount.source, mount.place), now)
            if mount.bound and mount.place != "/" and is_below(path, mount.place):
                latest = max(latest, seen)
        return latest

    def _mounts_of(self, pid: int | str) -> list[Mount]:
        """Return the mounts as a process sees them; none where the system does not tell."""
        try:
            with open(f"/proc/{pid}/mountinfo", "rb") as file:  # noqa: PTH123 - of /proc
                text = file.read(_MOST)
        except OSError:
            return []
        if text != self._read[0]:
            self._read = (text, parse(text))
        return self._read[1]


def is_below(path: str, place: str) -> bool:
    """True for the place itself and what lies in it."""
    return path == place or path.startswith(place.rstrip("/") + "/")


def parse(text: bytes) -> list[Mount]:
    """Parse mountinfo; lines that are none are left out."""
    found = []
    for line in text.splitlines():
        fields = line.split(b" ")
        if len(fields) < 9 or b"-" not in fields[6:] or not fields[0].isdigit():
            continue
        kind = fields[fields.index(b"-", 6) + 1]
        bound = fields[3] != b"/" or kind == b"overlay" or kind.startswith(b"fuse")
        found.append(_mount(fields, bound))
    return found


def _mount(fields: list[bytes], bound: bool) -> Mount:
    source = fields[2] + b" " + fields[3]
    return Mount(id=int(fields[0]), source=source, place=_text(fields[4]), bound=bound)


def _text(field: bytes) -> str:
    whole = _ESCAPED.sub(lambda octal: bytes([int(octal[1], 8) & 255]), field)
    return whole.decode("utf-8", "surrogateescape")
