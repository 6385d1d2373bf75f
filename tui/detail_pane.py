"""The pane beside the queue: one case's sections as wrapped lines with aligned labels; markup is
never read.
"""

from datetime import datetime, tzinfo

from textual import events
from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Static

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


def laid_out(sections: list[Section], width: int) -> tuple[Content, dict[str, int]]:
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
    return Content("\n").join(lines), headings


def _row(row: Row, width: int, labelled: bool) -> list[Content]:
    text = row.text.lstrip(" ")
    indent = LABEL if labelled else len(row.text) - len(text)
    wrapped = Content.styled(text, TONES[row.tone]).wrap(max(10, width - indent))
    label = Content.styled(f"{row.label:<{LABEL}}" if labelled else " " * indent, "$quiet")
    pad = Content(" " * indent)
    return [(pad if i else label) + line for i, line in enumerate(wrapped)]


class DetailPane(VerticalScroll, can_focus=False, inherit_bindings=False):
    """Shows one case, or nothing."""

    DEFAULT_CSS = """
    DetailPane { background: $background; padding: 0 1; scrollbar-size-vertical: 1; }
    DetailPane > Static { width: 100%; height: auto; }
    """
    ALLOW_SELECT = False

    def __init__(self, zone: tzinfo | None) -> None:
        super().__init__()
        self._zone = zone
        self._reading: Reading | None = None
        self._now: datetime | None = None
        self._headings: dict[str, int] = {}

    def compose(self) -> ComposeResult:
        """One block of text."""
        text = Static(markup=False)
        # Copying evidence is egress; per instance on purpose.
        text.ALLOW_SELECT = False  # type: ignore[misc]
        yield text

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
        text = self.query_one(Static)
        if self._reading is None or self._now is None:
            text.update(Content(""))
            return
        sections = describe(self._reading, self._now, self._zone)
        room = self.scrollable_content_region.width - (0 if self.show_vertical_scrollbar else 1)
        content, self._headings = laid_out(sections, max(20, room))
        text.update(content)
