"""Runs of Python scripts that nobody started through Outgate: from their beginning to their end."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import psutil
import pytest
from patience import eventually

from attribution.backends import process_connector, program_runs
from attribution.backends.process_ends import Event, KernelEvents
from attribution.backends.program_runs import Names, Runs, _code, _word
from attribution.reader_helpers import Unread
from core.activity import EndedRun
from core.attribution import UNATTRIBUTED, Attribution, LaunchedAs, Script

linux = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
OWN = "/opt/outgate/bin/outgate"


def ours() -> frozenset[int]:
    """What runs these tests may be a Python program itself, and all it starts a part of its run."""
    return frozenset({os.getpid(), *(above.pid for above in psutil.Process().parents())})


def named(pid: int) -> Attribution | None:
    """Names a process by its command line: enough for a run."""
    line = Path(f"/proc/{pid}/cmdline").read_bytes().decode().split("\0")
    if len(line) < 3 or not line[1].endswith((".py", "outgate")):
        return None
    path = OWN if line[1].endswith("outgate") else line[1]
    name = path.rpartition("/")[2]
    script = Script(path=path, sha256=None, launched_as=LaunchedAs.FILE, name=name)
    return replace(UNATTRIBUTED, script=script, is_python=True)


@pytest.fixture(params=["events", "listing"])
def runs(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Runs]:
    """By the kernel's events where they may be heard, and without them."""

    def refused() -> KernelEvents:
        raise PermissionError

    monkeypatch.setattr(program_runs, "_NAMED_AFTER_S", 0.0)
    monkeypatch.setattr(program_runs, "_FIRST_LOOK_S", 0.0)
    if request.param == "listing":
        monkeypatch.setattr(program_runs, "KernelEvents", refused)
    made = Runs(named, ours, frozenset({OWN}))
    if request.param == "events" and made._kernel is None:
        pytest.skip("the kernel tells nobody of our rights")
    made.ended()
    yield made
    made.close()


def ended(runs: Runs, about: str) -> EndedRun:
    """Return this run, once it is told."""
    told = eventually(lambda: [one for one in runs.ended() if one.about == about], about)
    return told[0]


def started(script: Path) -> subprocess.Popen[bytes]:
    """Return a script that runs until its standard input ends."""
    child = subprocess.Popen(
        [sys.executable, str(script)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert child.stdout is not None
    child.stdout.readline()
    return child


@linux
def test_a_program_that_becomes_a_script_is_a_run(runs: Runs, tmp_path: Path) -> None:
    """What a shell, `env` or `nice` becomes is told, also where it was seen before it did."""
    script = tmp_path / "wrapped.py"
    script.write_text("print(flush=True)\nimport sys; sys.stdin.read()\n")
    word = f'read line; exec "{sys.executable}" "{script}"'
    pipe = subprocess.PIPE
    with subprocess.Popen(["/bin/sh", "-c", word], stdin=pipe, stdout=pipe) as child:
        assert child.stdin is not None and child.stdout is not None
        runs.ended()
        child.stdin.write(b"go\n")
        child.stdin.flush()
        child.stdout.readline()
        for _ in range(8):
            runs.ended()
        child.communicate()
    ended(runs, "wrapped.py")


@linux
def test_a_short_run_is_told_though_another_takes_long_to_be_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Who asks may wait for a name, or come late: who comes and goes meanwhile is seen."""

    def refused() -> KernelEvents:
        raise PermissionError

    monkeypatch.setattr(program_runs, "_NAMED_AFTER_S", 0.0)
    monkeypatch.setattr(program_runs, "_LISTED_S", 0.02)
    monkeypatch.setattr(program_runs, "KernelEvents", refused)
    asked, answer = threading.Event(), threading.Event()

    def slowly(pid: int) -> Attribution | None:
        found = named(pid)
        if found is not None and found.script is not None and found.script.name == "slow.py":
            asked.set()
            answer.wait(30)
        return found

    for name in ("slow.py", "short.py"):
        (tmp_path / name).write_text("print(1, flush=True)\ninput()\n")
    runs = Runs(slowly, ours, frozenset({OWN}))
    slow = started(tmp_path / "slow.py")
    assert asked.wait(20)
    short = started(tmp_path / "short.py")
    eventually(lambda: short.pid in runs._runs)
    for child in (short, slow):
        child.communicate(b"\n")
    eventually(lambda: not {short.pid, slow.pid} & runs._runs.keys())
    answer.set()
    told = {one.about: one.sender.script for one in runs.ended()}
    runs.close()
    assert "short.py" in told
    assert told["slow.py"] is not None, "its name came when it had gone"


class Told(KernelEvents):
    """Tells what a test has it tell, as if the kernel had."""

    def __init__(self) -> None:
        self.events: list[Event | None] = []
        self._ends = os.pipe()

    def fileno(self) -> int:
        return self._ends[0]

    def take(self) -> Iterator[Event | None]:
        while self.events:
            yield self.events.pop(0)

    def close(self) -> None:
        for end in self._ends:
            os.close(end)


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> Told:
    """Nothing is followed by itself: a test says what comes when."""
    made = Told()
    monkeypatch.setattr(program_runs, "_NAMED_AFTER_S", 0.0)
    monkeypatch.setattr(program_runs, "KernelEvents", lambda: made)
    for body in ("_follow", "_keep_naming"):
        monkeypatch.setattr(Runs, body, lambda self: self._closed.wait())
    return made


def quiet(names: Names = named) -> Runs:
    """Follow nothing but what a test tells."""
    return Runs(names, ours, frozenset({OWN}))


def took(runs: Runs, *events: Event | None) -> None:
    runs._take_all(iter(events))


@linux
def test_a_run_whose_beginning_was_lost_is_told(told: Told, tmp_path: Path) -> None:
    """The kernel drops events of whom is too slow: who is there afterwards is asked then."""
    del told
    (tmp_path / "missed.py").write_text("print(1, flush=True)\ninput()\n")
    runs = quiet()
    child = started(tmp_path / "missed.py")
    took(runs, None)
    runs.ended()
    child.communicate(b"\n")
    took(runs, Event(pid=child.pid, began=False, status=0))
    [one] = [one for one in runs.ended() if one.about == "missed.py"]
    runs.close()
    assert one.sender.script is not None and one.exit_code == 0


@linux
def test_a_number_that_is_anothers_by_now_ends_the_run_before(told: Told, tmp_path: Path) -> None:
    """An end that was lost is found by the next process of that number; and what was part of a
    run before is none of its parts as a run.
    """
    del told
    (tmp_path / "second.py").write_text("print(1, flush=True)\ninput()\n")
    runs = quiet()
    child = started(tmp_path / "second.py")
    before = program_runs._run(child.pid, 1, ours=False)
    before.word = "first.py"
    runs._runs[child.pid] = before
    runs._part_of[child.pid] = os.getpid()
    took(runs, Event(pid=child.pid, began=True))
    assert [one.about for one in runs.ended() if one.about.endswith(".py")] == ["first.py"]
    assert child.pid not in runs._part_of
    child.communicate(b"\n")
    took(runs, Event(pid=child.pid, began=False, status=0))
    assert [one.about for one in runs.ended() if one.about.endswith(".py")] == ["second.py"]
    runs.close()


@linux
def test_who_could_not_be_told_in_time_is_asked_for_again(
    told: Told, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On a busy machine that is no answer, however often: it is none of the few looks after which
    a run is taken for one of no script.
    """
    del told
    monkeypatch.setattr(program_runs, "_UNREAD_S", 0.0)
    asked: list[int] = []

    def late(pid: int) -> Attribution | None:
        asked.append(pid)
        if asked.count(pid) < 10:
            raise Unread("too busy")
        return named(pid)

    (tmp_path / "busy.py").write_text("print(1, flush=True)\ninput()\n")
    runs = quiet(late)
    child = started(tmp_path / "busy.py")
    took(runs, Event(pid=child.pid, began=True))
    while asked.count(child.pid) < 10:
        runs._name_due()
    child.communicate(b"\n")
    took(runs, Event(pid=child.pid, began=False, status=0))
    [one] = [one for one in runs.ended() if one.about == "busy.py"]
    runs.close()
    assert one.sender.script is not None


@linux
def test_what_began_last_is_named_first(told: Told, tmp_path: Path) -> None:
    """What has lasted can wait: when many wait, short runs are those that began just now."""
    del told
    order: list[str] = []
    children: dict[str, subprocess.Popen[bytes]] = {}

    def begins(followed: Runs, name: str) -> None:
        (tmp_path / name).write_text("print(1, flush=True)\ninput()\n")
        children[name] = started(tmp_path / name)
        took(followed, Event(pid=children[name].pid, began=True))

    def names(pid: int) -> Attribution | None:
        found = named(pid)
        if found is not None and found.script is not None and found.script.name in children:
            order.append(found.script.name)
            if len(order) == 1:
                begins(quiet_one, "new.py")
        return found

    quiet_one = quiet(names)
    for name in ("oldest.py", "old.py"):
        begins(quiet_one, name)
    quiet_one._name_due()
    for child in children.values():
        child.communicate(b"\n")
    quiet_one.close()
    assert order == ["old.py", "new.py", "oldest.py"]


@linux
@pytest.mark.parametrize("everybody", [True, False])
@pytest.mark.parametrize("late", [True, False], ids=["named late", "named at once"])
def test_the_machines_gate_tells_of_what_outgate_runs_as_well(
    told: Told, tmp_path: Path, *, everybody: bool, late: bool
) -> None:
    """`outgate run` of a user cannot write into the machine's evidence: what it starts is told of
    by who follows everybody's runs, and it itself is not; whichever is named first.
    """
    del told
    (tmp_path / "inner.py").write_text("print(1, flush=True)\ninput()\n")
    (tmp_path / "outgate").write_text(
        "import subprocess, sys\n"
        f"c = subprocess.Popen([sys.executable, {str(tmp_path / 'inner.py')!r}])\n"
        "print(c.pid, flush=True)\nc.wait()\n"
    )
    runs = Runs(named, ours, frozenset({OWN}), everybody=everybody)
    with subprocess.Popen(
        [sys.executable, str(tmp_path / "outgate")], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as above:
        assert above.stdout is not None
        inner = int(above.stdout.readline())
        above.stdout.readline()
        took(runs, Event(pid=above.pid, began=True))
        if not late:
            runs._name_due()
        took(runs, Event(pid=inner, began=True))
        runs._name_due()
        above.communicate(b"\n")
    for pid in (inner, above.pid):
        took(runs, Event(pid=pid, began=False, status=0))
    seen = [one.about for one in runs.ended()]
    runs.close()
    assert seen.count("inner.py") == everybody and "outgate" not in seen


@linux
def test_where_processes_have_other_numbers_events_are_not_believed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """In a container of its own the kernel tells the machine's numbers, which are others' there."""
    monkeypatch.setattr(process_connector, "_FIRST_PIDS", 1)
    with pytest.raises(PermissionError):
        KernelEvents()


type Ends = Callable[[subprocess.Popen[bytes]], None]


@linux
def test_a_run_is_told_with_what_it_started_and_how_it_ended(runs: Runs, tmp_path: Path) -> None:
    """Begin, end, exit code where the kernel tells it, CPU, memory, children: one for each run."""
    script = tmp_path / "nightly.py"
    script.write_text(
        "import subprocess, sys\n"
        "c = subprocess.Popen(['cat'], stdin=subprocess.PIPE)\n"
        "w = subprocess.Popen([sys.executable, '-c', 'input()'], stdin=subprocess.PIPE)\n"
        "sum(i * i for i in range(10**6))\nprint(1, flush=True)\nsys.stdin.read()\n"
        "c.communicate(); w.communicate(b'1')\nsys.exit(7)\n"
    )
    child = started(script)
    runs.ended()
    child.communicate()
    run = ended(runs, "nightly.py")
    assert run.sender.script is not None and run.sender.script.path == str(script)
    assert run.exit_code == (None if runs._kernel is None else 7)
    assert run.cpu_s is not None and 0 < run.cpu_s < 30 and run.began < run.ended
    assert run.peak_memory is not None and run.peak_memory > 1_000_000
    assert "cat" in run.children and any(c.startswith("python") for c in run.children)
    assert not [one for one in runs.ended() if one.sender.script == run.sender.script]


@linux
def test_a_killed_run_says_by_which_signal(tmp_path: Path) -> None:
    """As a shell tells it."""
    runs = Runs(named, ours, frozenset({OWN}))
    if runs._kernel is None:
        pytest.skip("the kernel tells nobody of our rights")
    (tmp_path / "stuck.py").write_text("print(1, flush=True)\ninput()\n")
    child = started(tmp_path / "stuck.py")
    child.send_signal(signal.SIGKILL)
    child.communicate()
    assert ended(runs, "stuck.py").exit_code == 128 + signal.SIGKILL
    runs.close()


@linux
def test_what_outgate_started_is_told_by_outgate_alone(runs: Runs, tmp_path: Path) -> None:
    """A run is on record once: not for `outgate run` itself, nor for what it started."""
    (tmp_path / "inner.py").write_text("print(1, flush=True)\ninput()\n")
    (tmp_path / "outgate").write_text(
        "import subprocess, sys, time\nprint(1, flush=True)\ninput()\n"
        f"subprocess.run([sys.executable, {str(tmp_path / 'inner.py')!r}], input=b'1')\n"
    )
    (tmp_path / "last.py").write_text("print(1, flush=True)\ninput()\n")
    own = started(tmp_path / "outgate")
    runs.ended()
    own.communicate(b"\n")
    last = started(tmp_path / "last.py")
    runs.ended()
    last.communicate(b"\n")
    seen: list[str] = []

    def told() -> bool:
        seen.extend(one.about for one in runs.ended())
        return "last.py" in seen

    eventually(told)
    assert seen.count("last.py") == 1 and not {"inner.py", "outgate"} & set(seen)


@pytest.mark.parametrize(
    ("line", "word"),
    [
        (b"python3 job.py --password x", "job.py"),
        (b"python3 -u -X dev /srv/jobs/job.py", "job.py"),
        (b"python3 -W ignore job.py", "job.py"),
        (b"python3 -m nightly.load x", "nightly.load"),
        (b"python3 -c secret_code()", "python"),
        (b"python3 -", "python"),
        (b"python3", "python"),
        (b"", "python"),
    ],
)
def test_what_ran_is_told_without_its_arguments(line: bytes, word: str) -> None:
    """Code and arguments may hold anything: only the name of what ran is told."""
    assert _word([*line.split(b" "), b""]) == word


@pytest.mark.parametrize(("status", "code"), [(0, 0), (7 << 8, 7), (9, 137), (11 | 0x80, 139)])
def test_a_status_is_told_as_a_shell_does(status: int, code: int) -> None:
    """An exit code is that, a signal 128 and more."""
    assert _code(status) == code
