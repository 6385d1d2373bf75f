"""How much of what was written the far side has not taken: counted over real connections."""

import asyncio
import socket

from mitmproxy.proxy.server import ConnectionIO

from proxy.untaken import untaken

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
            taken = SIZE - untaken(ConnectionIO(writer=writer))
            read = 0
            while read < taken:
                read += len(far.recv(taken - read))
            writer.transport.abort()
        return taken, read

    taken, read = asyncio.run(run())
    assert 0 <= taken == read < SIZE


def test_what_is_no_connection_holds_nothing() -> None:
    assert untaken(None) == untaken(ConnectionIO()) == 0
