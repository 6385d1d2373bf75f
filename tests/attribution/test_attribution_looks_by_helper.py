"""Who holds a socket is looked for by a helper process: it finds what the gate would find, and
where it does not answer the gate looks by itself.
"""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator

import pytest
from patience import eventually

from attribution import looks_by_helper
from attribution.backends import procfs
from attribution.backends.looks import LooksHere, Places
from attribution.looks_by_helper import LooksByHelper
from attribution.reader import HelperReader
from attribution.reader_helpers import Helper, Unread
from tests.attribution.conftest import Clients, Gate

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="a Linux matter")

_HOLDS = "import sys; print('ready', flush=True); sys.stdin.read()"


class Here:
    """Looks that tell how often the gate had to look by itself."""

    def __init__(self) -> None:
        self.asked, self.closed = 0, False

    def at_all(self, sockets: frozenset[int]) -> tuple[dict[int, Places], list[int]]:
        self.asked += 1
        return {}, []

    def at_the_young(self, socket: int, oldest: float) -> tuple[Places, list[int]]:
        self.asked += 1
        return {}, []

    def close(self) -> None:
        self.closed = True


@pytest.fixture
def reader() -> Iterator[HelperReader]:
    """What helpers are had from."""
    made = HelperReader()
    yield made
    made.close()


@pytest.fixture
def handed() -> Iterator[tuple[int, int]]:
    """A socket's number, and a process that was given it."""
    with socket.socket() as one:
        os.set_inheritable(one.fileno(), True)
        pipe = subprocess.PIPE
        command = [sys.executable, "-S", "-c", _HOLDS]
        child = subprocess.Popen(command, stdin=pipe, stdout=pipe, pass_fds=[one.fileno()])
        assert child.stdout is not None
        child.stdout.readline()
        yield os.fstat(one.fileno()).st_ino, child.pid
        child.kill()
        child.communicate()


def _ready(looks: LooksByHelper, here: Here) -> None:
    """Ask until the helper answers."""

    def answered() -> bool:
        before = here.asked
        looks.at_all(frozenset({1}))
        return here.asked == before

    eventually(answered)
    here.asked = 0


def test_a_helper_finds_what_the_gate_would_find(
    reader: HelperReader, handed: tuple[int, int]
) -> None:
    """Whichever way it is asked, and again from its memory; the gate's own end is nobody's."""
    number, child = handed
    here, plain = Here(), LooksHere(os.getpid())
    looks = LooksByHelper(reader.another, here)
    _ready(looks, here)
    for _ in range(4):
        found, unreadable = looks.at_all(frozenset({number, 1}))
        assert found == plain.at_all(frozenset({number, 1}))[0]
        assert list(found) == [number]
        assert list(found[number]) == [child]
        assert child not in unreadable
        for oldest in (0.0, 1e12):
            assert looks.at_the_young(number, oldest)[0] == found[number]
    assert here.asked == 0
    looks.close()
    plain.close()


def test_what_a_helper_has_remembered_is_not_believed_of_one_that_ran(
    reader: HelperReader,
) -> None:
    """A socket that is handed on between two looks is seen at the second."""
    here, (ours, theirs) = Here(), socket.socketpair()
    looks = LooksByHelper(reader.another, here)
    taker = """
import socket, sys
far = socket.socket(fileno=int(sys.argv[1])); print("ready", flush=True)
held = socket.recv_fds(far, 1, 1); print("taken", flush=True); sys.stdin.read()
"""
    command = [sys.executable, "-S", "-c", taker, str(theirs.fileno())]
    pipe = subprocess.PIPE
    with ours, theirs, socket.socket() as one:
        number = os.fstat(one.fileno()).st_ino
        child = subprocess.Popen(command, stdin=pipe, stdout=pipe, pass_fds=[theirs.fileno()])
        assert child.stdout is not None
        child.stdout.readline()
        _ready(looks, here)
        for _ in range(20):
            assert looks.at_all(frozenset({number}))[0] == {}
        socket.send_fds(ours, [b"x"], [one.fileno()])
        child.stdout.readline()
        assert list(looks.at_all(frozenset({number}))[0][number]) == [child.pid]
        child.kill()
        child.communicate()
    assert here.asked == 0
    looks.close()


def test_where_the_helper_ended_the_gate_looks_and_begins_another_later(
    reader: HelperReader,
) -> None:
    """Not at once: one that ends again and again would cost more than it spares."""
    now, helpers, here = [100.0], list[Helper](), Here()

    def another(until: float) -> Helper:
        helpers.append(reader.another(until))
        return helpers[-1]

    looks = LooksByHelper(another, here, lambda: now[0])
    _ready(looks, here)
    os.kill(helpers[0].number, signal.SIGKILL)
    for asked in (1, 2, 3):
        looks.at_all(frozenset({1}))
        assert here.asked == asked
    assert len(helpers) == 1
    now[0] += 60
    _ready(looks, here)
    assert len(helpers) == 2
    looks.close()


def test_a_helper_that_is_late_is_not_waited_for_again(
    reader: HelperReader, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One that was stopped, for instance by whoever owns it: the gate looks by itself."""
    helpers, here = list[Helper](), Here()

    def another(until: float) -> Helper:
        helpers.append(reader.another(until))
        return helpers[-1]

    looks = LooksByHelper(another, here)
    _ready(looks, here)
    monkeypatch.setattr("attribution.looks_by_helper._LATE_S", 0.05)
    os.kill(helpers[0].number, signal.SIGSTOP)
    assert looks.at_the_young(1, 0.0) == ({}, [])
    assert looks.at_all(frozenset({1})) == ({}, [])
    assert here.asked == 2
    looks.close()


def test_a_helper_that_may_see_less_is_not_asked(
    reader: HelperReader, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A gate may have rights that are not handed on with a program: what the helper then missed
    would be taken for nobody's.
    """
    here, now, asked = Here(), [0.0], list[int]()

    def another(until: float) -> Helper:
        helper = reader.another(until)
        assert looks_by_helper.rights_of(helper.number) == looks_by_helper.rights_of(os.getpid())
        monkeypatch.setattr(looks_by_helper, "rights_of", lambda pid: (b"CapEff: %d" % pid,))
        asked.append(helper.number)
        return helper

    looks = LooksByHelper(another, here, lambda: now[0])
    looks.at_all(frozenset({1}))
    eventually(lambda: asked and not procfs.is_alive(procfs.stat_fields(asked[0])))
    now[0] = 1e9
    for _ in range(3):
        looks.at_all(frozenset({1}))
    assert here.asked == 4
    assert len(asked) == 1
    looks.close()


def test_where_none_can_be_had_the_gate_looks(reader: HelperReader) -> None:
    """And asks no more for it than once in a while."""
    asked, here = list[float](), Here()

    def none(until: float) -> Helper:
        asked.append(until)
        raise Unread("none")

    looks = LooksByHelper(none, here, lambda: 1.0)
    for _ in range(5):
        assert looks.at_all(frozenset({1})) == ({}, [])
    eventually(lambda: len(asked) == 1)
    assert here.asked == 5
    looks.close()
    assert here.closed


def test_a_gate_reads_nobodys_descriptors_for_a_look(
    gate: Gate, clients: Clients, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of a sender's own some are read; those of everybody else are left to the helper."""
    read: list[int] = []
    plain: Callable[[int], dict[int, int] | None] = procfs.sockets

    def noted(pid: int) -> dict[int, int] | None:
        read.append(pid)
        return plain(pid)

    monkeypatch.setattr(procfs, "sockets", noted)
    clients.write("ask(dial())\n")

    def only_the_sender_was_read() -> bool:
        read.clear()
        child = clients.python("client.py")
        gate.wait(len(clients.started))
        return set(read) <= {child.pid}

    eventually(only_the_sender_was_read)
