"""A gate that is killed while bodies wait in it, for their last bytes or somebody's answer, and
others pass: all that reached a server is on record afterwards, what was held did not, nobody hangs.
"""

import http.client
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from urllib.parse import urlsplit

import pytest

from app.demo.internet import StandInInternet
from tests.scenarios.conftest import Outgate

HOST = "files.example"
POLICY = """
version: 1
mode: enforce
rules:
  - id: ask-first
    when:
      findings: {kinds: bank}
    then: {do: hold, for_seconds: 300}
"""
IBAN = b"DE90871318609139099603"
HELD, UNFINISHED, PASSING = 4, 4, 3
SIZE = 400_000
MOST_S = 30
"""How long a client may wait once the gate is killed."""


@contextmanager
def keeping(internet: StandInInternet) -> Iterator[tuple[int, list[bytes]]]:
    """A server that keeps all that comes; its port, and what came, a connection each."""
    context, came = internet.context_for(HOST), list[bytes]()

    def one(plain: socket.socket) -> None:
        with plain, suppress(OSError), context.wrap_socket(plain, server_side=True) as talk:
            number = len(came)
            came.append(b"")
            while data := talk.recv(1 << 16):
                came[number] += data
                if came[number].endswith(b"#"):
                    talk.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")

    def serve() -> None:
        with suppress(OSError):
            while True:
                threading.Thread(target=one, args=(listening.accept()[0],), daemon=True).start()

    with socket.create_server(("127.0.0.1", 0)) as listening:
        threading.Thread(target=serve, daemon=True).start()
        yield listening.getsockname()[1], came


class Client:
    """Sends through the gate, and ends when it does."""

    def __init__(self, outgate: Outgate) -> None:
        behind = outgate.behind()
        self._proxy = urlsplit(behind["HTTPS_PROXY"]).netloc
        self._trusted = ssl.create_default_context(cafile=behind["SSL_CERT_FILE"])
        self.answered = list[str]()

    def _begun(self, name: str, size: int) -> http.client.HTTPSConnection:
        connection = http.client.HTTPSConnection(self._proxy, timeout=120, context=self._trusted)
        connection.set_tunnel(HOST)
        connection.putrequest("PUT", f"/{name}")
        connection.putheader("content-length", str(size))
        connection.endheaders()
        return connection

    def one(self, name: str, body: bytes, *, whole: bool = True) -> float:
        """Send a body, all of it or all but its last byte; return when it was over."""
        with suppress(OSError, http.client.HTTPException):
            connection = self._begun(name, len(body))
            connection.send(body if whole else body[:-1])
            connection.getresponse().read()
            self.answered.append(name)
        return time.monotonic()

    def many(self, name: str) -> float:
        """Send bodies in which nothing stands, until the gate ends."""
        number = 0
        while True:
            number += 1
            before = len(self.answered)
            ended = self.one(f"{name}-{number}", b"nothing#")
            if len(self.answered) == before or f"{name}-{number}" not in self.answered:
                return ended


def test_a_gate_killed_while_it_holds_bodies_sent_none_of_them(
    outgate: Outgate, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After a new start all that came to a server is told, and no client hangs."""
    (outgate.home / "outgate.yaml").write_text(POLICY)
    # Else what passed within the last moments may be lost with the gate: docs/threat-model.md.
    (outgate.home / "settings.yaml").write_text("strict_evidence: true\n")
    with (
        keeping(outgate.internet) as (port, came),
        ThreadPoolExecutor(HELD + UNFINISHED + PASSING) as pool,
    ):
        monkeypatch.setattr(StandInInternet, "routes", [f"::127.0.0.1:{port}"])
        gate = outgate.start()
        client = Client(outgate)
        held = [
            pool.submit(client.one, f"held-{n}", b"account " + IBAN + b" " * SIZE + b"#")
            for n in range(HELD)
        ]
        unfinished = [
            pool.submit(client.one, f"begun-{n}", b"account " + b" " * SIZE + b"#", whole=False)
            for n in range(UNFINISHED)
        ]
        passing = [pool.submit(client.many, f"passing-{n}") for n in range(PASSING)]
        outgate.wait_for(lambda: len(_held(outgate)) == HELD and len(client.answered) > 2 * PASSING)
        killed = time.monotonic()
        gate.kill()
        gate.wait(60)
        took = [one.result(120) - killed for one in (*held, *unfinished, *passing)]
    assert max(took) < MOST_S
    assert not any(IBAN in data or b"account" in data for data in came)
    arrived = {_path(data) for data in came if data} - {""}
    assert set(client.answered) <= arrived

    outgate.start()
    told = outgate.wait_for(lambda: _told(outgate, arrived))
    assert arrived <= set(told)
    for number in range(HELD):
        record = told[f"held-{number}"]
        assert record["response"] is None or record["response"]["status"] is None


def _held(outgate: Outgate) -> list[object]:
    from evidence import open_store
    from evidence.holds import HeldRequests

    return list(HeldRequests(open_store(outgate.home / "evidence.db")).waiting())


def _told(outgate: Outgate, wanted: set[str]) -> dict[str, dict[str, object]]:
    """Return the records by what was asked for; none while some of these are missing."""
    told = {record["destination"]["path"].strip("/"): record for record in outgate.records()}
    return told if wanted | {f"held-{n}" for n in range(HELD)} <= set(told) else {}


def _path(data: bytes) -> str:
    line = data.partition(b"\r\n")[0].split(b" ")
    return line[1].decode().strip("/") if len(line) > 1 else ""
