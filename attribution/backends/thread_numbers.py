"""The numbers that threads have in their own namespace of processes, which an interpreter knows,
and those that they have here (Linux).

A container's first process is 1 to itself. A number from within means nothing outside, where it may
be another thread's of the same process.
"""

import os
from collections.abc import Mapping

from attribution.backends import procfs

_NUMBERS = b"\nNSpid:"


def own_number(pid: int) -> int:
    """Return the number of a process in its own namespace; `pid` itself where it has no other."""
    return _own(f"/proc/{pid}", pid)


def numbers_here(pid: int) -> Mapping[int, int] | None:
    """Return each thread's own number with the one that it has here; None where they are the same.

    A thread that ends meanwhile is left out.
    """
    if len(_numbers(f"/proc/{pid}")) < 2:
        return None
    threads = _thread_names(pid)
    return {_own(f"/proc/{pid}/task/{name}", int(name)): int(name) for name in threads}


def _own(place: str, otherwise: int) -> int:
    return next(reversed(_numbers(place)), otherwise)


def _numbers(place: str) -> list[int]:
    """Return the numbers of a thread, from the outermost namespace that is seen here to its own."""
    told = procfs.read(f"{place}/status").partition(_NUMBERS)[2].split(b"\n", 1)[0]
    return [int(word) for word in told.split() if word.isdigit()]


def _thread_names(pid: int) -> list[str]:
    try:
        return os.listdir(f"/proc/{pid}/task")  # noqa: PTH208 - names only
    except OSError:
        return []
