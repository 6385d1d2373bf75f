"""Collectors of observations, and what they ask of the machine: its sockets."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from core.attribution import Attribution
from core.observation import Observation
from core.values import quick


@quick
@dataclass(frozen=True, slots=True, kw_only=True)
class OpenSocket:
    """One TCP socket of a program on this machine."""

    number: int
    """The kernel's number of it; 0 where it has none."""
    host: str
    """Its own address…"""
    port: int
    far_host: str = ""
    """… and the far one; empty for one that takes connections."""
    far_port: int = 0
    bytes_sent: int | None = None
    """Of content, once each; None where the system does not count."""
    bytes_received: int | None = None


class SocketTable(Protocol):
    """The TCP sockets of this user (of everybody, for root), without those of this process. Each
    call may take milliseconds: not for the event loop.
    """

    def listening(self) -> Sequence[OpenSocket]:
        """Return those that take connections."""

    def connected_to(self, ports: frozenset[int]) -> Sequence[OpenSocket]:
        """Return those that are connected to one of these ports, be it on this machine or not."""

    def still(self) -> bool:
        """Return True only where each of these would be empty or the same again, for all that the
        system counts. Cheap enough for the event loop.
        """

    def given_out(self) -> tuple[int, int]:
        """Return the first and last port that the system gives to whoever asks for any."""


class Collector(Protocol):
    """Looks from time to time, and tells what is new. Not for two threads at once."""

    def look(self) -> Iterable[Observation]:
        """Return what is new since the last look. May take milliseconds; raises where the machine
        does not answer, and the next look tries again.
        """

    def still(self) -> bool:
        """Return True only where `look` would tell nothing, and need not be asked. Cheap enough for
        the event loop.
        """

    def end(self) -> Iterable[Observation]:
        """The gate stops: return what is left to tell of what still lasts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EndedRun:
    """A run of a Python script that has ended, whoever started it."""

    sender: Attribution
    about: str
    """What ran, as it is called."""
    began: datetime
    ended: datetime
    """When that was seen."""
    exit_code: int | None = None
    """As a shell tells it, 128 and more for a signal; None where nobody could tell."""
    cpu_s: float | None = None
    """Of its processes that it waited for, too; None where nobody could look."""
    cpu_is_final: bool = False
    """False: as of the last look."""
    peak_memory: int | None = None
    """Bytes of its first process at its largest, as of the last look."""
    children: tuple[str, ...] = ()
    """Programs that it started, by name."""


class ProgramRuns(Protocol):
    """Follows the runs of Python scripts on this machine. May take milliseconds: not for the event
    loop.
    """

    @property
    def missed(self) -> int:
        """Runs so far of which nothing is told: there were too many at once."""

    def ended(self) -> Sequence[EndedRun]:
        """Return the runs that ended since the last call."""

    def still(self) -> bool:
        """Return True only where none has ended since the last call that is known of, and who ends
        is seen though nobody calls. Cheap enough for the event loop.
        """

    def close(self) -> None:
        """Follow no more."""
