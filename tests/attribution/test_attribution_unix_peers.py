"""Who is connected to a process by Unix sockets, of what that takes."""

import os
import socket
import struct
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from attribution.backends import unix_peers
from attribution.backends.peers import Peers
from attribution.backends.sock_diag import DiagRefused
from attribution.backends.unix_peers import UnixPeers, rows
from tests.attribution.conftest import Clients, Gate

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="a Linux matter")

_FORWARDS = """
server = socket.socket(socket.AF_UNIX); server.bind(NAME); server.listen(5)
print("ready", flush=True)
one, _ = server.accept(); one.recv(10)
ask(dial())
"""
_COMES = """
s = socket.socket(socket.AF_UNIX); s.connect(NAME); s.sendall(b"x"); s.recv(10)
"""


def _number(one: socket.socket) -> int:
    return os.fstat(one.fileno()).st_ino


@pytest.fixture
def listener(tmp_path: Path) -> Iterator[socket.socket]:
    """A Unix socket that takes connections."""
    with socket.socket(socket.AF_UNIX) as made:
        made.bind(str(tmp_path / "s"))
        made.listen(5)
        yield made


def test_the_far_ends_of_what_was_accepted(listener: socket.socket) -> None:
    """Neither what the process opened itself nor pairs count, nor what is not its own."""
    pair, far_ends = socket.socketpair(), UnixPeers().far_ends
    with socket.socket(socket.AF_UNIX) as client, pair[0], pair[1]:
        client.connect(listener.getsockname())
        taken, _ = listener.accept()
        with taken:
            assert far_ends({_number(listener), _number(taken), _number(pair[0])}) == {
                _number(client)
            }
            assert far_ends({_number(client), _number(pair[0])}) is None
            assert far_ends({_number(listener)}) == set()
    assert Peers().far_ends(os.getpid()) == frozenset()


def test_an_answer_that_is_none_is_refused() -> None:
    """An error of the kernel, or a length that leads nowhere; what is cut is left out."""
    head = struct.Struct("=IHHII")
    for bad in (head.pack(16, 2, 0, 1, 0), head.pack(0, 20, 0, 1, 0)):
        with pytest.raises(DiagRefused):
            list(rows(bad))
    assert list(rows(head.pack(16, 3, 0, 1, 0))) == [None]
    assert list(rows(head.pack(20, 20, 0, 1, 0) + b"\0" * 4)) == []
    assert list(rows(b"\0" * 8)) == []


@pytest.mark.parametrize("name", ["'box'", r"'\0outgate-test-%d' % os.getppid()"])
def test_a_forwarder_is_marked_with_who_came_by_a_unix_socket(
    gate: Gate, clients: Clients, name: str
) -> None:
    """A daemon that takes work at a path, or at an abstract name, sends for others."""
    clients.write(_FORWARDS.replace("NAME", name), "forwarder.py")
    clients.write(_COMES.replace("NAME", name), "comer.py")
    forwarder = clients.python("forwarder.py", stdout=subprocess.PIPE)
    assert forwarder.stdout is not None
    forwarder.stdout.readline()
    comer = clients.python("comer.py")
    (seen,) = gate.wait(1)
    behalf = seen.at_request.on_behalf
    assert behalf is not None
    assert [peer.process.pid for peer in behalf] == [comer.pid]
    assert behalf[0].script is not None
    assert behalf[0].script.name == "comer.py"


def test_an_answer_that_takes_long_holds_for_a_moment(
    listener: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where there are very many Unix sockets they are not gone through for each sender."""
    clock = iter([10.0, 11.0, 11.5, 12.5, 12.5])
    asked: list[int] = []

    def dumped(state: int, _: object) -> list[unix_peers.UnixRow]:
        asked.append(state)
        return []

    monkeypatch.setattr(unix_peers, "_dump", dumped)
    subject = UnixPeers(clock=lambda: next(clock))
    for count in (1, 1, 2):
        assert subject.far_ends({_number(listener)}) is None
        assert len(asked) == count
