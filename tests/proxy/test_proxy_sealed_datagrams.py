"""Datagrams that a sealed run sent in vain: each is in some record, however many there are."""

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st
from patience import soon

from capture.datagrams import Datagram
from core.attribution import Attribution, unknown_sender
from core.exchange import Connection
from proxy.sealed import datagrams
from proxy.sealed.datagrams import Datagrams
from proxy.sealed.members import Members
from tests.proxy.conftest import FakeAttributor

type Told = list[tuple[str, int, int]]


class Seeing(FakeAttributor):
    """Sees who holds a socket, by its port; nobody from 9000 on, and fails at 9999."""

    def attribute(self, connection: Connection) -> Attribution:
        assert (connection.network, connection.transport) == (1, "udp")
        if connection.client_port == 9999:
            raise ValueError
        if connection.client_port >= 9000:
            return unknown_sender("none", "nobody")
        found = self.attribute_now(connection)
        assert found is not None
        return found


def made(told: Told) -> Datagrams:
    def tell(sender: Attribution, host: str, port: int, count: int) -> None:
        assert sender.process is not None or [one.pid for one in sender.candidates] == [77]
        told.append((host, port, count))

    names = {"198.51.100.9": "files.example"}
    return Datagrams(tell, Members(Seeing(), 1, 77), names.get)


def to(host: str, port: int, near: int = 4000) -> Datagram:
    return Datagram(near=("127.0.0.1", near), far=(host, port))


async def ended(sent: Datagrams) -> None:
    """As at the end of a run."""
    import socket

    with socket.socket(type=socket.SOCK_DGRAM) as nothing:
        sent.listen(nothing)
        await sent.over()


async def test_they_are_counted_by_sender_and_place() -> None:
    """By the name that was asked for, whichever socket they came from, and whether it can be seen
    who sent them or not.
    """
    told: Told = []
    sent = made(told)
    for one in (to("198.51.100.9", 443), to("198.51.100.9", 443, 4001), to("192.0.2.8", 9)):
        sent.sent(one)
        sent.sent(one)
    for near in (9000, 9999):
        sent.sent(to("192.0.2.7", 123, near))
    await ended(sent)
    assert sorted(told) == [
        ("192.0.2.7", 123, 2),
        ("192.0.2.8", 9, 2),
        ("files.example", 443, 4),
    ]


async def test_the_first_are_told_soon_and_later_ones_with_the_next(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A gate that is killed has told where they went; who goes on sending fills no evidence."""
    monkeypatch.setattr(datagrams, "SOON_S", 0.0)
    told: Told = []
    sent = made(told)
    sent.sent(to("198.51.100.9", 443))
    await soon(lambda: told)
    for _ in range(5):
        sent.sent(to("198.51.100.9", 443))
    await asyncio.sleep(0)
    assert told == [("files.example", 443, 1)]
    await ended(sent)
    assert told == [("files.example", 443, 1), ("files.example", 443, 5)]


@given(st.lists(st.tuples(st.integers(1, 400), st.integers(1, 3)), max_size=400))
async def test_none_is_lost_where_there_is_no_room(ports: list[tuple[int, int]]) -> None:
    """Of more places than can be told apart, it is told how many there were."""
    told: Told = []
    sent = made(told)
    for port, near in ports:
        sent.sent(to("192.0.2.8", port, near))
    await ended(sent)
    assert sum(count for _, _, count in told) == len(ports)
    assert len(told) <= 257
    crowded = len(set(ports)) > 256
    assert any(not host for host, _, _ in told) == crowded


async def test_a_socket_at_its_end_is_read_no_more() -> None:
    """It is handed in by the run's user: one that is always readable would keep the gate busy."""
    import socket

    ours, theirs = socket.socketpair()
    theirs.close()
    sent = made([])
    sent.listen(ours)
    await soon(lambda: ours.fileno() < 0)
    await sent.over()


async def test_the_runs_of_one_user_are_read_as_often_as_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Who floods from many seals takes of the gate what one takes."""
    import socket

    paused: list[float] = []
    loop = asyncio.get_running_loop()
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    monkeypatch.setattr(loop, "call_later", lambda pause, *_: paused.append(pause))
    sent = Datagrams(lambda *_: None, Members(Seeing(), 1, 77), lambda _: None, lambda: 64)
    theirs.send(b"x")
    sent.listen(ours)
    for _ in range(20):
        await asyncio.sleep(0)
    assert paused == [datagrams._PAUSE_S * 64]
    await sent.over()
    theirs.close()
