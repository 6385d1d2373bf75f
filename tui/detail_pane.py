"""The pane beside the queue: one case's sections as wrapped lines with aligned labels; markup is
never read.
"""

from datetime import datetime, tzinfo

from textual import events
from textual.content import Content
from textual.geometry import Size
from textual.scroll_view import ScrollView
from textual.strip import Strip
from textual.visual import Visual

from tui.case_detail import describe
from tui.case_reading import Reading
from tui.rows import Row, Section

LABEL = 13
TONES = {
    "plain": "",
    "strong": "bold",
    "quiet": "$quiet",
    "allowed": "$allowed",
    "held": "$held",
    "blocked": "$blocked",
    "unknown": "$unknown",
}


def laid_out(sections: list[Section], width: int) -> Content:
    """Return the sections at this width as one text."""
    return Content("\n").join(lines_of(sections, width)[0])


def lines_of(sections: list[Section], width: int) -> tuple[list[Content], dict[str, int]]:
    """Return all lines of the sections at this width, and at which line each heading stands."""
    lines: list[Content] = []
    headings: dict[str, int] = {}
    for section in sections:
        if section.title:
            lines.append(Content(""))
            headings[section.title] = len(lines)
            lines.append(Content.styled(section.title, "bold $primary"))
        labelled = any(row.label for row in section.rows)
        for row in section.rows:
            lines.extend(_row(row, width, labelled))
    return lines, headings


def _row(row: Row, width: int, labelled: bool) -> list[Content]:
    text = row.text.lstrip(" ")
    indent = LABEL if labelled else len(row.text) - len(text)
    wrapped = Content.styled(text, TONES[row.tone]).wrap(max(10, width - indent))
    label = Content.styled(f"{row.label:<{LABEL}}" if labelled else " " * indent, "$quiet")
    pad = Content(" " * indent)
    return [(pad if i else label) + line for i, line in enumerate(wrapped)]


class DetailPane(ScrollView, can_focus=False, inherit_bindings=False):
    """Shows one case, or nothing. Draws only the lines that are seen: a child that grows and
    shrinks with each case would have the whole screen laid out anew at each key.
    """

    DEFAULT_CSS = """
    DetailPane {
        background: $background; padding: 0 1; overflow-x: hidden; overflow-y: scroll;
        scrollbar-size-vertical: 1;
    }
    """
    ALLOW_SELECT = False
    """Copying evidence is egress."""

    def __init__(self, zone: tzinfo | None) -> None:
        super().__init__()
        self._zone = zone
        self._reading: Reading | None = None
        self._now: datetime | None = None
        self._headings: dict[str, int] = {}
        self._lines: list[Content] = []

    @property
    def shown_key(self) -> str | None:
        """Key of the case or held request that is shown."""
        return None if self._reading is None else self._reading.key

    def show(self, reading: Reading | None, now: datetime) -> None:
        """Show this case; stays where it was scrolled to when it is the same one."""
        same = reading is not None and reading.key == self.shown_key
        self._reading, self._now = reading, now
        self._draw()
        if not same:
            self.scroll_home(animate=False)

    def scroll_to_heading(self, title: str) -> None:
        """Bring a heading to the top."""
        self.scroll_to(y=self._headings.get(title, 0), animate=False, force=True)

    def on_resize(self, event: events.Resize) -> None:
        """Wrap again."""
        self._draw()

    def _draw(self) -> None:
        self._lines, self._headings = [], {}
        if self._reading is not None and self._now is not None:
            sections = describe(self._reading, self._now, self._zone)
            self._lines, self._headings = lines_of(sections, max(20, self._room))
        # Not by assignment, for which Textual lays the whole screen out anew.
        self.set_reactive(DetailPane.virtual_size, Size(self._room, len(self._lines)))
        self._scroll_update(self.virtual_size)
        self.refresh()

    @property
    def _room(self) -> int:
        return self.scrollable_content_region.width

    def render_line(self, y: int) -> Strip:
        """Draw one line of the view."""
        place, width = self.scroll_offset.y + y, self._room
        if place >= len(self._lines):
            return Strip.blank(width, self.rich_style)
        [strip] = Visual.to_strips(self, self._lines[place], width, 1, self.visual_style)
        return strip
