"""Answering held requests: those that wait now, and those that expired or were refused and may run
again.
"""

from collections.abc import Sequence
from functools import partial

from core.day_words import day_ahead
from core.decision import HoldOutcome
from core.review import Action, Case
from tui.act_events import Answering, answer_event, answering_after
from tui.answer_dialog import Answer, AnswerDialog
from tui.background_reader import Trouble
from tui.case_remarks import sender_told
from tui.holds import Held
from tui.queue_view import QueueView
from tui.review_part import READ_ONLY, UNREADABLE, ReviewPart
from tui.wording import case_sentence, risk_once_left, safe, sentence


class HoldReview(ReviewPart):
    """What a person can do with what is held."""

    def obstacle(self, action_id: str) -> str | None:
        """Return why `held`, `release` or `refuse` cannot be done now, or None when it can."""
        items = self.desk.held.items
        if self.desk.trouble:
            return UNREADABLE
        if action_id == "held":
            return None if items else "Nothing is held now."
        if self.desk.reviewer.read_only:
            return READ_ONLY
        if self._answering(action_id) is not None:
            return None
        return "Press h to go to what is held." if items else "Nothing that was held is here."

    def _answering(self, action_id: str) -> Answering | None:
        """Return what `a` or `b` means for what the cursor is on."""
        yes = action_id == "release"
        if self.desk.held.current is not None:
            return Answering.RELEASE if yes else Answering.REFUSE
        case = self.desk.queue.current
        return None if case is None else answering_after(case.hold, yes=yes)

    # Moving

    def do_held(self) -> None:
        """Go to what has the least time left."""
        self.desk.held.enter()
        self._moved()

    def step(self, by: int) -> bool:
        """Move among what is held, or in or out of it; False when the queue has to move."""
        if self.desk.held.current is None:
            if by > 0 or self.desk.queue.cursor > 0 or not self.desk.held.items:
                return False
            self.desk.held.enter(-1)
        elif not self.desk.held.move(by) and by > 0 and self.desk.queue.count:
            self.desk.held.leave()
        self._moved()
        return True

    def leave(self) -> None:
        """Go back to the queue, where one was."""
        self.desk.held.leave()
        self._moved()

    def _moved(self) -> None:
        view = self.desk.query_one(QueueView)
        view.has_cursor = self.desk.held.current is None
        view.redraw_row(self.desk.queue.cursor)
        self.desk.set_class(not self.desk.queue.count and self.desk.held.current is None, "-empty")
        self.desk.show_case()
        self.desk.say()

    def go_to(self, index: int) -> None:
        """Go to one of what is held."""
        self.desk.held.enter(index)
        self._moved()

    # Answering

    def do_release(self) -> None:
        """Ask, then let it go now or on the next run."""
        self._ask_for("release")

    def do_refuse(self) -> None:
        """Ask, then refuse it or take an approval back."""
        self._ask_for("refuse")

    def _ask_for(self, action_id: str) -> None:
        answering, held, case = (
            self._answering(action_id),
            self.desk.held.current,
            self.desk.queue.current,
        )
        assert answering is not None
        now, zone = self.desk.reviewer.clock(), self.desk.reviewer.zone
        if held is not None:
            about, subject = sentence(held.record, now, zone, waiting=True), held.case
        else:
            assert case is not None
            about, subject = case_sentence(case, now, zone), case

        def answered(answer: Answer | None) -> None:
            if answer is not None:
                self.desk.run_worker(self._answer(subject, held, answering, answer), group="append")

        day = partial(day_ahead, now=now, zone=zone)
        lines = [about] if held is None or not held.asked_by else [about, _asked(held)]
        if action_id == "release" and (once := risk_once_left(subject)) is not None:
            lines.append(f"Risk once it has left: {once[0]}.")
        left = None if held is None else lambda: held.left(self.desk.reviewer.clock())
        dialog = AnswerDialog(answering, tuple(lines), left, day)
        # One draft for now and for the next run: a hold may end while the dialog is left.
        dialog.remembered(self.desk.drafts, f"{action_id} {subject.last_record}")
        self.desk.app.push_screen(dialog, answered)

    async def _answer(
        self, case: Case, held: Held | None, answering: Answering, answer: Answer
    ) -> None:
        now = self.desk.reviewer.clock()
        late = held is not None and held.left(now) == 0
        who, note = self.desk.reviewer.who, answer.note
        event = answer_event(case.last_record, case.key, answering, who, now, note, answer.until)
        done = await self.desk.reader.ask(lambda: self.desk.store.append([event]))
        if isinstance(done, Trouble):
            self.desk.tell(f"Nothing was changed. {done.what}", wrong=True)
            return
        if any(one.action is Action.ASK_APPROVE for one in done):
            self.desk.tell("Asked for. It passes once a second person says the same.")
            await self.desk.look_again()
            return
        self.desk.tell(_told(answering, late))
        if held is not None:
            self.desk.take_held(tuple(h for h in self.desk.held.items if h.id != held.id))
        await self.desk.look_again()

    def ended(self, gone: Sequence[Held]) -> None:
        """Say which expired unseen; they are in the queue from now on."""
        self.desk.run_worker(self._tell_expired(tuple(gone)), group="ended")

    async def _tell_expired(self, gone: tuple[Held, ...]) -> None:
        if self.desk.holds is None:
            return
        states = await self.desk.reader.ask(
            partial(self.desk.holds.states, [held.id for held in gone])
        )
        if isinstance(states, Trouble):
            return
        for held in gone:
            state = states.get(held.id)
            if (
                state is not None
                and state.outcome is HoldOutcome.TIMED_OUT
                and state.answer is None
            ):
                self.desk.tell(
                    f"{sender_told(held.case)}: nobody answered in time. It was refused, and is in "
                    "the queue as expired."
                )


def _asked(held: Held) -> str:
    return f"{safe(held.asked_by, 60)} asked for its release; you would confirm it."


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
