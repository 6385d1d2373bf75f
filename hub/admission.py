"""How many messages a hub listens to at once: of all together, of one endpoint, and of those who
show no certificate of an endpoint's. Whoever begins much and ends nothing takes nobody's place.
"""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

MOST = 3000
MOST_STRANGERS = 64
"""Whose messages come in, and on each path that is open to them as many that are worked on."""
MOST_OF_ONE = 8
"""An endpoint ships by one line, and asks beside it for what it holds."""
MOST_UPLOADS_OF_ONE = 2
"""One, and another whose line broke without the hub knowing yet."""
UPLOAD, ENROL = "/v1/upload", "/v1/enrol"


class BusyError(Exception):
    """So many are there already: come again later."""


@dataclass(slots=True)
class Admission:
    """Counts who is there; used from the loop's thread alone."""

    here: int = 0
    _of: Counter[tuple[str, bool]] = field(default_factory=Counter)

    @contextmanager
    def let_in(self, who: str | None, path: str) -> Iterator[None]:
        """Count a message while it is answered; `who`: id of the endpoint, None for strangers.

        Raises BusyError.
        """
        key, most = _place(who, path)
        if self.here >= MOST or self._of[key] >= most:
            raise BusyError
        self.here += 1
        self._of[key] += 1
        try:
            yield
        finally:
            self.here -= 1
            self._of[key] -= 1
            if not self._of[key]:
                del self._of[key]


def _place(who: str | None, path: str) -> tuple[tuple[str, bool], int]:
    """Return among whom a message counts, and how many of those there may be."""
    if who is None:
        return (path, False), MOST_STRANGERS
    uploads = path == UPLOAD
    return (who, uploads), MOST_UPLOADS_OF_ONE if uploads else MOST_OF_ONE
