"""The numbers of threads within a namespace of processes: what an interpreter knows its threads by
there is not what they are called here.
"""

import os
import select
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from attribution.backends import process_facts, procfs, thread_numbers
from attribution.cpython_memory import all_threads, main_thread
from attribution.interpreter import Interpreters
from attribution.line.frames import Thread
from attribution.line.py_spy import _numbered_here
from attribution.runtime_places import RuntimePlaces

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="namespaces of Linux")
BODY = """
import os, sys, threading, time
threading.Thread(target=time.sleep, args=(60,), daemon=True).start()
print(os.getpid(), flush=True)
sys.stdin.read()
"""


@pytest.fixture
def contained(tmp_path: Path) -> Iterator[tuple[int, Path]]:
    """The number, here, of a Python that is the first process of its namespace, and its script."""
    if os.geteuid() != 0 or shutil.which("unshare") is None:
        pytest.skip("takes root")
    script = tmp_path / "job.py"
    script.write_text(BODY)
    command = ["unshare", "--pid", "--fork", sys.executable, "-S", str(script)]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe) as running:
        assert running.stdout is not None and running.stdin is not None
        assert select.select([running.stdout], [], [], 60)[0]
        assert running.stdout.readline() == b"1\n"
        (child,) = procfs.read(f"/proc/{running.pid}/task/{running.pid}/children").split()
        yield int(child), script
        running.stdin.close()


def test_an_interpreter_in_a_container_is_asked(contained: tuple[int, Path]) -> None:
    """Its main thread is 1 to itself: that is the number to look for."""
    pid, script = contained
    facts = process_facts.process(pid)
    assert facts is not None
    found = Interpreters().ask(facts)
    assert found is not None and found.main == str(script)


def test_threads_in_a_container_have_the_numbers_of_here(contained: tuple[int, Path]) -> None:
    """Which thread waits for an answer is told by the kernel in these."""
    pid, _ = contained
    facts = process_facts.process(pid)
    assert facts is not None
    assert thread_numbers.own_number(pid) == 1
    assert pid in (thread_numbers.numbers_here(pid) or {}).values()
    if sys.version_info[:2] == (3, 13):
        threads = all_threads(facts, RuntimePlaces())
        assert threads is not None
        assert {thread.id for thread in threads} == set(procfs.thread_ids(pid))
        assert main_thread(facts, RuntimePlaces()) is not None


def test_elsewhere_numbers_are_what_they_are() -> None:
    """A process of this namespace, and one that has gone."""
    assert thread_numbers.own_number(os.getpid()) == os.getpid()
    assert thread_numbers.numbers_here(os.getpid()) is None
    assert thread_numbers.own_number(1 << 30) == 1 << 30
    assert thread_numbers.numbers_here(1 << 30) is None


def test_a_samplers_numbers_are_those_of_here() -> None:
    """It tells those within; one that has none here is nobody's, and never by chance another's."""
    told = [Thread(id=n, name=None, active=False, frames=()) for n in (1, 2, 77, None)]
    assert [t.id for t in _numbered_here(told, {1: 77, 2: 78})] == [77, 78, None, None]
    assert _numbered_here(told, None) == told
