"""Which file of tests a process takes next: the one that took longest when it last ran here, so
that no long one is left for the end of a run, which then waits for it alone.
"""

from collections import OrderedDict
from collections.abc import Callable, Mapping

import pytest
from xdist.remote import Producer
from xdist.scheduler.loadscope import LoadScopeScheduling
from xdist.workermanage import WorkerController

type Unit = dict[str, bool]
"""The tests of one file, in their order: has it ended?"""
UNKNOWN_S = 3.0
"""Assumed of a file that was never run here."""
SLOW_S = 60.0
SLOW = ("tests/hub/", "tests/live/", "tests/scenarios/")
"""Folders whose tests wait for gates, programs and databases: `SLOW_S` is assumed of their files,
so that a machine that knows nothing yet begins with them.
"""


def assumed(scope: str, known: Mapping[str, float]) -> float:
    """Return how many seconds the tests of a file, or of a class in it, are taken to need."""
    path = scope.partition("::")[0]
    return known.get(path, SLOW_S if path.startswith(SLOW) else UNKNOWN_S)


class _Waiting(OrderedDict[str, Unit]):
    """The files that nobody has begun; who takes one gets the longest."""

    def __init__(self, needs: Callable[[str], float]) -> None:
        super().__init__()
        self._needs = needs

    def popitem(self, last: bool = True) -> tuple[str, Unit]:
        """Return the longest, whichever end is asked for; of equals the first. Raises KeyError."""
        if not self:
            raise KeyError("nothing waits")
        longest = max(self, key=self._needs)
        return longest, self.pop(longest)


class LongestFirst(LoadScopeScheduling):  # type: ignore[misc]  # xdist has no types
    """As `--dist loadscope`, the longest file first.

    Where a test stands is looked up, not searched for among all, and files that have ended are let
    go: both else cost more with each test that there is.
    """

    def __init__(
        self, config: pytest.Config, log: Producer | None, known: Mapping[str, float]
    ) -> None:
        super().__init__(config, log)
        self.workqueue = _Waiting(lambda scope: assumed(scope, known))
        self._places: dict[str, int] = {}

    def mark_test_complete(
        self, node: WorkerController, item_index: int, duration: float = 0
    ) -> None:
        """Note that a test has ended; give its process more when it has little left."""
        nodeid = self.registered_collections[node][item_index]
        scope, work = self._split_scope(nodeid), self.assigned_work[node]
        work[scope][nodeid] = True
        if all(work[scope].values()):
            del work[scope]
        self._reschedule(node)

    def _assign_work_unit(self, node: WorkerController) -> None:
        scope, unit = self.workqueue.popitem(last=False)
        self.assigned_work.setdefault(node, {})[scope] = unit
        if not self._places:  # all processes have collected the same, or none is given anything
            self._places = {name: at for at, name in enumerate(self.registered_collections[node])}
        node.send_runtest_some([self._places[name] for name, ended in unit.items() if not ended])
