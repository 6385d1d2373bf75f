"""Which processes were started with something in their environment: what `outgate run` gave its
program is handed on to all that descend from it, whoever has become their parent.

A process that forks without starting a program keeps what its own start was given. One that was
started with an emptied environment is not found, nor is another user's.
"""

import sys
from collections.abc import Iterator

from attribution.backends import procfs


def carriers(name: str, value: str) -> list[int]:
    """Return the living processes that were started with this variable at this value."""
    return list(_carrying(f"{name}={value}", whole=True))


def mention(text: str) -> bool:
    """Return whether a living process was started with this text in some variable's value."""
    return next(_carrying(text, whole=False), None) is not None


def _carrying(text: str, *, whole: bool) -> Iterator[int]:
    wanted = text.encode("utf-8", "surrogateescape")
    if whole:
        wanted = b"\0%b\0" % wanted
    if sys.platform != "linux":
        yield from _by_psutil(wanted)
        return
    for pid in procfs.pids():
        if wanted in b"\0%b\0" % procfs.told(pid, "environ"):
            yield pid


def _by_psutil(wanted: bytes) -> Iterator[int]:
    import psutil

    for process in psutil.process_iter():
        try:
            given = process.environ()
        except (psutil.Error, OSError):
            continue
        entries = "\0".join(f"{name}={value}" for name, value in given.items())
        if wanted in b"\0%b\0" % entries.encode("utf-8", "surrogateescape"):
            yield process.pid
