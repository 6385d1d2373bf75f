"""How much memory the C library's allocator keeps for itself: little, in a gate with many threads
that mostly wait for each other.
"""

import contextlib
import ctypes
import sys

_ARENA_MAX = -8
"""glibc's `M_ARENA_MAX`."""
_ARENAS = 2


def share_arenas() -> None:
    """Have all threads allocate from two arenas: glibc gives each new thread one of its own, which
    keeps what it once needed. Before the first thread; other C libraries have no such setting.
    """
    if sys.platform == "linux":
        with contextlib.suppress(OSError, AttributeError):
            ctypes.CDLL(None).mallopt(_ARENA_MAX, _ARENAS)
