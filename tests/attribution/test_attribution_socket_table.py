"""The kernel's table of sockets, asked about real ones."""

import socket
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest

from attribution import socket_table
from attribution.socket_table import KernelSockets
from core.activity import OpenSocket

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="asks the kernel of Linux")

TALKS = """
import socket, sys
server = socket.create_server((sys.argv[1], 0), family=int(sys.argv[2]))
port = server.getsockname()[1]
client = socket.create_connection((sys.argv[1], port))
taken, _ = server.accept()
client.sendall(b"x" * 777)
left = 777
while left:
    left -= len(taken.recv(left))
taken.sendall(b"y" * 5000)
left = 5000
while left:
    left -= len(client.recv(left))
print(port, client.getsockname()[1], flush=True)
sys.stdin.read()
"""


@pytest.fixture(params=[("127.0.0.1", socket.AF_INET), ("::1", socket.AF_INET6)], ids=["v4", "v6"])
def talk(request: pytest.FixtureRequest) -> Iterator[tuple[str, int, int]]:
    """Another process that listens, is connected to itself, and has sent 777 bytes for 5,000."""
    host, family = request.param
    with subprocess.Popen(
        [sys.executable, "-c", TALKS, host, str(int(family))],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        assert process.stdout is not None and process.stdin is not None
        line = process.stdout.readline().split()
        if not line:
            pytest.skip("no such loopback here")
        yield host, int(line[0]), int(line[1])
        process.stdin.close()


def at(found: list[OpenSocket], port: int) -> list[OpenSocket]:
    return [one for one in found if one.port == port]


def test_what_listens_and_what_is_connected_is_listed_with_what_it_carried(
    talk: tuple[str, int, int],
) -> None:
    """Each byte of content is counted, once."""
    host, port, near = talk
    table = KernelSockets()
    (listens,) = at(table.listening(), port)
    assert (listens.host, listens.far_port, listens.far_host) == (host, 0, "")
    (one,) = at(table.connected_to(frozenset({port})), near)
    assert (one.far_host, one.far_port) == (host, port)
    assert (one.bytes_sent, one.bytes_received) == (777, 5000)
    assert one.number and one.number != listens.number


@pytest.mark.parametrize("others", [{1}, {65535}, {1, 65535}, {2, 3, 4, 60999}, set(range(1, 60))])
def test_the_kernel_chooses_by_the_far_port_alone(
    talk: tuple[str, int, int], others: set[int]
) -> None:
    """Beside any other ports the wanted one is found, and without it nothing is."""
    _, port, near = talk
    table = KernelSockets()
    assert at(table.connected_to(frozenset({port, *others})), near)
    assert not at(table.connected_to(frozenset(others)), near)
    for wrong in (port - 1, port + 1):
        assert not at(table.connected_to(frozenset({wrong, *others})), near)


def test_the_kernel_is_asked_again_where_a_socket_can_have_come_or_gone(
    talk: tuple[str, int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A machine at rest is not asked each second for the same list; what carries something is, and
    all is asked for after a while.
    """
    _, port, near = talk
    now, asked = [0.0], [0]
    came: list[int | None] = [1]
    theirs = socket_table._dumped

    def dumped(*given: Any) -> list[OpenSocket]:
        asked[0] += 1
        return theirs(*given)

    def listed(table: KernelSockets) -> int:
        before = asked[0]
        assert at(table.listening(), port)
        return asked[0] - before

    monkeypatch.setattr(socket_table, "_dumped", dumped)
    table = KernelSockets(clock=lambda: now[0])
    monkeypatch.setattr(table._came, "times", lambda: came[0])
    assert [listed(table) for _ in range(3)] == [1, 0, 0]
    came[0] = 2
    assert [listed(table) for _ in range(3)] == [1, 0, 0]
    now[0] += 5.0
    assert [listed(table) for _ in range(2)] == [1, 0]
    before = asked[0]
    assert not [table.connected_to(frozenset({port - 1})) for _ in range(3)][2]
    assert asked[0] - before == 1
    assert all(at(table.connected_to(frozenset({port})), near) for _ in range(3))
    assert asked[0] - before == 4
    came[0] = None
    assert [listed(table) for _ in range(2)] == [1, 1]


def test_a_table_is_still_while_the_kernel_counts_nothing_new(
    talk: tuple[str, int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not before it was looked at, not while something is connected, which carries more and more,
    and not for long.
    """
    _, port, _ = talk
    now, came = [0.0], [1]
    table = KernelSockets(clock=lambda: now[0])
    monkeypatch.setattr(table._came, "times", lambda: came[0])
    assert not table.still()
    table.listening()
    table.connected_to(frozenset({port - 1}))
    assert table.still()
    came[0] = 2
    assert not table.still()
    table.listening()
    assert not table.still(), "only one of both was looked at since"
    table.connected_to(frozenset({port - 1}))
    assert table.still()
    now[0] += 5.0
    assert not table.still()
    table.listening()
    table.connected_to(frozenset({port}))
    assert not table.still()


def test_this_process_has_no_part_in_it() -> None:
    """What the gate itself has open is nobody's doing."""
    table = KernelSockets()
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        with socket.create_connection(("127.0.0.1", port)):
            assert not at(table.listening(), port)
            assert not table.connected_to(frozenset({port}))


def test_what_this_process_opens_later_is_no_part_of_it_either(talk: tuple[str, int, int]) -> None:
    """Whose a socket is may be remembered; a new one is looked at anew, and others' stay listed."""
    _, port, near = talk
    table = KernelSockets()
    for _ in range(3):
        assert at(table.listening(), port) and at(table.connected_to(frozenset({port})), near)
        with socket.create_server(("127.0.0.1", 0)) as server:
            own = server.getsockname()[1]
            with socket.create_connection(("127.0.0.1", own)):
                assert not at(table.listening(), own)
                assert not table.connected_to(frozenset({own}))


def test_a_kernel_that_does_not_know_the_older_question_is_asked_by_family(
    talk: tuple[str, int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The answers are the same, whichever way they come."""
    host, port, near = talk
    monkeypatch.setattr("attribution.socket_table._OF_BOTH", 4242)
    table = KernelSockets()
    assert [one.host for one in at(table.listening(), port)] == [host]
    (one,) = at(table.connected_to(frozenset({port})), near)
    assert (one.bytes_sent, one.bytes_received) == (777, 5000)


def test_a_users_gate_sees_the_users_own_and_a_machines_gate_all(
    talk: tuple[str, int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who is nobody of the machine's users looks after none of them, or after all."""
    _, port, _ = talk
    monkeypatch.setattr("os.getuid", lambda: 4_000_000)
    assert not at(KernelSockets().listening(), port)
    assert at(KernelSockets(everybody=True).listening(), port)


def test_ports_that_the_system_gives_out_are_known() -> None:
    """Two numbers in order, as the system states them."""
    first, last = KernelSockets().given_out()
    assert 1024 < first < last < 65536
