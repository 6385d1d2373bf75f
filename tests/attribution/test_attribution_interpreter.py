"""What an interpreter says that it runs, read from outside."""

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from attribution.backends import process_facts
from attribution.cpython_memory import all_threads, main_thread
from attribution.facts import ProcessFacts
from attribution.interpreter import Interpreters, witness
from attribution.line.frames import Frame, Thread
from attribution.line.py_spy import dump, find_program
from attribution.runtime_places import RuntimePlaces

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="memory is read on Linux")
BODY = """
import sys, threading
def deep(n):
    if n:
        deep(n - 1)
    else:
        print("ready", flush=True)
        sys.stdin.read()
deep(int(sys.argv[1]))
"""


def frame(file: str, function: str = "<module>") -> Frame:
    return Frame(file=file, line=1, function=function)


def thread(
    *outermost_first: Frame, number: int | None = 7, name: str | None = "MainThread"
) -> Thread:
    return Thread(id=number, name=name, active=False, frames=tuple(reversed(outermost_first)))


RUN = frame("<frozen runpy>", "_run_module_as_main")


@pytest.mark.parametrize(
    ("threads", "main"),
    [
        ([thread(frame("/w/job.py"))], "/w/job.py"),
        ([thread(frame("/w/job.py"), frame("/w/other.py"))], "/w/job.py"),
        (
            [thread(RUN, frame("<frozen runpy>", "_run_code"), frame("/w/pkg/__main__.py"))],
            "/w/pkg/__main__.py",
        ),
        ([thread(frame("<string>"))], "<string>"),
        (
            [thread(frame("/w/w.py", "run"), number=8, name="x"), thread(frame("/w/job.py"))],
            "/w/job.py",
        ),
        ([thread(frame("/w/job.py"), number=None)], "/w/job.py"),
        ([thread(frame("/w/job.py"), number=None, name=None)], "/w/job.py"),
    ],
)
def test_the_outermost_frame_of_the_main_thread_is_the_program(
    threads: list[Thread], main: str
) -> None:
    """The main program is where the main thread began, whatever it has called since."""
    found = witness(threads, 7)
    assert found is not None
    assert found.main == main


@pytest.mark.parametrize(
    "threads",
    [
        [],
        [thread()],
        [
            thread(
                frame("<frozen importlib._bootstrap>", "_find_and_load"),
                frame("/lib/encodings/__init__.py"),
            )
        ],
        [thread(frame("<frozen site>"))],
        [thread(frame("/lib/threading.py", "_shutdown"))],
        [
            thread(frame("/w/a.py"), number=None, name=None),
            thread(frame("/w/b.py"), number=None, name=None),
        ],
        [thread(frame("/w/w.py", "run"), number=8, name="x")],
    ],
)
def test_a_program_that_starts_or_ends_is_not_named(threads: list[Thread]) -> None:
    """Before its script runs, and after it, an interpreter's frames name no script."""
    assert witness(threads, 7) is None


@pytest.mark.parametrize("depth", [0, 5, 150])
@pytest.mark.parametrize("folder", ["plain", "größer", "案", "with space"])
def test_a_running_program_is_read(tmp_path: Path, folder: str, depth: int) -> None:
    """The path of the running script is read as it is, whatever letters it has and however deep it
    stands.
    """
    script = tmp_path / folder / "job.py"
    script.parent.mkdir()
    script.write_text(BODY)
    running = subprocess.Popen(
        [sys.executable, str(script), str(depth)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    with running:
        assert running.stdout is not None
        assert running.stdin is not None
        running.stdout.readline()
        facts = process_facts.process(running.pid)
        assert facts is not None
        found = Interpreters().ask(facts)
        read = main_thread(facts, RuntimePlaces())
        running.stdin.close()
    assert found is not None
    assert found.main == str(script)
    if sys.version_info[:2] == (3, 13):
        assert read is not None
        assert read.frames[-1].file == str(script)
        assert sum(f.function == "deep" for f in read.frames) == depth + 1


def test_what_is_no_interpreter_has_no_frames() -> None:
    """A process that holds no Python says nothing, and is left alone."""
    with subprocess.Popen(["cat"], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as running:
        assert running.stdin is not None and running.stdout is not None
        running.stdin.write(b"\n")
        running.stdin.flush()
        running.stdout.readline()  # it is `cat` by now, and not what becomes it
        facts = process_facts.process(running.pid)
        assert facts is not None
        assert main_thread(facts, RuntimePlaces()) is None
        running.kill()
    assert main_thread(ProcessFacts(pid=1 << 30, start=1), RuntimePlaces()) is None


SHAPES = """
import sys, threading, functools, contextlib
def waits(gate):
    gate.acquire()
def recursive(gate, n):
    (
        recursive(gate, n - 1)
        if n
        else waits(
            gate
        )
    )
def generator(gate):
    with contextlib.suppress(ValueError):
        yield from (waits(gate) for _ in range(2))
class Klass:
    @functools.cached_property
    def value(self):
        return [waits(gate) for gate in self.gates]
    def __init__(self, gate):
        self.gates = [gate]
def umlautä(gate):
    try:
        raise KeyError
    except KeyError:
        sorted([2, 1], key=lambda _:
            waits(gate))
    finally:
        pass
gate = threading.Semaphore(0)
for target in (
    lambda: recursive(gate, 40),
    lambda: list(generator(gate)),
    lambda: Klass(gate).value,
    lambda: umlautä(gate),
    lambda: eval("waits(gate)"),
    lambda: exec(chr(10) * 3 + "waits(gate)", globals()),
):
    threading.Thread(target=target, daemon=True).start()
while threading.active_count() < 7:
    pass
print("ready", flush=True)
sys.stdin.read()
"""


@pytest.mark.skipif(sys.version_info[:2] != (3, 13), reason="says where its frames are")
def test_stacks_from_memory_are_those_that_the_sampler_sees(tmp_path: Path) -> None:
    """Every thread's frames, files, functions and lines are the same as py-spy's, which pauses the
    program.
    """
    script = tmp_path / "shapes.py"
    script.write_text(SHAPES)
    program = find_program()
    assert program is not None
    with subprocess.Popen(
        [sys.executable, str(script)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as running:
        assert running.stdout is not None
        running.stdout.readline()
        sampled = dump(program, running.pid, 20)
        facts = process_facts.process(running.pid)
        assert facts is not None
        read = all_threads(facts, RuntimePlaces())
        running.kill()
    assert read is not None
    assert sampled is not None
    assert len(read) == 7
    assert by_number(read) == by_number(sampled)


def by_number(threads: Sequence[Thread]) -> dict[int | None, tuple[Frame, ...]]:
    return {thread.id: thread.frames for thread in threads}
