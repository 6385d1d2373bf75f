"""The line of code that sent a request: sampled for what is notable, and while there is budget.

Notable is what a rule has flagged, and the first request of a script to a place. To sample takes
tens of milliseconds while the request waits (docs/decisions/0004-line-budget-and-first-sight.md).
"""

import asyncio
import time
from collections.abc import Callable
from dataclasses import replace

from core.attribution import Attribution
from core.classification import Classification
from core.decision import Decision, Verdict
from core.exchange import Exchange
from core.ports import Attributor
from proxy.stack_sampling_budget import LineBudget
from proxy.threads import COURTESIES

_PAIRS_REMEMBERED = 10_000

type _Place = tuple[str, str | None, str]
"""A script, its version, and the host that it sends to."""


class LinesOfCode:
    """Asks for lines. One per gate."""

    def __init__(self, attributor: Callable[[], Attributor], patience_s: float) -> None:
        self._attributor = attributor
        self._patience_s = patience_s
        self.budget = LineBudget()
        self._known: dict[_Place, None] = {}
        """Scripts and destinations of which a line was asked for."""

    async def added(
        self, exchange: Exchange, sender: Attribution, seen: Classification, decision: Decision
    ) -> Attribution:
        """Return the sender, with its line of code where that is worth its price."""
        place = _place(sender, seen)
        first = place is not None and place not in self._known
        if decision.verdict is Verdict.ALLOW and not first:
            return sender
        look = self.budget.allows(sender, time.monotonic())
        if not look and not self._attributor().tells_of_requests(sender):
            return sender
        found = await self._sampled(sender, exchange, look=look)
        if look or found.line is not None:
            self._remember(place)
        return found

    def _remember(self, place: _Place | None) -> None:
        if place is not None:
            self._known[place] = None
        if len(self._known) > _PAIRS_REMEMBERED:
            del self._known[next(iter(self._known))]

    async def _sampled(self, sender: Attribution, exchange: Exchange, *, look: bool) -> Attribution:
        """Ask for the line; without budget only of the sender's own beacon, which costs little."""
        begun, ask = time.monotonic(), self._attributor().line_of_code
        try:
            async with asyncio.timeout(self._patience_s):
                line = await COURTESIES.run(ask, sender, exchange, look=look)
        except TimeoutError:
            return sender
        finally:
            if look:
                self.budget.spent(sender, time.monotonic() - begun)
        return sender if line is None else replace(sender, line=line)


def _place(sender: Attribution, seen: Classification) -> _Place | None:
    script = sender.script
    if script is None:
        return None
    return script.path or script.name, script.sha256, seen.destination.host
