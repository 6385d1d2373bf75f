"""An attributor service at a socket of the test's own."""

import os
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

import attribution
from attribution.remote.server import AttributorServer
from attribution.remote.wire import Hello
from core.exchange import Connection
from core.ids import utc_now

HERE = os.getuid() if os.name == "posix" else 0


def started(path: Path, uid: int) -> AttributorServer:
    """Serve, with this very process among the senders: no gate is here to be left out."""

    def builds(hello: Hello, pid: int) -> attribution.SocketAttributor:
        del pid
        made = attribution.build(hello.user_names, None)
        made._own_pids = frozenset
        return made

    server = AttributorServer(path, uid, builds)
    threading.Thread(target=server.serve, daemon=True).start()
    return server


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Path]:
    path = tmp_path / "socket"
    server = started(path, HERE)
    yield path
    server.close()


@pytest.fixture
def connection() -> Iterator[Connection]:
    """A connection that this process opened."""
    with (
        socket.create_server(("127.0.0.1", 0)) as listener,
        socket.create_connection(listener.getsockname()),
    ):
        accepted, peer = listener.accept()
        with accepted:
            host, port = listener.getsockname()
            yield Connection(
                id="c1",
                client_host=peer[0],
                client_port=peer[1],
                gate_host=host,
                gate_port=port,
                at=utc_now(),
            )
