"""From the queue to the script under the cursor: what is known of it, on a screen of its own."""

from functools import partial

from tui.background_reader import Trouble
from tui.review_part import UNREADABLE, ReviewPart
from tui.script_screen import ScriptScreen
from tui.script_view import read_script


class ScriptReview(ReviewPart):
    """What a person can do with the script that a case is about."""

    def obstacle(self, action_id: str) -> str | None:
        """Return why `script` cannot be done now, or None when it can."""
        if self.desk.trouble:
            return UNREADABLE
        return None if self._path() else "No script is known here."

    def _path(self) -> str | None:
        """Return the path of the script that the cursor is on."""
        here = self.desk.begun()
        return None if here is None else here.case.script_path

    def do_script(self) -> None:
        """Show its versions, of which one can be approved, where it sends what, and what it is made of."""
        path = self._path()
        assert path is not None
        self.desk.start(partial(self._show, path), "script")

    async def _show(self, path: str) -> None:
        desk = self.desk
        parts_of = None if desk.acts is None else desk.acts.parts
        reading = await desk.reader.ask(partial(read_script, desk.store, path, parts_of))
        if isinstance(reading, Trouble):
            desk.show_trouble(reading)
            return
        screen = ScriptScreen(reading, desk.store, desk.reader, desk.reviewer, parts_of)
        desk.app.push_screen(screen)
