"""When a file system came to stand where it does: no file's times tell that another folder was
mounted over one.

Linux lists the mounts without their times, but tells of each change. So a place counts from the
moment at which a mount was seen to come there, or to go.
"""

# paths of /proc as text
# ruff: noqa: PTH115

import contextlib
import os
import re
import select
import threading
import time
from dataclasses import dataclass

from attribution.backends import procfs
from core.duties import OWNER, Duty

_ESCAPED = re.compile(rb"\\([0-7]{3})")
_MOST = 1 << 20
_ADMIN, _MOST_PARENTS = 21, 32
"""The right to mount (linux/capability.h); parents that are asked."""
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
    """Remembers when a place came to show other files: a mount put there, moved or taken off."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._read: tuple[bytes, list[Mount]] = (b"", [])
        self._first: dict[tuple[int, bytes, str], float] = {}
        """Of other namespaces: when each mount was first seen."""
        self._table: dict[tuple[int, bytes, str], Mount] = {}
        self._turned: dict[str, float] = {}
        self._lately = 0.0
        """When something changed that had changed back before it could be looked at."""
        self._watched = False

    def hold(self, *, missed: bool = False) -> int | None:
        """Look at once, without a thread. Returns a descriptor that polls POLLPRI at each change,
        for `look`; None where mounts are not told. A process forked from this one remembers what
        was seen. `missed`: others were told until they ended; what came and went since is unknown.
        """
        with contextlib.suppress(OSError):
            handle = os.open("/proc/self/mountinfo", os.O_RDONLY | os.O_CLOEXEC)
            self._take(handle, first=True)
            self._lately = time.time() if missed else self._lately
            return handle
        return None

    def look(self, handle: int) -> None:
        """Note what changed since the last look."""
        self._take(handle, first=False)

    def watch(self) -> None:
        """Look at once, and from now on whenever the mounts of this process's namespace change."""
        with self._lock:
            if self._watched:
                return
            self._watched = True
            with contextlib.suppress(OSError):
                handle = os.open("/proc/self/mountinfo", os.O_RDONLY | os.O_CLOEXEC)
                self._take(handle, first=not self._table, again=True)
                name = "outgate-mounts"
                body = OWNER.guarded(Duty.MOUNTS, lambda: self._wait(handle))
                threading.Thread(target=body, daemon=True, name=name).start()

    def over(self, pid: int, path: str, *, sealed: bool = False) -> float:
        """Return the time since which `path`, resolved, surely leads over the mounts that it does
        now, in that process. `sealed`: its mounts are a copy of ours, in which it may make none.
        Where its root is a folder, nothing tells since when.
        """
        self.watch()
        if _has_folder_as_root(pid):
            return float("inf")
        theirs = None if sealed else _namespace(pid, "mnt")
        if theirs is not None and theirs != _namespace(None, "mnt"):
            return self._elsewhere(pid, path)
        with self._lock:
            turned = [at for place, at in self._turned.items() if is_below(path, place)]
            return max(self._lately, *turned) if turned else self._lately

    def _wait(self, handle: int) -> None:
        changes = select.poll()
        changes.register(handle, select.POLLERR | select.POLLPRI)
        try:
            while True:
                changes.poll()
                with self._lock:
                    self._take(handle)
        finally:
            # Nobody sees what changes from here on: no path is sure any more.
            self._lately = float("inf")

    def _take(self, handle: int, *, first: bool = False, again: bool = False) -> None:
        """Note the places where mounts came or went since the last look. `again`: not because
        something changed.
        """
        os.lseek(handle, 0, os.SEEK_SET)
        text = b""
        while len(text) < _MOST and (piece := os.read(handle, 1 << 16)):
            text += piece
        now, table = time.time(), {(m.id, m.source, m.place): m for m in parse(text)}
        changed = [m for key, m in table.items() if key not in self._table]
        changed += [m for key, m in self._table.items() if key not in table]
        if not changed and not (first or again):
            self._lately = now
        for mount in changed:
            # What was there before the first look may have come at any earlier time.
            if mount.place != "/" and (mount.bound or not first):
                self._turned[mount.place] = now
        self._table = table

    def _elsewhere(self, pid: int, path: str) -> float:
        """In another namespace mounts count from when they were first seen. Where the process, or
        one above it there, may mount what it likes, nothing can be said: what came and went before
        that left no trace.
        """
        if _namespace(pid, "user") != _namespace(None, "user") or _may_mount(pid):
            return float("inf")
        now, latest = time.time(), 0.0
        with self._lock:
            if len(self._first) > _MOST_KNOWN:
                self._first.clear()
            for mount in self._mounts_of(pid):
                seen = self._first.setdefault((mount.id, mount.source, mount.place), now)
                if mount.place != "/" and is_below(path, mount.place):
                    latest = max(latest, seen)
        return latest

    def _mounts_of(self, pid: int) -> list[Mount]:
        """Return the mounts as a process sees them; none where the system does not tell."""
        try:
            with open(f"{procfs.home(pid)}/mountinfo", "rb") as file:  # noqa: PTH123 - of /proc
                text = file.read(_MOST)
        except OSError:
            return []
        if text != self._read[0]:
            self._read = (text, parse(text))
        return self._read[1]


def _may_mount(pid: int) -> bool:
    """True where a process, or one of its parents in its namespace of mounts, may mount there."""
    place = _namespace(pid, "mnt")
    for _ in range(_MOST_PARENTS):
        status = dict(
            line.split(b":\t", 1)
            for line in procfs.told(pid, "status").splitlines()
            if b":\t" in line
        )
        if int(status.get(b"CapEff", b"-1"), 16) >> _ADMIN & 1:
            return True
        pid = int(status[b"PPid"])
        if pid <= 0 or _namespace(pid, "mnt") != place:
            return False
    return True


def _namespace(pid: int | None, kind: str) -> str | None:
    try:
        place = "/proc/self" if pid is None else procfs.home(pid)
        return os.readlink(f"{place}/ns/{kind}")
    except OSError:
        return None


def _has_folder_as_root(pid: int) -> bool:
    """True after `chroot`: a process may do that at any time, and paths lead elsewhere then. What
    has a mount as its root (containers) shows it as `/`.
    """
    try:
        return os.readlink(f"{procfs.home(pid)}/root") != "/"
    except OSError:
        return False


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
