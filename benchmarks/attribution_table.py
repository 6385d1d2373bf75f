"""Runs every case of attribution_attacks behind a gate and prints what the records say, as a
Markdown table.
"""

import contextlib
import json
import queue
import socket
import tempfile
import threading
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import attribution
from benchmarks.attribution_attacks import REQUESTS, Arena, Attack, cases
from benchmarks.attribution_truth import told_wrongly
from core.attribution import Attribution
from core.exchange import Connection

_PATIENCE_S = 30.0

type Seen = tuple[dict[str, object], Attribution]


class SmallGate:
    """Accepts, asks for the sender when a connection opens and again for its request, answers."""

    def __init__(self) -> None:
        self.attributor = attribution.build()
        self.attributor.warm()
        self.seen: queue.Queue[Seen] = queue.Queue()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    def close(self) -> None:
        """Stop."""
        self._listener.close()
        self.attributor.close()

    def _serve(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, far = self._listener.accept()
                threading.Thread(target=self._handle, args=(client, far), daemon=True).start()

    def _handle(self, client: socket.socket, far: tuple[str, int]) -> None:
        connection = Connection(
            id=str(uuid4()),
            client_host=far[0],
            client_port=far[1],
            gate_host="127.0.0.1",
            gate_port=self.port,
            at=datetime.now(UTC),
        )
        with client, contextlib.suppress(OSError):
            self._look(connection)
            waiting = b""
            while chunk := client.recv(65536):
                waiting += chunk
                while b"\r\n\r\n" in waiting:
                    head, _, waiting = waiting.partition(b"\r\n\r\n")
                    told = head.partition(b"X-Truth: ")[2].partition(b"\r\n")[0]
                    self.seen.put((json.loads(told or b"{}"), self._look(connection)))
                    client.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
        self.attributor.forget(connection)

    def _look(self, connection: Connection) -> Attribution:
        return self.attributor.attribute_now(connection) or self.attributor.attribute(connection)


def table() -> int:
    """Print the table; return how many cases were wrong as EXACT, or silent about their doubt."""
    wrong, told = 0, Counter[str]()
    print("| case | the record says | script | why it is not exact |\n|---|---|---|---|")
    for name, make in cases():
        for truth, found in _tried(name, make):
            fault = told_wrongly(truth, found)
            wrong += fault is not None
            path = None if found.script is None else found.script.path
            right = "right" if path == truth.get("script") else "another or none"
            told[f"{found.certainty.value}, {right}"] += 1
            verdict = f"**WRONG: {fault}**" if fault else found.certainty.value
            print(f"| {name} | {verdict} | {right} | {found.reason or ''} |", flush=True)
    counted = "; ".join(f"{what}: {number}" for what, number in sorted(told.items()))
    print(f"\n{sum(told.values())} requests: {counted}. Wrong as EXACT: {wrong}")
    return wrong


def _tried(name: str, make: Attack) -> list[Seen]:
    gate = SmallGate()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        arena = Arena(folder=Path(folder).resolve(), port=gate.port)
        try:
            make(arena)
            expected = REQUESTS.get(name, 1)
            return [gate.seen.get(timeout=_PATIENCE_S) for _ in range(expected)]
        except queue.Empty:
            print(f"| {name} | sent nothing | | |", flush=True)
            return []
        finally:
            arena.end()
            gate.close()
