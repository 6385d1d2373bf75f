"""The log as a file: whole lines, for its owner only, put aside when it is large.

Two gates may write one file, as when one hands its port to its successor, and the system's own
rotation may move it: each line goes to the file that has the name then, or to one put aside.
"""

import contextlib
import errno
import logging
import os
import stat
from pathlib import Path

from app.safe_logging import LogFormat, formatter, unwritten

try:
    import fcntl
except ImportError:  # Windows: one gate writes
    fcntl = None  # type: ignore[assignment]

_FLAGS = os.O_RDWR | os.O_APPEND | os.O_CREAT
_FLAGS |= getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
_BEGINS_JSON, _A_DAY = b'{"time": "', len("2026-11-28T")
log = logging.getLogger("outgate")


class LogFile(logging.Handler):
    """Writes each record as one line; one that cannot be written goes to `spare`."""

    def __init__(self, path: Path, most: int, kept: int, spare: logging.Handler) -> None:
        """`most`: bytes, above which the file is put aside as `NAME.1`, and that as `NAME.2`; so
        many are `kept`, one at least. Raises OSError.
        """
        super().__init__()
        self._path = path
        self._most = most
        self._kept = max(kept, 1)
        self._spare = spare
        self._torn = False
        """Whether the last line of ours is there in part."""
        self._file = _opened(path)

    def emit(self, record: logging.LogRecord) -> None:
        """Write it."""
        try:
            line = f"{self.format(record)}\n".encode("utf-8", "backslashreplace")
        except Exception:  # noqa: BLE001 - boundary: a record that its own words do not fit
            self.handleError(record)
            return
        try:
            self._write(line)
        except OSError:
            self._spare.handle(record)

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - logging's name
        """Tell by type and place; the library's way shows the message and what it quotes."""
        unwritten(record)

    def close(self) -> None:
        """Close the file."""
        with contextlib.suppress(OSError):
            os.close(self._file)
        super().close()

    def _write(self, line: bytes) -> None:
        """Write the whole line. Raises OSError."""
        with contextlib.suppress(OSError):  # else it goes on where it is
            if not self._is_current():
                self._reopen()
            if 0 < os.fstat(self._file).st_size > self._most - len(line):
                self._put_aside()
        left = b"\n" * self._torn + line
        while left:
            written = os.write(self._file, left)
            left = left[written:]
            self._torn = bool(left)

    def _is_current(self) -> bool:
        """Whether the file that we write has the name. Raises OSError."""
        try:
            return os.path.samestat(os.lstat(self._path), os.fstat(self._file))
        except FileNotFoundError:
            return False

    def _reopen(self) -> None:
        """Write the file that has the name now, or a new one. Raises OSError."""
        file = _opened(self._path)
        os.close(self._file)
        self._file = file
        self._torn = False

    def _put_aside(self) -> None:
        """Give the file another name, unless another gate is doing so. Raises OSError."""
        if fcntl is not None:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)  # ends as it is closed
        if self._is_current():
            self._move_on()
        self._reopen()

    def _move_on(self) -> None:
        """Rename what was put aside as far as the first gap: what cannot go on is not lost."""
        names = [self._path, *(self._aside(number) for number in range(1, self._kept + 1))]
        gap = next(
            (at for at, name in enumerate(names) if at and not os.path.lexists(name)), self._kept
        )
        for at in range(gap, 0, -1):
            names[at - 1].replace(names[at])

    def _aside(self, number: int) -> Path:
        return self._path.with_name(f"{self._path.name}.{number}")


def log_to(path: Path, most: int, kept: int, form: LogFormat) -> None:
    """Send what goes to standard error to a file, and to standard error only what cannot be
    written there, that there is no such file included. For after `quieten`.
    """
    root = logging.getLogger()
    (stream,) = root.handlers
    try:
        handler = LogFile(path, most, kept, stream)
    except OSError as error:
        log.warning("the log goes to standard error: %s: %s", path, error.strerror)
        return
    handler.setFormatter(formatter(form, dated=True))
    handler.setLevel(stream.level)
    root.handlers[:] = [handler]


def _opened(path: Path) -> int:
    """Open a file for its owner only, which it then is. Raises OSError, also for what is no file or
    holds something other than a log: to put that aside would lose it.
    """
    file = os.open(path, _FLAGS, 0o600)
    try:
        if not stat.S_ISREG(os.fstat(file).st_mode):
            raise OSError(errno.EINVAL, os.strerror(errno.EINVAL))
        if not _is_log(os.read(file, max(len(_BEGINS_JSON), _A_DAY))):
            raise FileExistsError(errno.EEXIST, "it holds something other than a log")
        if hasattr(os, "fchmod"):
            os.fchmod(file, 0o600)
    except OSError:
        os.close(file)
        raise
    return file


def _is_log(begins: bytes) -> bool:
    """Whether a file that begins so is empty, or a log in one of the forms."""
    day = begins[:_A_DAY].translate(None, b"0123456789")
    return not begins or begins.startswith(_BEGINS_JSON) or day == b"--T"
