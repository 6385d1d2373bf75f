"""The gate's answers are waited for last: it thinks while a run looks around and arranges."""

import os
import select
import socket
import threading
from pathlib import Path

import pytest
from patience import PATIENT_S

from capture import handover, mounts
from capture.availability import obstacle
from capture.mounts import Scenery
from capture.seal import CannotSealError, Plan, start

pytestmark = pytest.mark.skipif(obstacle() is not None, reason=str(obstacle()))
_LESS_THAN_A_RUN_WAITS_S = min(PATIENT_S, 4.0)


def _answer(listener: socket.socket, asked: int, done: int, found: list[bytes]) -> None:
    """Say which question has come; answer each once the run has done its own part meanwhile."""
    channel, _ = listener.accept()
    with channel:
        for answer in ("welcome", "refused"):
            if (message := handover.receive(channel)) is None:
                return
            message.let_go()
            os.write(asked, message.kind[:1].encode())
            found.append(_next(done))
            handover.send(channel, answer, why="enough")


def _next(pipe: int) -> bytes:
    ready, _, _ = select.select([pipe], [], [], _LESS_THAN_A_RUN_WAITS_S)
    return os.read(pipe, 1) if ready else b"-"


def test_the_gate_is_asked_before_the_run_does_its_own_part(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The gate has the first question before the run looks at the machine, and the network before
    it arranges files; one that refuses at the very end starts nothing.
    """
    hears, asked = os.pipe()
    sees, done = os.pipe()

    def outside() -> list[tuple[str, int]]:
        os.write(done, _next(hears))
        return []

    def arrange(scenery: Scenery, sockets: object) -> tuple[str, ...]:
        os.write(done, _next(hears))
        return ()

    monkeypatch.setattr(mounts, "arrange", arrange)
    found: list[bytes] = []
    marker, hidden = tmp_path / "ran", tmp_path / "hidden"
    hidden.mkdir()
    with handover.listening(tmp_path / "door" / "seal") as listener:
        gate = threading.Thread(target=_answer, args=(listener, asked, sees, found))
        gate.start()
        plan = Plan(
            command=["touch", str(marker)],
            environment=dict(os.environ),
            gate=tmp_path / "door" / "seal",
            scenery=Scenery(hidden=hidden),
            outside=outside,
        )
        with pytest.raises(CannotSealError, match="enough"):
            start(plan)
        gate.join(PATIENT_S)
    for end in (hears, asked, sees, done):
        os.close(end)
    assert found == [b"r", b"n"]
    assert not marker.exists()
