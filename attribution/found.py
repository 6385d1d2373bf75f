"""What was found for one connection, and how long it may stand without a look at all processes
(pure).
"""

from collections.abc import Callable
from dataclasses import dataclass

from attribution.facts import ProcessFacts, Rest
from core.attribution import Attribution
from core.values import quick

_SEARCHED_S = 1.0
_AGES_S, _AGES_BESIDE_S = 0.75, 0.4
"""After this, a look that is made beside a request spares a later one the wait for it; and one that
is made for other connections answers for this one, too.
"""


@quick
@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What was found for one connection, and when it was last known that nobody else held it."""

    attribution: Attribution
    sole: ProcessFacts | None = None
    verified_at: float = 0.0
    searched_at: float = 0.0
    """When all processes were looked at last (Unix time); of a process that is known, its answer
    counts as such a look.
    """
    is_first: bool = False
    """True for what was found by a search, until another one found the same."""
    rests: Rest | None = None
    """How often the only holder had run when nothing was on its way."""
    doubt: str | None = None
    """Why another one may have sent what comes over this connection, as long as it lives: what was
    written by then may be read at any later time.
    """

    def is_due(self, now: float, has_run: Callable[[int, tuple[bytes, ...]], bool]) -> bool:
        """True when all processes are to be looked at again, at this Unix time.

        Any of them can have been handed the socket since, or have taken it, and hold it beside the
        one that waits. So that is asked when the first request has come, once a second, and where
        the one that waits did not run though something was sent.
        """
        if self.sole is None or self.is_first or not 0 <= now - self.searched_at <= _SEARCHED_S:
            return True
        return self.rests is not None and not has_run(self.sole.pid, self.rests.runs)

    def ages(self, now: float, *, beside: bool = False) -> bool:
        """True when all processes are to be looked at soon again, at this Unix time, but not yet.
        `beside`: they are looked at for another connection.
        """
        if self.sole is None or self.is_first:
            return False
        from_s = _AGES_BESIDE_S if beside else _AGES_S
        return from_s <= now - self.searched_at <= _SEARCHED_S
