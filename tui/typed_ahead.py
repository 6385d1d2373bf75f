"""Keys reach what the key before them opened, however fast they come."""

from weakref import WeakSet

from textual import events
from textual.app import App
from textual.screen import Screen


class KeysInTurn(App[int]):
    """Textual hands a key to a screen's queue and looks at the next before the first has done
    anything: of `/held`, in one burst, the letters would be commands of the queue. Here a key of a
    screen is done before the next is looked at, and what was meant for a line that has the focus by
    then goes to that line.
    """

    def __init__(self) -> None:
        super().__init__(watch_css=False)
        self._on_their_way = WeakSet[events.Key]()
        """Keys in the queue of a screen that was still being made. Weak: one that ends before it
        looks at them never gives them back.
        """

    async def on_event(self, event: events.Event) -> None:
        """Route keys; the rest is Textual's."""
        if not isinstance(event, events.Key):
            await super().on_event(event)
        elif event.is_forwarded:
            await self._come_back(event)
        else:
            await self._come(event)

    async def _come(self, key: events.Key) -> None:
        screen = self.screen
        if self._waits_for(screen):
            if not await self._check_bindings(key.key, priority=True):
                self._on_their_way.add(key)
                screen._forward_event(key)
        elif self.focused is not None or not await self._done(key.key):
            await super().on_event(key)

    def _waits_for(self, screen: Screen[object]) -> bool:
        return not screen.is_mounted or len(self._on_their_way) > 0

    async def _done(self, key: str) -> bool:
        return await self._check_bindings(key, priority=True) or await self._check_bindings(key)

    async def _come_back(self, key: events.Key) -> None:
        """A key that its screen made nothing of."""
        ahead, focused = key in self._on_their_way, self.focused
        self._on_their_way.discard(key)
        if ahead and focused is not None:
            focused._forward_event(key)
        else:
            await super().on_event(key)
