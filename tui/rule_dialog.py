"""The dialog that makes a rule of a case: what shall happen, its sentence, its effect, its end."""

from collections.abc import Iterator
from datetime import datetime, tzinfo
from functools import partial
from typing import ClassVar

from textual import on
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Checkbox, Input, RadioSet, Static

from core.day_words import day_ahead
from core.review import Case
from tui.background_reader import Reader, Trouble
from tui.close_dialog import Reason, Reasons
from tui.live_queue import LiveQueue
from tui.note_dialog import NoteDialog
from tui.review_part import READ_ONLY, UNREADABLE, WAITS, ReviewPart
from tui.rule_making import STOPPING, WISHES, Proposal, RuleMaking, Wanted, Wish
from tui.wording import case_found, case_place, case_sender, safe

_WATCH_FIRST = "At first only watch, and record what it would do"
_AT_ONCE = "In force as soon as it is written: it stops nothing"


class WatchFirst(Checkbox):
    """On or off is seen by its sign, not by colour alone."""

    BUTTON_LEFT = BUTTON_RIGHT = ""

    @property
    # The base class reads this name at each drawing.
    def BUTTON_INNER(self) -> str:  # type: ignore[override] # noqa: N802
        """The sign before the words."""
        return "[x]" if self.value else "[ ]"


class RuleDialog(NoteDialog[Wanted]):
    """Asks what shall happen. Gives what is wanted, or None when it was given up."""

    BINDINGS: ClassVar[list[BindingType]] = [
        *(Binding(str(n), f"wish({n})", show=False) for n in range(1, len(Wish) + 1)),
    ]
    DEFAULT_CSS = """
    RuleDialog .about { color: $quiet; margin-bottom: 1; max-height: 3; }
    RuleDialog .effect {
        color: $foreground; height: auto; max-height: 9; scrollbar-size-vertical: 1;
    }
    RuleDialog #note { display: none; }
    RuleDialog.-low .about, RuleDialog.-low WatchFirst { margin: 0; }
    RuleDialog.-low Button, RuleDialog.-low .keys { margin-top: 0; }
    RuleDialog.-low .effect { max-height: 6; }
    RuleDialog Reasons {
        border: none; padding: 0; background: $surface; width: 100%; height: auto;
    }
    RuleDialog Reasons:focus { border: none; background-tint: $foreground 0%; }
    RuleDialog Reason { width: 100%; background: $surface; padding: 0; }
    RuleDialog Reason > .toggle--button, RuleDialog Reason.-on > .toggle--button {
        color: $foreground; background: $surface;
    }
    RuleDialog Reasons > Reason.-selected > .toggle--label {
        background: $panel; color: $foreground;
    }
    RuleDialog Reasons:focus > Reason.-selected > .toggle--label {
        background: $cursor-row; color: $foreground; text-style: bold;
    }
    RuleDialog WatchFirst {
        border: none; padding: 0; background: $surface; width: 100%; margin-top: 1;
    }
    RuleDialog WatchFirst > .toggle--button, RuleDialog WatchFirst.-on > .toggle--button {
        color: $foreground; background: $surface;
    }
    RuleDialog WatchFirst:focus { border: none; }
    RuleDialog WatchFirst:focus > .toggle--label { text-style: bold reverse; }
    """
    KEYS = "1–4 choose   Tab   Space on/off   Enter writes it   Esc back"

    def __init__(
        self, case: Case, making: RuleMaking, reader: Reader, now: datetime, zone: tzinfo | None
    ) -> None:
        who = case_sender(case) or "unknown sender"
        about = f"{who} → {case_place(case)}: {case_found(case)}"
        super().__init__("Make a rule of this case", (about,), "Write the rule into the policy")
        self._case, self._making, self._reader = case, making, reader
        self._now, self._zone = now, zone
        self._wishes = tuple(Wish)

    def asked(self) -> Iterator[Widget]:
        """Yield what may happen, and what that means."""
        labels = [
            Content.assemble(f"{n} {WISHES[wish][0]:<12}", (WISHES[wish][1], "$quiet"))
            for n, wish in enumerate(self._wishes, 1)
        ]
        yield Reasons(*(Reason(label, compact=True) for label in labels))
        yield WatchFirst(_WATCH_FIRST, value=True)
        yield Input(
            placeholder="Until, if not for ever: 30d, 12w or 2027-03-01.",
            max_length=20,
            compact=True,
            id="until",
        )
        told = Static(Content("Choose what shall happen."), markup=False)
        yield VerticalScroll(told, classes="effect")  # Tab, then the arrows, where it is long

    def on_mount(self) -> None:
        """Begin at what shall happen."""
        self.query_one(Reasons).focus()

    def action_wish(self, position: int) -> None:
        """Choose by number."""
        buttons = list(self.query(Reason))
        buttons[position - 1].value = True

    def action_take_reason(self) -> None:
        """Choose what is under the cursor; once more, and the button has the focus."""
        chosen = self.query_one(Reasons)
        before = chosen.pressed_index
        chosen.action_toggle_button()
        if before >= 0:
            self.on_button_chosen()

    def on_button_chosen(self) -> None:
        """Enter on what is chosen already writes it."""
        self._finish()

    @on(RadioSet.Changed)
    @on(Checkbox.Changed)
    @on(Input.Changed)
    def _changed(self) -> None:
        chosen, first = self.query_one(Reasons).pressed_index, self.query_one(WatchFirst)
        first.disabled = chosen >= 0 and self._wishes[chosen] not in STOPPING
        first.label = Content(_AT_ONCE if first.disabled else _WATCH_FIRST)
        wanted = self._wanted()
        if wanted is not None:
            self.run_worker(self._show_effect(wanted), group="effect", exclusive=True)

    def _wanted(self) -> Wanted | None:
        chosen = self.query_one(Reasons).pressed_index
        text = self.query_one("#until", Input).value.strip()
        until = day_ahead(text, self._now, self._zone)
        if chosen < 0 or (text and until is None):
            return None
        return Wanted(
            wish=self._wishes[chosen],
            watch_first=self.query_one(WatchFirst).value,
            until=None if until is None else until.astimezone(self._zone).date(),
        )

    async def _show_effect(self, wanted: Wanted) -> None:
        found = await self._reader.ask(partial(self._making.propose, self._case, wanted))
        effect = self.query_one(".effect Static", Static)
        if isinstance(found, Trouble):
            effect.update(Content.styled(found.what, "$blocked"))
            return
        effect.update(_told(found))

    def result(self, note: str) -> Wanted | None:
        """Return what is wanted, once that is clear."""
        wanted = self._wanted()
        if wanted is None:
            self.notify("Choose what shall happen, and a day to come if any.", markup=False)
        return wanted


def _told(proposal: Proposal) -> Content:
    first = Content.styled(safe(proposal.sentence, 500), "bold")
    lines = [first, Content(safe(proposal.effect, 700)), Content("")]
    lines += [Content.styled(safe(line, 200), "$quiet") for line in proposal.lines[:5]]
    return Content("\n").join(lines)


class RuleReview(ReviewPart):
    """From a case to a rule."""

    def __init__(self, desk: LiveQueue) -> None:
        super().__init__(desk)

    def obstacle(self, action_id: str) -> str | None:
        """Return why no rule can be made now, or None when one can."""
        desk = self.desk
        if desk.trouble:
            return UNREADABLE
        if desk.held.current is not None:
            return WAITS
        if desk.queue.current is None:
            return desk.queue.lacks
        if desk.reviewer.read_only:
            return READ_ONLY
        if desk.acts is None or desk.acts.rules is None:
            return "Rules are not at hand here."
        return None

    def do_rule(self) -> None:
        """Ask, then write it."""
        desk, case = self.desk, self.desk.queue.current
        assert desk.acts is not None and desk.acts.rules is not None and case is not None
        making, who = desk.acts.rules, desk.reviewer

        def chosen(wanted: Wanted | None) -> None:
            if wanted is not None:
                desk.run_worker(self._write(making, case, wanted), group="append")

        desk.app.push_screen(RuleDialog(case, making, desk.reader, who.clock(), who.zone), chosen)

    async def _write(self, making: RuleMaking, case: Case, wanted: Wanted) -> None:
        done = await self.desk.reader.ask(partial(making.write, case, wanted))
        if isinstance(done, Trouble):
            self.desk.tell(f"Nothing was written. {done.what}", wrong=True)
        else:
            self.desk.tell(safe(done, 300))
