"""Collectors on loopback: of syslog over TCP or TLS, and of OTLP over HTTP. They keep what they
took, and can be told to be away, to refuse, or to die in the middle.
"""

import json
import socket
import ssl
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.serialization import Encoding

from certs.authority import open_authority
from certs.leaf import LeafMinter


class SyslogCollector:
    """Takes framed messages, each connection to its end."""

    def __init__(self, context: ssl.SSLContext | None = None) -> None:
        self.messages: list[str] = []
        self.dies_after: int | None = None
        """So many bytes of a connection are read, then it is torn down."""
        self._context = context
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Listen no more."""
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join(20)

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            with connection, suppress(OSError):
                self._take(connection)

    def _take(self, connection: socket.socket) -> None:
        if self._context is not None:
            connection = self._context.wrap_socket(connection, server_side=True)
        seen = b""
        while part := connection.recv(1 << 16):
            seen += part
            if self.dies_after is not None and len(seen) >= self.dies_after:
                torn = struct.pack("ii", 1, 0)
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, torn)
                connection.close()
                return
        self.messages += frames(seen)
        if isinstance(connection, ssl.SSLSocket):
            connection.unwrap()


def frames(seen: bytes) -> list[str]:
    """Read frames by their length."""
    found = []
    while seen:
        length, _, rest = seen.partition(b" ")
        found.append(rest[: int(length)].decode())
        assert len(rest) >= int(length)
        seen = rest[int(length) :]
    return found


class OtlpCollector:
    """Takes requests of OTLP as JSON."""

    def __init__(self) -> None:
        self.taken: list[tuple[str, dict[str, Any]]] = []
        self.headers: list[dict[str, str]] = []
        self.bodies: list[bytes] = []
        self.answers: list[tuple[int, bytes]] = []
        """Given one after the other before all others are taken."""
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                status, told = outer.answers.pop(0) if outer.answers else (200, b"{}")
                if status == 200:
                    outer.taken.append((self.path, json.loads(body)))
                    outer.bodies.append(body)
                    outer.headers.append({k.lower(): v for k, v in self.headers.items()})
                self.send_response(status)
                self.send_header("content-length", str(len(told)))
                self.end_headers()
                self.wfile.write(told)

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def logs(self) -> list[dict[str, Any]]:
        """All log records that were taken."""
        return [
            log
            for path, body in self.taken
            if path.endswith("/v1/logs")
            for resource in body["resourceLogs"]
            for scope in resource["scopeLogs"]
            for log in scope["logRecords"]
        ]

    def close(self) -> None:
        """Listen no more."""
        self._server.shutdown()
        self._server.server_close()


@contextmanager
def unused_port() -> Iterator[int]:
    """A port of loopback on which nothing listens."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        yield int(held.getsockname()[1])


def server_context(folder: Path) -> tuple[ssl.SSLContext, Path]:
    """Return what a collector under TLS on 127.0.0.1 serves with, and its authority's file."""
    authority = open_authority(folder / "authority")
    leaf = LeafMinter(authority).mint("127.0.0.1")
    served, root = folder / "served.pem", folder / "root.pem"
    served.write_bytes(leaf.key_pem() + leaf.certificates_pem())
    root.write_bytes(authority.root.public_bytes(Encoding.PEM))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(served)
    return context, root
