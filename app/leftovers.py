"""What is still there when a program behind the gate has ended: its children in the background, and
the gate, or not.
"""

import os
import secrets
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from app.gate_registry import RunningGate, health_at
from certs.client_environment import OWN_VARIABLE
from core.duties import OWNER, Duty
from core.vocabulary.sizes import counted

if TYPE_CHECKING:
    import asyncio

RUN_VARIABLE = "OUTGATE_RUN"
"""Says of which `outgate run` a process is, in a word of its own."""
_SETTLES_S = 0.5
"""Helpers of a program (its resource tracker, the rest of a pipe) end just after it."""
_LOOK_AGAIN_S = 0.05
_EVERY_S = 1.0
_SHOWN = 5
_PATIENCE_S = 2.0
_NOBODY_LOOKED = "nobody looked for connections past it"
_SEALED_IN = "sealed as it was there was no other way"


@dataclass(frozen=True, slots=True, kw_only=True)
class Leftovers:
    """What a run leaves behind."""

    processes: tuple[int, ...] = ()
    """Those that the program left running."""
    gate_ended: bool = False
    """Its gate ended, or gave way to another, while the program ran."""
    own_gate: bool = False
    """Its gate is of this run alone."""
    sealed: bool = False
    """No other way than through the gate was open to it."""

    def sentences(self) -> list[str]:
        """Return what to say of it, a line each."""
        return [line for line in (self._of_the_gate(), self._of_the_processes()) if line]

    def _of_the_gate(self) -> str:
        if not self.gate_ended:
            return ""
        return (
            "the gate ended while this program ran: from then on what it tried to send through it"
            f" failed, and {_SEALED_IN if self.sealed else _NOBODY_LOOKED}"
        )

    def _of_the_processes(self) -> str:
        if not self.processes:
            return ""
        shown = ", ".join(map(str, self.processes[:_SHOWN]))
        more = ", …" if len(self.processes) > _SHOWN else ""
        still = "still runs" if len(self.processes) == 1 else "still run"
        many = counted(len(self.processes), "process", "processes")
        said = (
            f"{many} of this program {still} ({shown}{more});"
            " what is sent from now on stands in: outgate review"
        )
        stays = self.own_gate and not self.gate_ended
        return f"{said}. The gate stays until the last of them has ended" if stays else said


def run_mark() -> str:
    """Return a word that no other run has."""
    return f"{os.getpid()}-{secrets.token_hex(8)}"


def leftovers_of(
    mark: str, gate: RunningGate, *, own_gate: bool, sealed: bool = False
) -> Leftovers:
    """Look at what the run with this mark leaves. A gate that does not answer, while something
    listens at its port, is busy and not ended, unless another process answers there.
    """
    return Leftovers(
        processes=tuple(_settled(mark)),
        gate_ended=_has_ended(gate),
        own_gate=own_gate,
        sealed=sealed,
    )


def is_used(gate: RunningGate) -> bool:
    """Return whether a living process was started behind this gate."""
    from attribution.carriers import carriers

    return bool(carriers(OWN_VARIABLE, gate.url))


async def outlive(
    orphaned: "asyncio.Event", used: Callable[[], bool], stop: Callable[[], None]
) -> None:
    """Once whoever started a private gate is gone, wait for those behind it, then stop it."""
    import asyncio

    await orphaned.wait()
    try:
        while await asyncio.to_thread(used):  # noqa: ASYNC110 - other processes ring no bell here
            await asyncio.sleep(_EVERY_S)
    finally:
        stop()


def outliving(
    orphaned: "asyncio.Event", used: Callable[[], bool], stop: Callable[[], None]
) -> "asyncio.Task[None]":
    """Have `outlive` run. For the event loop's thread."""
    import asyncio

    waiting = OWNER.task(Duty.OUTLIVING, outlive(orphaned, used, stop))
    return asyncio.get_running_loop().create_task(waiting)


def _settled(mark: str) -> list[int]:
    from attribution.carriers import carriers

    until = time.monotonic() + _SETTLES_S
    while (found := carriers(RUN_VARIABLE, mark)) and time.monotonic() < until:
        time.sleep(_LOOK_AGAIN_S)
    return sorted(found)


def _has_ended(gate: RunningGate) -> bool:
    """Return whether the gate is gone; one that only answers late is not."""
    try:
        with socket.create_connection((gate.host, gate.port), _PATIENCE_S):
            pass
    except TimeoutError:
        return False
    except OSError:
        return True
    answer = health_at(gate.host, gate.port)
    return answer is not None and answer.get("pid") != gate.pid
