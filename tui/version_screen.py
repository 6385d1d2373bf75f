"""What is to be read of a script's version, on a screen of its own; from here it is approved."""

from typing import ClassVar

from textual.binding import BindingType
from textual.content import Content

from core.rights import Deed
from tui.actions import SCREENS
from tui.approving import Approving
from tui.background_reader import Trouble
from tui.detail_pane import laid_out
from tui.offers import bindings_of
from tui.reading_screen import ReadingScreen
from tui.rows import Row, Section
from tui.script_view import ScriptReading
from tui.version_changes import Changes
from tui.wording import safe


class VersionScreen(ReadingScreen[bool]):
    """Shows the changes of one version. Gives whether something was written."""

    ACTIONS = SCREENS["changes"]
    BINDINGS: ClassVar[list[BindingType]] = bindings_of(ACTIONS)

    def __init__(
        self, approving: Approving, reading: ScriptReading, chosen: int, found: Changes
    ) -> None:
        super().__init__()
        self._approving, self._reading, self._place = approving, reading, chosen
        self._found = found

    def drawn(self, width: int) -> tuple[Content, Content]:
        """Return what it is compared with, and every line to read."""
        rows = [Row("", safe(self._reading.path, 600), "strong"), Row("", self._found.said)]
        if self._found.unread is not None:
            rows.append(Row("", self._found.unread, "unknown"))
        if self._found.lines:
            rows.append(Row("", self._found.legend, "quiet"))
        about = laid_out([Section("", tuple(rows))], width)
        lines = laid_out([Section("", self._found.lines)], width)
        return about, lines

    def refusal(self, deed: Deed) -> str | None:
        """Return why this person may not do this here."""
        return self._approving.reviewer.refusal(deed)

    def obstacle(self, action_id: str) -> str | None:
        """Return why it cannot be approved; None when it can."""
        if action_id != "approve":
            return None
        found = self._approving.obstacle(self._reading, self._place, "approve")
        return found or self._approving.unread_obstacle(self._found)

    def do_back(self) -> None:
        """Back, with nothing written."""
        self.dismiss(False)

    def do_approve(self) -> None:
        """Ask why, then approve this version."""
        version, unread = self._reading.versions[self._place], self._found.unread is not None

        def answered(note: str | None) -> None:
            if note is not None:
                self.run_worker(self._write(note, unread=unread), group="append")

        dialog = self._approving.asking(version, approve=True, unread=unread)
        self.app.push_screen(dialog, answered)

    async def _write(self, note: str, *, unread: bool) -> None:
        version = self._reading.versions[self._place]
        done = await self._approving.write(version, note, approve=True, unread=unread)
        if isinstance(done, Trouble):
            self.tell(f"Nothing was changed. {done.what}", wrong=True)
            return
        self.app.notify(done, markup=False)
        self.dismiss(True)
