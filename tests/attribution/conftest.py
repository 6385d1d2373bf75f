"""A small gate on loopback that attributes each connection and each request, and real client
processes.
"""

import contextlib
import json
import os
import select
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import pytest
from patience import PATIENT_S

import attribution
from core.attribution import Attribution, CodeLine
from core.exchange import Connection

CLIENT = """
import json, os, socket, sys
def dial(port=None, host="127.0.0.1"):
    return socket.create_connection((host, port or int(os.environ["GATE_PORT"])))
def ask(sock, **more):
    truth = {"pid": os.getpid(), "script": os.path.realpath(sys.argv[0]) if sys.argv[0] not in ("-c", "-", "") else None, **more}
    sock.sendall(b"POST / HTTP/1.1\\r\\nX-Truth: " + json.dumps(truth).encode() + b"\\r\\n\\r\\n")
    return sock.recv(100)
"""
"""What every client script begins with: `ask` sends who it is and waits for the answer."""


@dataclass
class Seen:
    """One request as the gate saw it, with what the client itself says."""

    truth: dict[str, object]
    at_connect: Attribution
    at_request: Attribution
    line: CodeLine | None
    quick: bool


@dataclass
class Gate:
    """Accepts, attributes, reads one request after another, answers."""

    attributor: attribution.SocketAttributor = field(default_factory=attribution.build)
    host: str = "127.0.0.1"
    want_line: bool = False
    settle: bool = False
    """Look at a request only when its sender stands in the read of the answer."""
    seen: list[Seen] = field(default_factory=list)
    arrived: threading.Condition = field(default_factory=threading.Condition)
    before_answer: Callable[[], None] = lambda: None
    arena: str | None = None
    """Where the programs are tried that are meant: those of an earlier test may ask late (one that
    its parent leaves behind), and say so.
    """

    def __post_init__(self) -> None:
        family = socket.AF_INET6 if ":" in self.host else socket.AF_INET
        self.listener = socket.create_server(
            (self.host, 0), family=family, dualstack_ipv6=self.host == "::"
        )
        self.port = self.listener.getsockname()[1]
        self.serving = threading.Thread(target=self._serve, daemon=True)
        self.serving.start()

    def _serve(self) -> None:
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self._handle, args=(client,), daemon=True).start()

    def connection(self, client: socket.socket) -> Connection:
        far, own = client.getpeername(), client.getsockname()
        return Connection(
            id=str(uuid4()),
            client_host=far[0],
            client_port=far[1],
            gate_host=own[0],
            gate_port=own[1],
            at=datetime.now(UTC),
        )

    def look(self, connection: Connection) -> tuple[Attribution, bool]:
        quick = self.attributor.attribute_now(connection)
        return (
            (quick, True) if quick is not None else (self.attributor.attribute(connection), False)
        )

    def _handle(self, client: socket.socket) -> None:
        with client:
            connection = self.connection(client)
            first, _ = self.look(connection)
            waiting = b""
            while chunk := self._read(client):
                waiting += chunk
                while b"\r\n\r\n" in waiting:
                    head, _, waiting = waiting.partition(b"\r\n\r\n")
                    truth = json.loads(
                        head.partition(b"X-Truth: ")[2].partition(b"\r\n")[0] or b"{}"
                    )
                    if self.settle:
                        self._settled(first)
                    again, quick = self.look(connection)
                    line = self.attributor.line_of_code(again) if self.want_line else None
                    self.before_answer()
                    with self.arrived:
                        if truth.get("arena") in {None, self.arena} or self.arena is None:
                            self.seen.append(Seen(truth, first, again, line, quick))
                        self.arrived.notify_all()
                    with contextlib.suppress(OSError):
                        client.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
            self.attributor.forget(connection)

    def _settled(self, sender: Attribution) -> None:
        for _ in range(500):
            if (
                sender.process
                and sender.socket
                and self.attributor._waiting(sender.process.pid, sender.socket)
            ):
                return
            time.sleep(0.002)

    @staticmethod
    def _read(client: socket.socket) -> bytes:
        try:
            return client.recv(65536)
        except OSError:
            return b""

    def begin(self, arena: str | None = None) -> None:
        """Forget what earlier programs asked, and ask; the attributor keeps what it knows."""
        with self.arrived:
            self.arena = arena
            self.seen.clear()

    def wait(self, count: int) -> list[Seen]:
        with self.arrived:
            assert self.arrived.wait_for(lambda: len(self.seen) >= count, timeout=PATIENT_S), (
                f"{len(self.seen)} of {count} came"
            )
            return list(self.seen)

    def until(self, wanted: Callable[[Seen], bool]) -> Seen:
        """Wait for a request that is as wanted, and return the first one that is."""
        with self.arrived:
            assert self.arrived.wait_for(lambda: any(map(wanted, self.seen)), timeout=PATIENT_S), (
                f"none of {len(self.seen)} was as wanted"
            )
            return next(filter(wanted, self.seen))

    def close(self) -> None:
        # Woken and ended before its descriptor's number is given to the listener of another test.
        with contextlib.suppress(OSError):
            self.listener.shutdown(socket.SHUT_RDWR)
        self.serving.join(20)
        self.listener.close()
        self.attributor.close()


@dataclass
class Clients:
    """Starts client scripts in a folder and ends them all."""

    folder: Path
    gate: Gate
    started: list[subprocess.Popen[bytes]] = field(default_factory=list)
    prelude: str = CLIENT

    def end(self) -> None:
        for process in self.started:
            process.kill()
            process.wait()
            for stream in (process.stdin, process.stdout):
                if stream is not None:
                    stream.close()

    def write(self, body: str, name: str = "client.py") -> Path:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(CLIENT + body)
        return path

    def start(self, *command: str, **more: object) -> subprocess.Popen[bytes]:
        values = {"cwd": self.folder, "env": self.environment(), "stdin": subprocess.DEVNULL} | more
        process: subprocess.Popen[bytes] = subprocess.Popen(list(command), **values)  # type: ignore[call-overload]
        self.started.append(process)
        return process

    def python(self, *words: str, **more: object) -> subprocess.Popen[bytes]:
        return self.start(sys.executable, *words, **more)

    def environment(self) -> dict[str, str]:
        return os.environ | {
            "GATE_PORT": str(self.gate.port),
            "PWD": str(self.folder),
            "NO_PROXY": "*",
        }


@pytest.fixture
def setting(tmp_path: Path) -> Iterator[Callable[..., tuple[Gate, Clients]]]:
    """Make a gate and clients for it; all are ended afterwards."""
    with contextlib.ExitStack() as stack:

        def make(host: str = "127.0.0.1") -> tuple[Gate, Clients]:
            gate = Gate(host=host)
            clients = Clients(tmp_path.resolve(), gate)
            stack.callback(gate.close)
            stack.callback(clients.end)
            return gate, clients

        yield make


@pytest.fixture
def pair(setting: Callable[..., tuple[Gate, Clients]]) -> tuple[Gate, Clients]:
    """One gate with its clients."""
    return setting()


@pytest.fixture
def gate(pair: tuple[Gate, Clients]) -> Gate:
    return pair[0]


@pytest.fixture
def clients(pair: tuple[Gate, Clients]) -> Clients:
    return pair[1]


@pytest.fixture
def mounts() -> Iterator[select.poll]:
    """Tells whether anybody of this machine has mounted something, or taken it off, since: what
    came and went unseen is a doubt for all.
    """
    with Path("/proc/self/mountinfo").open("rb") as table:
        table.read()
        told = select.poll()
        told.register(table, select.POLLPRI)
        told.poll(0)
        yield told
