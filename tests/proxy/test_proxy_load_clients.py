"""The clients of the benchmarks: a proxy that closes ends them, and is not asked for ever."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from benchmarks import gate_load

_ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nbody"


@contextmanager
def _proxy(pieces: list[bytes]) -> Iterator[int]:
    """Answer one connection in these pieces, and close it."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            taken, _ = server.accept()
            with taken:
                taken.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                taken.recv(4096)
                for piece in pieces:
                    taken.sendall(piece)

        serving = threading.Thread(target=serve)
        serving.start()
        try:
            yield server.getsockname()[1]
        finally:
            serving.join()


@pytest.mark.parametrize("pieces", [[], [b"HTTP/1.1 200"], [b"HTTP/1.1 502 Bad Gateway\r\n\r\n"]])
def test_a_proxy_that_gives_no_tunnel_ends_the_client(pieces: list[bytes]) -> None:
    """Closed before, amid, or behind the head of its answer."""
    with _proxy(pieces) as port, pytest.raises(SystemExit, match="tunnel"):
        gate_load.tunnel(port, 443, Path("/nowhere"))


class _Pieces:
    """Something to read from that gives these, then nothing."""

    def __init__(self, pieces: list[bytes]) -> None:
        self._left = pieces

    def recv(self, size: int) -> bytes:
        assert size > 0
        return self._left.pop(0)


@pytest.mark.parametrize("at", range(len(_ANSWER)))
def test_an_answer_that_ends_early_ends_the_client(at: int) -> None:
    """Wherever it ends; a whole one is read in any two pieces."""
    read: Callable[[Any], None] = gate_load.read_answer
    with pytest.raises(SystemExit, match="closed"):
        read(_Pieces([one for one in (_ANSWER[:at],) if one] + [b""]))
    read(_Pieces([one for one in (_ANSWER[:at], _ANSWER[at:]) if one]))
