"""Which gates are alive: each holds a lock on a file of its own, which the system lets go when the
process ends.
"""

import contextlib
import errno
import os
import sys
from collections.abc import Container, Iterable
from pathlib import Path

from core.ids import rfc3339, utc_now, uuid7
from evidence.files import open_private
from evidence.gate_words import MARK, UNSAID, Word
from evidence.sqlite_errors import evidence_error

if sys.platform == "win32":
    import msvcrt

    def lock_now(handle: int) -> None:
        """Lock an open file, or raise OSError at once where another process has."""
        os.lseek(handle, 1 << 20, os.SEEK_SET)  # what is locked cannot be read by others here
        msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
else:
    import fcntl

    def lock_now(handle: int) -> None:
        """Lock an open file, or raise OSError at once where another process has."""
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)


def _file(evidence: Path, gate: str) -> Path:
    return evidence.with_name(f"{evidence.name}{MARK}{gate}")


class Presence:
    """Says that this gate is alive, for as long as the process lives or until `leave`."""

    def __init__(self, evidence: Path) -> None:
        """Raises EvidenceError where there is no room to say anything later."""
        self.gate = uuid7()
        self._path = _file(evidence, self.gate)
        self._handle = open_private(self._path, os.O_EXCL)
        lock_now(self._handle)
        self._said: tuple[int, bytes, str | None] = (0, b"", None)
        try:
            self._put(UNSAID)
        except OSError as error:
            self.leave()
            raise evidence_error(error) from None

    def say(self, seq: int, head: bytes, trouble: str | None) -> None:
        """Leave said how far this gate has written and what it lost, for `verify`.

        Raises nothing.
        """
        if (seq, head, trouble) == self._said:
            return
        now = rfc3339(utc_now())
        word = Word(gate=self.gate, at=now, seq=seq, head=head.hex(), trouble=trouble)
        with contextlib.suppress(OSError):
            self._put(word.to_bytes())
            self._said = (seq, head, trouble)

    def _put(self, text: bytes) -> None:
        os.lseek(self._handle, 0, os.SEEK_SET)
        if os.write(self._handle, text) < len(text):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    def leave(self) -> None:
        """Let the lock go and remove the file, unless it says what was lost."""
        os.close(self._handle)
        if self._said[2] is None:
            with contextlib.suppress(OSError):
                self._path.unlink()


def gone(evidence: Path, gates: Iterable[str], keep: Container[str] = ()) -> list[str]:
    """Return those of the gates that are no longer alive, and remove what they left, but for what
    is to be kept.
    """
    return [gate for gate in gates if _is_gone(_file(evidence, gate), keep=gate in keep)]


def living(evidence: Path) -> bool:
    """Return whether some gate that writes this evidence is alive; changes nothing."""
    return any(_is_held(path) for path in evidence.parent.glob(f"{evidence.name}{MARK}*"))


def _is_held(path: Path) -> bool:
    try:
        handle = os.open(path, os.O_RDWR)
    except OSError:
        return False
    try:
        lock_now(handle)
    except OSError:
        return True
    finally:
        os.close(handle)
    return False


def _is_gone(path: Path, *, keep: bool) -> bool:
    try:
        handle = os.open(path, os.O_RDWR)
    except FileNotFoundError:
        return True
    try:
        lock_now(handle)
    except OSError:
        return False
    finally:
        os.close(handle)
    if not keep:
        with contextlib.suppress(OSError):
            path.unlink()
    return True
