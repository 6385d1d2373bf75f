"""A WebSocket server that says back what it hears, and how tests talk to it through a gate.

Both ends live on one event loop. The blocking ends of `websockets` read and write one TLS
connection from two threads, which OpenSSL does not allow: one handshake in a hundred never came to
an end on a busy machine, with no gate between (docs/decisions/websockets-in-tests.md).
"""

import asyncio
import socket
import ssl
import threading
from collections.abc import Awaitable, Callable, Coroutine, Iterable
from functools import cache
from typing import TYPE_CHECKING, Any

from patience import PATIENT_S, eventually
from websockets.asyncio.client import connect
from websockets.asyncio.connection import Connection
from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.frames import Close, Frame, Opcode

from app.demo.internet import StandInInternet

if TYPE_CHECKING:
    from tests.proxy.conftest import RunningGate

SECRET = "it is TOP-SECRET"


@cache
def _loop() -> asyncio.AbstractEventLoop:
    loop = asyncio.new_event_loop()
    threading.Thread(target=loop.run_forever, name="sockets of tests", daemon=True).start()
    return loop


def _done[Result](work: Coroutine[Any, Any, Result]) -> Result:
    return asyncio.run_coroutine_threadsafe(work, _loop()).result(PATIENT_S)


class Talk:
    """One end of an open WebSocket, for a test that waits for each of its steps."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def __enter__(self) -> "Talk":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def write(self, data: bytes) -> None:
        """Write bytes beside the protocol's own: frames that the test has made."""
        _loop().call_soon_threadsafe(self._connection.transport.write, data)

    def vanish(self) -> None:
        """Break the connection off, without a word of TLS or of the protocol."""
        self._connection.transport.get_extra_info("socket").shutdown(socket.SHUT_RDWR)

    def send(self, message: str | bytes | Iterable[str | bytes]) -> None:
        """Send a message; several strings are the fragments of one."""
        _done(self._connection.send(message))

    def recv(self, timeout: float) -> str | bytes:
        """Return the next message. Raises ConnectionClosed, and TimeoutError after seconds."""
        return _done(asyncio.wait_for(self._connection.recv(), timeout))

    def ping(self, payload: str | bytes) -> None:
        """Send a ping and wait until its pong is here."""

        async def answered() -> None:
            await asyncio.wait_for(await self._connection.ping(payload), PATIENT_S)

        _done(answered())

    def pong(self, payload: str | bytes) -> None:
        _done(self._connection.pong(payload))

    def close(self, code: int = 1000, reason: str = "") -> None:
        _done(self._connection.close(code, reason))


class SocketServer:
    """A server of WebSockets at one host of the stand-in internet."""

    def __init__(
        self,
        internet: StandInInternet,
        host: str,
        talk: Callable[[ServerConnection], Awaitable[None]],
    ) -> None:
        self._server = _done(_serve(talk, internet.context_for(host)))
        self.port: int = self._server.sockets[0].getsockname()[1]

    def stop(self) -> None:
        self._server.close()
        _done(self._server.wait_closed())


async def _serve(
    talk: Callable[[ServerConnection], Awaitable[None]], context: ssl.SSLContext
) -> Server:
    return await serve(talk, "127.0.0.1", 0, ssl=context, max_size=None, ping_interval=None)


class Echo:
    """A WebSocket server that says back what it hears, and keeps it."""

    def __init__(self, internet: StandInInternet) -> None:
        self.heard: list[str | bytes] = []
        self.paths: list[str] = []
        self.connections: list[Talk] = []
        self.controls: list[tuple[str, bytes]] = []
        """Kind and payload of the pings and pongs that arrived."""
        self.closed: list[tuple[int, str]] = []
        """Code and reason of the closings that arrived."""
        server = SocketServer(internet, "ws.example", self._talk)
        self.port, self.stop = server.port, server.stop

    async def _talk(self, connection: ServerConnection) -> None:
        self.paths.append(connection.request.path if connection.request else "")
        self.connections.append(Talk(connection))
        received = connection.protocol.recv_frame
        connection.protocol.recv_frame = lambda frame: (self._note(frame), received(frame))[1]  # type: ignore[method-assign,func-returns-value]
        async for message in connection:
            self.heard.append(message)
            await connection.send(message)

    def _note(self, frame: Frame) -> None:
        if frame.opcode in {Opcode.PING, Opcode.PONG}:
            self.controls.append((frame.opcode.name, bytes(frame.data)))
        elif frame.opcode is Opcode.CLOSE:
            close = Close.parse(frame.data)
            self.closed.append((close.code, close.reason))


def open_socket(gate: "RunningGate", host: str = "ws.example", **options: Any) -> Talk:
    """Open a WebSocket through a gate. Raises InvalidStatus where it is refused."""

    async def opened() -> Talk:
        return Talk(
            await connect(
                f"wss://{host}/talk",
                ssl=gate.client_context(),
                proxy=f"http://127.0.0.1:{gate.port}",
                open_timeout=20,
                close_timeout=5,
                ping_interval=None,
                **options,
            )
        )

    return _done(opened())


def closed_record(gate: "RunningGate") -> Any:
    eventually(lambda: gate.evidence.closed)
    [record] = gate.evidence.closed
    return record
