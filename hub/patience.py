"""How long the database may work on one question, by what is asked: nothing holds a connection and
a thread of the hub for ever. Pure.
"""

from dataclasses import dataclass
from datetime import timedelta

from core.vocabulary.times import lasting

_MINUTE, _HOUR = 60, 3600
LATE_S = 5.0
"""How much later than due the database may end a statement; where it has not by then it was halted,
and a hub gives up.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """What one kind of work may take, in seconds."""

    what: str
    """The work in words, which begin a sentence."""
    statement_s: float
    """After which the database ends one statement, with what it waited for others."""
    locked_s: float | None = None
    """After which a statement ends that waits for what somebody has locked; None: as above."""
    idle_s: float | None = None
    """After which the database ends a transaction in which nothing is asked: whoever stopped in
    the middle of it lets go of what it has locked. None: never.
    """

    @property
    def told(self) -> str:
        """How long a statement may take, in words."""
        return lasting(timedelta(seconds=self.statement_s))

    def settings(self) -> dict[str, str]:
        """Return the settings of PostgreSQL that say so."""
        given = {
            "statement_timeout": self.statement_s,
            "lock_timeout": self.locked_s,
            "idle_in_transaction_session_timeout": self.idle_s,
        }
        return {name: f"{round((seconds or 0) * 1000)}ms" for name, seconds in given.items()}


ENDPOINTS = Patience(what="What an endpoint sent", statement_s=30, locked_s=10, idle_s=_MINUTE)
"""Endpoints wait for an answer for a minute. Locked: an erasure may take minutes, in which its
endpoint comes again and again, and would take all threads.
"""
PEOPLE = Patience(what="The question", statement_s=2 * _MINUTE, idle_s=10 * _MINUTE)
"""Lists, pages and decisions; the list of a large fleet is made the first time in a minute."""
HUNTS = Patience(what="The hunt", statement_s=10 * _MINUTE, idle_s=10 * _MINUTE)
THOROUGH = Patience(what="The work", statement_s=_HOUR, idle_s=_HOUR)
"""Exports, verification, erasures, months that are removed: they read everything, or much."""
MIGRATION = Patience(what="The step of the schema", statement_s=12 * _HOUR, locked_s=15)
"""An index over all records may take hours; whoever ships waits behind a step that waits for
somebody who reads for long.
"""
PULSE = Patience(what="The question whether it answers", statement_s=5)
"""What a hub asks every few seconds (`hub.pulse`)."""
