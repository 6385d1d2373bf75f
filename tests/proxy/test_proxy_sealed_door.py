"""What is handed over at the door of sealed runs, and is not what it says."""

import asyncio
import json
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any, cast

import pytest

from capture import handover
from capture.network import ROLES, identity
from core.duties import OWNER
from core.happenings import Happening
from proxy.sealed import door
from proxy.sealed.capturing import Captures
from proxy.sealed.door import Door, is_of_our_network
from proxy.sealed.passing_counts import Others

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="sealed runs take Linux")

_ELSEWHERE = """
import os, socket, sys
os.unshare(os.CLONE_NEWUSER | os.CLONE_NEWNET)
listener = socket.socket()
with socket.socket(fileno=int(sys.argv[1])) as end:
    socket.send_fds(end, [b"x"], [listener.fileno()])
"""


def test_a_listener_of_our_own_network_is_known() -> None:
    """What a listener here takes would come back to it for ever: it is told from one in a seal."""
    with socket.socket() as here:
        assert is_of_our_network(here.fileno())
    ours, theirs = socket.socketpair()
    with ours, theirs:
        words = [sys.executable, "-c", _ELSEWHERE, str(theirs.fileno())]
        done = subprocess.run(words, pass_fds=[theirs.fileno()], check=False, capture_output=True)
        if done.returncode:
            pytest.skip("no namespaces can be made here")
        _, [there], _, _ = socket.recv_fds(ours, 1, 1)
    assert not is_of_our_network(there)
    os.close(there)


def test_what_is_no_socket_is_none_of_ours() -> None:
    """A file is no listener; it is refused where it is to be listened at."""
    with Path(os.devnull).open() as file:
        assert not is_of_our_network(file.fileno())


class _Networks:
    """Believes every network, once `answers` is set."""

    def __init__(self) -> None:
        self.asked, self.answers = threading.Event(), threading.Event()
        self.asking: dict[int, Sequence[int]] = {}

    def entered(self, network: int, supervisor: int, asking: Sequence[int]) -> None:
        self.asked.set()
        self.answers.wait()
        self.asking[network] = asking

    def left(self, network: int) -> None:
        for one in self.asking.pop(network, ()):
            os.close(one)


@pytest.fixture(name="stranger")
def stranger_fixture() -> Iterator[tuple[ExitStack, list[socket.socket]]]:
    """Sockets and files of a user whom the gate has no reason to believe."""
    with ExitStack() as stack:
        kinds = [socket.SOCK_DGRAM] * len(ROLES)
        yield stack, [stack.enter_context(socket.socket(type=kind)) for kind in kinds]


def _says(channel: socket.socket, kind: str, luggage: Sequence[int], **values: object) -> None:
    content = json.dumps({"kind": kind, **values}).encode()
    socket.send_fds(channel, [content], luggage)


def _file(stack: ExitStack) -> int:
    number = os.open(os.devnull, os.O_RDONLY)
    stack.callback(os.close, number)
    return number


def _door(networks: _Networks) -> Door:
    """A door through which nothing is served."""
    return Door(cast("Any", None), networks, lambda _: False)


def _knocking(stack: ExitStack, there: Door, folder: Path) -> socket.socket:
    """A connection to this door, which stands in this folder."""
    there.open(folder / "own" / "door", folder / "door")
    channel = stack.enter_context(handover.connected(folder / "door"))
    channel.settimeout(None)
    return channel


async def _heard(channel: socket.socket) -> str:
    answer = await asyncio.to_thread(handover.receive, channel)
    return "" if answer is None else answer.kind


def _sockets() -> set[str]:
    """The sockets that this process has open, each with its number."""
    found = {}
    for number in os.listdir("/proc/self/fd"):  # noqa: PTH208 - names only
        try:
            found[number] = os.readlink(f"/proc/self/fd/{number}")  # noqa: PTH115 - a mark
        except OSError:
            continue
    return {f"{number} {what}" for number, what in found.items() if what.startswith("socket:")}


@pytest.mark.parametrize("wrong", ["a file", "no stream", "another number"])
async def test_what_is_not_what_it_says_is_closed_once(
    tmp_path: Path, stranger: tuple[ExitStack, list[socket.socket]], wrong: str
) -> None:
    """Of a run that is refused nothing stays open, and nothing is closed that was opened under its
    numbers since: the gate's evidence may be.
    """
    stack, sockets = stranger
    networks = _Networks()
    networks.answers.set()
    there = _door(networks)
    luggage = [one.fileno() for one in sockets]
    if wrong == "a file":
        luggage[-1] = _file(stack)
    if wrong == "another number":
        luggage.pop()
    channel = _knocking(stack, there, tmp_path)
    before, trouble = _sockets(), OWNER.trouble
    _says(channel, "network", luggage, network=7, roles=list(ROLES))
    assert await _heard(channel) == "refused"
    mine = [_file(stack) for _ in range(64)]
    channel.close()
    await there.close()
    assert all(os.fstat(one).st_rdev for one in mine)
    assert _sockets() <= before
    assert OWNER.trouble == trouble


async def test_nothing_more_is_taken_in_before_a_message_is_dealt_with(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, stranger: tuple[ExitStack, list[socket.socket]]
) -> None:
    """What a run sends in the meantime waits where it costs the sender: files of the gate are of a
    number, and everybody's connections take some.
    """
    monkeypatch.setattr(door, "is_of_our_network", lambda _: False)
    stack, sockets = stranger
    networks = _Networks()
    stack.callback(networks.answers.set)
    there = _door(networks)
    channel = _knocking(stack, there, tmp_path)
    _says(channel, "network", [one.fileno() for one in sockets], network=7, roles=list(ROLES))
    await asyncio.to_thread(networks.asked.wait)
    before = _sockets()
    for _ in range(4):
        _says(channel, "mirror", [one.fileno() for one in sockets])
    for _ in range(100):
        await asyncio.sleep(0)
    assert _sockets() == before
    networks.answers.set()
    assert [await _heard(channel) for _ in range(5)] == ["refused"] * 5
    channel.close()
    await there.close()


async def test_a_run_hands_over_so_many_listeners_and_no_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, stranger: tuple[ExitStack, list[socket.socket]]
) -> None:
    """Its sixty-four runs would fill the gate else, for everybody."""
    stack, _ = stranger
    monkeypatch.setattr(door, "_MOST_PLACES", 2)
    monkeypatch.setattr(door, "is_of_our_network", lambda _: False)
    networks = _Networks()
    networks.answers.set()
    there = _door(networks)
    channel = _knocking(stack, there, tmp_path)
    luggage = [stack.enter_context(socket.socket(type=_kind(role))) for role in ROLES]
    for one, role in zip(luggage, ROLES, strict=True):
        if role in {"tcp", "dns_tcp"}:
            one.bind(("127.0.0.1", 0))
    _says(channel, "network", [one.fileno() for one in luggage], network=7, roles=list(ROLES))
    assert await _heard(channel) == "sealed"
    before = len(_sockets())
    for _ in range(3):
        listener = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
        _says(channel, "mirror", [listener.fileno()])
    assert await _heard(channel) == "refused"
    assert await _heard(channel) == "refused"
    assert len(_sockets()) == before + 3 + 1
    channel.close()
    await there.close()


def _kind(role: str) -> int:
    return socket.SOCK_STREAM if role in {"tcp", "dns_tcp"} else socket.SOCK_DGRAM


async def test_many_runs_of_one_user_are_dealt_with_one_by_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, stranger: tuple[ExitStack, list[socket.socket]]
) -> None:
    """However many of one user's wait for an answer about their networks, another user's is asked
    about, too.
    """
    stack, sockets = stranger
    monkeypatch.setattr(door, "is_of_our_network", lambda _: False)
    uid = 1000
    monkeypatch.setattr(door, "_peer_of", lambda _: (os.getpid(), uid))
    networks = _Networks()
    stack.callback(networks.answers.set)
    told: list[int] = []

    def entered(network: int, supervisor: int, asking: Sequence[int]) -> None:
        told.append(network)
        _Networks.entered(networks, network, supervisor, asking)

    monkeypatch.setattr(networks, "entered", entered)
    there = _door(networks)
    luggage = [one.fileno() for one in sockets]
    hers = [_knocking(stack, there, tmp_path)]
    hers += [stack.enter_context(handover.connected(tmp_path / "door")) for _ in range(39)]
    for number, channel in enumerate(hers):
        _says(channel, "network", luggage, network=100 + number, roles=list(ROLES))
    await asyncio.to_thread(networks.asked.wait)
    uid = 1001
    his = stack.enter_context(handover.connected(tmp_path / "door"))
    networks.asked.clear()
    _says(his, "network", luggage, network=7, roles=list(ROLES))
    await asyncio.to_thread(networks.asked.wait, 60)
    networks.answers.set()
    assert sorted(told[:2])[0] == 7
    for channel in (*hers, his):
        channel.close()
    await there.close()


async def test_who_knocks_is_not_heard_after_all_others_one_by_one(
    tmp_path: Path, stranger: tuple[ExitStack, list[socket.socket]]
) -> None:
    """Of three hundred knocks all are heard within a few rounds of the loop."""
    stack, _ = stranger
    there = _door(_Networks())
    there.open(tmp_path / "own" / "door", tmp_path / "door")
    knocks = [stack.enter_context(handover.connected(tmp_path / "door")) for _ in range(300)]
    for _ in range(10):
        await asyncio.sleep(0)
    last = knocks[-1]
    last.setblocking(False)
    assert last.recv(1) == b"", "one of too many is let go, and hears it"
    await there.close()


async def test_nobody_speaks_for_the_network_of_the_machine(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, stranger: tuple[ExitStack, list[socket.socket]]
) -> None:
    """Whoever claims it would be asked about everybody's connections."""
    stack, sockets = stranger
    monkeypatch.setattr(door, "is_of_our_network", lambda _: False)
    networks = _Networks()
    networks.answers.set()
    there = _door(networks)
    channel = _knocking(stack, there, tmp_path)
    luggage = [one.fileno() for one in sockets]
    _says(channel, "network", luggage, network=identity(), roles=list(ROLES))
    assert await _heard(channel) == "refused"
    assert not networks.asked.is_set()
    channel.close()
    await there.close()


async def test_a_keeper_goes_on_behind_the_gate_of_a_new_version(
    tmp_path: Path, stranger: tuple[ExitStack, list[socket.socket]]
) -> None:
    """What captures a machine is not started again with its gate: it says what it ever said."""
    stack, _ = stranger
    told: list[Happening] = []
    captures = Captures(told.append, Others())
    there = Door(cast("Any", None), None, lambda _: False, captures)
    channel = _knocking(stack, there, tmp_path)
    _says(channel, "capture", [], version=1, scope="everybody")
    assert await _heard(channel) == "capturing"
    channel.close()
    await there.close()
