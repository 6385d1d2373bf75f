"""The beacon: runs inside another's program, and notes what it runs and from which lines its
requests leave.

It patches nothing, starts no thread, keeps no file open and imports nothing that an interpreter
does not have built in. Two kinds of line go to a file of the process, read by
`attribution.beacon.reading`; text is in hex, so that it is inert:
  S <start mark> <main> <sha256 or -> <folder> <prefix> <version>
  R <Unix time in ns> <digest of method, target and length> <line> <file> <function>
Python 3.8 and newer; requests from 3.12 on, where one code object can be watched alone
(sys.monitoring).
"""

# The functions of `os` are taken once: programs put their own in their place (gevent, pyfakefs).

import os
import sys
from os import close, fstat, ftruncate, getcwd, getpid, read, write
from os import open as opened
from time import time_ns

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import CodeType, FrameType
    from typing import Any

FOLDER: str = globals()["FOLDER"]
"""Set by sitecustomize: where this file lies."""

_WRITE = os.O_WRONLY | os.O_APPEND | os.O_CREAT
_WRITE |= getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
_READ = os.O_RDONLY | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)
_MOST_FILE = 512 * 1024
_MOST_HEAD = 8192
_MOST_SOURCE = 8 << 20
_MOST_FRAMES = 200
_COROUTINE = 0x20 | 0x80 | 0x100 | 0x200
_STARTERS = frozenset({"create_task", "factory", "ensure_future", "_ensure_future", "start_soon"})
"""Plain functions between a task that starts at once (eagerly) and whoever asked for it."""
_LIBRARY = (os.path.dirname(os.__file__) + os.sep, "<frozen ", "<outgate ")


def _hex(text: object) -> str:
    return str(text).encode("utf-8", "surrogateescape")[:4096].hex() or "-"


def _place(pid: int) -> str:
    return FOLDER + "records/" + str(pid)


def _note(pid: int, line: bytes) -> None:
    """Append one line to the file of this process; a full one begins again with what was at the
    start.
    """
    try:
        handle = opened(_place(pid), _WRITE, 0o600)
    except OSError:
        return
    try:
        if _start.noted > _MOST_FILE:
            ftruncate(handle, 0)
            _start.noted = write(handle, _start_line())
        _start.noted += write(handle, line)
    except OSError:
        pass
    finally:
        close(handle)


def _mark() -> str:
    """The kernel's start mark of this process, where it has one."""
    try:
        handle = opened("/proc/self/stat", _READ)
    except OSError:
        return "-"
    try:
        return str(read(handle, 4096).rpartition(b")")[2].split()[19], "ascii")
    except (OSError, IndexError):
        return "-"
    finally:
        close(handle)


def _sha256(path: str) -> str:
    try:
        try:
            from _sha2 import sha256  # type: ignore[import-not-found]
        except ImportError:
            from hashlib import sha256
        handle = opened(path, _READ | getattr(os, "O_NONBLOCK", 0))
    except (OSError, ValueError, ImportError):
        return "-"
    try:
        found = fstat(handle)
        if found.st_mode & 0o170000 != 0o100000 or found.st_size > _MOST_SOURCE:
            return "-"
        digest = sha256()
        while True:
            chunk = read(handle, 1 << 18)
            if not chunk:
                return str(digest.hexdigest())
            digest.update(chunk)
    except OSError:
        return "-"
    finally:
        close(handle)


class _Start:
    """What was so when the interpreter started."""

    def __init__(self) -> None:
        self.pid = getpid()
        self.noted = 0
        try:
            self.cwd = getcwd()
        except OSError:
            self.cwd = ""
        self.module = False
        self.set_main(self._main())

    def set_main(self, main: str) -> None:
        self.main = main
        self.sha256 = _sha256(main) if os.path.isabs(main) else "-"

    def _main(self) -> str:
        argv = getattr(sys, "argv", None) or [""]
        if argv[0] == "-c":
            return "<string>"
        if argv[0] == "-m":
            self.module = True
            return ""
        if argv[0] in {"", "-"}:
            return "<stdin>"
        return os.path.join(self.cwd, argv[0])


_start = _Start()


def _start_line() -> bytes:
    version = "%d.%d.%d" % sys.version_info[:3]
    words = (_mark(), _hex(_start.main), _start.sha256, _hex(_start.cwd), _hex(sys.prefix))
    return ("S " + " ".join(words) + " " + version + "\n").encode()


def _is_library(file: str) -> bool:
    return file.startswith(_LIBRARY) or "site-packages" in file or "dist-packages" in file


_known: "dict[CodeType, bytes | None]" = {}


def _described(code: "CodeType") -> "bytes | None":
    """Return file and function of the user's own code as they are written; None for everybody
    else's. Kept by code.
    """
    if code in _known:
        return _known[code]
    file = code.co_filename
    own = not _is_library(file)
    if file.startswith("<"):
        own = file == "<stdin>" or (file == "<string>" and _start.main == "<string>")
    if len(_known) > 5000:
        _known.clear()
    words = None
    if own:
        file = file if file.startswith("<") else os.path.join(_start.cwd, file)
        words = (_hex(file) + " " + _hex(code.co_qualname) + "\n").encode()
    _known[code] = words
    return words


_key = b""
_digest: "Any" = None


def _own_line(frame: "FrameType | None") -> "bytes | None":
    """Return where the user's own code stands in the call chain of this request; None when that is
    not certain.

    Out of a task the chain leads into whatever runs the event loop: that is nobody who asked for
    this request.
    """
    inside = False
    for _ in range(_MOST_FRAMES):
        if frame is None:
            return None
        code = frame.f_code
        task = code.co_flags & _COROUTINE
        if inside and not task and code.co_name not in _STARTERS:
            return None
        inside = inside or bool(code.co_flags & 0x80)
        words = _described(code)
        if words is not None:
            return str(frame.f_lineno).encode() + b" " + words
        frame = frame.f_back
    return None


def _request(data: "Any") -> "bytes | None":
    """Return method, target and length of the request head that begins here; None when it is
    none.
    """
    kind = type(data)
    if kind is memoryview:
        if data.itemsize != 1 or not data.contiguous:
            return None
    elif kind is not bytes and kind is not bytearray:
        return None
    if not 65 <= data[0] <= 90:
        return None
    head = bytes(data[:_MOST_HEAD])
    end = head.find(b"\r\n")
    line = head[:end]
    if end < 0 or line[-9:-1] != b" HTTP/1.":
        return None
    head = head[: head.find(b"\r\n\r\n") + 2].lower()
    at = head.find(b"\r\ncontent-length:")
    length = b"" if at < 0 else head[at + 17 : head.find(b"\r\n", at + 17)].strip()
    return bytes(line[:-9] + b" " + length)


def _on_request(frame: "FrameType") -> None:
    data = frame.f_locals.get("data")
    if data is None or len(data) < 16:
        return
    said = _request(data)
    if said is None:
        return
    where = _own_line(frame.f_back)
    if where is None:
        return
    pid = getpid()
    line = b"R %d %b " % (time_ns(), _digest(said, key=_key, digest_size=16).hexdigest().encode())
    if pid != _start.pid:  # forked: what was at the start is the same, the mark is its own
        _start.pid, _start.noted = pid, 0
        line = _start_line() + line
    _note(pid, line + where)


def _on_main(frame: "FrameType") -> None:
    """`python -m`, a folder or an archive: now it is known which file that is."""
    if frame.f_locals.get("mod_name") != "__main__":
        return
    origin = getattr(frame.f_locals.get("mod_spec"), "origin", None)
    if origin and getpid() == _start.pid:
        _start.set_main(os.path.join(_start.cwd, origin))
        _note(_start.pid, _start_line())


def _ours(error: BaseException) -> bool:
    """True when the error is of our own making, and was not put here by a signal handler of the
    program.
    """
    last = error.__traceback__
    while last is not None and last.tb_next is not None:
        last = last.tb_next
    return last is None or last.tb_frame.f_code.co_filename == "<outgate beacon>"


def _watch(monitoring: "Any") -> None:
    """Watch two code objects and nothing else; and, until they are loaded, the end of each
    import.
    """
    global _key, _digest
    tool = next((free for free in (4, 3) if monitoring.get_tool(free) is None), None)
    if tool is None:
        return
    import _frozen_importlib

    events = monitoring.events
    loading = _frozen_importlib._load_unlocked.__code__  # type: ignore[attr-defined]
    sends: set[CodeType] = set()
    mains: set[CodeType] = set()
    wanted = {"ssl", "runpy"}

    def ready(name: str) -> None:
        module = sys.modules.get(name)
        if module is None:
            return
        wanted.discard(name)
        if name == "ssl":
            for kind, function in (("SSLObject", "write"), ("SSLSocket", "send")):
                code = getattr(getattr(module, kind), function).__code__
                sends.add(code)
                monitoring.set_local_events(tool, code, events.PY_START)
        elif _start.main == "" or not _start.main.startswith("<"):
            code = module._run_code.__code__
            mains.add(code)
            monitoring.set_local_events(tool, code, events.PY_START)
        if not wanted:
            monitoring.set_local_events(tool, loading, 0)

    def on_loaded(code: "CodeType", offset: int, module: "Any") -> None:
        try:
            if code is loading and getattr(module, "__name__", None) in wanted:
                ready(module.__name__)
        except Exception as error:
            if not _ours(error):
                raise

    def on_start(code: "CodeType", offset: int) -> None:
        try:
            if code in sends:
                _on_request(sys._getframe(1))
            elif code in mains:
                monitoring.set_local_events(tool, code, 0)
                _on_main(sys._getframe(1))
        except Exception as error:
            if not _ours(error):
                raise

    handle = opened(FOLDER + "key", _READ)
    try:
        _key = read(handle, 32)
    finally:
        close(handle)
    from _blake2 import blake2b as _digest

    monitoring.use_tool_id(tool, "outgate")
    monitoring.register_callback(tool, events.PY_RETURN, on_loaded)
    monitoring.register_callback(tool, events.PY_START, on_start)
    monitoring.set_local_events(tool, loading, events.PY_RETURN)
    for name in ("ssl", "runpy"):
        ready(name)


_note(_start.pid, _start_line())
if hasattr(sys, "monitoring"):
    _watch(sys.monitoring)
