"""Finished records that could not be written yet: kept in memory, so many at most, until they can
be.
"""

from collections import OrderedDict
from collections.abc import Sequence
from itertools import islice

from core.errors import EvidenceError
from evidence.batch import Item

MOST_OWED = 10_000


class Owed:
    """Of one writer; for its thread, but for the numbers."""

    def __init__(self) -> None:
        self._items: OrderedDict[str, Item] = OrderedDict()
        self.lost = 0
        """Records that nobody keeps any more."""

    @property
    def missing(self) -> int:
        """Records that are not in the file: lost, or only here, and gone with a gate that is killed
        now.
        """
        return self.lost + len(self)

    def __len__(self) -> int:
        return len(self._items)

    def keep(self, item: Item) -> None:
        """Keep one; the oldest is lost where there are too many."""
        self._items[item.id] = item
        if len(self._items) > MOST_OWED:
            self._items.popitem(last=False)
            self.lost += 1

    def next(self, most: int) -> Sequence[Item]:
        """Return the oldest, so many at most."""
        return list(islice(self._items.values(), most))

    def paid(self, items: Sequence[Item]) -> None:
        """These are written."""
        for item in items:
            del self._items[item.id]

    def told(self, problem: EvidenceError) -> EvidenceError:
        """Return a problem that says, too, how many records are lost."""
        if not self.lost:
            return problem
        return type(problem)(
            f"{problem.message} {self.lost} records are lost.", remedy=problem.remedy
        )
