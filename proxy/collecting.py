"""What programs do beside their requests: each collector is asked from time to time, off the event
loop, and what it tells goes to the evidence.
"""

import asyncio
from collections.abc import Iterable, Sequence

from core.activity import Collector
from core.duties import OWNER, Duty
from core.errors import EvidenceError
from core.observation import Observation
from core.ports import EvidenceWriter
from proxy.boundaries import courtesy
from proxy.threads import COURTESIES

EVERY_S = 1.0
"""What is there for two seconds is seen."""


class Collecting:
    """Asks the collectors of one gate."""

    def __init__(self, collectors: Sequence[Collector], evidence: EvidenceWriter) -> None:
        self._collectors = collectors
        self._evidence = evidence

    async def watch(self, every_s: float = EVERY_S) -> None:
        """Ask from time to time. Runs until cancelled."""
        while True:
            await asyncio.sleep(every_s)
            await self.look()

    async def look(self) -> None:
        """Ask each once; one that fails keeps no other from it, and is asked again."""
        for collector in self._collectors:
            async with courtesy(Duty.ACTIVITY):
                await COURTESIES.run(self._ask, collector)

    def end(self) -> None:
        """Tell what is left: the gate stops."""
        for collector in self._collectors:
            with courtesy(Duty.ACTIVITY):
                self._tell(collector.end())

    def _ask(self, collector: Collector) -> None:
        self._tell(collector.look())

    def _tell(self, seen: Iterable[Observation]) -> None:
        for one in seen:
            self._evidence.observed(one, _noted)


def _noted(problem: EvidenceError | None) -> None:
    """The writer keeps what it cannot write now, and says so itself."""
    if problem is not None:
        OWNER.lost(Duty.ACTIVITY, problem)
