"""Connections that do not wait without end for a database that says nothing: halted, it ends no
statement by itself, and its machine's kernel goes on confirming what is sent to it.
"""

import time
from typing import Any, Never

import psycopg
from psycopg.abc import RV, PQGen


class SilentError(psycopg.OperationalError):
    """Nothing came back in time; the connection is closed, and nobody knows what was kept."""


class Attended[Row](psycopg.Connection[Row]):
    """A connection whose every wait ends: a statement, a COPY, what ends a transaction."""

    silent_s: float | None = None
    """Seconds that one answer may take; None: any."""
    given_up: bool = False
    """Set from any thread to end what is waited for now."""

    def wait(self, gen: PQGen[RV], *args: Any, **options: Any) -> RV:
        """Wait as psycopg does. Raises SilentError."""
        return super().wait(self._attended(gen), *args, **options)

    def _attended(self, gen: PQGen[RV]) -> PQGen[RV]:
        """Ask the time whenever psycopg looks up, ten times a second, and nothing is there."""
        end = None if self.silent_s is None else time.monotonic() + self.silent_s
        try:
            wanted = next(gen)
            while True:
                ready = yield wanted
                if not ready and (self.given_up or (end is not None and time.monotonic() > end)):
                    self._give_up()
                wanted = gen.send(ready)
        except StopIteration as ended:
            result: RV = ended.value
            return result

    def _give_up(self) -> Never:
        self.close()  # so that nobody asks it to take back what it was told
        raise SilentError("the database does not answer")
