"""The file system as one process sees it: ours, or that of its container through /proc/PID/root."""

# paths of another process, kept as the text they are
# ruff: noqa: PTH115, PTH116

import os
import stat

_MOST_LINKS = 40


class HostFiles:
    """Answers Files for paths below `root` (empty: this machine's own root)."""

    __slots__ = ("_root",)

    def __init__(self, root: str = "") -> None:
        self._root = root

    def exists(self, path: str) -> bool:
        """See Files.exists."""
        return self._stat(path) is not None

    def is_dir(self, path: str) -> bool:
        """See Files.is_dir."""
        found = self._stat(path)
        return found is not None and stat.S_ISDIR(found.st_mode)

    def realpath(self, path: str) -> str:
        """See Files.realpath. In a container, absolute links start at the container's own root."""
        return _walk(self._root, path) if self._root else os.path.realpath(path)

    def head(self, path: str, size: int) -> bytes:
        """See Files.head."""
        try:
            handle = os.open(self.outside(path), os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))
        except (OSError, ValueError):
            return b""
        try:
            return os.read(handle, size) if stat.S_ISREG(os.fstat(handle).st_mode) else b""
        except OSError:
            return b""
        finally:
            os.close(handle)

    def outside(self, path: str) -> str:
        """Return the path under which this process can open what the other calls `path`."""
        return self._root + self.realpath(path) if self._root else path

    def _stat(self, path: str) -> os.stat_result | None:
        try:
            return os.stat(self.outside(path))
        except (OSError, ValueError):
            return None


def _walk(root: str, path: str) -> str:
    """Resolve links part by part below `root`, which plain realpath would leave at the first absolute link."""
    todo, done, links = path.split("/"), "", 0
    while todo:
        part = todo.pop(0)
        if part in {"", "."}:
            continue
        if part == "..":
            done = done.rpartition("/")[0]
            continue
        try:
            target = os.readlink(f"{root}{done}/{part}")
        except (OSError, ValueError):
            done = f"{done}/{part}"
            continue
        links += 1
        if links > _MOST_LINKS:
            return path
        done = "" if target.startswith("/") else done
        todo = target.split("/") + todo
    return done or "/"
