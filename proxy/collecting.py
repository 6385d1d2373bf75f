"""What programs do beside their requests: each collector is asked from time to time, off the event
loop, and what it tells goes to the evidence.
"""

import asyncio
import threading
from collections.abc import Iterable, Sequence

from core.activity import Collector
from core.beats import until_beat
from core.duties import Duty
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
        self._turn = threading.Lock()
        self._ended = False
        self._well = True
        """Whether none failed the last time."""

    async def watch(self, every_s: float = EVERY_S) -> None:
        """Ask from time to time. Runs until cancelled."""
        while True:
            now = asyncio.get_running_loop().time()
            await asyncio.sleep(until_beat(now, every_s, every_s / 2))
            await self.look()

    async def look(self) -> None:
        """Ask each once, unless all are still; one that fails keeps no other from it, and is asked
        again.
        """
        async with courtesy(Duty.ACTIVITY):
            if self._still():
                return
            failed = await COURTESIES.run(self._ask_each)
            self._well = not failed
            for error in failed:
                raise error

    def _still(self) -> bool:
        """Whether no thread need be woken for any: that takes more than what it asks."""
        return self._well and all(collector.still() for collector in self._collectors)

    def end(self) -> None:
        """Tell what is left: the gate stops. What a look under way would tell is not told."""
        self._ended = True
        with self._turn:
            for collector in self._collectors:
                with courtesy(Duty.ACTIVITY):
                    for one in collector.end():
                        self._evidence.observed(one, unwaited)

    def _ask_each(self) -> list[BaseException]:
        """Ask all of them in one turn of a thread, and return what failed."""
        failed: list[BaseException] = []
        for collector in self._collectors:
            try:
                self._ask(collector)
            except BaseException as error:  # noqa: BLE001 - boundary: the others are asked, too
                failed.append(error)
        return failed

    def _ask(self, collector: Collector) -> None:
        with self._turn:
            if not self._ended:
                self._tell(collector.look())

    def _tell(self, seen: Iterable[Observation]) -> None:
        for one in seen:
            if self._ended:
                return
            self._evidence.observed(one, unwaited)


def unwaited(problem: EvidenceError | None) -> None:
    """Nobody waits for an observation: the writer keeps what it cannot write now, and says so."""
