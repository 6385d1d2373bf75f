"""Walks folders and says what lies there: candidates for scripts, package folders, environments,
schedules.

No link to a folder is followed and no file system of another machine is entered. Only the first and
last bytes of files are read here, and only of those whose names do not tell what they are.
"""

# hundreds of thousands of entries: `os` is three times as fast as `pathlib` here
# ruff: noqa: PTH112, PTH113, PTH116, PTH118, PTH119, PTH206

import os
import stat
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from attribution.plain_files import opened
from core.scanned import ScriptKind
from inventory import file_kinds, places

_MOST_UNREAD = 200
_SMALLEST_FROZEN = 100_000

type WantsFile = Callable[[str, str], bool]
"""Folder and name → whether somebody reads this file: a schedule, a start-up file of a shell."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A file that is a program in Python."""

    path: str
    kind: ScriptKind
    status: os.stat_result


@dataclass(slots=True, kw_only=True)
class Seen:
    """What a walk came by."""

    files: int = 0
    folders: int = 0
    candidates: list[Candidate] = field(default_factory=list)
    package_folders: list[str] = field(default_factory=list)
    """`site-packages` and the like."""
    carried: list[str] = field(default_factory=list)
    """Folders of other names into which packages were installed."""
    prefixes: list[str] = field(default_factory=list)
    """Folders with `pyvenv.cfg` or `conda-meta`."""
    standard: list[str] = field(default_factory=list)
    """Folders with the modules of an interpreter."""
    wanted: list[str] = field(default_factory=list)
    unread: list[str] = field(default_factory=list)
    unread_count: int = 0


def walk(roots: Sequence[str], wants: WantsFile) -> Seen:
    """Return what lies below these folders; files among them are taken as they are."""
    seen = Seen()
    far = places.far_mounts() - set(roots)
    known: set[tuple[int, int]] = set()
    links: list[str] = []
    for root in roots:
        if os.path.isdir(root):
            _walk(root, seen, wants, far, links)
        else:
            seen.files += os.path.isfile(root)
            _take_file(root, seen)
    for link in links:
        _take_file(link, seen)
    unique = []
    for candidate in seen.candidates:
        identity = candidate.status.st_dev, candidate.status.st_ino
        if identity not in known:
            known.add(identity)
            unique.append(candidate)
    seen.candidates = unique
    return seen


def _walk(root: str, seen: Seen, wants: WantsFile, far: frozenset[str], links: list[str]) -> None:
    todo = [root]
    while todo:
        folder = todo.pop()
        try:
            with os.scandir(folder) as listing:
                entries = list(listing)
        except OSError:
            seen.unread_count += 1
            if len(seen.unread) < _MOST_UNREAD:
                seen.unread.append(folder)
            continue
        seen.folders += 1
        todo += [below for below in _look(folder, entries, seen, wants, links) if below not in far]


def _look(
    folder: str, entries: list[os.DirEntry[str]], seen: Seen, wants: WantsFile, links: list[str]
) -> Iterator[str]:
    """Take note of what lies in one folder; yield the folders below that are worth a look."""
    names = {entry.name for entry in entries}
    if places.is_cache(names):
        return
    if "pyvenv.cfg" in names or "conda-meta" in names:
        seen.prefixes.append(folder)
    is_library = places.is_standard_library(names)
    if is_library:
        seen.standard.append(folder)
    if any(name.endswith(".dist-info") for name in names):
        seen.carried.append(folder)
    for entry in entries:
        if entry.is_dir(follow_symlinks=False):
            yield from _below(folder, entry, names, seen, is_library=is_library)
            continue
        seen.files += 1
        if not is_library:
            _look_at_file(folder, entry, seen, wants, links)


def _look_at_file(
    folder: str, entry: os.DirEntry[str], seen: Seen, wants: WantsFile, links: list[str]
) -> None:
    name = entry.name
    if wants(folder, name) and entry.is_file():
        seen.wanted.append(entry.path)
    if file_kinds.may_be_script(name):
        if entry.is_symlink():
            links.append(entry.path)
        elif entry.is_file(follow_symlinks=False):
            _take(entry.path, name, seen)


def _below(
    folder: str, entry: os.DirEntry[str], names: set[str], seen: Seen, *, is_library: bool
) -> Iterator[str]:
    name, path = entry.name, entry.path
    if name in places.PACKAGE_FOLDERS:
        seen.package_folders.append(path)
    elif places.is_version_store(name):
        yield from (os.path.join(path, below) for below in places.of_version_store())
    elif not is_library and not places.is_left_out(path, name, names):
        yield path


def _take_file(path: str, seen: Seen) -> None:
    """Take a file that was named, or that a link leads to, by where it really lies."""
    real = os.path.realpath(path)
    in_library = not places.PACKAGE_FOLDERS.isdisjoint(real.split(os.sep))
    if os.path.isfile(real) and not in_library:
        _take(real, os.path.basename(real), seen)


def _take(path: str, name: str, seen: Seen) -> None:
    kind = file_kinds.kind_by_name(name)
    try:
        status = os.stat(path)
    except OSError:
        return
    if kind is None:
        kind = _kind_by_content(path, status)
    if kind is not None and status.st_size > 0 and stat.S_ISREG(status.st_mode):
        seen.candidates.append(Candidate(path=path, kind=kind, status=status))


def _kind_by_content(path: str, status: os.stat_result) -> ScriptKind | None:
    handle = opened(path)
    if handle is None:
        return None
    try:
        head = os.read(handle, file_kinds.HEAD)
        kind = file_kinds.kind_by_head(head)
        if (
            kind is not None
            or status.st_size < _SMALLEST_FROZEN
            or not file_kinds.is_machine_code(head)
        ):
            return kind
        os.lseek(handle, max(0, status.st_size - file_kinds.TAIL), os.SEEK_SET)
        frozen = file_kinds.is_frozen(head, os.read(handle, file_kinds.TAIL))
    except OSError:
        return None
    finally:
        os.close(handle)
    return ScriptKind.FROZEN if frozen else None
