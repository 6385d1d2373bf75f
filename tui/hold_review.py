"""Answering held requests: those that wait now, and those that expired or were refused and may run again."""

from collections.abc import Sequence
from functools import partial

from textual import on

from core.decision import HoldOutcome
from core.review import Case
from tui.answer_dialog import AnswerDialog, Answering, answer_event
from tui.background_reader import Trouble
from tui.held_panel import HeldPanel
from tui.holds import Held
from tui.live_queue import LiveQueue
from tui.queue_view import QueueView
from tui.wording import case_sentence, safe, sentence


class HoldReview(LiveQueue):
    """What a person can do with what is held."""

    def no_answer(self, action_id: str) -> str | None:
        """Return why `held`, `release` or `refuse` cannot be done now, or None when it can."""
        if action_id == "held":
            return None if self.held.items else "Nothing is held now."
        if self._reviewer.read_only:
            return "This is a read-only view."
        if self._answering(action_id) is None:
            return (
                "Press h to go to what is held."
                if self.held.items
                else "Nothing that was held is here."
            )
        return None

    def _answering(self, action_id: str) -> Answering | None:
        """Return what `a` or `b` means for what the cursor is on."""
        yes = action_id == "release"
        if self.held.current is not None:
            return Answering.RELEASE if yes else Answering.REFUSE
        case = self.queue.current
        if (
            case is None
            or case.hold is None
            or case.hold.outcome not in {HoldOutcome.TIMED_OUT, HoldOutcome.REFUSED}
        ):
            return None
        approved = case.hold.answer is not None and case.hold.answer.approved
        if yes:
            return None if approved else Answering.APPROVE_NEXT
        return Answering.WITHDRAW if approved else None

    # Moving

    def do_held(self) -> None:
        """Go to what has the least time left."""
        self.held.enter()
        self._moved_held()

    def step_held(self, by: int) -> bool:
        """Move among what is held, or in or out of it; False when the queue has to move."""
        if self.held.current is None:
            if by > 0 or self.queue.cursor > 0 or not self.held.items:
                return False
            self.held.enter(-1)
        elif not self.held.move(by) and by > 0 and self.queue.count:
            self.held.leave()
        self._moved_held()
        return True

    def leave_held(self) -> None:
        """Go back to the queue, where one was."""
        self.held.leave()
        self._moved_held()

    def _moved_held(self) -> None:
        view = self.query_one(QueueView)
        view.has_cursor = self.held.current is None
        view.redraw_row(self.queue.cursor)
        self.set_class(not self.queue.count and self.held.current is None, "-empty")
        self._show_case()
        self._say()

    @on(HeldPanel.Chosen)
    def _held_clicked(self, event: HeldPanel.Chosen) -> None:
        event.stop()
        self.held.enter(event.index)
        self._moved_held()

    # Answering

    def do_release(self) -> None:
        """Ask, then let it go now or on the next run."""
        self._ask_for("release")

    def do_refuse(self) -> None:
        """Ask, then refuse it or take an approval back."""
        self._ask_for("refuse")

    def _ask_for(self, action_id: str) -> None:
        answering, held, case = self._answering(action_id), self.held.current, self.queue.current
        assert answering is not None
        now, zone = self._reviewer.clock(), self._reviewer.zone
        if held is not None:
            about, subject = sentence(held.record, now, zone, waiting=True), held.case
        else:
            assert case is not None
            about, subject = case_sentence(case, now, zone), case

        def answered(note: str | None) -> None:
            if note is not None:
                self.run_worker(self._answer(subject, held, answering, note), group="append")

        left = None if held is None else lambda: held.left(self._reviewer.clock())
        self.app.push_screen(AnswerDialog(answering, (about,), left), answered)

    async def _answer(self, case: Case, held: Held | None, answering: Answering, note: str) -> None:
        now = self._reviewer.clock()
        late = held is not None and held.left(now) == 0
        event = answer_event(case.last_record, case.key, answering, self._reviewer.who, now, note)
        done = await self._reader.ask(lambda: self._store.append([event]))
        if isinstance(done, Trouble):
            self.tell(f"Nothing was changed. {done.what}", wrong=True)
            return
        self.tell(_told(answering, late))
        if held is not None:
            self._take_held(tuple(h for h in self.held.items if h.id != held.id))
        await self._refresh()

    def holds_ended(self, gone: Sequence[Held]) -> None:
        """Say which expired unseen; they are in the queue from now on."""
        self.run_worker(self._tell_expired(tuple(gone)), group="ended")

    async def _tell_expired(self, gone: tuple[Held, ...]) -> None:
        if self._holds is None:
            return
        states = await self._reader.ask(partial(self._holds.states, [held.id for held in gone]))
        if isinstance(states, Trouble):
            return
        for held in gone:
            state = states.get(held.id)
            if (
                state is not None
                and state.outcome is HoldOutcome.TIMED_OUT
                and state.answer is None
            ):
                who = safe(held.case.script, 60) or "an unknown sender"
                self.tell(
                    f"{who}: nobody answered in time. It was refused, and is in the queue as expired."
                )


def _told(answering: Answering, late: bool) -> str:
    match answering:
        case Answering.RELEASE if not late:
            return "Released: the gate sends it on now."
        case Answering.RELEASE | Answering.APPROVE_NEXT:
            return "Approved: it passes when the script is run again."
        case Answering.REFUSE:
            return "Refused: the script is told so."
        case _:
            return "Taken back: an identical request is held again."
