"""Under what other names a file is seen, where its file system, or a part of it, is mounted more
than once.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

_TABLE = "/proc/self/mountinfo"
_ESCAPED = re.compile(r"\\([0-7]{3})")


@dataclass(frozen=True, slots=True)
class Mount:
    """A place and what of which file system is seen there."""

    device: str
    root: str
    place: str


def mounts() -> list[Mount]:
    """Return what is mounted in this process's namespace, in order. Raises OSError."""
    with open(_TABLE, encoding="utf-8", errors="surrogateescape") as table:  # noqa: PTH123 - of /proc
        return list(parsed(table.read()))


def parsed(table: str) -> Iterator[Mount]:
    """Yield the mounts of a table as the kernel writes it; lines that are none are left out."""
    for line in table.split("\n"):
        fields = line.split(" ")
        if len(fields) > 4:
            yield Mount(fields[2], _plain(fields[3]), _plain(fields[4]))


def other_names(path: str, table: list[Mount]) -> Iterator[str]:
    """Yield the other names that a file has by these mounts. `path`: absolute, without links."""
    return (name for name in names(path, table, table) if name != path)


def names(path: str, theirs: list[Mount], ours: list[Mount]) -> Iterator[str]:
    """Yield the names that a file of theirs has by our mounts. `path`: as above."""
    own = max(
        (one for one in reversed(theirs) if _below(path, one.place) is not None),
        key=lambda one: len(one.place),  # of several at one place the last, which hides the others
        default=None,
    )
    if own is None:
        return
    within = _joined(own.root, _below(path, own.place) or "")
    for one in ours:
        rest = _below(within, one.root)
        if one.device == own.device and rest is not None:
            yield _joined(one.place, rest)


def _below(path: str, folder: str) -> str | None:
    """Return the rest of a path below a folder; None where it is not below it."""
    if path == folder:
        return ""
    start = folder.rstrip("/") + "/"
    return path[len(start) :] if path.startswith(start) else None


def _joined(folder: str, rest: str) -> str:
    return f"{folder.rstrip('/')}/{rest}" if rest else folder


def _plain(field: str) -> str:
    return _ESCAPED.sub(lambda found: chr(int(found[1], 8)), field)
