"""The review over a fleet: the same desk, with cases of all machines, which are taken over, given
to somebody, and commented.
"""

from collections.abc import Callable, Sequence
from typing import ClassVar, Protocol

from textual.binding import BindingType

from core.review_ports import CaseStore, HoldQueue
from core.rights import Deed
from tui.actions import REVIEW
from tui.app import ReviewApp
from tui.background_reader import Reader, Trouble
from tui.evidence_acts import EvidenceActs
from tui.fleet_scripts import FleetScriptReview, FleetScripts
from tui.live_queue import Reviewer
from tui.note_dialog import NoteDialog
from tui.offers import Actor, bindings_of
from tui.review_part import READ_ONLY, WAITS, ReviewPart
from tui.review_screen import ReviewScreen
from tui.screen_action import ScreenAction, action
from tui.sheet_actions import TABS
from tui.view_actions import VIEWS
from tui.wording import safe

FLEET: tuple[ScreenAction, ...] = (
    action(
        "take",
        "Take over",
        "Take the case over; everybody at the hub sees who works on it.",
        deed=Deed.WORK,
    ),
    action("assign", "Give to somebody", "Give the case to somebody, by name.", deed=Deed.WORK),
    action(
        "comment",
        "Comment",
        "Say something about the case; it is chained with who said it.",
        deed=Deed.WORK,
    ),
)


_OF_ONE_MACHINE = {"rule", "passport", "export", "verify", *(one.id for one in (*TABS, *VIEWS))}
"""What is read of one machine's own evidence, policy and scripts: no hub has it at hand."""


class FleetStore(CaseStore, FleetScripts, Protocol):
    """What the fleet's desk does beside what every review does. Each call may block. Each raises
    ForbiddenError, InputError, DatabaseDownError.
    """

    def take(self, key: str) -> None:
        """Take a case over."""

    def assign(self, key: str, to: str) -> None:
        """Give a case to somebody."""

    def comment(self, key: str, words: str) -> None:
        """Say something about a case."""


class _Asked(NoteDialog[str]):
    """Asks for one line."""

    def on_mount(self) -> None:
        """Say what is meant: neither a name nor a comment is a reason."""
        self.note.placeholder = "It is chained with who wrote it: no personal data of others."

    def result(self, note: str) -> str | None:
        """Return what was written."""
        return note


class FleetPart(ReviewPart):
    """Who works on a case."""

    def __init__(self, desk: ReviewScreen, store: FleetStore) -> None:
        super().__init__(desk)
        self._store = store

    def obstacle(self, action_id: str) -> str | None:
        """Return why it cannot be done now, or None when it can."""
        if self.desk.reviewer.read_only:
            return READ_ONLY
        if self.desk.held.current:
            return WAITS
        if self.desk.queue.current is None:
            return self.desk.queue.lacks
        return super().obstacle(action_id)

    def do_take(self) -> None:
        """Take it over."""
        key = self._key()
        self._begin(lambda: self._store.take(key), "It is yours now.")

    def do_assign(self) -> None:
        """Ask to whom."""
        key = self._key()

        def answered(to: str | None) -> None:
            if to:
                self._begin(lambda: self._store.assign(key, to), f"Given to {safe(to, 60)}.")

        dialog = _Asked("Give the case to", ("The name, as it is known at the hub.",), "Give it")
        self.desk.app.push_screen(dialog, answered)

    def do_comment(self) -> None:
        """Ask for the words."""
        key = self._key()

        def answered(words: str | None) -> None:
            if words:
                self._begin(lambda: self._store.comment(key, words), "It is said.")

        dialog = _Asked("Say something about the case", (), "Say it", required=True)
        self.desk.app.push_screen(dialog, answered)

    def _key(self) -> str:
        case = self.desk.queue.current
        return "" if case is None else case.key

    def _begin(self, do: Callable[[], None], words: str) -> None:
        self.desk.run_worker(self._done(do, words), group="append")

    async def _done(self, do: Callable[[], None], words: str) -> None:
        done = await self.desk.reader.ask(do)
        if isinstance(done, Trouble):
            self.desk.tell(f"Nothing was changed. {done.what}", wrong=True)
            return
        self.desk.tell(words)
        await self.desk.look_again()


class FleetScreen(ReviewScreen):
    """The review with what a fleet's desk does beside."""

    ACTIONS = (*(one for one in REVIEW if one.id not in _OF_ONE_MACHINE), *FLEET)
    BINDINGS: ClassVar[list[BindingType]] = bindings_of(FLEET)

    def __init__(
        self,
        store: FleetStore,
        reader: Reader,
        reviewer: Reviewer,
        holds: HoldQueue | None = None,
        line: str = "",
        acts: EvidenceActs | None = None,
    ) -> None:
        super().__init__(store, reader, reviewer, holds, line, acts)
        self._scripts = FleetScriptReview(self, store)
        self._fleet_part = FleetPart(self, store)
        self.queue.of_a_fleet = True

    @property
    def actors(self) -> Sequence[Actor]:
        """Those of every review, but for scripts, and the fleet's part."""
        return (self._scripts, *super().actors, self._fleet_part)

    def action_do(self, action_id: str) -> None:
        """Do an action; the keys of those that one machine's review has beside do nothing."""
        if any(one.id == action_id for one in self.ACTIONS):
            super().action_do(action_id)


class FleetReview(ReviewApp):
    """What `outgate hub review` opens."""

    TITLE = "Outgate fleet review"
    DESK = FleetScreen
