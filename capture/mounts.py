"""What a sealed program sees of the file system: the gate's roots in place of the clients' own, an
empty folder in place of the gate's, and nothing in place of other programs' Unix sockets.

All of it exists in the run's own mount namespace only and ends with it.
"""

import contextlib
import os
import stat
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from capture import kernel, mount_table

_ROOM = "size=64m,mode=700"
_QUIET = kernel.MS_NOSUID | kernel.MS_NODEV
_SYSTEM_SETTINGS = "/proc/sys"


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenery:
    """What is put in place of what."""

    hidden: Path
    """The gate's folder: of it only what follows is seen."""
    shown: Sequence[Path] = ()
    """Folders below it that stay as they are."""
    files: Mapping[Path, bytes] = field(default_factory=dict)
    """Files below it, with their content; the program cannot change them."""
    covered: Mapping[str, Path] = field(default_factory=dict)
    """Files elsewhere → which of `files` stands there instead."""
    added: Mapping[str, Path] = field(default_factory=dict)
    """Folders elsewhere → the folder of `files` whose content is seen in them besides."""


def arrange(scenery: Scenery, sockets: Iterable[str]) -> tuple[str, ...]:
    """Arrange all that, in a mount namespace of our own; `sockets` are made unreachable.

    Returns what could not be put in its place. Raises OSError where the gate's folder stays seen.
    """
    kernel.mount("none", "/", None, kernel.MS_REC | kernel.MS_PRIVATE)
    with contextlib.suppress(OSError):
        # Root's own files there are written without any capability.
        kernel.mount(_SYSTEM_SETTINGS, _SYSTEM_SETTINGS, None, kernel.MS_BIND)
        flags = kernel.MS_BIND | kernel.MS_REMOUNT | kernel.MS_RDONLY
        kernel.mount("none", _SYSTEM_SETTINGS, None, flags | _QUIET | kernel.MS_NOEXEC)
    _hide(scenery)
    failed = [place for place in scenery.added if not _added(place, scenery.added[place])]
    failed += [place for place in scenery.covered if not _covered(place, scenery.covered[place])]
    cover(sockets, nothing(scenery.hidden))
    return tuple(failed)


def nothing(hidden: Path) -> Path:
    """Return the empty file that stands in place of sockets."""
    return hidden / "nothing"


def cover(sockets: Iterable[str], empty: Path) -> None:
    """Put the empty file in place of these sockets, under each name that they have by mounts: who
    connects is refused.
    """
    seen: list[mount_table.Mount] | None = None
    for path in sockets:
        seen = mount_table.mounts() if seen is None else seen
        with contextlib.suppress(OSError):  # gone, or out of this user's reach anyway
            file = os.lstat(path)
            place = Path(path)
            real = str(place.parent.resolve() / place.name)
            for name in (*mount_table.other_names(real, seen), path):
                _put(empty, name, file)


def _put(empty: Path, name: str, file: os.stat_result) -> None:
    with contextlib.suppress(OSError):
        if stat.S_ISSOCK(file.st_mode) and os.path.samestat(os.lstat(name), file):
            kernel.mount(str(empty), name, None, kernel.MS_BIND)


def _hide(scenery: Scenery) -> None:
    kept = {path: os.open(path, os.O_PATH | os.O_DIRECTORY) for path in scenery.shown}
    root = str(scenery.hidden)
    kernel.mount("tmpfs", root, "tmpfs", _QUIET | kernel.MS_NOEXEC, _ROOM)
    for path, content in {**scenery.files, nothing(scenery.hidden): b""}.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        path.chmod(0o444)
    for path, descriptor in kept.items():
        path.mkdir(parents=True, exist_ok=True)
        kernel.mount(f"/proc/self/fd/{descriptor}", str(path), None, kernel.MS_BIND)
        os.close(descriptor)
    kernel.mount(
        "none", root, None, kernel.MS_REMOUNT | kernel.MS_RDONLY | _QUIET | kernel.MS_NOEXEC
    )


def _added(place: str, more: Path) -> bool:
    try:
        kernel.mount("overlay", place, "overlay", kernel.MS_RDONLY, f"lowerdir={more}:{place}")
    except OSError:
        return False
    return True


def _covered(place: str, by: Path) -> bool:
    try:
        kernel.mount(str(by), place, None, kernel.MS_BIND)
    except OSError:
        return False
    return True
