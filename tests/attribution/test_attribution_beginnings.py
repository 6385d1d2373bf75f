"""What programs began with, read before they can write over it: what was read too late, or was not
told, is never taken for read.
"""

import os
import random
import socket
import struct
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from pathlib import Path

import pytest
from patience import eventually

from attribution.agreement import agree
from attribution.backends import beginnings_process, exec_events, process_facts, procfs
from attribution.backends.beginnings import (
    Beginning,
    BeginningsProcess,
    Program,
)
from attribution.backends.beginnings_process import (
    EVENT,
    EVENT_AT,
    EXEC,
    LATE,
    TOLD,
    digest,
    has_not_begun,
    look,
    read,
)
from attribution.backends.exec_events import ExecEvents
from attribution.backends.linux import LinuxBackend
from attribution.backends.process_connector import FORK
from attribution.facts import ProcessFacts, Witness
from attribution.filesystem import HostFiles
from attribution.resolution import Resolution
from attribution.resolution.titles import ENVIRONMENT_OVERWRITTEN, UNREAD
from core.attribution import LaunchedAs

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="events of the Linux kernel")


@pytest.mark.parametrize(
    ("io", "passed_ns", "known"),
    [
        (b"rchar: 1580\nwchar: 0\n", 60_000_000_000, True),
        (b"rchar: 31066\nwchar: 0\n", 60_000_000_000, False),
        (b"rchar: 31066\nwchar: 0\n", 300_000, True),
        (b"", 60_000_000_000, False),
        (b"", 300_000, True),
        (b"rchar: 31066\n", -1, False),
    ],
)
def test_a_reading_counts_only_before_a_script_can_run(
    io: bytes, passed_ns: int, known: bool
) -> None:
    """By what the kernel counts of the program, or by the time; a clock that went back tells
    nothing.
    """
    assert has_not_begun(io, passed_ns) is known


def test_every_interpreter_here_has_read_more_when_its_script_begins() -> None:
    """That is what the kernel's count is held against."""
    told = "print(open('/proc/self/io').read())"
    io = subprocess.run(
        [sys.executable, "-I", "-S", "-E", "-c", told], check=True, capture_output=True
    )
    assert not has_not_begun(io.stdout, 60_000_000_000)


@pytest.mark.parametrize(("passed_ns", "asked"), [(0, False), (60_000_000_000, True)])
def test_what_a_program_has_read_is_asked_only_where_time_does_not_tell(
    monkeypatch: pytest.MonkeyPatch, passed_ns: int, asked: bool
) -> None:
    """Each look costs every program of the machine a moment of a processor."""
    paths: list[str] = []

    def noted(path: str, most: int) -> bytes:
        paths.append(path)
        return read(path, most)

    monkeypatch.setattr(beginnings_process, "read", noted)
    # By a hand clock: whatever the machine does meanwhile takes no time.
    monkeypatch.setattr(time, "clock_gettime_ns", lambda _: 10**12)
    look(os.getpid(), 10**12 - passed_ns)
    assert any(path.endswith("/io") for path in paths) is asked


@pytest.mark.parametrize("size", [0, 1, 1023, 1024, 1 << 16, (1 << 16) + 1, 200_000])
def test_a_file_of_any_length_is_read_whole(tmp_path: Path, size: int) -> None:
    """Or not at all, where it is longer than wanted."""
    file = tmp_path / "file"
    file.write_bytes(b"x" * size)
    assert len(read(str(file), 200_000)) == size
    assert read(str(file), size - 1) == b""


def test_a_program_that_runs_already_was_read_too_late() -> None:
    """Whatever its command line says by then."""
    found = TOLD.unpack_from(look(os.getpid(), time.monotonic_ns() - 60_000_000_000))
    assert found[2:] == (LATE, LATE, False, 0, 0, 0, 0)


def test_a_program_is_read_before_it_runs() -> None:
    """By the real process, on this machine as it is: its line, its environment, its folder."""
    try:
        beginnings = BeginningsProcess()
    except OSError:
        pytest.skip("the kernel tells nobody of our rights")
    try:
        with subprocess.Popen(
            ["/bin/cat", "-"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd="/",
            env={"A": "b"},
        ) as running:
            assert running.stdin is not None and running.stdout is not None
            running.stdin.write(b"x")
            running.stdin.flush()
            running.stdout.read(1)
            told = _until_told(beginnings, running.pid)
            running.stdin.close()
        assert told in (
            Beginning(),
            Beginning(
                folder="/",
                line=digest(b"/bin/cat\0-\0"),
                environment=digest(b"A=b\0"),
                sockets=frozenset(),
                parent=os.getpid(),
                stops=told.stops,
            ),
        )
    finally:
        beginnings.close()
    assert beginnings.fileno() is None


def _until_told(beginnings: BeginningsProcess, pid: int) -> Beginning:
    number = beginnings.fileno()
    assert number is not None
    told = eventually(
        lambda: [begun for (found, _), begun in beginnings.take() if found == pid],
        "nothing was told",
    )
    return told[0]


class Clock:
    """Says what time it is told."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_the_process_is_begun_anew_when_it_has_ended() -> None:
    """At once where it had lasted; later and later where it ends again and again. Until then
    nothing is told, and nothing taken for read.
    """
    clock = Clock()
    try:
        beginnings = BeginningsProcess(clock)
    except OSError:
        pytest.skip("the kernel tells nobody of our rights")
    waited = []
    try:
        for _ in range(4):
            _kill(beginnings)
            assert beginnings.fileno() is None
            begun = clock.now
            while beginnings.fileno() is None:
                clock.now += 0.05
                beginnings.mend()
            waited.append(clock.now - begun)
        assert waited[0] < 0.3
        assert all(later > 1.4 * earlier for earlier, later in pairwise(waited))
        clock.now += 60
        beginnings.mend()
        _kill(beginnings)
        beginnings.mend()
        assert beginnings.fileno() is not None
    finally:
        beginnings.close()
    clock.now += 600
    beginnings.mend()
    assert beginnings.fileno() is None


def _kill(beginnings: BeginningsProcess) -> None:
    assert beginnings._process is not None and beginnings._told is not None
    beginnings._process.kill()
    beginnings._told.settimeout(20)
    beginnings.take()


@dataclass
class Kernel:
    """Tells events as the connector does; what does not fit is lost."""

    ends: tuple[socket.socket, socket.socket] = field(
        default_factory=lambda: socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    )
    overrun: bool = False

    def recvfrom(self, size: int) -> tuple[bytes, tuple[int, int]]:
        if self.overrun:
            self.overrun = False
            raise OSError("overrun")
        return self.ends[0].recv(size, socket.MSG_DONTWAIT), (0, 0)

    def recv(self, size: int) -> bytes:
        return self.ends[0].recv(size, socket.MSG_DONTWAIT)

    def fileno(self) -> int:
        return self.ends[0].fileno()

    def shutdown(self, how: int) -> None:
        self.ends[0].shutdown(how)

    def close(self) -> None:
        for end in self.ends:
            end.close()

    def tell(self, what: int, at: int, *pids: int) -> None:
        event = EVENT.pack(what, 0, at, *(*pids, 0, 0, 0, 0)[:4])
        self.ends[1].send(bytes(EVENT_AT) + event)


@dataclass
class Teller:
    """Says what it was given to say."""

    told: list[tuple[Program, Beginning]] = field(default_factory=list)
    given_up: int = 0
    number: int | None = None

    def take(self) -> Sequence[tuple[Program, Beginning]]:
        found, self.told = self.told, []
        return found

    def fileno(self) -> int | None:
        return self.number

    def mend(self) -> None:
        pass

    def give_up(self) -> None:
        self.given_up += 1

    def close(self) -> None:
        pass


@dataclass
class World:
    """An exec listener with its kernel and its teller in hand."""

    kernel: Kernel
    teller: Teller
    events: ExecEvents
    clock: int = field(default_factory=time.monotonic_ns)

    def exec(self, pid: int) -> Program:
        self.clock += 1
        self.kernel.tell(EXEC, self.clock, pid, pid)
        return pid, self.clock

    def fork(self, parent: int, child: int) -> None:
        self.clock += 1
        self.kernel.tell(FORK, self.clock, parent, parent, child, child)

    def line_of(self, pid: int) -> bytes | None:
        """What is taken for the line that the program of this process began with."""
        self.events.catch_up()
        load = self.events.load(pid)
        begun = None if load is None else self.events.begun(load)
        return None if begun is None else begun.line


@pytest.fixture
def world() -> Iterator[World]:
    kernel, teller = Kernel(), Teller()
    made = World(kernel, teller, ExecEvents(lambda: kernel, lambda: teller))  # type: ignore[arg-type, return-value]
    yield made
    made.events.close()


def line(program: Program) -> bytes:
    return digest(repr(program).encode())


@pytest.mark.parametrize("seed", range(40))
def test_no_line_is_taken_for_another_programs(world: World, seed: int) -> None:
    """Whatever the order of forks, execs, what is told of them (early, late, never), and of what
    is lost.
    """
    drawn = random.Random(seed)
    runs: dict[int, Program | None] = dict.fromkeys(range(1_000_000_000, 1_000_000_004))
    told: dict[Program, bytes | None] = {}
    for _ in range(120):
        pid = drawn.choice(list(runs))
        match drawn.choice(("fork", "exec", "exec", "tell", "tell", "ask", "overrun")):
            case "fork":
                child = drawn.randrange(1_000_000_004, 1_000_000_012)
                world.fork(pid, child)
                runs[child] = runs[pid]
            case "exec":
                runs[pid] = begun = world.exec(pid)
                if drawn.random() < 0.2:
                    told[begun] = line(begun)
                    world.teller.told.append((begun, Beginning(line=line(begun))))
            case "tell" if (late := runs[pid]) is not None and late not in told:
                told[late] = drawn.choice((line(late), None))
                world.teller.told.append((late, Beginning(line=told[late])))
            case "overrun" if drawn.random() < 0.2:
                world.kernel.overrun = True
                world.events.catch_up()
                assert world.events.was_missed()
        for asked, program in runs.items():
            found = world.line_of(asked)
            assert found is None or (program is not None and found == told[program])


def test_a_line_that_is_told_before_its_event_or_after_a_fork_counts(world: World) -> None:
    """The process that reads is ahead of the gate, or behind it."""
    ahead = world.clock + 1
    world.teller.told.append(((70_000_001, ahead), Beginning(line=b"a" * 16)))
    world.events._join()
    world.exec(70_000_001)
    assert world.line_of(70_000_001) == b"a" * 16
    behind = world.exec(70_000_002)
    world.fork(70_000_002, 70_000_003)
    assert world.line_of(70_000_003) is None
    world.teller.told.append((behind, Beginning(line=b"b" * 16)))
    assert world.line_of(70_000_003) == world.line_of(70_000_002) == b"b" * 16


def test_who_tells_of_nothing_while_programs_begin_is_given_up() -> None:
    """It is held up by a program whose memory it reads; but nobody is given up while nothing
    begins, or for what was told in the meantime.
    """
    kernel, teller, clock = Kernel(), Teller(), Clock()
    events = ExecEvents(lambda: kernel, lambda: teller, clock)  # type: ignore[arg-type, return-value]
    world = World(kernel, teller, events)
    try:
        teller.number = kernel.fileno()
        clock.now = 100.0
        events._mend()
        begun = world.exec(70_000_001)
        events.catch_up()
        clock.now += 0.9
        events._mend()
        assert teller.given_up == 0
        teller.told.append((begun, Beginning()))
        events._join()
        clock.now += 5.0
        events._mend()
        assert teller.given_up == 0
        world.exec(70_000_002)
        events.catch_up()
        clock.now += 1.1
        events._mend()
        assert teller.given_up >= 1
    finally:
        events.close()


def test_who_lives_is_not_forgotten(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """A program cannot have its beginning forgotten by starting many others."""
    monkeypatch.setattr(exec_events, "_MOST", 3)
    program = world.exec(os.getpid())
    world.teller.told.append((program, Beginning(line=b"a" * 16)))
    for pid in range(70_000_001, 70_000_021):
        world.fork(1, pid)
    assert world.line_of(os.getpid()) == b"a" * 16
    assert len(world.events._loaded) <= 4
    assert not world.events.was_missed()


@pytest.fixture
def backend(world: World) -> Iterator[LinuxBackend]:
    made = LinuxBackend()
    made._execs.close()
    made._execs = made._starts._execs = world.events
    yield made
    made.close()


def _facts() -> ProcessFacts:
    facts = process_facts.process(os.getpid())
    assert facts is not None
    return facts


def test_what_was_not_read_in_time_is_a_doubt(world: World, backend: LinuxBackend) -> None:
    """Not told, told too late, lost: none of them counts as intact."""
    facts, environment = _facts(), digest(procfs.told(os.getpid(), "environ"))
    read = Beginning(line=digest(facts.command_line), environment=environment)
    for begun, unread, intact, same in (
        (None, True, True, True),
        (Beginning(), True, True, True),
        (read, False, True, True),
        (replace(read, line=b"x" * 16), False, False, True),
        (replace(read, environment=b"x" * 16), False, True, False),
    ):
        program = world.exec(os.getpid())
        if begun is not None:
            world.teller.told.append((program, begun))
        world.events.catch_up()
        dated = backend._starts.dated(facts)
        assert (dated.line_unread, dated.line_intact, dated.env_intact) == (unread, intact, same)


def test_what_was_lost_is_a_doubt(world: World, backend: LinuxBackend) -> None:
    """A program that was there before is believed until something was lost, for that may have been
    its own beginning; and so are those that are forked from it.
    """
    facts = replace(_facts(), parent=0)
    world.fork(1, 70_000_001)
    world.events.catch_up()
    assert not backend._starts.dated(facts).line_unread
    world.kernel.overrun = True
    world.events.catch_up()
    world.fork(1, 70_000_002)
    world.events.catch_up()
    assert backend._starts.dated(facts).line_unread
    world.fork(os.getppid(), os.getpid())
    world.events.catch_up()
    assert backend._starts.dated(facts).line_unread


def test_a_doubt_about_its_own_memory_is_told() -> None:
    """Two witnesses that agree are not enough where one of them was read too late."""
    facts = ProcessFacts(
        pid=os.getpid(), start=1, image=1, argv=("python", "/x/job.py"), exe="/usr/bin/python3"
    )
    said = Resolution(
        launched_as=LaunchedAs.FILE,
        name="job.py",
        path="/x/job.py",
        spelled="/x/job.py",
        word="/x/job.py",
    )
    files = HostFiles()
    seen = Witness(source="interpreter", main="/x/job.py")
    sure = agree(facts, said, seen, files).resolution.note
    assert sure not in {UNREAD, ENVIRONMENT_OVERWRITTEN}
    gone = replace(said, note=None)
    for changed, note in (
        (replace(facts, line_unread=True), UNREAD),
        (replace(facts, env_intact=False), ENVIRONMENT_OVERWRITTEN),
    ):
        for witness in (None, seen, Witness(source="beacon", main="/x/job.py")):
            assert agree(changed, gone, witness, files).resolution.note in {note, sure}


def test_records_come_in_pieces() -> None:
    """What is told is a stream: half a record waits for its rest."""
    from attribution.backends.beginnings import _records

    record = (
        TOLD.pack(7, 8, b"l" * 16, b"e" * 16, True, 5, 6, 3, 2)
        + b"/ab"
        + bytes(7)
        + b"\1"
        + bytes(8)
    )
    rest = bytearray(record + record[:9])
    given = frozenset({1 << 56 if sys.byteorder == "little" else 1, 0})
    begun = Beginning(
        folder="/ab",
        line=b"l" * 16,
        environment=b"e" * 16,
        traced=True,
        parent=5,
        stops=6,
        sockets=given,
    )
    assert _records(rest) == [((7, 8), begun)]
    rest += record[9:] + TOLD.pack(9, 10, LATE, LATE, False, 0, 0, 0, 0)
    assert _records(rest) == [((7, 8), begun), ((9, 10), Beginning())]
    assert not rest
    assert struct.calcsize("=iQ16s16s?iIHH") == TOLD.size
