"""What the evidence tells of capture: that it began, that no gate was there, that it ended and how
much had passed unread.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime

from capture.handover import BrokenHandoverError
from core.duties import Duty
from core.happenings import Event, Fact, Happening, happening
from core.text import printable
from proxy.boundaries import courtesy
from proxy.sealed.passing_counts import Others
from proxy.threads import COURTESIES

_MOST_SCOPE = 400
TOLD_EVERY_S = 60.0
"""So often the evidence is told what passes unread."""
PAST, NOWHERE = "past the gate", "nowhere"
"""Where connections went while no gate was there: open, and closed."""


class Captures:
    """Tells the evidence. `others`: what passes unread."""

    def __init__(self, tell: Callable[[Happening], None], others: Others) -> None:
        self._tell = tell
        self._others = others

    async def began(self, scope: str) -> None:
        """Connections are brought here from now on; `scope` says whose."""
        await self._told(Event.CAPTURE_BEGAN, {"of": printable(scope, _MOST_SCOPE)})

    async def stood_open(self, values: Mapping[str, object]) -> None:
        """For a while no gate was there. Raises BrokenHandoverError for what is no such message."""
        since, until, count = (values.get(name) for name in ("since", "until", "connections"))
        if not (_is_time(since) and _is_time(until) and _is_count(count)):
            raise BrokenHandoverError("no window")
        assert isinstance(since, str) and isinstance(until, str)
        went = NOWHERE if values.get("closed") is True else PAST
        facts: dict[str, Fact] = {"since": since, "until": until, "went": went}
        facts["connections"] = count if isinstance(count, int) else None
        await self._told(Event.CAPTURE_WINDOW, facts)

    async def ended(self) -> None:
        """Nothing is brought here any more: what has passed and was not told is told."""
        await self._told_of_others(Event.CAPTURE_ENDED)

    async def keep_telling(
        self,
        every_s: float = TOLD_EVERY_S,
        wait: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        """Tell from time to time what has passed since: no more than that is lost with the
        machine.
        """
        while True:
            await wait(every_s)
            if not self._others.now().is_nothing:
                await self._told_of_others(Event.CAPTURE_PASSED)

    async def _told_of_others(self, event: Event) -> None:
        passed = self._others.now()
        if await self._told(event, passed.facts()):
            self._others.told(passed)

    async def _told(self, event: Event, facts: Mapping[str, Fact]) -> bool:
        async with courtesy(Duty.CAPTURE):
            await COURTESIES.run(self._tell, happening(event, facts))
            return True
        return False


def _is_time(value: object) -> bool:
    try:
        return isinstance(value, str) and datetime.fromisoformat(value).tzinfo is not None
    except ValueError:
        return False


def _is_count(value: object) -> bool:
    """None: nobody counted."""
    return value is None or (isinstance(value, int) and not isinstance(value, bool) and value >= 0)
