"""The two ends between which a client is watched: a server on loopback that only those reach who go
past the gate, and a door in front of the gate that sees who comes to it.
"""

import contextlib
import socket
import ssl
import threading
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from core.duties import OWNER, Duty

CANARY_HOST = "localhost"
"""Every machine knows it without asking anybody."""
_OURSELVES = b"outgate.internal:443"
"""The gate answers requests for itself, and records none of them."""
_HEAD = 16 * 1024
_PATIENCE_S = 30.0
_CHUNK = 65536
_HELLO = b"\x16"


@dataclass(slots=True)
class Seen:
    """What both ends saw of one client."""

    direct: int = 0
    """Connections that went past the gate."""
    proxied: int = 0
    """Connections that came to the gate."""


class Canary:
    """Both ends, on loopback. Use as a context manager; one client at a time."""

    def __init__(self, gate: tuple[str, int], folder: Path) -> None:
        self._gate = gate
        self._context = _server_context(folder)
        self._direct = _listener()
        self._door = _listener()
        self.seen = Seen()

    @property
    def url(self) -> str:
        """What a client is to ask for."""
        return f"https://{CANARY_HOST}:{self.port}/ok"

    @property
    def port(self) -> int:
        """Of the server on loopback."""
        return int(self._direct.getsockname()[1])

    @property
    def proxy(self) -> str:
        """The door's address, as a proxy."""
        return f"http://127.0.0.1:{self._door.getsockname()[1]}"

    def begin(self) -> Seen:
        """Begin to watch another client."""
        self.seen = Seen()
        return self.seen

    def __enter__(self) -> "Canary":
        for listener, serve in ((self._direct, self._serve_direct), (self._door, self._serve_door)):
            self._thread(partial(self._accept, listener, serve))
        return self

    def __exit__(self, *_: object) -> None:
        for listener in (self._direct, self._door):
            with contextlib.suppress(OSError):
                listener.shutdown(socket.SHUT_RDWR)
            listener.close()

    def _thread(self, run: Callable[[], None]) -> None:
        guarded = OWNER.guarded(Duty.CANARY, run)
        threading.Thread(target=guarded, name="canary", daemon=True).start()

    def _accept(
        self, listener: socket.socket, serve: Callable[[socket.socket, Seen], None]
    ) -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            connection.settimeout(_PATIENCE_S)
            self._thread(partial(self._one, serve, connection))

    def _one(self, serve: Callable[[socket.socket, Seen], None], connection: socket.socket) -> None:
        with contextlib.suppress(OSError, ValueError), connection:
            serve(connection, self.seen)

    def _serve_direct(self, connection: socket.socket, seen: Seen) -> None:
        first = connection.recv(1, socket.MSG_PEEK)
        seen.direct += bool(first)
        if first != _HELLO:
            return
        with self._context.wrap_socket(connection, server_side=True) as tls:
            tls.recv(_HEAD)
            tls.sendall(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\nok")

    def _serve_door(self, connection: socket.socket, seen: Seen) -> None:
        head = b""
        while b"\r\n\r\n" not in head and len(head) < _HEAD:
            more = connection.recv(_HEAD)
            if not more:
                return
            head += more
        seen.proxied += 1
        if not head.startswith(b"CONNECT "):
            return
        early = head.partition(b"\r\n\r\n")[2]
        with socket.create_connection(self._gate, _PATIENCE_S) as gate:
            ask = b"CONNECT %s HTTP/1.1\r\nhost: %s\r\n\r\n" % (_OURSELVES, _OURSELVES)
            gate.sendall(ask + early)
            self._thread(partial(_pump, connection, gate))
            _pump(gate, connection)


def _pump(source: socket.socket, sink: socket.socket) -> None:
    """Pass bytes on until either side ends."""
    with contextlib.suppress(OSError):
        while chunk := source.recv(_CHUNK):
            sink.sendall(chunk)
    for end in (source, sink):
        with contextlib.suppress(OSError):
            end.shutdown(socket.SHUT_RDWR)


def _listener() -> socket.socket:
    return socket.create_server(("127.0.0.1", 0))


def _server_context(folder: Path) -> ssl.SSLContext:
    """Nobody trusts its certificate: who gets here has gone past the gate already."""
    from certs.authority import open_authority
    from certs.leaf import LeafMinter

    leaf = LeafMinter(open_authority(folder / "canary")).mint(CANARY_HOST)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    file = folder / "canary.pem"
    file.touch(mode=0o600)
    file.write_bytes(leaf.key_pem() + leaf.certificates_pem())
    context.load_cert_chain(file)
    file.unlink()
    return context
