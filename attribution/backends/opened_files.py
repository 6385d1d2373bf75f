"""Which programs opened files of certain folders, by the kernel's word (fanotify): readers that are
no Python (polars, pyarrow, duckdb, `cat`) close what they have read before anything is sent.

A process of its own asks the kernel: what it is handed are open files, and a gate that closed one
of its own evidence would drop the locks on it. Takes Linux and root (CAP_SYS_ADMIN).
"""

# paths of other processes, kept as the text they are
# ruff: noqa: PTH112, PTH114, PTH115

import contextlib
import ctypes
import errno
import json
import os
import select
import stat
import struct
import subprocess
import sys
import threading
import time
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from itertools import takewhile

from attribution.backends import procfs
from core.duties import OWNER, Duty

_CLASS_NOTIF, _CLOEXEC, _NONBLOCK, _LARGE_QUEUE = 0x0, 0x1, 0x2, 0x10
_ADD, _MOUNT, _OPEN, _DIRECTORY, _CHILDREN = 0x1, 0x10, 0x20, 0x40000000, 0x08000000
_OVERFLOW = 0x4000
_HERE = -100
_EVENT = struct.Struct("=IBBHQii")
"""Length, version, reserved, length of this head, what happened, an open file, a process."""
_MOST_FOLDERS = 8192
_MOST_FILES, _MOST_PROCESSES, _ANCESTORS = 256, 1024, 4
_AGAIN_S, _SHARE = 10.0, 500
"""So often folders that are new are looked for; that takes one part in so many of the time."""
_START_S = 20.0
_PATIENCE_S = 0.3
_START = 19
"""Of a process, in the fields of its stat file."""
_FIRST = -10
"""Priority: a child that opened a file may end within a millisecond, and whose it was goes with
it.
"""
_READY, _LOST, _ASK = "ready", "lost", b"?"
_NOT_DATA = (".py", ".pyc", ".so", ".pyd", ".pth")

type _Process = tuple[int, int]
"""Its number, and when it began in the kernel's ticks."""


class OpenedFiles:
    """The files that programs opened, as far as they lie in `folders`. Safe for several threads."""

    def __init__(self, folders: Sequence[str], own: frozenset[int] = frozenset()) -> None:
        """Begin to listen; `own`: processes that are not noted. Raises nothing: see `obstacle`."""
        self.obstacle: str | None = "this takes Linux"
        self._opened: OrderedDict[_Process, dict[str, None]] = OrderedDict()
        self._lock = threading.Lock()
        self._lost = False
        self._asked = self._answered = 0
        self._answer = threading.Condition(self._lock)
        self._helper: subprocess.Popen[bytes] | None = None
        if sys.platform == "linux":
            self._begin(folders, own | {os.getpid()})

    @property
    def is_whole(self) -> bool:
        """Whether nothing that was opened since the beginning was missed."""
        return self.obstacle is None and not self._lost

    def of(self, pid: int, start: int) -> Sequence[str]:
        """Return the paths of what this process, or one that it started, opened in its life, in
        the order of opening, up to now. May wait for milliseconds.
        """
        with self._lock:
            self._catch_up()
            return tuple(self._opened.get((pid, start), ()))

    def _catch_up(self) -> None:
        """Wait until everything that the kernel has queued is noted; what is not there in time
        counts as missed.
        """
        if self._helper is None or self._lost:
            return
        assert self._helper.stdin is not None
        self._asked += 1
        asked = self._asked
        try:
            os.write(self._helper.stdin.fileno(), _ASK)
        except OSError:
            self._lost = True
            return
        if not self._answer.wait_for(lambda: self._answered >= asked or self._lost, _PATIENCE_S):
            self._lost = True

    def close(self) -> None:
        """Listen no more."""
        helper, self._helper = self._helper, None
        if helper is None:
            return
        assert helper.stdin is not None
        with contextlib.suppress(OSError):
            helper.stdin.close()
        try:
            helper.wait(2)
        except subprocess.TimeoutExpired:
            helper.kill()
            helper.wait()

    def _begin(self, folders: Sequence[str], own: frozenset[int]) -> None:
        told = json.dumps([list(folders), sorted(own)])
        self._helper = subprocess.Popen(
            [sys.executable, "-I", "-S", "-c", _RUN.format(path=_import_path()), told],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd="/",
        )
        said = self._first()
        self.obstacle = None if said == _READY else said
        if self.obstacle is None:
            body = OWNER.guarded(Duty.FILES, self._listen)
            threading.Thread(target=body, daemon=True, name="outgate-opened-files").start()
        else:
            self.close()

    def _first(self) -> str:
        assert self._helper is not None and self._helper.stdout is not None
        ready, _, _ = select.select([self._helper.stdout], [], [], _START_S)
        line = self._helper.stdout.readline() if ready else b""
        try:
            return str(json.loads(line))
        except ValueError:
            return "what listens ended"

    def _listen(self) -> None:
        assert self._helper is not None and self._helper.stdout is not None
        for line in self._helper.stdout:
            told = json.loads(line)
            with self._answer:
                if told == _LOST:
                    self._lost = True
                elif isinstance(told, int):
                    self._answered += told
                    self._answer.notify_all()
                else:
                    self._note(told[0], [(pid, start) for pid, start in told[1]])
        with self._answer:
            self._lost = True
            self._answer.notify_all()

    def _note(self, path: str, line: Sequence[_Process]) -> None:
        for process in line:
            files = self._opened.pop(process, {})
            if len(files) >= _MOST_FILES and path not in files:
                del files[next(iter(files))]
            files[path] = None
            self._opened[process] = files
        while len(self._opened) > _MOST_PROCESSES:
            self._opened.popitem(last=False)


_RUN = (
    "import sys; sys.path[:] = {path!r}; from attribution.backends.opened_files import main;"
    " main(sys.argv[1])"
)


def _import_path() -> list[str]:
    return [os.path.abspath(entry) for entry in sys.path if entry]  # noqa: PTH100


def main(told: str) -> None:
    """Tell each opening on standard output, until standard input ends."""
    folders, own = json.loads(told)
    try:
        group = _Group(folders, frozenset((*own, os.getpid())))
    except OSError as error:
        _say(_words(error))
        return
    except ValueError as error:
        _say(str(error))
        return
    with contextlib.suppress(OSError):
        os.setpriority(os.PRIO_PROCESS, 0, _FIRST)
    _say(_READY)
    group.listen(sys.stdin.fileno())


def _words(error: OSError) -> str:
    if error.errno in {errno.EPERM, errno.EACCES}:
        return "this takes root (CAP_SYS_ADMIN)"
    if error.errno == errno.ENOSYS:
        return "this kernel has no fanotify"
    if error.errno == errno.ENOENT:
        return f"there is no folder {error.filename}"
    return f"the kernel refused ({os.strerror(error.errno or 0)})"


def _say(what: object) -> None:
    os.write(1, json.dumps(what).encode() + b"\n")


class _Group:
    """What the kernel was asked for. Raises OSError, and ValueError with words."""

    def __init__(self, folders: Sequence[str], own: frozenset[int]) -> None:
        self._libc = ctypes.CDLL(None, use_errno=True)
        self._folders, self._own = [os.path.realpath(one) for one in folders], own
        self._marked: set[str] = set()
        self._said: OrderedDict[tuple[str, _Process], None] = OrderedDict()
        flags = _CLASS_NOTIF | _CLOEXEC | _NONBLOCK | _LARGE_QUEUE
        self._fd = self._call("fanotify_init", flags, os.O_RDONLY | os.O_CLOEXEC | os.O_NOATIME)
        for folder in self._folders:
            if not os.path.isdir(folder):
                raise FileNotFoundError(errno.ENOENT, "no folder", folder)
        self._mark_all()

    def _call(self, name: str, *arguments: object) -> int:
        done = int(getattr(self._libc, name)(*arguments))
        if done < 0:
            raise OSError(ctypes.get_errno(), name)
        return done

    def _mark_all(self) -> None:
        for folder in self._folders:
            for path in _tree(folder):
                if path not in self._marked:
                    self._mark(path, _MOUNT if os.path.ismount(path) else 0)

    def _mark(self, path: str, whole: int) -> None:
        if len(self._marked) >= _MOST_FOLDERS:
            raise ValueError(f"there are more than {_MOST_FOLDERS} folders: name smaller ones")
        wanted = ctypes.c_uint64(_OPEN if whole else _OPEN | _CHILDREN)
        try:
            self._call("fanotify_mark", self._fd, _ADD | whole, wanted, _HERE, os.fsencode(path))
        except OSError as error:
            if error.errno != errno.ENOENT:  # it went away meanwhile
                raise
        self._marked.add(path)

    def listen(self, until: int) -> None:
        """Tell each opening, until `until` can be read."""
        again = time.monotonic() + _AGAIN_S
        while True:
            ready, _, _ = select.select(
                [self._fd, until], [], [], max(0.0, again - time.monotonic())
            )
            asked = os.read(until, 4096) if until in ready else b""
            if until in ready and not asked:
                return
            self._take()
            if asked:
                _say(len(asked))
            if time.monotonic() >= again:
                begun = time.thread_time()
                with contextlib.suppress(OSError, ValueError):
                    self._mark_all()
                again = time.monotonic() + max(_AGAIN_S, (time.thread_time() - begun) * _SHARE)

    def _take(self) -> None:
        with contextlib.suppress(BlockingIOError):
            while data := os.read(self._fd, 1 << 16):
                at = 0
                while at + _EVENT.size <= len(data):
                    length, _, _, _, what, handle, pid = _EVENT.unpack_from(data, at)
                    at += max(length, _EVENT.size)
                    if what & _OVERFLOW:
                        _say(_LOST)
                    elif handle >= 0:
                        self._opened(handle, pid)

    def _opened(self, handle: int, pid: int) -> None:
        try:
            if pid in self._own or not stat.S_ISREG(os.fstat(handle).st_mode):
                return
            path = os.readlink(f"/proc/self/fd/{handle}")
        except OSError:
            return
        finally:
            os.close(handle)
        if path.endswith(_NOT_DATA) or not self._is_below(path):
            return
        line = list(takewhile(lambda one: one[0] not in self._own, _line(pid)))
        if not line:
            return
        key = path, line[0]
        if key not in self._said:
            self._said[key] = None
            if len(self._said) > 4 * _MOST_PROCESSES:
                self._said.popitem(last=False)
            _say([path, line])

    def _is_below(self, path: str) -> bool:
        return any(path.startswith(f"{folder}/") for folder in self._folders)


def _tree(folder: str) -> Iterator[str]:
    yield folder
    if os.path.ismount(folder):
        return  # the kernel tells of all below
    for here, names, _ in os.walk(folder):
        for name in names:
            path = f"{here}/{name}"
            if not os.path.islink(path):
                yield path


def _line(pid: int) -> Iterator[_Process]:
    """Yield a process and those that started it, as far as they live."""
    for _ in range(_ANCESTORS):
        fields = procfs.stat_fields(pid)
        if (
            pid <= 1 or len(fields) <= _START
        ):  # one that ended and was not waited for has them still
            return
        yield pid, int(fields[_START])
        pid = int(fields[1])
