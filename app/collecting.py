"""Which collectors watch what programs do beside their requests, and which gate's do."""

import sys
from collections.abc import Iterable
from pathlib import Path
from typing import IO

from core.activity import Collector
from core.observation import Observation
from core.ports import Attributor

if sys.platform != "win32":
    import fcntl


def collectors_of(
    attributor: Attributor, turn: Path, *, everybody: bool = False
) -> list[Collector]:
    """Return all that there are, looking at this user's programs, or at everybody's. Of the
    gates that share the file `turn` one collects; another does once that has ended.
    """
    from activity.collectors import Means, collector_kinds
    from attribution.factory import own_scripts
    from attribution.socket_table import KernelSockets

    sockets = KernelSockets(everybody=everybody)
    means = Means(sockets=sockets, attributor=attributor, own_scripts=own_scripts())
    shared = Turn(turn)
    return [InTurn(kind.make(means), shared) for kind in collector_kinds()]


class Turn:
    """Held by one process at a time, and let go by its end, however it ends."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._held: IO[bytes] | None = None

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

    def look(self) -> Iterable[Observation]:
        """See Collector.look."""
        return self._collector.look() if self._turn.ours() else ()

    def end(self) -> Iterable[Observation]:
        """See Collector.end."""
        return self._collector.end()
