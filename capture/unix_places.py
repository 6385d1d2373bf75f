"""Where Unix sockets stand that are not, or not only, under the names that they were bound to:
found by the numbers of their files.
"""

import os
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from pathlib import Path

AT_ONCE, IN_TIME = 1 << 9, 1 << 12
"""So many entries below each folder at which a search begins are looked through while a program
waits for its start and for what comes later, and once while it runs.
"""
_MOST_OF_FOLDER = 1 << 16
_INODE = 0xFFFFFFFF
"""Of a file's number the kernel's socket table tells so much."""
_OWN = ("/proc/self/", "/proc/thread-self/")
_DESCRIPTORS = "/dev/fd/"
OF_PROCESSES = ("/proc/", _DESCRIPTORS)
"""Beginnings of names that mean another file for each process, or none for those in a seal."""
_NAMED = ("TMPDIR", "XDG_RUNTIME_DIR", "HOME")
"""Variables that name folders in which programs make sockets."""
_USUAL = ("/run", "/dev/shm", "/tmp", "/var/tmp", "/var/lib")  # noqa: S108 - looked at only
type Strays = Mapping[str, Iterable[int]]
"""Name as it was given to the kernel → numbers of files."""


def number_of(path: str) -> int:
    """Return the number of a file as the socket table would tell it. Raises OSError."""
    return os.lstat(path).st_ino & _INODE


def names_of(path: str) -> int:
    """Return how many names a file has. Raises OSError."""
    return os.lstat(path).st_nlink


def places(strays: Strays, most: int) -> set[str]:
    """Return where these stand: in the folders that their names can mean, and where they are not
    all there, among so many entries each below these and below those where sockets usually are.
    """
    inodes = {one for some in strays.values() for one in some}
    if not inodes:
        return set()
    looked = dict.fromkeys(_likely(strays))
    found = {
        entry.path
        for folder in looked
        for entry in _entries(folder)
        if entry.inode() & _INODE in inodes
    }
    left = inodes - _whole(found)
    return found | set(_below(_roots(strays), left, most)) if left else found


def _whole(found: Iterable[str]) -> set[int]:
    """Return the numbers of those files all of whose names were found."""
    names: dict[int, int] = {}
    for path in found:
        try:
            number, all_of_it = number_of(path), names_of(path)
        except OSError:
            continue
        names[number] = names.get(number, all_of_it) - 1
    return {number for number, missing in names.items() if missing <= 0}


def _likely(strays: Strays) -> Iterator[str]:
    """Yield the folders that names can mean: where programs that we may look at stand now, and what
    they have open.
    """
    for name in strays:
        folder = os.path.dirname(name)  # noqa: PTH120 - a name as it was given to the kernel
        if not name.startswith("/"):
            yield from (str(Path(place, folder)) for place in _resolved("cwd"))
        elif name.startswith(_DESCRIPTORS):
            yield from _resolved(f"fd/{folder[len(_DESCRIPTORS) :]}")
        elif name.startswith(_OWN):
            yield from _resolved(folder.split("/", 3)[3] if folder.count("/") > 2 else "")
        else:
            yield os.path.realpath(folder)


def _resolved(within: str) -> Iterator[str]:
    """Yield what this means below each program's folder of /proc, where we may look."""
    parts = within.split("/")
    links = 2 if parts[0] == "fd" else 1
    link, rest = "/".join(parts[:links]), "/".join(parts[links:])
    for pid in filter(str.isdigit, os.listdir("/proc")):  # noqa: PTH208 - names only
        try:
            yield f"{os.readlink(f'/proc/{pid}/{link}')}/{rest}".rstrip("/")  # noqa: PTH115 - a name
        except (OSError, ValueError):
            continue


def _roots(strays: Strays) -> Iterator[str]:
    """Yield the folders to begin at, the likeliest first."""
    for name in strays:
        if name.startswith("/") and not name.startswith(OF_PROCESSES):
            above = Path(name).parent
            while not os.path.isdir(above):  # noqa: PTH112 - Path's raises where we may not look
                above = above.parent
            yield str(above)
    yield from filter(None, map(os.environ.get, _NAMED))
    yield from _USUAL


def _below(roots: Iterable[str], inodes: set[int], most: int) -> Iterator[str]:
    """Yield where these are below the roots; of each, near folders first."""
    seen: set[str] = set()
    for root in roots:
        waiting, room = deque([root] if root != "/" and root not in seen else ()), most
        while waiting and room > 0:
            for entry in _entries(waiting.popleft(), room):
                room -= 1
                if entry.inode() & _INODE in inodes:
                    yield entry.path
                elif entry.path not in seen and entry.is_dir(follow_symlinks=False):
                    seen.add(entry.path)
                    waiting.append(entry.path)


def _entries(folder: str, most: int = _MOST_OF_FOLDER) -> Iterator["os.DirEntry[str]"]:
    try:
        with os.scandir(folder) as entries:
            yield from islice(entries, most)
    except OSError:
        return
