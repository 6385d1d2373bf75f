"""One script on the screen: its versions, of which one can be approved, or its approval taken
back.
"""

from collections.abc import Iterator
from functools import partial
from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widget import Widget
from textual.widgets import Input, Static

from core.ports import CaseStore
from core.review import Action, ScriptVersion, script_event
from core.rights import Deed
from tui.actions import SCREENS, for_footer
from tui.background_reader import Reader, Trouble
from tui.detail_pane import laid_out
from tui.help_screen import HelpScreen
from tui.live_queue import Reviewer
from tui.note_dialog import NoteDialog
from tui.offers import Offers, bindings_of
from tui.review_part import READ_ONLY
from tui.script_view import PartsOf, ScriptReading, describe_script, read_script
from tui.wording import safe

_APPROVE = (
    "Approve this version?",
    "Rules that ask for approved scripts let this very version pass, from now on. A changed file "
    "has to be approved again.",
    "Approve this version",
)
_WITHDRAW = (
    "Take the approval back?",
    "Rules that ask for approved scripts stop this version from now on. What passed already "
    "stays passed.",
    "Take the approval back",
)


class ApprovalDialog(NoteDialog[str]):
    """Asks why. Gives the note, or None when it was given up."""

    KEYS = "Enter does it   Esc back"
    DEFAULT_CSS = "ApprovalDialog .about { margin-top: 1; max-height: 6; }"

    def __init__(self, version: ScriptVersion, *, approve: bool) -> None:
        title, self._effect, button = _APPROVE if approve else _WITHDRAW
        about = (safe(version.script, 300), f"Version {safe(version.sha256 or '', 64)[:16]}")
        super().__init__(title, about, button, required=True)

    def asked(self) -> Iterator[Widget]:
        """Yield what it does."""
        yield Static(self._effect, classes="effect", markup=False)

    def result(self, note: str) -> str:
        """Return the note."""
        return note

    def on_mount(self) -> None:
        """Begin at the note: it has to be written."""
        self.query_one(Input).focus()


class _Lines(VerticalScroll, can_focus=False, inherit_bindings=False):
    """Scrolls; the keys are the screen's."""

    ALLOW_SELECT = False


class ScriptScreen(Offers, ModalScreen[None]):
    """Shows what is known of a script; approving is about the version under the cursor."""

    ACTIONS = SCREENS["script"]
    BINDINGS: ClassVar[list[BindingType]] = bindings_of(ACTIONS)
    DEFAULT_CSS = """
    ScriptScreen { align: center middle; background: $background 60%; }
    ScriptScreen > Vertical {
        width: 104; max-width: 96%; height: auto; max-height: 96%; background: $surface;
        border: round $primary; padding: 0 2;
    }
    ScriptScreen _Lines { height: auto; max-height: 100%; scrollbar-size-vertical: 1; }
    ScriptScreen .keys { color: $quiet; margin-top: 1; dock: bottom; background: $surface; }
    """

    def __init__(
        self,
        reading: ScriptReading,
        store: CaseStore,
        reader: Reader,
        reviewer: Reviewer,
        parts_of: PartsOf | None,
    ) -> None:
        super().__init__()
        self._reading, self._chosen = reading, 0
        self._store, self._reader, self._reviewer, self._parts_of = (
            store,
            reader,
            reviewer,
            parts_of,
        )

    def compose(self) -> ComposeResult:
        """The lines, and the keys always in view."""
        with Vertical():
            with _Lines():
                text = Static(markup=False)
                # Copying evidence is egress; per instance on purpose.
                text.ALLOW_SELECT = False  # type: ignore[misc]
                yield text
            yield Static(classes="keys", markup=False)

    def on_mount(self) -> None:
        """Show it."""
        self._draw()

    def on_resize(self, event: events.Resize) -> None:
        """Wrap again."""
        self._draw()

    def refusal(self, deed: Deed) -> str | None:
        """Return why this person may not do this here."""
        return self._reviewer.refusal(deed)

    def tell(self, words: str, *, wrong: bool = False) -> None:
        """Say something in passing."""
        self.notify(words, severity="error" if wrong else "information", markup=False)

    def obstacle(self, action_id: str) -> str | None:
        """Return why a version cannot be approved, or its approval not be taken back; None when it
        can.
        """
        if action_id not in {"approve", "withdraw"}:
            return None
        if self._reviewer.read_only:
            return READ_ONLY
        version = self._reading.versions[self._chosen] if self._reading.versions else None
        if version is None or version.sha256 is None:
            return "The content of this version is not known, so it cannot be approved."
        approved = self._reading.approved(version)
        if approved and action_id == "approve":
            return "It is approved already; b takes that back."
        if not approved and action_id == "withdraw":
            return "It is not approved."
        return None

    def do_down(self) -> None:
        """Version before."""
        self._choose(self._chosen + 1)

    def do_up(self) -> None:
        """Version after."""
        self._choose(self._chosen - 1)

    def _choose(self, index: int) -> None:
        self._chosen = max(0, min(len(self._reading.versions) - 1, index))
        self._draw()

    def do_page_down(self) -> None:
        """Read on."""
        self.query_one(_Lines).scroll_page_down(animate=False)

    def do_page_up(self) -> None:
        """Read back."""
        self.query_one(_Lines).scroll_page_up(animate=False)

    def do_help(self) -> None:
        """Show every key."""
        self.app.push_screen(HelpScreen(self.ACTIONS, self.unavailable))

    def do_back(self) -> None:
        """Back to the queue."""
        self.app.pop_screen()

    def do_approve(self) -> None:
        """Ask why, then approve this version."""
        self._decide(approve=True)

    def do_withdraw(self) -> None:
        """Ask why, then take its approval back."""
        self._decide(approve=False)

    def _decide(self, *, approve: bool) -> None:
        version = self._reading.versions[self._chosen]

        def answered(note: str | None) -> None:
            if note is not None:
                self.run_worker(self._write(version, note, approve=approve), group="append")

        self.app.push_screen(ApprovalDialog(version, approve=approve), answered)

    async def _write(self, version: ScriptVersion, note: str, *, approve: bool) -> None:
        event = script_event(
            version, approve=approve, who=self._reviewer.who, at=self._reviewer.clock(), note=note
        )
        done = await self._reader.ask(lambda: self._store.append([event]))
        if isinstance(done, Trouble):
            self.tell(f"Nothing was changed. {done.what}", wrong=True)
            return
        again = await self._reader.ask(
            partial(read_script, self._store, self._reading.path, self._parts_of)
        )
        if isinstance(again, Trouble):
            self.tell(f"It is written, but cannot be shown. {again.what}", wrong=True)
            return
        self._reading = again
        self._draw()
        if any(one.action is Action.ASK_APPROVE_SCRIPT for one in done):
            self.tell("Asked for. It is approved once a second person says the same.")
            return
        self.tell("Approved." if approve else "Taken back. This version is stopped from now on.")

    def _draw(self) -> None:
        sections = describe_script(
            self._reading, self._reviewer.clock(), self._reviewer.zone, self._chosen
        )
        width = min(104, self.app.size.width * 96 // 100) - 8
        self.query_one(_Lines).query_one(Static).update(laid_out(sections, width)[0])
        keys = (f"{action.shown} {action.short}" for action in for_footer(self.ACTIONS, width))
        self.query_one(".keys", Static).update(Content("   ".join(keys)))
