"""Which schedule starts which script: paths as schedules spell them against files that were
found.
"""

import posixpath
from collections.abc import Iterable, Sequence

from attribution.interpreters import base_name
from core.scanned import StartedBy
from inventory.file_kinds import kind_by_name
from inventory.wrappers import through


class Starts:
    """All that schedules start."""

    def __init__(self, entries: Iterable[StartedBy], roots: Sequence[str]) -> None:
        self._roots = tuple(root.rstrip("/") for root in roots)
        self._entries = tuple(through(entries, self._paths_inside))
        self._by_path: dict[str, list[StartedBy]] = {}
        for entry in self._entries:
            for path in self._paths(entry):
                self._by_path.setdefault(path, []).append(entry)

    def of(self, path: str) -> tuple[StartedBy, ...]:
        """Return what starts this script."""
        return tuple(self._by_path.get(path, ()))

    def of_python(self, scripts: frozenset[str]) -> tuple[StartedBy, ...]:
        """Return the entries that start Python: an interpreter is named, or the target
        is a script.
        """
        return tuple(
            entry
            for entry in self._entries
            if entry.interpreter is not None
            or any(path in scripts for path in self._paths(entry))
            or kind_by_name(base_name(entry.target or "")) is not None
        )

    def _paths(self, entry: StartedBy) -> set[str]:
        """Return where the target may lie: as it is spelled, and below the root that its schedule
        lies in.
        """
        found: set[str] = set()
        for target in _targets(entry):
            path = _whole(target, entry)
            if path.startswith("/"):
                found |= {path, *(root + path for root in self._above(entry.file))}
        return found

    def _paths_inside(self, entry: StartedBy) -> Iterable[str]:
        """Return those of them that lie in what is scanned: nothing else is read."""
        inside = tuple(f"{root}/" for root in self._roots)
        return [path for path in self._paths(entry) if path.startswith(inside)]

    def _above(self, file: str) -> set[str]:
        """Return the folders above a schedule that may be the root of a whole machine."""
        found = set(self._roots)
        for root in self._roots:
            rest = file.removeprefix(root).strip("/").split("/")
            path = root
            for part in rest[:-1]:
                path = f"{path}/{part}"
                found.add(path)
        return found


def _targets(entry: StartedBy) -> tuple[str, ...]:
    """Return the files that are meant: one, or those that a module may be."""
    if entry.target is None:
        return ()
    if entry.folder is None:
        return (entry.target,)
    base = f"{entry.folder}/{entry.target.partition(':')[0].replace('.', '/')}"
    return f"{base}.py", f"{base}/__main__.py", f"{base}/__init__.py"


def _whole(target: str, entry: StartedBy) -> str:
    """Return a target with its home in place of `~`, as this machine would spell it."""
    home = _home_of(entry) if target.startswith("~") else None
    path = (target if home is None else home + target[1:]).replace("\\", "/")
    return posixpath.normpath(path[2:] if path[1:3] == ":/" else path)


def _home_of(entry: StartedBy) -> str | None:
    for folder in ("/home/", "/Users/"):
        before, sign, rest = entry.file.partition(folder)
        if sign and "/" in rest:
            return f"{before}{folder}{rest.partition('/')[0]}"
    if entry.account == "root":
        return "/root"
    return None if entry.account is None else f"/home/{entry.account}"
