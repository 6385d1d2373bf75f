"""What is said in passing: the newest alone, and never over a dialog."""

from typing import Any
from weakref import WeakSet

from textual.app import App
from textual.notifications import Notify
from textual.screen import Screen


class OneNotice(App[int]):
    """A new notice takes the place of the one before, and a dialog that opens has the screen for
    itself. What went wrong stays until its time is over.
    """

    def make_room_for_dialogs(self) -> None:
        """Begin to look at which screens are opened; called once, before the first."""
        self._known = WeakSet[Screen[Any]]()
        self.screen_change_signal.subscribe(self, self._opened)

    def _opened(self, screen: Screen[Any]) -> None:
        if screen not in self._known:
            self._known.add(screen)
            self._take_away()

    def _take_away(self) -> None:
        for notice in tuple(self._notifications):
            if notice.severity != "error":
                self._unnotify(notice)

    def _on_notify(self, _: Notify) -> None:
        """Textual's own handler comes after this one, and adds the new."""
        self._take_away()
