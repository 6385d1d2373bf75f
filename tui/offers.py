"""What every screen with actions has in common: its keys come from the registry, and so do palette,
help and footer.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import ClassVar, Protocol

from textual.binding import Binding, BindingType

from core.rights import Deed
from tui.screen_action import ScreenAction


def bindings_of(actions: Sequence[ScreenAction]) -> list[BindingType]:
    """Return the keys of a screen's actions."""
    return [
        Binding(
            key,
            f"do('{action.id}')",
            action.name,
            show=False,
            id=f"{action.id}.{n}",
            tooltip=action.help,
        )
        for action in actions
        for n, key in enumerate(action.keys)
    ]


class Actor(Protocol):
    """Does some of a screen's actions, each by a method `do_<id>`."""

    def obstacle(self, action_id: str) -> str | None:
        """Return why an action of its own cannot be done now, or None when it can."""


class Offers:
    """A screen's side of the registry. The first actor that has the method does an action."""

    ACTIONS: ClassVar[tuple[ScreenAction, ...]] = ()

    @property
    def actors(self) -> Sequence[Actor]:
        """Who does the actions of this screen."""
        return (self,)

    def obstacle(self, action_id: str) -> str | None:
        """Return why an action that the screen itself does cannot be done now, or None when it
        can.
        """
        return None

    def refusal(self, deed: Deed) -> str | None:
        """Return why the person at the keyboard may not do this, or None."""
        return None

    def tell(self, words: str, *, wrong: bool = False) -> None:
        """Say something in passing."""
        raise NotImplementedError

    @cached_property
    def _actor_of(self) -> Mapping[str, Actor]:
        """Raises StopIteration for an action that nobody does: a test opens every screen."""
        return {
            action.id: next(actor for actor in self.actors if hasattr(actor, f"do_{action.id}"))
            for action in self.ACTIONS
        }

    def unavailable(self, action: ScreenAction) -> str | None:
        """Return why an action cannot be done now, or None when it can."""
        refused = None if action.deed is None else self.refusal(action.deed)
        return refused or self._actor_of[action.id].obstacle(action.id)

    def action_do(self, action_id: str) -> None:
        """Do an action of the registry, or say why not."""
        actor = self._actor_of[action_id]
        action = next(one for one in self.ACTIONS if one.id == action_id)
        reason = self.unavailable(action)
        if reason is not None:
            self.tell(reason)
            return
        act: Callable[[], None] = getattr(actor, f"do_{action_id}")
        act()
