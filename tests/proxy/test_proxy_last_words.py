"""What a connection that was closed here says last of what its far side has."""

import asyncio
import socket
import sys

import pytest
from mitmproxy.connection import Server
from mitmproxy.proxy.server import ConnectionIO
from patience import soon

from proxy.untaken import LastWords, unacknowledged

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells it")
_SIZE = 300_000
_KEPT_S = 0.05


@pytest.mark.parametrize("reads", [True, False])
async def test_what_it_told_last_stands_when_its_socket_is_let_go(*, reads: bool) -> None:
    """A record that is closed later does not say that bytes were lost which came there."""
    listener = socket.create_server(("127.0.0.1", 0))
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8192)
    near = socket.create_connection(listener.getsockname())
    near.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 2 * _SIZE)
    far, _ = listener.accept()
    far.setblocking(False)
    reader, writer = await asyncio.open_connection(sock=near)
    transport, words = ConnectionIO(reader=reader, writer=writer), LastWords()
    server, taken = Server(address=None), bytearray()
    with listener, far:
        writer.write(b"x" * _SIZE)
        await writer.drain()
        await soon(lambda: not writer.transport.get_write_buffer_size())
        assert unacknowledged(transport)
        words.keep(server, transport, _SIZE, _KEPT_S)
        writer.close()
        assert words.waits(server)
        while reads and (data := await asyncio.get_running_loop().sock_recv(far, 65536)):
            taken += data
        await soon(lambda: not words._kept)
        waits = words.waits(server)
    assert len(taken) == (_SIZE if reads else 0)
    assert waits == 0 if reads else waits
