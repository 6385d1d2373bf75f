"""Programs that others have in their hands: traced, given a connection at their start, told to run
another program, or keeping everybody from a look. None is certain, and each is told why.
"""

import contextlib
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest
from machine_in_memory import FakeMachine, attributor, connection

from attribution import examination
from attribution.agreement import RUNS_ANOTHER, agree
from attribution.ambiguity import GIVEN
from attribution.backends.beginnings import Beginning, _records
from attribution.backends.beginnings_process import EVENT, EVENT_AT, EXEC, look, tracer
from attribution.backends.exec_events import _WISH, ExecEvents
from attribution.backends.holders import _EXITED, _HIDDEN, _NO_RIGHT, _nobody
from attribution.backends.linux import LinuxBackend
from attribution.backends.loads import Load
from attribution.backends.process_connector import FORK, TRACED, subscribed
from attribution.backends.sock_diag import SocketEntry
from attribution.facts import Ownership, Peer, ProcessFacts, Witness
from attribution.filesystem import HostFiles
from attribution.process_profile import _HELD, _HOLDS_UP, _ORPHAN, _TRACED
from attribution.resolution import resolve
from core.attribution import Certainty
from tests.attribution.test_attribution_beginnings import Kernel, Teller, World

CURL = "/usr/bin/curl"
FREEZERS_MARK = b"MEI\x0c\x0b\x0a\x0b\x0e"
pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="events of the Linux kernel")


@pytest.fixture
def world() -> Iterator[World]:
    kernel, teller = Kernel(), Teller()
    made = World(kernel, teller, ExecEvents(lambda: kernel, lambda: teller))  # type: ignore[arg-type, return-value]
    yield made
    made.events.close()


_GOOD, _CHILD, _EVIL, _HELPER, _LOOKS = range(900_000_001, 900_000_006)


def _tell(world: World, what: int, *pids: int) -> None:
    world.clock += 1
    world.kernel.tell(what, world.clock, *pids)
    world.events.catch_up()


def test_who_was_traced_is_known_after_its_tracer_let_go(world: World) -> None:
    """And so are those that are forked from it; another program, or number, is not it any more."""
    _tell(world, TRACED, _GOOD, _GOOD, _EVIL, _EVIL)
    _tell(world, TRACED, _GOOD, _GOOD, 0, 0)
    _tell(world, FORK, _GOOD, _GOOD, _CHILD, _CHILD)
    assert world.events.was_traced(_GOOD) and world.events.was_traced(_CHILD)
    _tell(world, EXEC, _CHILD, _CHILD)
    assert world.events.was_traced(_GOOD) and not world.events.was_traced(_CHILD)
    _tell(world, FORK, 1, 1, _GOOD, _GOOD)
    assert not world.events.was_traced(_GOOD)


def test_what_looks_at_programs_for_us_is_no_tracer(world: World) -> None:
    """A sampler of ours stops a program for a moment; one of anybody else's may do anything."""
    world.events.helpers = lambda: frozenset({_HELPER})
    _tell(world, FORK, _HELPER, _HELPER, _LOOKS, _LOOKS)
    _tell(world, TRACED, _GOOD, _GOOD, _LOOKS, _LOOKS)
    assert not world.events.was_traced(_GOOD)
    _tell(world, FORK, 1, 1, _LOOKS, _LOOKS)
    _tell(world, TRACED, _GOOD, _GOOD, _LOOKS, _LOOKS)
    assert world.events.was_traced(_GOOD)


@pytest.mark.parametrize("ours", [True, False])
def test_whose_a_sampler_is_is_asked_once(world: World, ours: bool) -> None:
    """It takes each thread in its hands, a hundred times a second. Whoever asked /proc for each of
    these had no time left for what programs begin with, and lost that.
    """
    asked: list[None] = []

    def helpers() -> frozenset[int]:
        asked.append(None)
        return frozenset({_HELPER})

    world.events.helpers = helpers
    _tell(world, FORK, _HELPER if ours else 1, _HELPER if ours else 1, _LOOKS, _LOOKS)
    for _ in range(20):
        _tell(world, TRACED, _GOOD, _GOOD, _LOOKS, _LOOKS)
    assert world.events.was_traced(_GOOD) is not ours
    assert len(asked) == 1
    _tell(world, TRACED, _CHILD, _CHILD, _EVIL, _EVIL)
    assert world.events.was_traced(_CHILD)


_TRACE = """
import ctypes, os, sys
trace = ctypes.CDLL(None).ptrace
trace.argtypes = [ctypes.c_long, ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p]
for _ in range(5):
    assert trace(16, int(sys.argv[1]), None, None) == 0
    os.waitpid(int(sys.argv[1]), 0)
    assert trace(17, int(sys.argv[1]), None, None) == 0
"""


def test_of_those_that_let_go_of_a_program_the_kernel_tells_too() -> None:
    """Whoever started the program, and traced it from before that, is told of by this alone."""
    try:
        heard = subscribed(_WISH)
    except PermissionError:
        pytest.skip("the kernel tells nobody of our rights")
    with heard, subprocess.Popen(["sleep", "60"]) as held:
        subprocess.run([sys.executable, "-c", _TRACE, str(held.pid)], check=True)
        tracers = [
            event[6] for event in _told(heard) if event[0] == TRACED and event[4] == held.pid
        ]
        held.kill()
    assert len(tracers) == 10 and all(tracers[::2]) and not any(tracers[1::2])


def test_a_trace_that_ends_while_a_program_is_loaded_counts_for_it(world: World) -> None:
    """The kernel stops what is traced before it tells of the exec: who lets go there has had the
    new program in his hands, and is gone when anybody looks. Of one that was traced from its start
    on by its own wish, only the end is told.
    """
    _tell(world, TRACED, _GOOD, _GOOD, _EVIL, _EVIL)
    _tell(world, TRACED, _GOOD, _GOOD, 0, 0)
    _tell(world, EXEC, _GOOD, _GOOD)
    assert world.events.was_traced(_GOOD)
    _tell(world, FORK, 1, 1, _CHILD, _CHILD)
    _tell(world, TRACED, _CHILD, _CHILD, 0, 0)
    _tell(world, EXEC, _CHILD, _CHILD)
    assert world.events.was_traced(_CHILD)


def test_a_sampler_of_ours_lets_go_of_as_many_threads_as_it_took(world: World) -> None:
    """What is let go of beyond them was in another's hands."""
    world.events.helpers = lambda: frozenset({_HELPER})
    _tell(world, FORK, _HELPER, _HELPER, _LOOKS, _LOOKS)
    for thread in (_GOOD, _CHILD):
        _tell(world, TRACED, thread, _GOOD, _LOOKS, _LOOKS)
    for thread in (_GOOD, _CHILD):
        _tell(world, TRACED, thread, _GOOD, 0, 0)
    assert not world.events.was_traced(_GOOD)
    _tell(world, TRACED, _GOOD, _GOOD, 0, 0)
    assert world.events.was_traced(_GOOD)


def test_of_a_sampler_of_ours_that_ended_nothing_is_left_to_let_go_of(world: World) -> None:
    """One that was ended lets go without a word; so do threads that end, or give way to another
    program.
    """
    world.events.helpers = lambda: frozenset({_LOOKS, _HELPER})
    for tracer_pid in (_LOOKS, _LOOKS, _HELPER):
        _tell(world, TRACED, _GOOD, _GOOD, tracer_pid, tracer_pid)
    _tell(world, TRACED, _GOOD, _GOOD, _HELPER, _HELPER)
    _tell(world, EXEC, _GOOD, _GOOD)
    _tell(world, TRACED, _GOOD, _GOOD, 0, 0)
    assert not world.events.was_traced(_GOOD)
    _tell(world, TRACED, _GOOD, _GOOD, 0, 0)
    assert world.events.was_traced(_GOOD)


def _told(heard: socket.socket) -> Iterator[tuple[int, ...]]:
    with contextlib.suppress(BlockingIOError):
        while True:
            yield EVENT.unpack_from(heard.recv(4096), EVENT_AT)


def test_a_program_that_was_started_by_its_tracer_is_known(world: World) -> None:
    """No event tells of that: it is seen as the program begins."""
    program = world.exec(_GOOD)
    world.teller.told.append((program, Beginning(line=b"x", traced=True)))
    world.events.catch_up()
    load = world.events.load(_GOOD)
    assert load is not None and world.events.begun(load) is not None
    assert world.events.was_traced(_GOOD)


@pytest.mark.parametrize(
    ("status", "pid"),
    [
        (b"Name:\tx\nTracerPid:\t0\nUid:\t0\n", 0),
        (b"Name:\tx\nTracerPid:\t71\nUid:\t0\n", 71),
        (b"", 0),
    ],
)
def test_the_kernel_tells_who_traces(status: bytes, pid: int) -> None:
    """In one line of many; nothing where the process has gone."""
    assert tracer(status) == pid


def test_sockets_that_a_program_was_given_are_told() -> None:
    """By their numbers, as it begins."""
    ours, theirs = socket.socketpair()
    with ours, theirs, subprocess.Popen(["/bin/cat"], stdin=theirs.fileno()) as running:
        (told,) = _records(bytearray(look(running.pid, time.monotonic_ns())))
        number = os.fstat(theirs.fileno()).st_ino
        ours.close()
        theirs.close()
    assert told[1] == Beginning() or number in (told[1].sockets or ())


@pytest.fixture
def machine() -> FakeMachine:
    made = FakeMachine()
    made.run(1, 0, "/sbin/init", exe="/usr/lib/systemd/systemd", parent=0)
    made.run(40, 5, "gnome-terminal", exe="/usr/libexec/gnome-terminal-server")
    made.run(50, 10, "-bash", exe="/usr/bin/bash", parent=40)
    made.run(100, 20, "curl", "good", exe=CURL, parent=50, image=1, born_at=20.0)
    made.holders = (100,)
    return made


def test_a_connection_given_at_the_start_stays_in_doubt(
    machine: FakeMachine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What started a program may have sent over what it gave to it, however late it was opened."""
    plain = machine.search

    def given(peer: Peer, since: float, *, is_new: bool = False) -> Ownership:
        return replace(plain(peer, since, is_new=is_new), given=True)

    monkeypatch.setattr(machine, "search", given)
    subject, same = attributor(machine), connection()
    for _ in range(2):
        found = subject.attribute(same)
        assert (found.certainty, found.reason) == (Certainty.LIKELY, GIVEN)
    monkeypatch.setattr(machine, "search", plain)
    assert subject.attribute(same).reason == GIVEN


@pytest.mark.parametrize(
    ("pid", "change", "reason"),
    [
        (100, {"traced": True}, _TRACED),
        (100, {"holds_up": True}, _HOLDS_UP),
        (100, {"held": True}, _HELD),
    ],
)
def test_who_is_in_hands_is_told_so(
    machine: FakeMachine, pid: int, change: dict[str, bool], reason: str
) -> None:
    """In words of their own, whatever the program seems to be."""
    machine.processes[pid] = replace(machine.processes[pid], **change)  # type: ignore[arg-type]
    found = attributor(machine).attribute(connection())
    assert (found.certainty, found.reason) == (Certainty.LIKELY, reason)


def test_who_was_taken_in_is_not_said_to_be_started_by_its_parent(machine: FakeMachine) -> None:
    """Neither to be a script's, nor to be nobody's; whose own script it is, needs no parent."""
    machine.run(60, 10, "python3", "/w/job.py", exe="/usr/bin/python3", parent=50)
    for parent, pid in ((60, 100), (50, 100), (50, 60)):
        machine.holders = (pid,)
        taken = replace(machine.processes[pid], parent=parent, adopted=True)
        machine.processes[pid] = taken
        found = attributor(machine).attribute(connection())
        assert (found.reason == _ORPHAN) is (pid == 100), (parent, pid)
        assert found.is_python is (None if parent == 50 and pid == 100 else True)


def test_what_nobody_looked_through_counts_as_given() -> None:
    """A program that began with very many descriptors may have been given any of them."""
    backend = LinuxBackend.__new__(LinuxBackend)
    for sockets, given in ((None, True), (frozenset({7}), True), (frozenset({8}), False)):
        load = Load(at=1.0, begun=Beginning(line=b"x", sockets=sockets))
        backend._execs = SimpleNamespace(load=lambda _, load=load: load)  # type: ignore[assignment]
        assert backend._is_given(9, 7) is given


def _app(path: Path, *words: str, mark: bytes = b"") -> ProcessFacts:
    path.write_bytes(b"\x7fELF" + mark)
    return ProcessFacts(
        pid=os.getpid(), start=1, exe=str(path), argv=(str(path), *words), embeds_python=True
    )


@pytest.mark.parametrize(
    ("words", "imported", "mark", "sure"),
    [
        ((), False, b"", True),
        (("job.pyc",), False, b"", False),
        (("-m", "job"), True, b"", False),
        (("-W", "ignore", "job.pyc"), False, b"", False),
        (("sync", "data.csv"), False, FREEZERS_MARK, True),
        (("job.pyc",), False, FREEZERS_MARK + b"Py_BytesMain", False),
        ((), False, FREEZERS_MARK + b"cx_Freeze", False),
        ((), False, b"freeze_core/initscripts/__startup__.py", False),
    ],
)
def test_a_python_under_another_name_is_no_frozen_program(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    words: tuple[str, ...],
    imported: bool,
    mark: bytes,
    sure: bool,
) -> None:
    """It runs what its words name, and that may call itself whatever it likes."""
    facts = _app(tmp_path / "app", *words, mark=mark)
    monkeypatch.setattr("attribution.programs.procfs.home", lambda _: str(tmp_path))
    (tmp_path / "exe").symlink_to(tmp_path / "app")
    run = resolve(facts, HostFiles())
    assert run is not None
    seen = Witness(source="interpreter", main="app.py", imported=imported)
    assert (examination._any(facts, run, seen) is None) is sure


@pytest.mark.parametrize(
    ("word", "inner", "sure"),
    [
        ("job.py", (), False),
        ("job", ("{here}/job",), False),
        ("--fast", (), True),
        ("gone.py", (), True),
        ("table.csv", (), True),
    ],
)
def test_an_installed_program_that_is_given_a_source_may_run_it(
    tmp_path: Path, word: str, inner: tuple[str, ...], sure: bool
) -> None:
    """As a launcher does that nobody has a list of."""
    main = tmp_path / "lib/python3.13/site-packages/anyrun.py"
    main.parent.mkdir(parents=True)
    for path in (main, tmp_path / "job.py", tmp_path / "job", tmp_path / "table.csv"):
        path.write_text("")
    facts = ProcessFacts(
        pid=os.getpid(),
        start=1,
        image=1,
        argv=("python", str(main), word),
        exe="/usr/bin/python3",
        cwd=str(tmp_path),
        start_folder=str(tmp_path),
    )
    said = resolve(facts, HostFiles())
    assert said is not None
    others = tuple(file.format(here=tmp_path) for file in inner)
    seen = Witness(source="interpreter", main=str(main), others=others)
    agreed = agree(facts, said, seen, HostFiles())
    assert (agreed.resolution.note != RUNS_ANOTHER) is sure
    assert sure or str(tmp_path / word) in agreed.candidates


@pytest.mark.parametrize(
    ("gate", "unreadable", "reason"),
    [
        (0, [1], _HIDDEN),
        (7, [1], _HIDDEN),
        (8, [1], _NO_RIGHT.format(uid=7)),
        (8, [], _EXITED),
        (0, [], _EXITED),
    ],
)
def test_a_right_is_missing_only_to_another_user(
    monkeypatch: pytest.MonkeyPatch, gate: int, unreadable: list[int], reason: str
) -> None:
    """A gate that is the socket's own user, or root, is not told to get more rights."""
    monkeypatch.setattr(os, "geteuid", lambda: gate)
    assert _nobody(SocketEntry(5, 7), unreadable) == reason
