"""Every screen works with a mouse: keys of the footer, rows of sheets, beside a dialog."""

from collections.abc import Sequence
from datetime import datetime

import pytest
from textual.pilot import Pilot
from textual.screen import ModalScreen

from tests.tui.conftest import Finds, FragileStore, Opens, Presses, Settles, ShowsText
from tui.evidence_acts import EvidenceActs, ExportChoice, Verified
from tui.kept_code import Kept
from tui.rows import Row, Section
from tui.rule_making import Proposal, RuleMaking
from tui.sheet import Line, Sheet, Sheets, Table
from tui.sheet_screen import SheetScreen
from tui.status_bar import KeyLine


def sheet(*_: object) -> Sheet:
    lines = tuple(
        Line(cells=(name,), filter=f"all script:{name}", name=name) for name in ("claims", "ledger")
    )
    return Sheet(
        facts=(Row("Gate", "runs"),), tables=(Table(title="T", columns=("N",), lines=lines),)
    )


def page(rule: str, _: datetime) -> Sequence[Section]:
    return [Section("", (Row("", f"Page of {rule}"),))]


ACTS = EvidenceActs(
    verify=lambda: Verified(whole=True, words=("fine",)),
    export=lambda *_: 0,
    formats=(ExportChoice(name="csv", suffix=".csv", purpose="sheets"),),
    kept=lambda _: Kept(text="x = 1\n"),
    sheets=Sheets(read=sheet, rule_page=page),
    rules=RuleMaking(
        propose=lambda *_: Proposal(name="a", sentence="s", effect="e", lines=()),
        write=lambda *_: "",
    ),
)


@pytest.mark.parametrize("key", ["c", "m", "e", "s", "question_mark", "v"])
async def test_a_click_beside_a_dialog_closes_it(
    opened: Opens,
    store: FragileStore,
    press: Presses,
    settled: Settles,
    key: str,
) -> None:
    """As Esc does; a click inside does not."""
    async with opened(store, (140, 45), acts=ACTS) as pilot:
        await press(pilot, "down", key)
        assert isinstance(pilot.app.screen, ModalScreen)
        await pilot.click(offset=(70, 22))
        await settled(pilot)
        assert isinstance(pilot.app.screen, ModalScreen)
        await pilot.click(offset=(1, 1))
        await settled(pilot)
        assert not isinstance(pilot.app.screen, ModalScreen)


async def click_key(pilot: Pilot[int], words: str, settled: Settles, text: ShowsText) -> None:
    """Click where these words stand in the last line but for the frame of a dialog."""
    at = next(
        (y, line.find(words)) for y, line in enumerate(text(pilot).splitlines()) if words in line
    )
    await pilot.click(offset=(at[1] + 1, at[0]))
    await settled(pilot)


async def test_keys_of_the_footer_are_buttons(
    opened: Opens, store: FragileStore, settled: Settles, screen_text: ShowsText, review: Finds
) -> None:
    """On the queue, on a sheet, on a page; what cannot be done says why."""
    async with opened(store, (140, 45), acts=ACTS) as pilot:
        await click_key(pilot, "x mark", settled, screen_text)
        assert len(review(pilot).queue.marks) == 1
        await click_key(pilot, "s script", settled, screen_text)
        await click_key(pilot, "d changes", settled, screen_text)
        assert "This is the whole of version" in screen_text(pilot)
        await click_key(pilot, "Esc back", settled, screen_text)
        await click_key(pilot, "Esc back", settled, screen_text)
        assert not isinstance(pilot.app.screen, ModalScreen)
        await pilot.click(KeyLine, offset=(139, 0))
        await click_key(pilot, "u undo", settled, screen_text)
        assert any("closed nothing" in n.message for n in pilot.app._notifications)


async def test_rows_of_a_sheet_are_chosen_and_opened_by_clicks(
    opened: Opens,
    store: FragileStore,
    press: Presses,
    settled: Settles,
    screen_text: ShowsText,
    review: Finds,
) -> None:
    """One click chooses, one more shows its cases; the page of a rule opens from the footer."""
    async with opened(store, (120, 40), acts=ACTS) as pilot:
        await press(pilot, "7")
        await click_key(pilot, "  ledger", settled, screen_text)
        assert "❯ ledger" in screen_text(pilot)
        await click_key(pilot, "p page", settled, screen_text)
        assert "Page of ledger" in screen_text(pilot)
        await click_key(pilot, "Esc back", settled, screen_text)
        await click_key(pilot, "Gate", settled, screen_text)
        assert isinstance(pilot.app.screen, SheetScreen)
        await click_key(pilot, "❯ ledger", settled, screen_text)
        assert review(pilot).filter_line == "all script:ledger"
