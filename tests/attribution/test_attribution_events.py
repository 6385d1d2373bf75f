"""What the kernel tells of forks, execs and mounts, and of what was sent: known without waiting for
it.
"""

import os
import socket
import struct
import subprocess
import sys
import time
from collections import deque
from collections.abc import Iterator
from pathlib import Path

import pytest
from patience import eventually

from attribution.backends import procfs, system_calls
from attribution.backends.exec_events import ExecEvents
from attribution.backends.sock_diag import SockDiag
from attribution.cpython_memory import _frames, _Offsets, _TornError
from attribution.mounts import MountTimes, parse

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="events of the Linux kernel")


@pytest.fixture
def events() -> Iterator[ExecEvents]:
    made = ExecEvents()
    subprocess.run(["true"], check=True)
    made.catch_up()
    if made.since() is None:
        made.close()
        pytest.skip("the kernel tells nobody of our rights")
    yield made
    made.close()


def test_an_exec_is_known_as_soon_as_its_program_does_something(events: ExecEvents) -> None:
    """Whoever asks catches up first: no event is on its way for longer than the program runs."""
    for _ in range(20):
        before = time.time()
        with subprocess.Popen(["cat"], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as running:
            assert running.stdin is not None
            assert running.stdout is not None
            running.stdin.write(b"x")
            running.stdin.flush()
            running.stdout.read(1)
            events.catch_up()
            load = events.load(running.pid)
            running.stdin.close()
        assert load is not None
        assert load.at is not None
        assert before - 0.01 <= load.at <= time.time()


def test_the_folder_of_the_start_is_the_kernels_word(events: ExecEvents, tmp_path: Path) -> None:
    """Where a program was started is known though it goes elsewhere at once, or is not said."""
    known = 0
    for _ in range(10):
        code = "import os; os.chdir('/'); print(1, flush=True); input()"
        with subprocess.Popen(
            [sys.executable, "-c", code],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd=tmp_path,
        ) as running:
            assert running.stdin is not None
            assert running.stdout is not None
            running.stdout.readline()
            events.catch_up()
            load = events.load(running.pid)
            begun = None if load is None else events.begun(load)
            running.stdin.close()
        assert begun is not None
        assert begun.folder in {None, os.path.realpath(tmp_path)}
        known += begun.folder is not None
    assert known


def test_a_fork_has_the_load_of_what_it_was_forked_from(events: ExecEvents) -> None:
    """A copy of a program was loaded when that was, also when the first one has gone."""
    code = """
import os, sys, time
if os.fork() == 0:
    time.sleep(0.1)
    print(os.getpid(), flush=True)
    time.sleep(20)
"""
    begun = time.time()
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE) as running:
        assert running.stdout is not None
        child = int(running.stdout.readline())
        events.catch_up()
        try:
            assert events.load(child) == events.load(running.pid)
            assert events.offspring(running.pid, begun) == [child]
            assert events.offspring(child, begun) == []
            assert events.offspring(running.pid, time.time()) == []
        finally:
            os.kill(child, 9)


def test_nothing_is_said_of_what_was_not_heard(events: ExecEvents) -> None:
    """Before the first event, and after events were lost, no list of forks is complete."""
    assert events.offspring(os.getpid(), time.time() - 3600) is None
    assert events._socket is not None
    events._begin_anew(events._socket)
    assert events.offspring(os.getpid(), time.time() - 1) is None
    assert events.load(os.getpid()) is None


def test_forks_are_not_told_of_while_new_ones_are_noted(events: ExecEvents) -> None:
    """A fork that is heard of meanwhile breaks no answer: whoever asks waits for the listener."""
    locked: list[bool] = []

    class Watched(deque[tuple[float, int, int]]):
        def __reversed__(self) -> Iterator[tuple[float, int, int]]:
            locked.append(events._reading.locked())
            return super().__reversed__()

    events._forks = Watched(events._forks, maxlen=events._forks.maxlen)
    assert events.offspring(os.getpid(), time.time()) == []
    assert locked == [True]


def test_a_connection_is_dated_until_something_comes_over_it() -> None:
    """The kernel tells how long ago it was opened: never less, but for a tick of its own."""
    tick_s, asked = 0.011, SockDiag()
    listener = socket.create_server(("127.0.0.1", 0))
    with listener, socket.create_connection(listener.getsockname()) as client:
        opened_by, begun = time.time(), time.time()
        own, far = client.getsockname(), client.getpeername()
        ago = asked.find(own, far, traffic=True).came_ago_s
        assert ago is not None
        assert begun - ago <= opened_by + tick_s
        gate, _ = listener.accept()
        with gate:
            before = time.time()
            gate.sendall(b"x")
            assert client.recv(1) == b"x"
            ago = asked.find(own, far, traffic=True).came_ago_s
            assert ago is not None
            assert ago <= time.time() - before + tick_s
        assert asked.find(own, far).came_ago_s is None
    asked.close()


def test_what_was_sent_over_a_socket_is_dated() -> None:
    """The kernel tells how long ago data went out, and that none did."""
    listener = socket.create_server(("127.0.0.1", 0))
    with listener, socket.create_connection(listener.getsockname()) as client:
        asked = SockDiag()
        own, far = client.getsockname(), client.getpeername()
        assert asked.find(own, far, traffic=True).sent_ago_s is None
        client.sendall(b"x")
        ago = asked.find(own, far, traffic=True).sent_ago_s
        assert ago is not None
        assert 0 <= ago < 5
        assert asked.find(own, far).sent_ago_s is None
        asked.close()


def test_a_descriptor_that_outlives_an_exec_is_told_from_one_that_does_not() -> None:
    """Python's own sockets do not."""
    with socket.socket() as own:
        assert not procfs.is_inheritable(os.getpid(), own.fileno())
        own.set_inheritable(True)
        assert procfs.is_inheritable(os.getpid(), own.fileno())


@pytest.mark.parametrize(
    ("call", "waits"),
    [
        ("s.recv(1)", True),
        ("select.select([s], [], [], 20)", True),
        ("select.select([t], [], [], 20)", False),
        ("p = select.poll(); p.register(s, 1); p.register(t, 1); p.poll()", True),
        ("e = select.epoll(); e.register(s, 1); e.poll()", True),
        ("e = select.epoll(); e.register(t, 1); e.poll()", False),
        ("t.recv(1)", False),
        ("time.sleep(20)", False),
    ],
)
def test_who_waits_on_a_socket_is_seen(call: str, waits: bool) -> None:
    """By read, select, poll or an event loop; to wait on another socket is not to use this one."""
    code = f"""
import select, socket, time
s, a = socket.socketpair(); t, b = socket.socketpair()
print(s.fileno(), flush=True)
{call}
"""
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE) as running:
        assert running.stdout is not None
        place = int(running.stdout.readline())
        eventually(lambda: not system_calls.is_running(running.pid))
        found = system_calls.attendant(running.pid, place)
        running.kill()
    assert (found is not None) is waits


AT = _Offsets(
    interpreters=0,
    next_interpreter=0,
    threads=0,
    next_thread=0,
    current_frame=0,
    native_id=0,
    frame_size=32,
    previous=8,
    executable=0,
    instruction=24,
    owner=16,
    code_size=32,
    filename=0,
    qualified_name=8,
    line_table=16,
    first_line=24,
    instructions=0,
    bytes_length=0,
    bytes_begin=8,
    state=0,
    length=8,
    text=24,
)


def memory(tmp_path: Path, *frames: tuple[int, bool]) -> int:
    """Lay out frames at 1000, 1100…: where each leads, and whether C made it."""
    text = struct.pack("<QQQ8s", 2 << 5 | 4 | 1 << 5 | 1 << 6, 1, 0, b"x")
    image = bytearray(4096)
    image[500:532] = text
    image[600:632] = struct.pack("<QQQQ", 500, 500, 0, 0)
    for at, (previous, by_c) in enumerate(frames):
        start = 1000 + 100 * at
        image[start : start + 32] = struct.pack("<QQQQ", 600, previous, 3 if by_c else 0, 0)
    place = tmp_path / "memory"
    place.write_bytes(bytes(image))
    return os.open(place, os.O_RDONLY)


@pytest.mark.parametrize(
    ("frames", "whole"),
    [
        ([(1100, False), (0, True)], True),
        ([(1100, False), (1200, False), (0, True)], True),
        ([(0, False)], False),
        ([(1100, False), (0, False)], False),
        ([(1100, True), (0, False)], False),
        ([(1000, False)], False),
    ],
)
def test_a_stack_that_lost_its_outermost_frames_names_nothing(
    tmp_path: Path, frames: list[tuple[int, bool]], whole: bool
) -> None:
    """A running program changes its stack while it is read. Only a chain that ends where the
    interpreter was called holds the main program.
    """
    handle = memory(tmp_path, *frames)
    try:
        if whole:
            assert list(_frames(handle, 1000, AT))
        else:
            with pytest.raises(_TornError):
                list(_frames(handle, 1000, AT))
    finally:
        os.close(handle)


TABLE = "27 1 254:0 / / rw - ext4 /dev/vda rw\n30 27 0:25 {root} {place} rw - {kind} x rw\n"


def table(*places: str, root: str = "/", kind: str = "tmpfs") -> bytes:
    first, *others = TABLE.splitlines(keepends=True)
    lines = [others[0].format(root=root, place=place, kind=kind) for place in places]
    return "".join([first, *lines]).encode()


def shown(tmp_path: Path, text: bytes) -> int:
    place = tmp_path / "mountinfo"
    place.write_bytes(text)
    return os.open(place, os.O_RDONLY)


@pytest.mark.parametrize(
    ("before", "after", "turned"),
    [
        ((), ("/w",), True),
        (("/w",), (), True),
        (("/x",), ("/w",), True),
        ((), ("/other",), False),
        (("/other",), (), False),
    ],
    ids=["put over it", "taken off it", "moved over it", "beside it", "taken off beside it"],
)
def test_a_place_counts_from_the_last_mount_that_came_or_went(
    tmp_path: Path, before: tuple[str, ...], after: tuple[str, ...], turned: bool
) -> None:
    """A script's path may have led to another file before: whatever kind of file system it was."""
    times = MountTimes()
    times._watched = True
    times._take(shown(tmp_path, table(*before)), first=True)
    assert times.over(os.getpid(), "/w/job.py") == 0.0
    changed = time.time()
    times._take(shown(tmp_path, table(*after)))
    assert (times.over(os.getpid(), "/w/job.py") >= changed) is turned


def test_what_came_and_went_unseen_is_a_doubt_for_all(tmp_path: Path) -> None:
    """A change after which nothing differs has hidden something."""
    times = MountTimes()
    times._watched = True
    times._take(shown(tmp_path, table("/w")), first=True)
    changed = time.time()
    times._take(shown(tmp_path, table("/w")))
    assert times.over(os.getpid(), "/any/job.py") >= changed
    assert len(parse(table("/w"))) == 2


def test_a_helper_forked_later_knows_what_was_mounted_before(tmp_path: Path) -> None:
    """It begins with what the process has seen that it was forked from; nothing is doubted that
    did not change.
    """
    times = MountTimes()
    times._watched = True
    times._take(shown(tmp_path, table("/w")), first=True)
    times._take(shown(tmp_path, table("/w")), again=True)
    assert times.over(os.getpid(), "/w/job.py") == 0.0
    changed = time.time()
    times._take(shown(tmp_path, table()), again=True)
    assert times.over(os.getpid(), "/w/job.py") >= changed
    assert times.over(os.getpid(), "/other/job.py") == 0.0
