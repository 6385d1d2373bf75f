"""Which schedule starts which script: paths as schedules spell them against files that were found
(pure).
"""

from collections.abc import Iterable, Sequence

from attribution.interpreters import base_name
from core.scanned import StartedBy
from inventory.file_kinds import kind_by_name


class Starts:
    """All that schedules start."""

    def __init__(self, entries: Iterable[StartedBy], roots: Sequence[str]) -> None:
        self._entries = tuple(entries)
        self._roots = tuple(root.rstrip("/") for root in roots)
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
        target = entry.target
        if target is None:
            return set()
        if target.startswith("~/"):
            home = _home_of(entry)
            target = target if home is None else home + target[1:]
        target = target.replace("\\", "/")
        if target[1:3] == ":/":
            target = target[2:]
        if not target.startswith("/"):
            return set()
        return {target, *(root + target for root in self._above(entry.file))}

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


def _home_of(entry: StartedBy) -> str | None:
    for folder in ("/home/", "/Users/"):
        before, sign, rest = entry.file.partition(folder)
        if sign and "/" in rest:
            return f"{before}{folder}{rest.partition('/')[0]}"
    return None if entry.account is None else f"/home/{entry.account}"
