"""What one client sends at once does not keep the event loop to itself: others have their turn
between its messages, frames and chunks, and between what is classified on the loop."""

import asyncio
from functools import partial
from typing import Any

import pytest
from h11 import Data, EndOfMessage, LocalProtocolError
from h11._receivebuffer import ReceiveBuffer
from mitmproxy.connection import Client
from mitmproxy.proxy import commands
from patience import eventually
from socket_echo import Echo, open_socket
from websockets.frames import Frame, Opcode

from core.budgets import ON_THE_LOOP_US
from proxy.addon import GateAddon
from proxy.rounds import Rounds
from proxy.trailers import WholeChunkedReader
from proxy.turns import CHUNKS, FRAMES, HEAD_BYTES, WRITTEN, GateTurnHook, in_pieces
from proxy.websockets import MessageGate
from tests.proxy.conftest import StartsGate


class Hand:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.now = 0.0

    def read(self) -> float:
        return self.now

    def work(self, seconds: float) -> float:
        self.now += seconds
        return seconds


def test_who_comes_when_a_round_is_used_up_waits_for_the_next() -> None:
    """Payloads classified one behind the other in a round of the loop have its budget together;
    what is asked for behind that comes in later rounds, in order, and nothing else waits."""
    hand, order = Hand(), list[str]()
    rounds = Rounds(hand.read)
    half = ON_THE_LOOP_US / 2 / 1e6

    async def one(name: str) -> None:
        await rounds.mine()
        rounds.spent_on(partial(hand.work, half))
        order.append(name)

    async def other() -> None:
        order.append("other")

    async def all_of_them() -> None:
        async with asyncio.TaskGroup() as group:
            for name in ("one", "two", "three", "four"):
                group.create_task(one(name))
            group.create_task(other())

    asyncio.run(all_of_them())
    assert order == ["one", "two", "other", "three", "four"]


def test_small_works_of_one_round_have_its_budget_together() -> None:
    """However small each is: behind the last that fits, the loop goes round; and what came before
    never gives a later round more than it has.
    """
    hand, spent = Hand(), [0.0]
    rounds, small = Rounds(hand.read), ON_THE_LOOP_US / 10 / 1e6

    async def one() -> None:
        await rounds.mine()
        spent[-1] += rounds.spent_on(partial(hand.work, small))

    async def all_of_them() -> None:
        async with asyncio.TaskGroup() as group:
            for _ in range(95):
                group.create_task(one())
            while sum(spent) < 94.5 * small:
                spent.append(0.0)
                await asyncio.sleep(0)

    asyncio.run(all_of_them())
    assert max(spent) < ON_THE_LOOP_US / 1e6 + 1.5 * small
    assert sum(one > 0 for one in spent) >= 8


def test_work_that_fails_counts_as_well() -> None:
    """A classification that raises has kept the loop for as long."""
    hand, order = Hand(), list[str]()
    rounds = Rounds(hand.read)

    def fail() -> None:
        hand.work(1.0)
        raise ValueError

    async def late() -> None:
        await rounds.mine()
        order.append("late")

    async def both() -> None:
        with pytest.raises(ValueError, match=r"^$"):
            rounds.spent_on(fail)
        asyncio.get_running_loop().call_soon(order.append, "other")
        await late()

    asyncio.run(both())
    assert order == ["other", "late"]


def chunked(count: int, end: bytes = b"0\r\n\r\n") -> ReceiveBuffer:
    buffer = ReceiveBuffer()
    buffer += b"1\r\na\r\n" * count + end
    return buffer


def read_all(buffer: ReceiveBuffer) -> tuple[list[int], Any]:
    """Return the sizes of the parts that are read, and what comes behind them."""
    reader, sizes = WholeChunkedReader(), []
    while isinstance(event := reader(buffer), Data):
        sizes.append(len(event.data))
    return sizes, event


def test_small_chunks_are_read_many_at_a_time() -> None:
    """Ten thousand chunks of a byte are not ten thousand steps through the layers; how they were
    cut changes nothing about what is read, nor where it ends."""
    sizes, last = read_all(chunked(2 * CHUNKS + 5))
    assert sizes == [CHUNKS, CHUNKS, 5]
    assert isinstance(last, EndOfMessage)
    assert read_all(chunked(3, b"5\r\nab")) == ([5], None)
    assert read_all(chunked(0, b"5\r\nab")) == ([2], None)


def test_what_is_out_of_order_is_told_behind_what_was_in_order() -> None:
    """A chunk that is none ends the body there: what came before it is read, then it fails."""
    reader, buffer = WholeChunkedReader(), chunked(2, b"ZZ\r\n")
    first = reader(buffer)
    assert isinstance(first, Data)
    assert bytes(first.data) == b"aa"
    with pytest.raises(LocalProtocolError):
        reader(buffer)


def test_what_never_ends_before_a_chunk_or_behind_them_is_not_waited_for() -> None:
    """The line before a chunk, and the headers behind the last, are held to some size only."""
    for begun in (b"5;" + b"a" * HEAD_BYTES, b"0\r\n" + b"X: y\r\n" * (HEAD_BYTES // 6 + 1)):
        reader, buffer = WholeChunkedReader(), ReceiveBuffer()
        buffer += begun
        with pytest.raises(LocalProtocolError):
            reader(buffer)


def test_what_is_sent_at_once_is_written_in_pieces() -> None:
    """A body of megabytes is not encrypted in one go; a small one is sent as it is."""
    end = Client(peername=("127.0.0.1", 1), sockname=("127.0.0.1", 2))
    body = bytes(range(256)) * (2 * WRITTEN // 256) + b"rest"
    made = list(in_pieces(commands.SendData(end, body)))
    assert [type(one) for one in made] == [
        commands.SendData,
        GateTurnHook,
        commands.SendData,
        GateTurnHook,
        commands.SendData,
    ]
    assert b"".join(one.data for one in made if isinstance(one, commands.SendData)) == body
    small = commands.SendData(end, body[:WRITTEN])
    assert list(in_pieces(small)) == [small]


HEAD = b"GET / HTTP/1.1\r\nHost: files.example\r\n"


@pytest.mark.parametrize("size, status", [(HEAD_BYTES // 2, 200), (HEAD_BYTES + 20_000, 431)])
def test_a_head_that_has_no_end_is_not_kept(start_gate: StartsGate, size: int, status: int) -> None:
    """A head is held to some size; of a client that never ends one, no more is kept than that."""
    gate = start_gate()
    with gate.connect("files.example") as talk:
        talk.settimeout(20)
        end = b"\r\n" if size < HEAD_BYTES else b""
        talk.sendall(HEAD + (b"X: " + b"a" * 4091 + b"\r\n") * (size // 4096) + end)
        assert int(talk.recv(4096).split()[1]) == status


@pytest.fixture
def steps(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What a gate does, in order: messages, and turns for others."""
    done: list[str] = []
    turn, message = GateAddon.gate_turn, MessageGate.on_message

    async def turned(self: GateAddon, connection: Any) -> None:
        done.append("turn")
        await turn(self, connection)

    async def inspected(self: MessageGate, passing: Any) -> None:
        if passing.from_client:
            done.append("message")
        await message(self, passing)

    monkeypatch.setattr(GateAddon, "gate_turn", turned)
    monkeypatch.setattr(MessageGate, "on_message", inspected)
    return done


def test_many_messages_of_one_read_are_taken_in_turns(
    echo: Echo, start_gate: StartsGate, steps: list[str]
) -> None:
    """Messages that came together are inspected a few at a time, each once and in order; others
    have the loop in between."""
    gate, count = start_gate(), 20 * FRAMES
    with open_socket(gate) as talk:
        sent = [f"{number}" for number in range(count)]
        frames = [Frame(Opcode.TEXT, one.encode()).serialize(mask=True) for one in sent]
        talk.write(b"".join(frames))
        eventually(lambda: len(echo.heard) == count)

    assert echo.heard == sent
    in_a_row = "".join("m" if one == "message" else " " for one in steps).split()
    assert max(map(len, in_a_row)) <= FRAMES
    assert sum(map(len, in_a_row)) == count


def test_a_message_in_very_many_frames_arrives_whole(
    echo: Echo, start_gate: StartsGate, steps: list[str]
) -> None:
    """Neither its frames nor the memory that they take keep others waiting, and what arrives is
    the message."""
    gate, count = start_gate(), 3000
    frames = [Frame(Opcode.TEXT, b"a", fin=False)]
    frames += [Frame(Opcode.CONT, b"%d" % (n % 10), fin=False) for n in range(count)]
    frames.append(Frame(Opcode.CONT, b"z"))
    with open_socket(gate) as talk:
        talk.write(b"".join(frame.serialize(mask=True) for frame in frames))
        eventually(lambda: echo.heard)

    assert echo.heard == ["a" + "".join(str(n % 10) for n in range(count)) + "z"]
    assert steps.count("turn") >= count // FRAMES


@pytest.mark.parametrize("small", [False, True])
def test_a_body_in_very_many_chunks_is_read_in_turns(
    start_gate: StartsGate, steps: list[str], small: bool
) -> None:
    """Others have the loop while thousands of chunks are read; a body in few is read in one go."""
    gate = start_gate()
    body = b"x" * 40 * CHUNKS
    pieces = [body[at : at + 4] for at in range(0, len(body), 4)] if small else [body]
    sent = b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces)
    with gate.connect("files.example") as talk:
        talk.sendall(
            b"POST /x HTTP/1.1\r\nHost: files.example\r\nTransfer-Encoding: chunked\r\n\r\n"
        )
        talk.sendall(sent + b"0\r\n\r\n")
        assert talk.recv(4096).startswith(b"HTTP/1.1 200")

    assert [arrival.body for arrival in gate.internet.arrivals] == [body]
    assert bool(steps) is small
