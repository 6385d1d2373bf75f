"""The running gate: how it announces itself, how others find it, ask it and stop it."""

import json
import os
import signal
import socket
import time
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from core.run_answers import NOT_FOLLOWED

HEALTH_HOST = "outgate.internal"
"""A request for this host is answered by the gate itself."""
_PATIENCE_S = 10.0
"""A gate that many programs keep busy answers late; where none is, that is known at once."""
_ASKED_AT_THE_END = 2
"""So often, at most: of a gate that is gone each is refused at once."""
_PIECE, _LONGEST = 1 << 16, 8 << 20


@dataclass(frozen=True, slots=True)
class RunningGate:
    """Where a gate listens and which process it is."""

    host: str
    port: int
    pid: int
    started_at: str
    public: str = ""
    """Folder in which everybody finds what this gate's clients trust; empty for a user's own."""
    authority_ends: str = ""
    """When what it signs is accepted no more, as RFC 3339; empty where it does not say."""
    policy: str = ""
    """Policy file that it was started with, as a whole path; empty: that of its home or machine."""

    @property
    def url(self) -> str:
        """The proxy URL for clients."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"http://{host}:{self.port}"


def announce(path: Path, gate: RunningGate) -> None:
    """Write the gate's address for others to find."""
    staged = path.with_suffix(f".{gate.pid}")
    staged.write_text(json.dumps(asdict(gate)))
    staged.chmod(0o600)
    staged.replace(path)


def withdraw(path: Path, pid: int) -> None:
    """Remove the announcement if it is still ours."""
    found = announced(path)
    if found is not None and found.pid == pid:
        path.unlink(missing_ok=True)


def find(path: Path) -> RunningGate | None:
    """Return the gate that is announced and answers, else None."""
    gate = announced(path)
    return gate if gate is not None and health(gate) is not None else None


def health(gate: RunningGate, timeout_s: float = _PATIENCE_S) -> dict[str, Any] | None:
    """Ask a gate for its health; None when it does not answer."""
    value = health_at(gate.host, gate.port, timeout_s)
    return value if value is not None and value.get("pid") == gate.pid else None


def follow(gate: RunningGate, pid: int) -> int:
    """Ask a gate to look closely at connections past it for as long as this process lives. Return
    0; where it does not, as so many runs of this user are followed already, how many.
    """
    answer = health_at(gate.host, gate.port, path=f"/run/{pid}") or {}
    others = answer.get(NOT_FOLLOWED)
    return others if isinstance(others, int) else 0


def followed(gate: RunningGate, pid: int, since: datetime) -> dict[str, Any] | None:
    """Return a gate's health at the end of a run that it followed, and what it missed of it; None
    when it does not answer. A gate that was not asked takes the run for lost, and has it on record
    a second time: who is too busy to answer is asked again.
    """
    path = f"/run/{pid}/{int(since.timestamp() * 1000)}"
    asked = (health_at(gate.host, gate.port, path=path) for _ in range(_ASKED_AT_THE_END))
    value = next((one for one in asked if one is not None), None)
    return value if value is not None and value.get("pid") == gate.pid else None


def health_at(
    host: str, port: int, timeout_s: float = _PATIENCE_S, path: str = "/health"
) -> dict[str, Any] | None:
    """Return what a gate at this address says of its health, whoever's it is; None where none
    answers.
    """
    try:
        head, _, body = _answer_to(path, host, port, timeout_s).partition(b"\r\n\r\n")
        value = json.loads(body) if head.split(b" ", 2)[1:2] == [b"200"] else None
    except (OSError, ValueError, RecursionError):
        return None
    ours = isinstance(value, dict) and value.get("outgate") == "gate"
    return value if ours else None


def _answer_to(path: str, host: str, port: int, timeout_s: float) -> bytes:
    """Return a gate's whole answer. By hand: every `outgate run` waits for this, and the standard
    library's client takes ten times as long to load as the gate to answer.
    """
    asked = f"GET http://{HEALTH_HOST}{path} HTTP/1.1\r\nHost: {HEALTH_HOST}\r\n"
    until, heard = time.monotonic() + 2 * timeout_s, b""
    with socket.create_connection((host, port), timeout=timeout_s) as connection:
        connection.sendall(f"{asked}Connection: close\r\n\r\n".encode())
        while piece := connection.recv(_PIECE):
            heard += piece
            if len(heard) > _LONGEST or time.monotonic() > until:
                raise ValueError("that is no gate's answer")
    return heard


def stop(gate: RunningGate, timeout_s: float = 30.0) -> bool:
    """Ask a gate to stop and wait for it; True when it is gone. What is under way ends first."""
    try:
        os.kill(gate.pid, signal.SIGTERM)
    except ProcessLookupError:
        return True
    deadline = time.monotonic() + timeout_s
    while time.monotonic() < deadline:
        if health(gate, 0.5) is None and not _alive(gate.pid):
            return True
        time.sleep(0.05)
    return False


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def announced(path: Path) -> RunningGate | None:
    """Return the gate that is announced, whether it answers or not."""
    try:
        value = json.loads(path.read_text())
        return RunningGate(
            host=str(value["host"]),
            port=int(value["port"]),
            pid=int(value["pid"]),
            started_at=str(value["started_at"]),
            authority_ends=str(value.get("authority_ends", "")),
            policy=str(value.get("policy", "")),
        )
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return None
