"""The palette: every action of the registry in words; one that cannot be done now says why."""

from collections.abc import Iterator
from functools import partial

from textual.command import DiscoveryHit, Hit, Hits, Provider

from tui.offers import Offers
from tui.screen_action import ScreenAction


class ReviewCommands(Provider):
    """Offers the actions of the screen that is open."""

    async def discover(self) -> Hits:
        """Offer everything before a word is written."""
        for action, help_text in self._offers():
            yield DiscoveryHit(
                action.name, partial(self._do, action), text=action.name, help=help_text
            )

    async def search(self, query: str) -> Hits:
        """Offer what is like the words written."""
        matcher = self.matcher(query)
        for action, help_text in self._offers():
            score = matcher.match(action.name)
            if score > 0:
                yield Hit(
                    score,
                    matcher.highlight(action.name),
                    partial(self._do, action),
                    text=action.name,
                    help=help_text,
                )

    def _offers(self) -> Iterator[tuple[ScreenAction, str]]:
        screen = self.screen
        if isinstance(screen, Offers):
            for action in screen.ACTIONS:
                reason = screen.unavailable(action)
                yield action, f"Not now: {reason}" if reason else f"{action.help} ({action.shown})"

    def _do(self, action: ScreenAction) -> None:
        screen = self.screen
        if isinstance(screen, Offers):
            screen.action_do(action.id)
