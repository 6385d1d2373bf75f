"""From the queue to the script under the cursor: what is known of it, and what changed in it, on
screens of their own.
"""

from functools import partial

from tui.approving import Approving
from tui.background_reader import Trouble
from tui.review_part import UNREADABLE, ReviewPart
from tui.script_screen import ScriptScreen
from tui.script_view import ScriptReading
from tui.version_screen import VersionScreen


class ScriptReview(ReviewPart):
    """What a person can do with the script that a case is about."""

    def obstacle(self, action_id: str) -> str | None:
        """Return why it cannot be done now, or None when it can."""
        if self.desk.trouble:
            return UNREADABLE
        return None if self.path() else "No script is known here."

    def path(self) -> str | None:
        """Return the path of the script that the cursor is on."""
        here = self.desk.begun()
        return None if here is None else here.case.script_path

    def approving(self) -> Approving:
        """Return what the screens of a script share."""
        desk, acts = self.desk, self.desk.acts
        return Approving(
            store=desk.store,
            reader=desk.reader,
            reviewer=desk.reviewer,
            parts_of=None if acts is None else acts.parts,
            kept_of=None if acts is None else acts.kept,
            unread_too=acts is not None and acts.approve_unread,
        )

    async def read(self, approving: Approving, path: str) -> ScriptReading | Trouble:
        """Return what is known of the script."""
        return await approving.read(path)

    def do_script(self) -> None:
        """Show its versions, of which one can be approved, where it sends what, and what it is made
        of.
        """
        path = self.path()
        assert path is not None
        self.desk.start(partial(self._show, path), "script")

    async def _show(self, path: str) -> None:
        approving = self.approving()
        reading = await self.read(approving, path)
        if isinstance(reading, Trouble):
            self.desk.show_trouble(reading)
            return
        self.desk.app.push_screen(ScriptScreen(reading, approving))

    def do_changes(self) -> None:
        """Show what is to be read of the newest version before it is approved."""
        path = self.path()
        assert path is not None
        self.desk.start(partial(self._show_changes, path), "script")

    async def _show_changes(self, path: str) -> None:
        approving = self.approving()
        reading = await self.read(approving, path)
        if isinstance(reading, Trouble):
            self.desk.show_trouble(reading)
            return
        if not reading.versions:
            self.desk.tell("No version of it is on record.")
            return
        found = await approving.compare(reading, 0)
        if isinstance(found, Trouble):
            self.desk.tell(found.what, wrong=True)
            return
        self.desk.app.push_screen(VersionScreen(approving, reading, 0, found), self._ended)

    def _ended(self, written: bool | None) -> None:
        if written:
            self.desk.start(self.desk.look_again)
