"""A process is the same program without a look where the kernel told of nothing since."""

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace

import pytest

from attribution.backends import held_programs, process_facts
from attribution.backends.linux import LinuxBackend
from attribution.backends.sock_diag import NETLINK_SOCK_DIAG
from attribution.backends.tcp_table import request_listening, rows
from attribution.facts import OLDER, Peer, ProcessFacts

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="events of the Linux kernel")

_WAITS = "import os; os.write(1, b'!'); os.read(0, 1); os.execvp('cat', ['cat'])"


@pytest.fixture
def backend() -> Iterator[LinuxBackend]:
    made = LinuxBackend()
    subprocess.run(["true"], check=True)
    made._execs.catch_up()
    if made._execs.since() is None:
        made.close()
        pytest.skip("the kernel tells nobody of our rights")
    yield made
    made.close()


@pytest.fixture
def waiting() -> Iterator[subprocess.Popen[bytes]]:
    """A program that becomes `cat` when it is given a letter."""
    words = [sys.executable, "-c", _WAITS]
    pipe = subprocess.PIPE
    with subprocess.Popen(words, stdin=pipe, stdout=pipe, bufsize=0) as running:
        assert running.stdout is not None
        assert running.stdout.read(1) == b"!"  # only now is the program loaded
        yield running
        running.kill()


def test_facts_of_a_program_that_was_left_meanwhile_are_not_of_the_new_one(
    backend: LinuxBackend,
    waiting: subprocess.Popen[bytes],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What was read of one program, and dated after it became another, is of none that runs."""
    read = process_facts.process

    def left(pid: int) -> ProcessFacts | None:
        facts = read(pid)
        if pid == waiting.pid:
            assert waiting.stdin is not None
            assert waiting.stdout is not None
            waiting.stdin.write(b"ax\n")
            waiting.stdin.flush()
            assert waiting.stdout.readline() == b"x\n"
        return facts

    monkeypatch.setattr(process_facts, "process", left)
    facts = backend.process(waiting.pid)
    assert facts is not None
    assert facts.argv[0] == sys.executable
    assert not backend.unchanged(facts)


def test_who_is_older_than_the_events_is_known_without_reading_its_memory(
    backend: LinuxBackend, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing was told of it since. Where something was lost, what it shows of itself is no proof:
    its facts are read anew, and say so.
    """
    facts = backend.process(os.getppid())
    assert facts is not None
    looked: list[ProcessFacts] = []

    def look(fields: list[bytes], same: ProcessFacts, seconds: float) -> bool:
        looked.append(same)
        return False

    monkeypatch.setattr(held_programs, "looks_same", look)
    assert backend.unchanged(facts)
    assert not looked
    assert backend._execs._socket is not None
    backend._execs._begin_anew(backend._execs._socket)
    assert not backend.unchanged(facts)
    again = backend.process(os.getppid())
    assert again is not None
    assert again.line_unread
    assert facts.unheard == OLDER


class Known:
    """Processes that sent before."""

    def __init__(self, facts: tuple[ProcessFacts, ...]) -> None:
        self.facts = facts
        self.ended: list[int] = []

    def recent(self) -> tuple[ProcessFacts, ...]:
        """See KnownOwners.recent."""
        return self.facts

    def gone(self, pid: int) -> None:
        """See KnownOwners.gone."""
        self.ended.append(pid)


def test_who_has_ended_is_guessed_no_more(backend: LinuxBackend) -> None:
    """Most that sent before were one program for one request: no link of theirs is asked twice."""
    process = backend.process(os.getpid())
    assert process is not None
    with subprocess.Popen(["true"]) as first, subprocess.Popen(["true"]) as second:
        pass
    ended = [replace(process, pid=one.pid) for one in (first, second)]
    known = Known((*ended, process))
    backend._last_place |= {facts.pid: 5 for facts in ended}
    listener = socket.create_server(("127.0.0.1", 0))
    with listener, socket.create_connection(listener.getsockname()) as client:
        (host, port), (far, gate) = client.getsockname(), client.getpeername()
        peer = Peer(client_host=host, client_port=port, gate_host=far, gate_port=gate)
        found = backend.recall(peer, known, process.start + 1e10)
    assert found is None or found.pids == (os.getpid(),)
    assert known.ended == [first.pid, second.pid]
    assert not backend._last_place.keys() & {first.pid, second.pid}


def test_what_listens_is_asked_for_in_one_question() -> None:
    """Of both families, and nothing that is connected."""
    kind = socket.SOCK_RAW | socket.SOCK_CLOEXEC
    with (
        socket.create_server(("127.0.0.1", 0)) as one,
        socket.create_server(("::1", 0), family=socket.AF_INET6) as other,
        socket.create_connection(one.getsockname()) as connected,
        socket.socket(socket.AF_NETLINK, kind, NETLINK_SOCK_DIAG) as asked,
    ):
        asked.send(request_listening())
        found, few = [], []
        among = {os.fstat(one.fileno()).st_ino}
        while None not in found:
            piece = asked.recv(1 << 16)
            found += list(rows(piece))
            few += list(rows(piece, among))
        assert few == [row for row in found if row is None or row.inode in among]
        assert len(few) == 2
        ports = {row.port for row in found if row is not None}
        wanted = {each.getsockname()[1] for each in (one, other)}
        assert wanted <= ports
        assert connected.getsockname()[1] not in ports
