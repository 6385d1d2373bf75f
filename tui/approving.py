"""Approving a version of a script, and taking that back: what stands against it, the question why,
the entry in the evidence.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial

from textual.widget import Widget
from textual.widgets import Input, Static

from core.review import Action, ScriptVersion, script_event
from core.review_ports import CaseStore
from tui.approval_words import ALL_MACHINES, HERE, ApprovalWords, Question
from tui.background_reader import Reader, Trouble
from tui.kept_code import Kept, KeptOf
from tui.live_queue import Reviewer
from tui.note_dialog import Drafts, NoteDialog
from tui.review_part import READ_ONLY
from tui.script_view import PartsOf, ScriptReading, read_script
from tui.version_changes import NOT_AT_HAND, Changes, what_is_new
from tui.wording import safe


class ApprovalDialog(NoteDialog[str]):
    """Asks why. Gives the note, or None when it was given up."""

    KEYS = "Enter does it   Esc back"
    DEFAULT_CSS = "ApprovalDialog .about { margin-top: 1; max-height: 6; }"

    def __init__(self, version: ScriptVersion, asked: Question, digits: int) -> None:
        """`digits`: so many of the version's hash are told."""
        self._effect = asked.effect
        told = f"Version {safe(version.sha256 or '', 64)[:digits]}"
        super().__init__(
            asked.title, (safe(version.script, 300), told), asked.button, required=True
        )

    def asked(self) -> Iterator[Widget]:
        """Yield what it does."""
        yield Static(self._effect, classes="effect", markup=False)

    def result(self, note: str) -> str:
        """Return the note."""
        return note

    def on_mount(self) -> None:
        """Begin at the note: it has to be written."""
        self.query_one(Input).focus()


@dataclass(frozen=True, slots=True, kw_only=True)
class Approving:
    """What the screens of a script share."""

    store: CaseStore
    reader: Reader
    reviewer: Reviewer
    parts_of: PartsOf | None = None
    kept_of: KeptOf | None = None
    unread_too: bool = False
    """The organisation lets approve what cannot be read; the evidence then says so."""
    by_hash: Callable[[ScriptReading, int], Changes] | None = None
    """Where no source is at hand at all, a version is approved by its hash, for all machines: what
    is told of the chosen one then; None: its source is read.
    """
    drafts: Drafts = field(default_factory=dict)

    @property
    def words(self) -> ApprovalWords:
        """What is asked, and said of it."""
        return HERE if self.by_hash is None else ALL_MACHINES

    def asking(
        self, version: ScriptVersion, *, approve: bool, unread: bool = False
    ) -> ApprovalDialog:
        """Return the question why."""
        asks = self.words.unread if unread else self.words.approve
        asked = asks if approve else self.words.withdraw
        dialog = ApprovalDialog(version, asked, self.words.digits)
        return dialog.remembered(self.drafts, f"{version.script} {version.sha256} {approve}")

    async def read(self, path: str) -> ScriptReading | Trouble:
        """Return what is known of a script."""
        return await self.reader.ask(partial(read_script, self.store, path, self.parts_of))

    async def compare(self, reading: ScriptReading, chosen: int) -> Changes | Trouble:
        """Return what is to be read of a version before it is approved."""
        return await self.reader.ask(partial(self._compared, reading, chosen))

    def _compared(self, reading: ScriptReading, chosen: int) -> Changes:
        if self.by_hash is not None:
            return self.by_hash(reading, chosen)
        kept_of = self.kept_of or (lambda _: Kept(why=NOT_AT_HAND))
        return what_is_new(reading, reading.versions[chosen], kept_of)

    def obstacle(self, reading: ScriptReading, chosen: int, action_id: str) -> str | None:
        """Return why a version cannot be approved, or its approval not be taken back; None when it
        can.
        """
        if self.reviewer.read_only:
            return READ_ONLY
        version = reading.versions[chosen] if reading.versions else None
        if version is None or version.sha256 is None:
            return "The content of this version is not known, so it cannot be approved."
        approved = reading.approved(version)
        if approved and action_id == "approve":
            return "It is approved already; b takes that back."
        if not approved and action_id == "withdraw":
            return "It is not approved."
        return None

    def unread_obstacle(self, found: Changes) -> str | None:
        """Return why nobody may approve what was to be read; None where it was read, or need not
        be.
        """
        if found.unread is None or self.unread_too:
            return None
        return f"Only what can be read here is approved. {found.unread}"

    async def write(
        self, version: ScriptVersion, note: str, *, approve: bool, unread: bool = False
    ) -> Trouble | str:
        """Append the approval, or its withdrawal; return what was done, in words."""
        event = script_event(
            version,
            approve=approve,
            who=self.reviewer.who,
            at=self.reviewer.clock(),
            note=note,
            unread=unread,
        )
        done = await self.reader.ask(lambda: self.store.append([event]))
        if isinstance(done, Trouble):
            return done
        if any(one.action is Action.ASK_APPROVE_SCRIPT for one in done):
            return "Asked for. It is approved once a second person says the same."
        if not approve:
            return self.words.withdrawn
        return self.words.approved_unread if unread else self.words.approved
