"""How much passed unread, in a file of the gate's own: what a gate that is killed had counted, the
next one tells.

The file is mapped into memory. What is written there is the kernel's at once, so that it outlives
the process, however that ends; the evidence is told of it from time to time, so that a machine that
fails loses little.
"""

import contextlib
import mmap
import os
import struct
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from core.happenings import Event, Fact, Happening, happening
from core.ids import rfc3339

if sys.platform != "win32":
    import fcntl

_FORM = struct.Struct("<8s5Q")
"""Mark, first and last time counted at (microseconds since 1970), connections, bytes sent and
received.
"""
_MARK, _SUFFIX = b"outgate1", ".counts"
_SIZE = mmap.PAGESIZE
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Passed:
    """What passed unread in a time."""

    since_us: int = 0
    until_us: int = 0
    connections: int = 0
    sent: int = 0
    received: int = 0

    @property
    def is_nothing(self) -> bool:
        """True when nothing was counted."""
        return not (self.connections or self.sent or self.received)

    def facts(self) -> dict[str, Fact]:
        """Return it as facts of an event."""
        return {
            "since": _at(self.since_us),
            "until": _at(self.until_us),
            "connections_of_no_python": self.connections,
            "bytes_sent": self.sent,
            "bytes_received": self.received,
        }


def _at(us: int) -> str | None:
    return rfc3339(_EPOCH + timedelta(microseconds=us)) if us else None


class Others:
    """What passed unread because nothing of it descends from Python."""

    def __init__(self, clock_ns: Callable[[], int] = time.time_ns) -> None:
        self._clock_ns = clock_ns
        self._kept: mmap.mmap | None = None
        self._file: int | None = None
        self._path: Path | None = None
        self._since = self._until = 0
        self._connections = self._sent = self._received = 0

    def keep_in(self, path: Path) -> None:
        """Keep the counts in this file from now on, as long as this process lives. Raises
        OSError.
        """
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        if sys.platform != "win32":
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        os.ftruncate(self._file, _SIZE)
        self._kept, self._path = mmap.mmap(self._file, _SIZE), path
        self._keep()

    def connected(self) -> None:
        """A connection passes."""
        self._connections += 1
        self._counted()

    def passed(self, size: int, *, from_client: bool) -> None:
        """Bytes pass."""
        if from_client:
            self._sent += size
        else:
            self._received += size
        self._counted()

    def now(self) -> Passed:
        """Return what was counted and not told."""
        return Passed(
            since_us=self._since,
            until_us=self._until,
            connections=self._connections,
            sent=self._sent,
            received=self._received,
        )

    def told(self, part: Passed) -> None:
        """Count this part no more: the evidence has it."""
        self._connections -= part.connections
        self._sent -= part.sent
        self._received -= part.received
        self._since = part.until_us
        self._keep()

    def leave(self) -> None:
        """Let go of the file; it goes where everything was told."""
        if self._kept is None or self._file is None or self._path is None:
            return
        self._kept.close()
        if self.now().is_nothing:
            self._path.unlink(missing_ok=True)
        os.close(self._file)
        self._kept = self._file = self._path = None

    def _counted(self) -> None:
        self._until = self._clock_ns() // 1000
        self._since = self._since or self._until
        self._keep()

    def _keep(self) -> None:
        if self._kept is not None:
            _FORM.pack_into(
                self._kept,
                0,
                _MARK,
                self._since,
                self._until,
                self._connections,
                self._sent,
                self._received,
            )


def place_in(folder: Path, pid: int) -> Path:
    """Return where the gate of this process keeps its counts."""
    return folder / f"{pid}{_SUFFIX}"


def tell_of_lost(folder: Path, tell: Callable[[Happening], None]) -> None:
    """Tell what gates that were killed had counted and not told. What cannot be told stays."""
    for path, passed in _left(folder):
        if not passed.is_nothing:
            facts: dict[str, Fact] = {**passed.facts(), "the_gate_was": "killed"}
            tell(happening(Event.CAPTURE_PASSED, facts))
        path.unlink(missing_ok=True)


def _left(folder: Path) -> Iterator[tuple[Path, Passed]]:
    """Yield the files of gates that are no more, each locked while it is looked at."""
    if sys.platform == "win32":
        return
    with contextlib.suppress(FileNotFoundError):
        for path in sorted(folder.glob(f"*{_SUFFIX}")):
            with contextlib.suppress(OSError), path.open("r+b") as file:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                if not os.path.samestat(os.fstat(file.fileno()), path.stat()):
                    continue  # another gate has told of it
                yield path, _read(file.read(_FORM.size))


def _read(content: bytes) -> Passed:
    if len(content) < _FORM.size:
        return Passed()
    mark, since, until, connections, sent, received = _FORM.unpack(content)
    if mark != _MARK:
        return Passed()
    return Passed(
        since_us=since, until_us=until, connections=connections, sent=sent, received=received
    )
