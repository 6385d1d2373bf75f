"""Which gates are alive: each holds a lock on a file of its own, which the system lets go when the process ends."""

import contextlib
import os
import sys
from collections.abc import Iterable
from pathlib import Path

from core.ids import uuid7
from evidence.files import open_private

if sys.platform == "win32":
    import msvcrt

    def _lock(handle: int) -> None:
        msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
else:
    import fcntl

    def _lock(handle: int) -> None:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)


def _file(evidence: Path, gate: str) -> Path:
    return evidence.with_name(f"{evidence.name}-gate-{gate}")


class Presence:
    """Says that this gate is alive, for as long as the process lives or until `leave`."""

    def __init__(self, evidence: Path) -> None:
        self.gate = uuid7()
        self._path = _file(evidence, self.gate)
        self._handle = open_private(self._path, os.O_EXCL)
        _lock(self._handle)

    def leave(self) -> None:
        """Let the lock go and remove the file."""
        os.close(self._handle)
        with contextlib.suppress(OSError):
            self._path.unlink()


def gone(evidence: Path, gates: Iterable[str]) -> list[str]:
    """Return those of the gates that are no longer alive, and remove what they left."""
    return [gate for gate in gates if _is_gone(_file(evidence, gate))]


def _is_gone(path: Path) -> bool:
    try:
        handle = os.open(path, os.O_RDWR)
    except FileNotFoundError:
        return True
    try:
        _lock(handle)
    except OSError:
        return False
    finally:
        os.close(handle)
    with contextlib.suppress(OSError):
        path.unlink()
    return True
