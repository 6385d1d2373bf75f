"""Closing cases with a reason, and opening them again: one case, or all that are marked."""

from core.review import Action, Case, CaseStatus
from core.vocabulary.sizes import counted
from tui.act_events import Closing, events_for
from tui.background_reader import Trouble
from tui.close_dialog import CloseDialog
from tui.live_queue import LiveQueue
from tui.review_part import MARKING, READ_ONLY, UNREADABLE, WAITS, ReviewPart, is_marking
from tui.wording import disposition_words


class CaseReview(ReviewPart):
    """What a person decides of cases."""

    def __init__(self, desk: LiveQueue) -> None:
        super().__init__(desk)
        self._undoable: list[Case] = []
        """What was closed last in this session."""

    def obstacle(self, action_id: str) -> str | None:
        """Return why `close` or `undo` cannot be done now, or None when it can."""
        desk = self.desk
        if action_id == "close" and desk.trouble:
            return UNREADABLE
        if action_id == "undo" or not desk.queue.marks:
            elsewhere = self._elsewhere(action_id)
            if elsewhere is not None:
                return elsewhere
        if desk.reviewer.read_only:
            return READ_ONLY
        if action_id == "undo":
            return None if self._to_reopen() else "You have closed nothing in this session."
        return None if self._open_chosen() else "It is closed already; u reopens it."

    def _elsewhere(self, action_id: str) -> str | None:
        """Return why it cannot be done where the cursor is."""
        desk = self.desk
        if desk.held.current and not (action_id == "undo" and desk.reviewer.read_only):
            return WAITS
        if action_id == "close" and desk.queue.current is None:
            return desk.queue.lacks
        return None

    def _open_chosen(self) -> list[Case]:
        return [case for case in self.desk.queue.chosen() if case.status is CaseStatus.OPEN]

    def _to_reopen(self) -> list[Case]:
        current = self.desk.queue.current
        if current is not None and current.status is CaseStatus.CLOSED:
            return [current]
        return self._undoable

    def do_close(self) -> None:
        """Ask for the reason, then close."""
        if is_marking(self.desk):
            self.desk.tell(MARKING)
            return
        cases = self._open_chosen()

        def chosen(closing: Closing | None) -> None:
            if closing is not None:
                self._begin(cases, Action.CLOSE, closing)

        who = self.desk.reviewer
        dialog = CloseDialog(cases, who.clock(), who.zone, who.grows)
        dialog.remembered(self.desk.drafts, " ".join(sorted(case.key for case in cases)))
        self.desk.app.push_screen(dialog, chosen)

    def do_undo(self) -> None:
        """Reopen, as a new entry."""
        self._begin(self._to_reopen(), Action.REOPEN, None)

    def _begin(self, cases: list[Case], action: Action, closing: Closing | None) -> None:
        self.desk.run_worker(self._append(cases, action, closing), group="append")

    async def _append(self, cases: list[Case], action: Action, closing: Closing | None) -> None:
        desk = self.desk
        events = events_for(cases, action, desk.reviewer.who, desk.reviewer.clock(), closing)
        done = await desk.reader.ask(lambda: desk.store.append(events))
        count = counted(len(cases), "case")
        if isinstance(done, Trouble):
            desk.tell(f"Nothing was changed. {done.what}", wrong=True)
            return
        self._undoable = cases if action is Action.CLOSE else []
        desk.queue.marks.clear()
        if closing is None:
            desk.tell(f"Reopened {count}.")
        else:
            reason = disposition_words(closing.disposition.value)
            desk.tell(f"Closed {count}: {reason}. Press u to undo.")
        await desk.look_again()
