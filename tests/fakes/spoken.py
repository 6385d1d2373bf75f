"""Servers of other protocols than HTTP, as far as their first words go."""

import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field


@dataclass
class Spoken:
    """One server on loopback: greets if it has a greeting, then answers whatever comes."""

    greeting: bytes = b""
    breaks: bytes = b""
    """What it says instead of an answer, before it breaks the connection."""
    heard: list[bytes] = field(default_factory=list)
    port: int = 0

    def serve(self, listener: socket.socket) -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=self._talk, args=(connection,), daemon=True).start()

    def _talk(self, connection: socket.socket) -> None:
        with connection:
            if self.greeting:
                connection.sendall(self.greeting)
            while True:
                try:
                    data = connection.recv(4096)
                except OSError:
                    return
                if not data:
                    return
                self.heard.append(data)
                if self.breaks:
                    connection.sendall(self.breaks)
                    linger = struct.pack("ii", 1, 0)
                    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
                    return
                connection.sendall(b"answer:" + data[:32])


@contextmanager
def speaking(greeting: bytes = b"", breaks: bytes = b"") -> Iterator[Spoken]:
    """Yield a server that says this first, and breaks off like that."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = Spoken(greeting, breaks, port=listener.getsockname()[1])
        threading.Thread(target=server.serve, args=(listener,), daemon=True).start()
        yield server
        listener.shutdown(socket.SHUT_RDWR)
