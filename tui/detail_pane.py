"""The pane beside the queue: one case's sections as wrapped lines with aligned labels; markup is
never read.
"""

from datetime import datetime, tzinfo

from textual import events
from textual.content import Content

from tui.case_detail import describe
from tui.case_reading import Reading
from tui.line_pane import LinePane
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


class DetailPane(LinePane):
    """Shows one case, or nothing."""

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
            self._lines, self._headings = lines_of(sections, max(20, self.room))
        self.has_lines(len(self._lines))

    def line(self, place: int) -> Content | None:
        """One line of the case."""
        return self._lines[place] if place < len(self._lines) else None
