"""Which line of the user's code sent a request, seen from outside the process."""

import json
import os
import shutil
import signal
import sys
import threading
import time

import pytest

from attribution.line.frames import Frame, Program, Thread, choose, is_library
from attribution.line.py_spy import read_dump
from attribution.line.sampler import LineSampler, SampleTarget
from attribution.reader import InPlace
from core.attribution import Certainty
from tests.attribution.conftest import Clients, Gate

LIB = "/usr/lib/python3.13"
SITE = "/w/.venv/lib/python3.13/site-packages"
PROGRAM = Program(strings_are_own=False, absolute=lambda file: file)
READ = (Frame(file=f"{LIB}/ssl.py", line=1, function="SSLSocket.read"),)
URLLIB3 = (Frame(file=f"{SITE}/urllib3/connectionpool.py", line=9, function="urlopen"),)


def own(line: int, function: str = "upload") -> Frame:
    return Frame(file="/w/job.py", line=line, function=function)


def thread(number: int, *frames: Frame, active: bool = False) -> Thread:
    return Thread(id=number, name=f"T{number}", active=active, frames=(*READ, *URLLIB3, *frames))


LOOP = Thread(
    id=9,
    name="loop",
    active=False,
    frames=(
        Frame(file=f"{LIB}/selectors.py", line=4, function="EpollSelector.select"),
        Frame(file=f"{LIB}/asyncio/base_events.py", line=2, function="_run_once"),
        own(30, "<module>"),
    ),
)


def test_the_one_thread_that_waits_on_the_socket_is_exact() -> None:
    """Among many threads, the one that stands in a read of this very connection is the sender."""
    line, outcome = choose([thread(1, own(5)), thread(2, own(7)), LOOP], frozenset({2}), PROGRAM)
    assert line is not None
    assert (line.file, line.line, line.function) == ("/w/job.py", 7, "upload")
    assert (line.certainty, outcome) == (Certainty.EXACT, "exact")


def test_several_threads_on_one_socket_are_likely_and_all_are_shown() -> None:
    """When several threads wait on one connection, none is called certain and every one is
    shown.
    """
    line, _ = choose([thread(1, own(5)), thread(2, own(7))], frozenset({1, 2}), PROGRAM)
    assert line is not None
    assert line.certainty is Certainty.LIKELY
    assert {"/w/job.py:5 upload", "/w/job.py:7 upload", "thread T1:", "thread T2:"} <= set(
        line.stack
    )


def test_an_event_loop_gives_no_line() -> None:
    """The stack of an event loop is not the stack of the task that sent: nothing is said rather
    than a guess.
    """
    assert choose([LOOP], frozenset(), PROGRAM) == (None, "event_loop")
    assert choose([LOOP], None, PROGRAM) == (None, "event_loop")
    assert choose([LOOP, thread(1, own(5))], frozenset(), PROGRAM) == (None, "event_loop")


def test_without_the_systems_help_several_threads_are_never_exact() -> None:
    """Where the system does not tell who waits on the socket, only a single thread can be
    certain.
    """
    line, _ = choose([thread(1, own(5))], None, PROGRAM)
    assert line is not None
    assert line.certainty is Certainty.EXACT
    busy = Thread(id=2, name="busy", active=True, frames=(own(9),))
    line, _ = choose([thread(1, own(5)), busy], None, PROGRAM)
    assert line is not None
    assert line.certainty is Certainty.LIKELY


def test_a_library_that_sends_in_its_own_thread_leaves_the_caller_likely() -> None:
    """When the library itself sends, the one thread that waits inside it is the likely caller; one
    that does else is not.
    """
    line, _ = choose([thread(1, own(5))], frozenset(), PROGRAM)
    assert line is not None
    assert line.certainty is Certainty.LIKELY
    busy_elsewhere = Thread(id=1, name="T", active=False, frames=(own(9), own(12, "main")))
    assert choose([busy_elsewhere], frozenset(), PROGRAM) == (None, "no_thread")


def test_when_nobody_waits_on_the_socket_several_threads_give_no_line() -> None:
    """If the system says that no thread waits on the connection, no thread is picked."""
    assert choose([thread(1, own(5)), thread(2, own(7))], frozenset(), PROGRAM) == (
        None,
        "no_thread",
    )


@pytest.mark.parametrize(
    ("file", "library"),
    [
        (f"{SITE}/requests/api.py", True),
        (f"{LIB}/http/client.py", True),
        ("/usr/lib/python3/dist-packages/apt/__init__.py", True),
        ("<frozen runpy>", True),
        ("<attrs generated init>", True),
        ("<string>", True),
        ("C:\\Users\\u\\AppData\\Local\\Programs\\Python\\Python313\\Lib\\ssl.py", True),
        ("C:\\w\\.venv\\Lib\\site-packages\\httpx\\_client.py", True),
        ("/w/job.py", False),
        ("/home/u/library/python/job.py", False),
        ("/home/u/lib/job.py", False),
        ("<stdin>", False),
        ("/tmp/ipykernel_77/1234.py", False),
        ("C:\\w\\job.py", False),
    ],
)
def test_the_users_code_is_told_from_library_code(file: str, library: bool) -> None:
    """Only the user's own files can be named as the line that sent."""
    assert is_library(file, PROGRAM) is library


def test_code_given_on_the_command_line_is_the_users() -> None:
    """For `python -c` the program text itself is the user's code."""
    assert not is_library("<string>", Program(strings_are_own=True, absolute=str))


def test_an_installed_tools_own_package_counts_as_its_code() -> None:
    """When everything is installed, the line is in the tool's own package, not in a library under
    it.
    """
    frames = (
        *READ,
        *URLLIB3,
        Frame(file=f"{SITE}/tool/push.py", line=44, function="push"),
        Frame(file=f"{SITE}/click/core.py", line=3, function="invoke"),
        Frame(file=f"{SITE}/tool/cli.py", line=8, function="main"),
        Frame(file="/w/.venv/bin/tool", line=6, function="<module>"),
    )
    line, _ = choose([Thread(id=1, name="T", active=False, frames=frames)], frozenset({1}), PROGRAM)
    assert line is not None
    assert [s for s in line.stack if f"{SITE}/tool" in s] == [
        f"{SITE}/tool/push.py:44 push",
        f"{SITE}/tool/cli.py:8 main",
    ]


def test_a_librarys_own_thread_is_nobodys_line() -> None:
    """A library that receives in a thread of its own is not taken for the user's code, whose script
    is another file.
    """
    receiver = Thread(
        id=2,
        name="recv",
        active=False,
        frames=(
            *READ,
            Frame(file=f"{SITE}/websockets/sync/connection.py", line=9, function="recv_events"),
            Frame(file=f"{LIB}/threading.py", line=9, function="_bootstrap"),
        ),
    )
    assert choose([thread(1, own(5, "<module>")), receiver], frozenset({2}), PROGRAM) == (
        None,
        "no_own_code",
    )
    assert choose([receiver], frozenset({2}), PROGRAM) == (None, "no_own_code")


def frozen(*files: str) -> Thread:
    """A stack of a program that carries its own modules, which have no folder."""
    frames = (Frame(file=f, line=n, function=f"f{n}") for n, f in enumerate(files[:-1], 1))
    return Thread(
        id=1,
        name="T",
        active=False,
        frames=(*frames, Frame(file=files[-1], line=77, function="<module>")),
    )


@pytest.mark.parametrize(
    ("stack", "said"),
    [
        (("ssl.py", "http/client.py", "requests/api.py", "job.py"), ("job.py", 77)),
        (("ssl.py", "urllib/request.py", "job.py", "job.py"), ("job.py", 3)),
        (("ssl.py", "http/client.py", "cx_Freeze/initscripts/__startup__.py"), None),
        (("ssl.py", "http/client.py", "__startup__.py"), None),
    ],
)
def test_a_frozen_programs_line_is_its_own_or_unknown(
    stack: tuple[str, ...], said: tuple[str, int] | None
) -> None:
    """In a program that carries its own modules only its main file is known to be its own; a module
    is never named.
    """
    line, _ = choose([frozen(*stack)], frozenset({1}), PROGRAM)
    assert (None if line is None else (line.file, line.line)) == said


def test_a_frozen_programs_thread_beside_its_main_one_names_no_module() -> None:
    """In another thread of such a program there is no outermost frame to tell its own by: none is
    guessed.
    """
    other = Thread(
        id=2,
        name="W",
        active=False,
        frames=tuple(
            Frame(file=f, line=4, function="f") for f in ("ssl.py", "job.py", "threading.py")
        ),
    )
    line, _ = choose([other], frozenset({2}), PROGRAM)
    assert line is None
    line, _ = choose([frozen("time.py", "job.py"), other], frozenset({2}), PROGRAM)
    assert line is not None
    assert (line.file, line.certainty) == ("job.py", Certainty.EXACT)


def numberless(*frames: Frame) -> Thread:
    return Thread(id=None, name="T", active=False, frames=frames)


def test_the_only_thread_of_an_old_python_is_the_one_that_waits() -> None:
    """Before Python 3.11 threads have no number: where there is one alone, in the socket, it is
    that one.
    """
    line, _ = choose([numberless(*READ, own(5, "<module>"))], frozenset({1}), PROGRAM)
    assert line is not None
    assert (line.line, line.certainty) == (5, Certainty.EXACT)
    line, _ = choose([numberless(own(5, "<module>"))], frozenset({1}), PROGRAM)
    assert line is not None
    assert line.certainty is Certainty.LIKELY


def test_several_threads_of_an_old_python_give_at_most_a_likely_line() -> None:
    """Without numbers, one thread of several is named only where no other can be the one, and never
    exactly.
    """
    sending, busy = numberless(*READ, own(5)), numberless(own(9))
    line, _ = choose(
        [sending, Thread(id=None, name="B", active=True, frames=(own(9),))], frozenset({1}), PROGRAM
    )
    assert line is not None
    assert (line.line, line.certainty) == (5, Certainty.LIKELY)
    assert choose([sending, sending], frozenset({1}), PROGRAM)[0] is None
    assert choose([sending, busy], frozenset({1}), PROGRAM)[0] is None


@pytest.mark.parametrize(
    "file",
    [
        "/home/u/.pex/installed_wheels/0/aa/requests-2-py3-none-any.whl/requests/api.py",
        "/w/__pypackages__/3.12/lib/httpx/_client.py",
        "/opt/tool.app/Contents/Resources/app_packages/httpx/_client.py",
        "/w/eggs/requests-2.0-py3.egg/requests/api.py",
    ],
)
def test_packages_of_other_installers_are_libraries_too(file: str) -> None:
    """However a package was installed, its code is not taken for the user's own."""
    assert is_library(file, PROGRAM)


def test_library_frames_are_folded() -> None:
    """The stack shows the user's lines in full and libraries as one line each run."""
    line, _ = choose([thread(1, own(5), own(9, "main"))], frozenset({1}), PROGRAM)
    assert line is not None
    assert line.stack == (
        "… 2 library frames (ssl, urllib3)",
        "/w/job.py:5 upload",
        "/w/job.py:9 main",
    )


@pytest.mark.parametrize("output", [b"", b"{}", b"[1]", b'[{"frames": [{}]}]', b"\xff", b"null"])
def test_an_unreadable_dump_is_no_stack(output: bytes) -> None:
    """Whatever the sampler prints, the gate gets a stack or nothing."""
    assert read_dump(output) in (None, [])


def test_an_absent_sampler_is_said_once_in_plain_words() -> None:
    """Without the sampler nothing breaks; the reason is there for the doctor."""
    sampler = LineSampler(InPlace(), program="/nonexistent/py-spy")
    target = SampleTarget(facts=None, waiting=lambda: None, alive=lambda: True)  # type: ignore[arg-type]
    sampler._program = None
    assert sampler.sample(target) == (None, "no_sampler")
    assert "not installed" in str(sampler.obstacle())


linux = pytest.mark.skipif(sys.platform != "linux", reason="threads of a socket are a Linux matter")


def line_of(text: str, marker: str) -> int:
    return next(number for number, line in enumerate(text.splitlines(), 1) if marker in line)


@linux
def test_each_of_many_threads_is_traced_to_its_own_line(gate: Gate, clients: Clients) -> None:
    """Eight threads that send at once from two functions: each request is traced to its own line,
    exactly.
    """
    gate.want_line = True
    barrier = threading.Barrier(8)

    def together() -> None:
        barrier.wait(30)

    gate.before_answer = together
    path = clients.write("""
import threading
def one():
    ask(dial(), marker="one")  # line one
def two():
    s = dial(); s.settimeout(60)
    ask(s, marker="two")  # line two
for number in range(8):
    threading.Thread(target=(one, two)[number % 2]).start()
""")
    clients.python(path.name)
    text = path.read_text()
    for seen in gate.wait(8):
        assert seen.line is not None
        assert seen.line.certainty is Certainty.EXACT
        # `ask` is the client's own function too: it is innermost, its caller is next.
        caller = next(frame for frame in seen.line.stack if frame.endswith((" one", " two")))
        marker = str(seen.truth["marker"])
        assert caller == f"{path}:{line_of(text, '# line ' + marker)} {marker}"


@linux
def test_an_asyncio_client_gets_no_line_and_an_honest_count(gate: Gate, clients: Clients) -> None:
    """A coroutine's line cannot be seen from outside: the record holds none, and the count says
    why.
    """
    gate.want_line = True
    clients.write("""
import asyncio
async def main():
    reader, writer = await asyncio.open_connection("127.0.0.1", int(os.environ["GATE_PORT"]))
    writer.write(b"POST / HTTP/1.1\\r\\nX-Truth: " + json.dumps({"pid": os.getpid()}).encode() + b"\\r\\n\\r\\n")
    await reader.read(100)
asyncio.run(main())
""")
    clients.python("client.py")
    (seen,) = gate.wait(1)
    assert seen.line is None
    assert gate.attributor.health()["lines"] == {"event_loop": 1}


@linux
def test_code_on_the_command_line_has_a_line(gate: Gate, clients: Clients) -> None:
    """A request sent by `python -c` is traced to its line within that command."""
    gate.want_line = True
    clients.python("-c", clients.prelude + "ask(dial())")
    (seen,) = gate.wait(1)
    assert seen.line is not None
    assert seen.line.file == "<string>"
    assert seen.line.function == "ask"


def test_dumps_hold_no_values() -> None:
    """Of a dump only files, lines, functions and thread names are kept: never the value of a
    variable.
    """
    frame = {
        "filename": "/w/job.py",
        "line": 3,
        "name": "f",
        "locals": [{"name": "key", "repr": "hunter2"}],
    }
    threads = read_dump(
        json.dumps(
            [{"frames": [frame], "os_thread_id": 4, "thread_name": "T", "active": False}]
        ).encode()
    )
    assert "hunter2" not in repr(threads)


@linux
def test_the_line_that_started_another_program_is_likely(gate: Gate, clients: Clients) -> None:
    """What curl sends for a script is traced to the line that started curl, as likely."""
    if shutil.which("curl") is None:
        pytest.skip("no curl")
    gate.want_line = True
    path = clients.write("""
import subprocess
def upload():
    url = "http://127.0.0.1:" + os.environ["GATE_PORT"] + "/"
    subprocess.run(["curl", "-s", "--noproxy", "*", "-X", "POST", url], check=True)  # line of start
upload()
""")
    clients.python(path.name)
    (seen,) = gate.wait(1)
    assert seen.line is not None
    assert (seen.line.file, seen.line.line) == (
        str(path),
        line_of(path.read_text(), "# line of start"),
    )
    assert seen.line.certainty is Certainty.LIKELY


@linux
def test_a_sender_that_was_paused_is_still_seen_waiting(gate: Gate, clients: Clients) -> None:
    """A process that was paused while it waited is traced as before: looking at it does not change
    the answer.
    """
    path = clients.write("s = dial(); s.settimeout(60); ask(s)  # here\n")
    process = clients.python(path.name)
    lines: list[object] = []

    def look() -> None:
        os.kill(process.pid, signal.SIGSTOP)
        time.sleep(0.05)
        os.kill(process.pid, signal.SIGCONT)
        time.sleep(0.05)
        (found,) = gate.attributor.gallery._portraits.values()
        (seen,) = gate.attributor._seen.values()
        assert seen.attribution.socket is not None
        lines.append(gate.attributor._backend.waiting(found.facts.pid, seen.attribution.socket))

    gate.settle, gate.before_answer = True, look
    gate.wait(1)
    assert lines == [frozenset({process.pid})]
