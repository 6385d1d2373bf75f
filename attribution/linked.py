"""Folders that an installation names in a file of paths (`.pth`), as `pip install -e` writes it:
what stands there is what is installed.
"""

import posixpath
from collections.abc import Iterable, Iterator

from attribution.asked_for import modules_in
from attribution.installation import own_folders
from attribution.plain_files import text_of
from attribution.startup import (
    MOST_LINES,
    NEVER_FIRST,
    STANDARD,
    TRIED,
    Start,
    listed,
    named,
)


def taken_in_place(start: Start, folder: str, imported: frozenset[str]) -> frozenset[str]:
    """Return what modules in a folder of the environment's are called that stand in the place of
    others. `imported`: what any program may import, and has from the installation.
    """
    if is_linked(start, folder):
        return (STANDARD | TRIED) - NEVER_FIRST
    return imported


def is_in_place(start: Start, folder: str, taken: frozenset[str]) -> bool:
    """True for a module that is taken before another one of its name. A folder without a file of
    its own is that before another such, of which Python itself has none.
    """
    within = taken - STANDARD
    return named(start, folder, taken) or not within.isdisjoint(modules_in(start, folder))


def is_linked(start: Start, folder: str) -> bool:
    """True for a folder that the installation names."""
    return start.files.realpath(folder) in set(_linked(start, own_folders(start)))


def _linked(start: Start, folders: Iterable[str]) -> Iterator[str]:
    for folder in folders:
        for name in listed(start.files.outside(folder)):
            if name.endswith(".pth"):
                data = text_of(start.files.outside(f"{folder}/{name}"), MOST_LINES)
                for line in data.decode("utf-8", "replace").splitlines():
                    if line.startswith(("import ", "import\t", "#")) or not line.strip():
                        continue
                    yield start.files.realpath(posixpath.join(folder, line.rstrip()))
