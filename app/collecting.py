"""Which collectors watch what programs do beside their requests, and which gate's do."""

import os
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import IO

from core.activity import Collector, ProgramRuns
from core.observation import Observation
from core.ports import Attributor

if sys.platform != "win32":
    import fcntl


def collectors_of(
    attributor: Attributor, turn: Path, *, everybody: bool = False, follows_runs: bool = False
) -> list[Collector]:
    """Return all that there are, looking at this user's programs, or at everybody's. Of the
    gates that share the file `turn` one collects; another does once that has ended.
    `follows_runs`: tells of all runs of scripts, too.
    """
    from activity.collectors import Means, collector_kinds
    from attribution.factory import own_scripts
    from attribution.socket_table import KernelSockets

    sockets = KernelSockets(everybody=everybody)
    shared = Turn(turn)
    own = own_scripts()
    runs = _runs_of(attributor, everybody=everybody) if follows_runs else None
    means = Means(sockets=sockets, attributor=attributor, runs=runs, own_scripts=own)
    return [InTurn(kind.make(means), shared) for kind in collector_kinds()]


def _runs_of(attributor: Attributor, *, everybody: bool) -> ProgramRuns | None:
    """Return what follows runs: this process, or the attributor service that it asks."""
    from attribution import SocketAttributor
    from attribution.factory import runs_of
    from attribution.remote.client import RemoteAttributor

    if isinstance(attributor, RemoteAttributor):
        return attributor.follow_runs()
    if not isinstance(attributor, SocketAttributor):
        return None
    return runs_of(attributor, lambda: frozenset({os.getpid()}), everybody=everybody)


class Turn:
    """Held by one process at a time, and let go by its end, however it ends."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._held: IO[bytes] | None = None

    @property
    def held(self) -> bool:
        """Whether this process has it."""
        return self._held is not None

    def ours(self) -> bool:
        """Return whether this process has it, taking it where nobody does."""
        if sys.platform == "win32" or self._held is not None:
            return True
        try:
            file = self._path.open("ab")
        except OSError:
            return True
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            file.close()
            return False
        self._held = file
        return True


class InTurn:
    """A collector that is silent while another gate's collects."""

    def __init__(self, collector: Collector, turn: Turn) -> None:
        self._collector = collector
        self._turn = turn

    @property
    def missed(self) -> int:
        """What took place so far and is not told: there was too much at once."""
        return int(getattr(self._collector, "missed", 0))

    def look(self) -> Iterable[Observation]:
        """See Collector.look."""
        return self._collector.look() if self._turn.ours() else ()

    def still(self) -> bool:
        """See Collector.still: a turn that nobody has is taken by a look."""
        return self._turn.held and self._collector.still()

    def end(self) -> Iterable[Observation]:
        """See Collector.end."""
        return self._collector.end()
