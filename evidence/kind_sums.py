"""What the records of one case add up to for one kind of data. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from core.case_inside import KindInside, kind_inside
from evidence.alike import Found
from evidence.sketch import Sketch


@dataclass(slots=True)
class KindSums:
    """One kind of data: how many requests hold it, and which values."""

    requests: int = 0
    largest: int = 0
    """Distinct values in one request."""
    total: int = 0
    """Distinct values of each request, added up."""
    complete: bool = True
    """Every value has a fingerprint."""
    values: Sketch = field(default_factory=Sketch)
    least: bool = False
    """Some request held more of them than were counted."""

    def add(self, finding: Found) -> None:
        """Add one finding."""
        self.largest = max(self.largest, finding.distinct)
        self.total += finding.distinct
        self.complete = self.complete and finding.distinct <= len(finding.fingerprints)
        self.least = self.least or finding.least
        self.values.add(finding.fingerprints)

    def join(self, later: "KindSums") -> None:
        """Add what came later."""
        self.requests += later.requests
        self.largest = max(self.largest, later.largest)
        self.total += later.total
        self.complete = self.complete and later.complete
        self.least = self.least or later.least
        self.values.join(later.values)

    @property
    def inside(self) -> KindInside:
        """As the review shows it."""
        told = self.values.least, self.complete and self.values.exact
        return kind_inside(self.requests, self.largest, self.total, *told, is_least=self.least)

    def to_json(self) -> list[Any]:
        """Return it as a row keeps it: the last item only where it says something."""
        values = self.values.to_text()
        told = [self.requests, self.largest, self.total, self.complete, values]
        return [*told, True] if self.least else told

    @classmethod
    def of_json(cls, value: Sequence[Any]) -> "KindSums":
        """Read what `to_json` gave. Raises ValueError."""
        requests, largest, total, complete, values, *least = value
        return cls(requests, largest, total, complete, Sketch.of_text(values), bool(least))
