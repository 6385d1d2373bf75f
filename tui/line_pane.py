"""A pane of styled lines: draws only those that are seen. A child as tall as its text would have
the whole screen laid out anew, and every line of it drawn, at each change.
"""

from textual.content import Content
from textual.geometry import Size
from textual.scroll_view import ScrollView
from textual.strip import Strip
from textual.visual import Visual


class LinePane(ScrollView, can_focus=False, inherit_bindings=False):
    """Shows the lines that `line` gives."""

    DEFAULT_CSS = """
    LinePane {
        background: $background; padding: 0 1; overflow-x: hidden; overflow-y: scroll;
        scrollbar-size-vertical: 1;
    }
    """
    ALLOW_SELECT = False
    """Copying evidence is egress."""

    def line(self, place: int) -> Content | None:
        """Return one line; None below the last."""
        raise NotImplementedError

    def has_lines(self, count: int) -> None:
        """Take so many lines, and draw those that are seen."""
        # Not by assignment, for which Textual lays the whole screen out anew.
        self.set_reactive(LinePane.virtual_size, Size(self.room, count))
        self._scroll_update(self.virtual_size)
        self.refresh()

    @property
    def room(self) -> int:
        """How wide a line may be, in cells."""
        return self.scrollable_content_region.width

    def render_line(self, y: int) -> Strip:
        """Draw one line of the view."""
        line = self.line(self.scroll_offset.y + y)
        if line is None:
            return Strip.blank(self.room, self.rich_style)
        [strip] = Visual.to_strips(self, line, self.room, 1, self.visual_style)
        return strip
