"""A gate's door without a gate: takes one sealed run's sockets, answers every question for a name
with one address, and every connection with the place it was meant for.
"""

import json
import os
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from capture import dns, handover
from capture.mounts import Scenery
from capture.network import ROLES
from capture.seal import Plan, start

ANSWERED = "203.0.113.7"


@dataclass
class FakeDoor:
    """Takes runs at its path, each in threads of its own."""

    path: Path
    arrivals: list[tuple[str, int]] = field(default_factory=list)
    """Where connections were meant to go, in the order in which they came."""
    asked: list[str] = field(default_factory=list)
    """Names that were asked for."""
    mirrored: list[int] = field(default_factory=list)
    held: list[socket.socket] = field(default_factory=list)

    def serve(self, listener: socket.socket) -> None:
        while True:
            try:
                channel, _ = listener.accept()
            except OSError:
                return
            _begin(self._take, channel)

    def _take(self, channel: socket.socket) -> None:
        while (message := handover.receive(channel)) is not None:
            if message.kind == "run":
                handover.send(channel, "welcome")
            elif message.kind == "network":
                found = dict(zip(ROLES, message.descriptors, strict=True))
                self._listen(found)
                handover.send(channel, "sealed")
            elif message.kind == "mirror":
                self.mirrored.append(message.integer("port"))
                _begin(self._accept, socket.socket(fileno=message.descriptors[0]), False)

    def _listen(self, found: dict[str, int]) -> None:
        for role in ("dns", "dns6"):
            _begin(self._answer, socket.socket(fileno=found[role]))
        _begin(self._accept, socket.socket(fileno=found["tcp"]), True)
        self.held += [socket.socket(fileno=found[r]) for r in ("dns_tcp", *ROLES[4:])]

    def _answer(self, asked: socket.socket) -> None:
        while True:
            data, where = asked.recvfrom(4096)
            question = dns.question(data)
            assert question is not None
            self.asked.append(question.name)
            asked.sendto(dns.answer(question, [ANSWERED]), where)

    def _accept(self, listener: socket.socket, redirected: bool) -> None:
        from proxy.sealed.mode import original, own_end

        while True:
            connection, _ = listener.accept()
            with connection:
                try:
                    target = (original if redirected else own_end)(connection)
                except OSError:
                    continue
                self.arrivals.append(target)
                connection.sendall(json.dumps(target).encode() + b"\n")


def _begin(what: Callable[..., None], *arguments: object) -> None:
    def run() -> None:
        with suppress(OSError):
            what(*arguments)

    threading.Thread(target=run, daemon=True).start()


@contextmanager
def fake_door(folder: Path) -> Iterator[FakeDoor]:
    """Yield a door in this folder."""
    door = FakeDoor(folder / "seals" / "door.sock")
    with handover.listening(door.path) as listener:
        threading.Thread(target=door.serve, args=(listener,), daemon=True).start()
        yield door
        listener.shutdown(socket.SHUT_RDWR)


@dataclass(frozen=True)
class Ended:
    """What a sealed program wrote, and how it ended."""

    code: int
    said: str


def sealed(
    door: FakeDoor,
    *command: str,
    scenery: Scenery | None = None,
    outside: Callable[[], list[tuple[str, int]]] = list,
    environment: dict[str, str] | None = None,
) -> Ended:
    """Run a program in a seal to its end; standard output and error go to one file."""
    out = door.path.parent / "output"
    saved = os.dup(1), os.dup(2)
    with out.open("wb") as file:
        try:
            os.dup2(file.fileno(), 1)
            os.dup2(file.fileno(), 2)
            running = start(
                Plan(
                    command=command,
                    environment=dict(os.environ) if environment is None else environment,
                    gate=door.path,
                    scenery=scenery or Scenery(hidden=_hidden(door)),
                    outside=outside,
                )
            )
            code = running.wait()
        finally:
            for number, kept in enumerate(saved, 1):
                os.dup2(kept, number)
                os.close(kept)
    return Ended(code, out.read_text("utf-8", "replace"))


def _hidden(door: FakeDoor) -> Path:
    hidden = door.path.parent.parent / "hidden"
    hidden.mkdir(exist_ok=True)
    (hidden / "evidence.db").write_text("kept")
    return hidden
