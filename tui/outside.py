"""A click beside a dialog closes it, as Esc does: nobody needs the keyboard to leave one."""

from textual import events
from textual.screen import ModalScreen


class LeftByClick[Result](ModalScreen[Result]):
    """A modal screen; `leave` is what Esc does."""

    def leave(self) -> None:
        """Change nothing and close."""
        raise NotImplementedError

    def on_click(self, event: events.Click) -> None:
        """Close where the click is beside the dialog."""
        under, _ = self.get_widget_at(event.screen_x, event.screen_y)
        if under is self:
            event.stop()
            self.leave()
