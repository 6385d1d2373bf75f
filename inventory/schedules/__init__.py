"""Schedules that start programs: one file each kind. `READERS` finds them by itself."""

import importlib
import pkgutil
from collections.abc import Iterator
from typing import Protocol

from core.scanned import StartedBy


class ScheduleReader(Protocol):
    """Reads the files of one kind of schedule."""

    kind: str
    """As reports name it."""
    endings: tuple[str, ...]
    """Of file names, or whole ones: no other file outside of `folders` is such a schedule."""
    folders: tuple[str, ...]
    """What the path of a folder ends with, or holds, in which such schedules lie under any name."""

    def wants(self, folder: str, name: str) -> bool:
        """Return True when a file of this name in this folder (its whole path) is such
        a schedule.
        """

    def read(self, path: str, text: str) -> Iterator[StartedBy]:
        """Yield what one file starts, as far as it can be read. Never raises on what
        stands in it.
        """


def readers() -> tuple[ScheduleReader, ...]:
    """Return one reader of each kind. Raises AttributeError for a file in this folder that has
    none.
    """
    names = sorted(module.name for module in pkgutil.iter_modules(__path__))
    return tuple(importlib.import_module(f"{__name__}.{name}").READER for name in names)


class Watch:
    """Tells for every file of a machine whether it is a schedule; quick, as most are none."""

    def __init__(self) -> None:
        self.readers = readers()
        self._endings = tuple(ending for reader in self.readers for ending in reader.endings)
        self._folders = tuple(folder for reader in self.readers for folder in reader.folders)
        self._here = ("", False)

    def __call__(self, folder: str, name: str) -> bool:
        """Return True when some reader reads a file of this name in this folder."""
        if self._here[0] != folder:
            self._here = folder, any(part in folder for part in self._folders)
        if not self._here[1] and not name.endswith(self._endings):
            return False
        return any(reader.wants(folder, name) for reader in self.readers)

    def read(self, path: str, text: str) -> Iterator[StartedBy]:
        """Yield what this file starts."""
        folder, _, name = path.replace("\\", "/").rpartition("/")
        for reader in self.readers:
            if reader.wants(folder, name):
                yield from reader.read(path, text)
