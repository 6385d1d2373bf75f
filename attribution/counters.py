"""Coverage in numbers: how many connections were attributed, how surely and how."""

import threading
from collections import Counter

from core.attribution import Attribution


class Counters:
    """Counts first answers per connection, and later looks apart from them."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._certainty: Counter[str] = Counter()
        self._method: Counter[str] = Counter()
        self._speed: Counter[str] = Counter()
        self._reasons: Counter[str] = Counter()
        self._lines: Counter[str] = Counter()
        self._looked_again = 0

    def sender(self, found: Attribution, speed: str, *, again: bool) -> None:
        """Count one answer."""
        with self._lock:
            if again:
                self._looked_again += 1
                return
            self._certainty[found.certainty.value] += 1
            self._method[found.method] += 1
            self._speed[speed] += 1
            if found.reason is not None and (
                found.reason in self._reasons or len(self._reasons) < 200
            ):
                self._reasons[found.reason] += 1

    def line(self, outcome: str) -> None:
        """Count one attempt to name a line of code."""
        with self._lock:
            self._lines[outcome] += 1

    def to_json(self) -> dict[str, object]:
        """Return all counters as JSON values."""
        with self._lock:
            return {
                "connections": self._certainty.total(),
                "certainty": {
                    name: self._certainty[name] for name in ("exact", "likely", "unknown")
                },
                "method": dict(self._method),
                "speed": dict(self._speed),
                "reasons": dict(self._reasons.most_common(10)),
                "looked_again": self._looked_again,
                "lines": dict(self._lines),
            }
