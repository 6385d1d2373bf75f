"""How much of what was written the far side has not taken: counted over real connections."""

import asyncio
import socket
import struct
import sys
from typing import Any

import pytest
from mitmproxy.proxy.server import ConnectionIO

from proxy.prompt_reading import made_prompt
from proxy.untaken import is_reset, lost_of, unacknowledged, untaken

SIZE = 64 << 20
"""More than the system holds for two ends."""


def test_what_the_far_side_has_not_read_is_not_told_as_taken() -> None:
    """Whether it waits in this program or in the system. What is told as taken, it has: it can be
    read there once the rest was lost.
    """

    async def run() -> tuple[int, int]:
        with socket.create_server(("127.0.0.1", 0)) as listening:
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 14)
            _, writer = await asyncio.open_connection(*listening.getsockname())
            far, _ = listening.accept()
        with far:
            writer.write(bytes(SIZE))
            lost = untaken(ConnectionIO(writer=writer))
            assert lost is not None
            taken = SIZE - lost
            read = 0
            while read < taken:
                read += len(far.recv(taken - read))
            writer.transport.abort()
        return taken, read

    taken, read = asyncio.run(run())
    assert 0 <= taken == read < SIZE


@pytest.mark.skipif(sys.platform != "linux", reason="no other system tells it")
def test_what_a_broken_connection_has_lost_is_known_while_its_socket_is_there() -> None:
    """What was not acknowledged, also of what this program still had: the rest could be read there
    before.
    """

    async def run() -> tuple[int, int, int]:
        with socket.create_server(("127.0.0.1", 0)) as listening:
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 14)
            reader, writer = await asyncio.open_connection(*listening.getsockname())
            far, _ = listening.accept()
        broken = asyncio.get_running_loop().create_future()
        transport = ConnectionIO(writer=writer)

        async def room() -> None:
            raise AssertionError("nothing came")

        def broke() -> None:
            broken.set_result(lost_of(transport, SIZE))

        made_prompt(reader, lambda _: True, room, broke)
        writer.write(bytes(SIZE))
        before = lost_of(transport, SIZE)
        assert before is not None
        read = 0
        with far:
            while read < SIZE - before:
                read += len(far.recv(SIZE - before - read))
            far.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        return before, await broken, read

    before, after, read = asyncio.run(run())
    assert 0 <= after <= before == SIZE - read


def test_a_socket_that_is_gone_tells_nothing() -> None:
    async def run() -> int | None:
        with socket.create_server(("127.0.0.1", 0)) as listening:
            _, writer = await asyncio.open_connection(*listening.getsockname())
        writer.close()
        await writer.wait_closed()
        return lost_of(ConnectionIO(writer=writer), 5)

    assert asyncio.run(run()) is None is lost_of(None, 5)


def test_what_is_no_connection_holds_nothing() -> None:
    assert untaken(None) == untaken(ConnectionIO()) == 0


def test_of_a_connection_that_is_closed_here_nobody_knows_what_was_taken() -> None:
    """Its socket is gone before the handler that knew it: nothing is told as taken, and nothing
    fails.
    """

    async def run() -> tuple[int | None, int | None]:
        with socket.create_server(("127.0.0.1", 0)) as listening:
            _, writer = await asyncio.open_connection(*listening.getsockname())
            far, _ = listening.accept()
        with far:
            writer.write(bytes(SIZE))
            writer.transport.abort()
            await asyncio.sleep(0)
        return untaken(ConnectionIO(writer=writer)), unacknowledged(ConnectionIO(writer=writer))

    assert asyncio.run(run()) == (None, None)


@pytest.mark.skipif(sys.platform != "linux", reason="no other system tells it")
@pytest.mark.parametrize("how", ["stands", "ended", "reset"])
def test_a_connection_that_was_reset_is_known_though_nobody_reads_from_it(how: str) -> None:
    """One that stands, or that its other side has ended in order, is not over."""

    async def run() -> bool:
        with socket.create_server(("127.0.0.1", 0)) as listening:
            _, writer = await asyncio.open_connection(*listening.getsockname())
            far, _ = listening.accept()
        held: Any = writer.transport
        held.pause_reading()
        far.sendall(b"not read")
        if how == "reset":
            far.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        if how != "stands":
            far.close()
        with far:
            told = is_reset(ConnectionIO(writer=writer))
            held.abort()
        return told

    assert asyncio.run(run()) == (how == "reset")
    assert not is_reset(None)
