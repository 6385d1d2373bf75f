"""What a running program uses, seen from outside."""

import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from patience import PATIENT_S

from attribution.backends.run_watch import RunUse, can_watch, look, watch

pytestmark = pytest.mark.skipif(not can_watch(), reason="this platform does not tell")

CHILD = "import sys; sys.stdin.read()"
PARENT = """
import subprocess, sys
log = open(sys.argv[1] + "/job.log", "w"); log.write("x" * 50_000); log.flush()
table = open(sys.argv[1] + "/Sales 2026.XLSX", "rb")
plain = open(sys.argv[1] + "/notes.txt", "rb")
memory = bytearray(60_000_000)
child = subprocess.Popen([sys.executable, "-c", sys.argv[2]], stdin=subprocess.PIPE)
print("ready", flush=True)
sys.stdin.read()
child.communicate()
"""


@contextmanager
def running(folder: Path) -> Iterator["subprocess.Popen[str]"]:
    """A program with a child, a log, a spreadsheet and some memory, until the block ends."""
    for name in ("Sales 2026.XLSX", "notes.txt"):
        (folder / name).write_text("x")
    command = [sys.executable, "-c", PARENT, str(folder), CHILD]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        yield process
        assert process.stdin is not None
        process.stdin.close()
        process.wait(20)


def test_a_run_is_told_with_all_that_it_started(tmp_path: Path) -> None:
    """Children by name, the spreadsheet that it reads, the log that it writes, its memory."""
    use = RunUse()
    with running(tmp_path) as process:
        new = list(look(process.pid, use))
        again = list(look(process.pid, use))
    assert new[0] == process.pid
    assert len(new) == 2
    assert again == []
    assert [name.startswith("python") for name in use.children] == [True]
    assert use.office == ()
    assert list(use.spreadsheets) == [str(tmp_path / "Sales 2026.XLSX")]
    assert str(tmp_path / "job.log") in use.files_written
    assert str(tmp_path / "notes.txt") not in use.files_written
    assert use.peak_memory > 60_000_000
    assert use.bytes_written >= 50_000


def test_what_has_ended_is_no_error(tmp_path: Path) -> None:
    """A process that is gone tells nothing, and what was seen of it stays."""
    use = RunUse()
    with running(tmp_path) as process:
        list(look(process.pid, use))
    written = use.bytes_written
    assert list(look(process.pid, use)) == []
    assert use.bytes_written == written


@pytest.mark.parametrize(
    ("name", "office"),
    [("soffice.bin", True), ("EXCEL.EXE", True), ("python3.12", False), ("pdftotext", False)],
)
def test_office_programs_are_marked(name: str, office: bool) -> None:
    """Who starts Excel or LibreOffice is told apart."""
    assert bool(RunUse(children={name: None}).office) is office


def test_watching_ends_with_the_run(tmp_path: Path) -> None:
    """The end is heard of at once, not at the next look."""
    ended, use, seen = threading.Event(), RunUse(), list[int]()
    done: Callable[[list[int]], None] = seen.extend
    with running(tmp_path) as process:
        watching = threading.Thread(target=watch, args=(process.pid, ended, use, done))
        watching.start()
        while use.looks < 3:
            time.sleep(0)
        ended.set()
        watching.join(PATIENT_S)
        assert not watching.is_alive()
    assert seen[0] == process.pid
