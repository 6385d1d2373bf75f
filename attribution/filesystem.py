"""The file system as one process sees it: ours, or that of its container through /proc/PID/root.

A path of the sender is followed part by part, because some parts mean another thing to whoever
follows them: `/proc/self`, `/dev/fd` and `/dev/stdin` are the sender's own, and an absolute link
starts at the sender's own root.
"""

# paths of another process, kept as the text they are
# ruff: noqa: PTH115, PTH116

import os
import posixpath
import re
import stat
from dataclasses import dataclass
from typing import Protocol

from attribution.facts import ProcessFacts
from attribution.file_times import margin_s
from attribution.plain_files import opened

_MOST_LINKS = 40
_KERNELS = re.compile(r"/proc/\d+(?:/task/\d+)?/(?:fd/\d+|cwd|root|exe)")
"""Links of the kernel: they lead to a file, whatever stands at the path that they show."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """How a path leads to its file: whether it can be shown that it led there already at some
    earlier time.
    """

    turned_at: float = 0.0
    """The latest time at which a link or a folder on the way may have been put in another one's
    place (Unix time).
    """
    by_descriptor: bool = False
    """True when it goes through what a process has open, which leaves no trace when it changes."""
    resolved: str | None = None

    def __repr__(self) -> str:
        return "<Way>"


class _Steps(Protocol):
    def __call__(self, folder: str, here: str) -> None:
        """Take note that the entry `here` of `folder` was followed."""


class HostFiles:
    """Answers Files for paths below `root` (empty: this machine's own root), as process `pid` would
    see them.

    Only for a process of its own (see `reader`): it touches what a sender names.
    """

    __slots__ = ("_pid", "_root")

    def __init__(self, root: str = "", pid: int | None = None) -> None:
        self._root = root
        self._pid = pid

    def exists(self, path: str) -> bool:
        """See Files.exists."""
        return self._stat(path) is not None

    def is_dir(self, path: str) -> bool:
        """See Files.is_dir."""
        found = self._stat(path)
        return found is not None and stat.S_ISDIR(found.st_mode)

    def realpath(self, path: str) -> str:
        """See Files.realpath. What only a descriptor of the process leads to keeps the path it was
        given.
        """
        if os.name == "nt":
            return os.path.realpath(path)
        found = self._walked(path)
        return path if found is None or found.startswith("/proc/") else found

    def head(self, path: str, size: int) -> bytes:
        """See Files.head."""
        handle = opened(self.outside(path))
        if handle is None:
            return b""
        try:
            return os.read(handle, size)
        except OSError:
            return b""
        finally:
            os.close(handle)

    def is_program(self, path: str) -> bool:
        """See Files.is_program."""
        found = self._stat(path)
        return found is not None and stat.S_ISREG(found.st_mode) and bool(found.st_mode & 0o111)

    def way(self, path: str) -> Way:
        """Return how the path leads to its file.

        An entry is put in another one's place by a change of its folder, and whatever comes to
        stand there gets a new change time by its renaming or making. So the earlier of both bounds
        when it can have happened; neither time can be set back by anyone.
        """
        times: list[float] = []
        kernels: list[str] = []

        def step(folder: str, here: str) -> None:
            if here.startswith("/proc/") and _KERNELS.fullmatch(here) is not None:
                kernels.append(here)
            elif not here.startswith("/proc"):
                times.append(min(self._changed_at(folder), self._changed_at(here)))

        resolved = self._walked(path, step)
        return Way(
            turned_at=max(times, default=0.0),
            by_descriptor=bool(kernels) or path.startswith(("/proc/", "/dev/fd", "/dev/std")),
            resolved=resolved,
        )

    def _changed_at(self, path: str) -> float:
        """Return the latest time at which an entry can have changed; infinity where none says."""
        real = path if self._is_own(path) else self._root + path
        try:
            found = os.lstat(real)
            # What a link lies on is said by its folder: asked itself, its target would answer.
            place = posixpath.dirname(real) if stat.S_ISLNK(found.st_mode) else real
            return found.st_ctime + margin_s(place or "/", mapped=False)
        except (OSError, ValueError):
            return float("inf")

    def outside(self, path: str) -> str:
        """Return the path under which this process can open what the other calls `path`."""
        if os.name == "nt":
            return path
        found = self._walked(path)
        if found is None:
            return self._root + path
        return found if self._is_own(found) else self._root + found

    def _stat(self, path: str) -> os.stat_result | None:
        try:
            return os.stat(self.outside(path))
        except (OSError, ValueError):
            return None

    def _is_own(self, path: str) -> bool:
        """True below `/proc/PID` of the process: there is one, whatever its root."""
        return self._pid is not None and f"{path}/".startswith(f"/proc/{self._pid}/")

    def _walked(self, path: str, step: _Steps | None = None) -> str | None:
        """Return the path with its links resolved as the process would; None when they go in a
        circle.
        """
        todo, done, links = path.split("/"), "", 0
        while todo:
            part = todo.pop(0)
            if part in {"", "."}:
                continue
            if part == "..":
                done = done.rpartition("/")[0]
                continue
            here = self._meant(f"{done}/{part}")
            if step is not None:
                step(done or "/", here)
            target = self._target(here)
            if target is None:
                done = here
                continue
            links += 1
            if links > _MOST_LINKS:
                return None
            done = "" if target.startswith("/") else done
            todo = target.split("/") + todo
        return done or "/"

    def _meant(self, path: str) -> str:
        """Return what the process means by `/proc/self`, `/proc/thread-self` and `/dev/fd`."""
        if self._pid is None:
            return path
        return {
            "/proc/self": f"/proc/{self._pid}",
            "/proc/thread-self": f"/proc/{self._pid}/task/{self._pid}",
            "/dev/fd": f"/proc/{self._pid}/fd",
        }.get(path, path)

    def _target(self, here: str) -> str | None:
        """Return where a link leads, as the process would say it; None for what is no link, or
        leads to no path.
        """
        real = here if self._is_own(here) else self._root + here
        try:
            target = os.readlink(real)
        except (OSError, ValueError):
            return None
        if _KERNELS.fullmatch(here) is None:
            return target
        try:
            same = os.path.samestat(os.stat(real), os.stat(self._root + target))
        except (OSError, ValueError):
            return None
        return target if same and target.startswith("/") else None


def files_of(facts: ProcessFacts) -> HostFiles:
    """Return the file system as this process sees it."""
    return HostFiles(facts.root, facts.pid)
