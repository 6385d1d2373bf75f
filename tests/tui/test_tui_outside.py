"""Every screen works with a mouse: keys of the footer, rows of sheets, beside a dialog."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from invented_day import finding, place, record, sender
from present import there
from textual.pilot import Pilot
from textual.screen import ModalScreen

from core.classification import AccountKind, Category
from core.review import CaseFilter, CaseStatus, Disposition
from tests.tui.conftest import Finds, FragileStore, Opens, Presses, Settles, ShowsText
from tui.evidence_acts import EvidenceActs, ExportChoice, Verified
from tui.kept_code import Kept
from tui.rows import Row, Section
from tui.rule_making import Proposal, RuleMaking
from tui.sheet import Line, Sheet, Sheets, Table
from tui.sheet_screen import SheetScreen
from tui.status_bar import KeyLine

CLOSED = CaseFilter(status=CaseStatus.CLOSED)


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


async def test_a_case_is_closed_by_clicks(
    opened: Opens, store: FragileStore, settled: Settles, screen_text: ShowsText
) -> None:
    """A row of the queue, the key, a reason, the button."""
    async with opened(store, (140, 45), acts=ACTS) as pilot:
        await click_key(pilot, "sync_crm.py", settled, screen_text)
        for words in ("c close", "Test data", "      Close this case"):
            await click_key(pilot, words, settled, screen_text)
        [case] = [one for one in store.page(CLOSED, 0, 10) if one.script == "sync_crm.py"]
        assert case.disposition == Disposition.TEST_DATA


async def test_a_rule_is_chosen_by_clicks(
    opened: Opens, store: FragileStore, settled: Settles, screen_text: ShowsText
) -> None:
    """What it does, that it holds at once, and the button."""
    written: list[Sequence[object]] = []
    proposed = Proposal(name="a", sentence="s", effect="e", lines=("- id: a",))

    def write(*given: object) -> str:
        written.append(given)
        return "Written."

    rules = RuleMaking(propose=lambda *_: proposed, write=write)
    acts = replace(ACTS, rules=rules)
    async with opened(store, (140, 45), acts=acts) as pilot:
        for words in ("m rule", "2 Stop this", "At first only watch", "Write the rule"):
            await click_key(pilot, words, settled, screen_text)
        assert len(written) == 1


async def test_a_version_of_a_script_is_chosen_by_a_click(
    opened: Opens,
    store: FragileStore,
    settled: Settles,
    screen_text: ShowsText,
    now: datetime,
) -> None:
    """One click on its line; what stands below the versions is none of them."""
    old = sender("ledger_upload.py")
    old = replace(old, script=replace(there(old.script), sha256="ab" * 32))
    away = place("files.example", None, Category.OTHER, AccountKind.UNKNOWN)
    store.add(record(now - timedelta(days=3), old, away, finding("email", 3)))
    async with opened(store, (140, 45), acts=ACTS) as pilot:
        await click_key(pilot, "s script", settled, screen_text)
        await click_key(pilot, "abababababab", settled, screen_text)
        assert "❯ before     abababababab" in screen_text(pilot)
        await click_key(pilot, "→ files.example", settled, screen_text)
        assert "❯ before     abababababab" in screen_text(pilot)
        await click_key(pilot, "9f2c41d89f2c ·", settled, screen_text)
        assert "❯ now        9f2c41d89f2c" in screen_text(pilot)


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
