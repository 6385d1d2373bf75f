"""From sampled stacks to a line of the user's own code (pure): whose frame is it, which thread, how
sure.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from core.attribution import Certainty, CodeLine

_INSTALLED = re.compile(
    r"[/\\](?:site-packages|dist-packages|app_packages|installed_wheels[/\\][^/\\]+[/\\][^/\\]+\.whl"
    r"|__pypackages__[/\\][\d.]+[/\\]lib|[^/\\]+\.(?:egg|whl))[/\\]([^/\\]+)"
)
_STANDARD = re.compile(
    r"[/\\](?:lib|lib64)[/\\](?:python|pypy)\d(?:\.\d+)?t?[/\\]|[/\\]python\d+\.zip[/\\]",
    re.IGNORECASE,
)
_SOCKET_FILES = (
    "/ssl.py",
    "/socket.py",
    "/http/client.py",
    "/urllib3/util/wait.py",
    "/httpcore/_backends/sync.py",
)
_EVENT_LOOP_FILES = tuple(
    (
        "/selectors.py /asyncio/base_events.py /asyncio/runners.py /trio/_core/_run.py"
        " /gevent/hub.py /asyncio/windows_events.py /eventlet/hubs/poll.py"
        " /tornado/platform/asyncio.py /uvloop/__init__.py"
    ).split()
)
_ABSOLUTE = re.compile(r"/|[A-Za-z]:[\\/]|\\\\|<")
_MOST_FRAMES = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """One Python frame."""

    file: str
    line: int
    function: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Thread:
    """One sampled thread; frames from the innermost."""

    id: int | None
    """The operating system's number, where the sampler knows it."""
    name: str | None
    active: bool
    frames: tuple[Frame, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Stacks:
    """What a look at a process gave."""

    threads: tuple[Thread, ...] = ()
    """Every thread; none when the stacks could not be read."""
    refused: bool = False
    """True when the operating system forbids to look."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """What is needed to tell the user's own code from everybody else's."""

    strings_are_own: bool
    """True for `python -c` and stdin: frames without a file are the user's."""
    absolute: Callable[[str], str]
    """Makes a relative file name absolute."""
    main: str | None = None
    """The file that the main program's outermost frame stands in, as the frame has it."""
    package: str | None = None
    """The installed package that the main program is, where it is one: then its code is the
    user's.
    """


def choose(
    threads: Sequence[Thread], waiting: frozenset[int] | None, program: Program
) -> tuple[CodeLine | None, str]:
    """Return the line and an outcome word for the counters.

    `waiting`: threads that stand in a read or write of the very socket, where the OS tells. One
    such thread is EXACT. An event loop's stack is not its task's, so it gives no line at all. Where
    nobody stands there (the library sends in a thread of its own), a single Python thread inside a
    library is LIKELY the one that asked it to.
    """
    program = placed(program, threads)
    if waiting:
        chosen = _standing(threads, waiting)
        alone = len(threads) == 1 and _in_socket(threads[0])
        sure = len(chosen) == len(waiting) == 1 and (chosen[0].id in waiting or alone)
        return _line(chosen, program, Certainty.EXACT if sure else Certainty.LIKELY)
    return _by_elimination(threads, program, asked=waiting is not None)


def _by_elimination(
    threads: Sequence[Thread], program: Program, *, asked: bool
) -> tuple[CodeLine | None, str]:
    """Return the line where no thread is known to stand at the socket. `asked`: the OS told so."""
    blocked = [thread for thread in threads if thread.frames and not thread.active]
    in_loop = [thread for thread in blocked if _in_event_loop(thread)]
    if in_loop:
        return None, "event_loop"
    if len(threads) == 1 and blocked:
        if asked and not is_library(blocked[0].frames[0].file, program):
            return None, "no_thread"
        sure = not asked and _in_socket(blocked[0])
        return _line(blocked, program, Certainty.EXACT if sure else Certainty.LIKELY)
    reading = [thread for thread in blocked if _in_socket(thread)]
    if asked or not reading:
        return None, "no_thread"
    return _line(reading, program, Certainty.LIKELY)


def choose_starter(threads: Sequence[Thread], program: Program) -> tuple[CodeLine | None, str]:
    """Return the line that started another program, which sent: LIKELY at most, and only one thread
    may wait for it.
    """
    program = placed(program, threads)
    blocked = [thread for thread in threads if thread.frames and not thread.active]
    starting = [thread for thread in blocked if _in_files(thread.frames[:6], ("/subprocess.py",))]
    if not starting and len(threads) == 1 and blocked and not _in_event_loop(blocked[0]):
        starting = blocked
    return _line(starting, program, Certainty.LIKELY) if len(starting) == 1 else (None, "no_thread")


def _standing(threads: Sequence[Thread], waiting: frozenset[int]) -> list[Thread]:
    """Return the threads of these numbers.

    Before Python 3.11 no number is told: then the only thread it can be. More than one is no
    answer.
    """
    numbered = [thread for thread in threads if thread.id in waiting]
    if numbered or len(waiting) > 1 or any(thread.id is not None for thread in threads):
        return numbered
    if len(threads) == 1:
        return list(threads)
    reading = [thread for thread in threads if _in_socket(thread)]
    # Another thread may stand in the socket below a library that is not known here.
    elsewhere = [thread for thread in threads if not thread.active and thread not in reading]
    return reading if len(reading) == 1 and not elsewhere else []


def placed(program: Program, threads: Sequence[Thread]) -> Program:
    """Add the main program's file, and its package where it is an installed one, from the outermost
    frames.
    """
    for thread in threads:
        inward = [frame for frame in reversed(thread.frames) if not _runs_modules(frame)]
        if not inward or inward[0].function != "<module>":
            continue
        file = inward[0].file
        if not _ABSOLUTE.match(file) and ("/" in file or "\\" in file or file.startswith("__")):
            break  # what starts a frozen program, and not the program
        stub = len(inward) > 1 and _is_stub(inward[0], [inward[1], inward[0]])
        return replace(program, main=file, package=_package(inward[1 if stub else 0].file))
    return program


def _runs_modules(frame: Frame) -> bool:
    return frame.file.startswith("<frozen ") or frame.file.endswith(("/runpy.py", "\\runpy.py"))


def _line(
    threads: Sequence[Thread], program: Program, certainty: Certainty
) -> tuple[CodeLine | None, str]:
    stacks = [(thread, own) for thread in threads if (own := own_frames(thread.frames, program))]
    if not stacks:
        return None, "no_own_code"
    first = stacks[0][1][0]
    shown: list[str] = []
    for thread, own in stacks:
        if len(stacks) > 1:
            shown.append(f"thread {thread.name or thread.id}:")
        shown.extend(_folded(thread.frames, own, program))
    line = CodeLine(
        file=program.absolute(first.file),
        line=first.line,
        function=first.function,
        certainty=certainty,
        stack=tuple(shown[:_MOST_FRAMES]),
    )
    return line, certainty.value


def own_frames(frames: Sequence[Frame], program: Program) -> list[Frame]:
    """Return the frames of the user's own code, innermost first.

    When the main program is an installed package (a console script, `python -m tool`), that is the
    user's code.
    """
    own = [frame for frame in frames if not is_library(frame.file, program)]
    real = [frame for frame in own if not _is_stub(frame, frames)]
    if real:
        return real
    package = program.package
    return [] if package is None else [f for f in frames if _package(f.file) == package]


def _is_stub(frame: Frame, frames: Sequence[Frame]) -> bool:
    """True for the installer's own console script: no suffix, in `bin`, and it calls into installed
    code.
    """
    folder, _, name = frame.file.replace("\\", "/").rpartition("/")
    if "." in name or not folder.endswith(("/bin", "/Scripts")) or frame.function != "<module>":
        return False
    at = frames.index(frame)
    return at > 0 and _INSTALLED.search(frames[at - 1].file) is not None


def is_library(file: str, program: Program) -> bool:
    """True for installed packages, the standard library, frozen modules and generated code."""
    if file.startswith("<"):
        own = (
            file == "<stdin>"
            or file.startswith("<ipython-input")
            or (program.strings_are_own and file == "<string>")
        )
        return not own
    if not _ABSOLUTE.match(file) and file != program.main:
        # A frozen program's modules have no folder: its own cannot be told from those it was built
        # with.
        return program.main is None or not _ABSOLUTE.match(program.main)
    return bool(_INSTALLED.search(file) or _STANDARD.search(file)) or _is_windows_standard(file)


def _is_windows_standard(file: str) -> bool:
    """True for a file in a folder `Lib` somewhere below a folder `Python…` on a drive."""
    drive, *folders = file.split("\\")[:-1] or [""]
    if len(drive) != 2 or not drive[0].isascii() or not drive[0].isalpha() or drive[1] != ":":
        return False
    below = False
    for folder in folders:
        if below and folder == "Lib":
            return True
        below = folder.startswith(("Python", "python")) or (below and folder != "")
    return False


def _package(file: str) -> str | None:
    found = _INSTALLED.search(file)
    return found[1] if found else None


def _label(file: str) -> str:
    installed = _package(file)
    if installed:
        return installed.removesuffix(".py")
    return (
        _STANDARD.split(file)[-1]
        .replace("\\", "/")
        .removesuffix(".py")
        .removesuffix("/__init__")
        .replace("/", ".")
    )


def _folded(frames: Sequence[Frame], own: Sequence[Frame], program: Program) -> list[str]:
    """Return `file:line function` per own frame; each run of other frames becomes one line."""
    shown: list[str] = []
    run: list[str] = []
    for frame in frames:
        if frame in own:
            _close(run, shown)
            shown.append(f"{program.absolute(frame.file)}:{frame.line} {frame.function}")
        else:
            run.append(_label(frame.file))
    _close(run, shown)
    return shown


def _close(run: list[str], shown: list[str]) -> None:
    if run:
        names = list(dict.fromkeys(run))
        more = "" if len(names) <= 4 else ", …"
        shown.append(f"… {len(run)} library frames ({', '.join(names[:4])}{more})")
        run.clear()


def _in_socket(thread: Thread) -> bool:
    return _in_files(thread.frames[:1], _SOCKET_FILES)


def _in_event_loop(thread: Thread) -> bool:
    return _in_files(thread.frames[:4], _EVENT_LOOP_FILES)


def _in_files(frames: Sequence[Frame], endings: tuple[str, ...]) -> bool:
    return any(f"/{frame.file}".replace("\\", "/").endswith(endings) for frame in frames)
