"""A WebSocket server that says back what it hears, and how tests talk to it through a gate."""

import threading
from typing import TYPE_CHECKING, Any

from patience import eventually
from websockets.frames import Close, Frame, Opcode
from websockets.sync.client import ClientConnection, connect
from websockets.sync.server import ServerConnection, serve

from app.demo.internet import StandInInternet

if TYPE_CHECKING:
    from tests.proxy.conftest import RunningGate

SECRET = "it is TOP-SECRET"


class Echo:
    """A WebSocket server that says back what it hears, and keeps it."""

    def __init__(self, internet: StandInInternet) -> None:
        self.heard: list[str | bytes] = []
        self.paths: list[str] = []
        self.connections: list[ServerConnection] = []
        self.controls: list[tuple[str, bytes]] = []
        """Kind and payload of the pings and pongs that arrived."""
        self.closed: list[tuple[int, str]] = []
        """Code and reason of the closings that arrived."""
        self._server = serve(
            self._talk, "127.0.0.1", 0, ssl=internet.context_for("ws.example"), max_size=None
        )
        self.port = self._server.socket.getsockname()[1]
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    def _talk(self, connection: ServerConnection) -> None:
        self.paths.append(connection.request.path if connection.request else "")
        self.connections.append(connection)
        received = connection.protocol.recv_frame
        connection.protocol.recv_frame = lambda frame: (self._note(frame), received(frame))[1]  # type: ignore[method-assign,func-returns-value]
        for message in connection:
            self.heard.append(message)
            connection.send(message)

    def _note(self, frame: Frame) -> None:
        if frame.opcode in {Opcode.PING, Opcode.PONG}:
            self.controls.append((frame.opcode.name, bytes(frame.data)))
        elif frame.opcode is Opcode.CLOSE:
            close = Close.parse(frame.data)
            self.closed.append((close.code, close.reason))

    def stop(self) -> None:
        self._server.shutdown()
        self._thread.join(20)


def open_socket(gate: "RunningGate", host: str = "ws.example", **options: Any) -> ClientConnection:
    opened: ClientConnection = connect(
        f"wss://{host}/talk",
        ssl=gate.client_context(),
        proxy=f"http://127.0.0.1:{gate.port}",
        open_timeout=20,
        close_timeout=5,
        **options,
    )
    # Its reader may wait inside of TLS when it is closed, and who closes it waits for its reader.
    opened.socket.settimeout(30)
    return opened


def closed_record(gate: "RunningGate") -> Any:
    eventually(lambda: gate.evidence.closed)
    [record] = gate.evidence.closed
    return record
