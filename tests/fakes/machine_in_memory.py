"""A machine in memory: processes, sockets and their holders, as a test says they are."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from attribution.attributor import SocketAttributor
from attribution.facts import KnownOwners, Ownership, Peer, ProcessFacts
from attribution.line.sampler import LineSampler
from attribution.os_users import People
from attribution.reader import InPlace
from core.exchange import Connection

BOOT = datetime(2026, 1, 1, tzinfo=UTC)
PY = "/usr/bin/python3.13"
HERE = InPlace()


@dataclass
class FakeMachine:
    """Implements attribution.facts.Backend over dictionaries."""

    processes: dict[int, ProcessFacts] = field(default_factory=dict)
    holders: tuple[int, ...] = ()
    recalled: Ownership | None = None
    reason: str | None = None
    waits: frozenset[int] = frozenset()
    connected: dict[int, tuple[int, ...]] = field(default_factory=dict)
    ran: tuple[bytes, ...] = ()
    method: str = "fake"
    after_search: object = None
    found: dict[str, Any] = field(default_factory=dict)
    """More that a search finds out."""

    def run(
        self, pid: int, start: int, *argv: str, exe: str = PY, parent: int = 1, **more: object
    ) -> ProcessFacts:
        values = {
            "pid": pid,
            "start": start,
            "started_at": BOOT + timedelta(seconds=start),
            "argv": argv,
            "exe": exe,
            "parent": parent,
            "name": exe.rpartition("/")[2][:15],
            "cwd": "/w",
        }
        self.processes[pid] = ProcessFacts(**values | more)  # type: ignore[arg-type]
        return self.processes[pid]

    def recall(self, peer: Peer, known: KnownOwners, since: float) -> Ownership | None:
        return self.recalled

    def still_sole(self, facts: ProcessFacts, socket: int, verified_at: float) -> bool:
        return self.unchanged(facts) and self.holders == (facts.pid,)

    def search(self, peer: Peer, since: float, *, is_new: bool = False) -> Ownership:
        starts = tuple(self.start_of(pid) for pid in self.holders)
        found = Ownership(
            pids=self.holders, starts=starts, socket=7, reason=self.reason, **self.found
        )
        if callable(self.after_search):
            self.after_search()
        return found

    def has_run(self, pid: int, runs: tuple[bytes, ...], socket: int) -> bool:
        return self.ran != runs

    def peers(self, pid: int) -> tuple[int, ...] | None:
        return self.connected.get(pid)

    def start_of(self, pid: int) -> int | None:
        return self.processes[pid].start if pid in self.processes else None

    def unchanged(self, facts: ProcessFacts) -> bool:
        now = self.processes.get(facts.pid)
        return now is not None and (now.start, now.argv) == (facts.start, facts.argv)

    def process(self, pid: int) -> ProcessFacts | None:
        return self.processes.get(pid)

    def waiting(self, pid: int, socket: int) -> frozenset[int] | None:
        return frozenset({pid}) & self.waits

    def watched(self, pid: int, socket: int) -> bool:
        return False

    def close(self) -> None:
        self.processes.clear()


def attributor(machine: FakeMachine, own: frozenset[int] = frozenset()) -> SocketAttributor:
    return SocketAttributor(
        machine, People("clear", None), lambda: own, LineSampler(HERE, program="/nonexistent"), HERE
    )


def connection(name: str = "c1") -> Connection:
    return Connection(
        id=name,
        client_host="127.0.0.1",
        client_port=4000,
        gate_host="127.0.0.1",
        gate_port=8080,
        at=datetime.now(UTC),
    )
