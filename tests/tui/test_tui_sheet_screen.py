"""The tabs beside the queue: what they show, and how their rows lead back to the cases."""

import gc
import unicodedata
from datetime import datetime

from hypothesis import example, given, settings
from hypothesis import strategies as st
from textual._styles_cache import StylesCache

from core.errors import EvidenceError
from core.review import About, CaseStatus
from examples import most
from tests.tui.conftest import (
    Compares,
    Finds,
    FragileStore,
    Opens,
    Presses,
    ShowsText,
    drawn,
)
from tui.evidence_acts import EvidenceActs, Verified
from tui.rows import Row
from tui.sheet import TABS, Line, Sheet, Sheets, Table, filter_for
from tui.sheet_screen import SheetScreen
from tui.sheet_view import sheet_lines

HOSTILE = "[bold red]x[/] \x1b[2J漢字\u202egpj.exe\u200b\n\x07 'x\" held: to:"


def sheet(name: str, now: datetime) -> Sheet:
    """Return a made-up sheet whose rows stand for scripts."""
    if name == "health":
        raise EvidenceError("The evidence is locked.", remedy="Close the other program.")
    lines = tuple(
        Line(
            cells=(script, str(n), "1.2 MB", HOSTILE if n == 2 else "gpt-5"),
            filter=filter_for("script", script),
            name="a-rule" if name == "rules" else "",
        )
        for n, script in enumerate(("claims.py", "ledger_upload.py", HOSTILE), 1)
    )
    return Sheet(
        facts=(Row("Tab", TABS[name]), Row("Hostile", HOSTILE, "held")),
        tables=(
            Table(title="Scripts", columns=("Name", " Requests", " Sent", "Model"), lines=lines),
            Table(title="Nothing here", columns=("Name",), lines=()),
        ),
    )


def acts(**more: object) -> EvidenceActs:
    """Return what the app hands in."""
    return EvidenceActs(
        verify=lambda: Verified(whole=True, words=()),
        export=lambda *_: 0,
        formats=(),
        sheets=Sheets(read=sheet, **more),  # type: ignore[arg-type]
    )


@drawn
async def test_a_tab_is_drawn_whole_at_every_size(
    opened: Opens,
    store: FragileStore,
    golden: Compares,
    press: Presses,
    screen_text: ShowsText,
    size: tuple[int, int],
) -> None:
    """Facts, table and keys stand where they should, and text from records stays text."""
    async with opened(store, size, acts=acts()) as pilot:
        await press(pilot, "3", "down", "down")
        golden(pilot, f"sheet-{size[0]}x{size[1]}")
        assert not {"\x1b", "\u202e", "\u200b", "\x07"} & set(screen_text(pilot))


async def test_a_row_leads_to_its_cases(
    opened: Opens, store: FragileStore, press: Presses, review: Finds
) -> None:
    """From the list of scripts to what one of them sent, in two keys, closed cases too."""
    async with opened(store, (120, 40), acts=acts()) as pilot:
        await press(pilot, "3", "down", "enter")
        queue = review(pilot).queue
        assert queue.count == 1
        assert queue.wanted.status is None
        (condition,) = queue.wanted.conditions
        assert (condition.about, condition.values) == (About.SCRIPT, ("ledger_upload.py",))
        await press(pilot, "escape")
        assert review(pilot).queue.wanted.status is CaseStatus.OPEN


async def test_a_tab_is_gone_on_with_where_it_was_left(
    opened: Opens, store: FragileStore, press: Presses, screen_text: ShowsText
) -> None:
    """Whoever looks at one row's cases after the other's comes back to that row; of each tab to its
    own, and after moving on to where that led.
    """
    async with opened(store, (120, 40), acts=acts()) as pilot:
        await press(pilot, "3", "down", "enter", "3")
        assert "❯ ledger_upload.py" in screen_text(pilot)
        await press(pilot, "4")
        assert "❯ claims.py" in screen_text(pilot)
        await press(pilot, "3", "up")
        assert "❯ claims.py" in screen_text(pilot)
        await press(pilot, "escape", "3")
        assert "❯ claims.py" in screen_text(pilot)


async def test_what_a_row_leads_to_is_selected_and_told(
    opened: Opens, holding: FragileStore, press: Presses, review: Finds, screen_text: ShowsText
) -> None:
    """Also where a request waits, on which the cursor stood: it does not stay there. A filter
    that finds nothing says so, and h still leads to what waits.
    """
    async with opened(holding, (120, 40), acts=acts()) as pilot:
        assert review(pilot).held.current is not None
        await press(pilot, "3", "down", "enter")
        desk = review(pilot)
        assert desk.held.current is None and desk.queue.current is not None
        assert desk.queue.current.script == "ledger_upload.py"
        assert "│ “ledger_upload.py”" in screen_text(pilot)
        await press(pilot, "slash", "type: not script:ledger_upload", "enter")
        assert "No case is like that." in screen_text(pilot)
        await press(pilot, "h")
        assert "“backup_ward.py”, run by clinic, wants" in screen_text(pilot)
        await press(pilot, "escape", "escape")
        assert not desk.queue.is_filtered and review(pilot).held.current is None


async def test_tabs_change_by_number_and_esc_goes_back(
    opened: Opens, store: FragileStore, press: Presses, screen_text: ShowsText
) -> None:
    """Each number opens its tab, from the queue and from any other tab."""
    async with opened(store, (120, 40), acts=acts()) as pilot:
        for number, (name, label) in enumerate(TABS.items(), 1):
            await press(pilot, str(number))
            shown = isinstance(pilot.app.screen, SheetScreen)
            assert shown == (name not in {"review"})
            assert f"{number} {label}" in screen_text(pilot)
        await press(pilot, "escape")
        assert not isinstance(pilot.app.screen, SheetScreen)


async def test_what_was_drawn_of_a_tab_goes_with_it(
    opened: Opens, store: FragileStore, press: Presses
) -> None:
    """Whoever looks at the tabs all day needs no more memory in the evening."""

    def drawn() -> int:
        gc.collect()
        return sum(isinstance(one, StylesCache) for one in gc.get_objects())

    async with opened(store, (120, 40), acts=acts()) as pilot:
        await press(pilot, "3", "1")
        before = drawn()
        await press(pilot, *("3", "1") * 3)
        assert drawn() <= before


async def test_what_cannot_be_read_is_said_in_words(
    opened: Opens, store: FragileStore, press: Presses, screen_text: ShowsText
) -> None:
    """A tab that fails says why; the others work on."""
    async with opened(store, (120, 40), acts=acts()) as pilot:
        await press(pilot, "9")
        assert "The evidence is locked." in screen_text(pilot)
        await press(pilot, "3")
        assert "claims.py" in screen_text(pilot)


async def test_a_rule_is_switched_from_its_row(
    opened: Opens, store: FragileStore, press: Presses
) -> None:
    """Only where there is a rule, and not in a read-only view."""
    done: list[str] = []

    def switch(name: str) -> str:
        done.append(name)
        return "Rule a-rule is off."

    async with opened(store, (120, 40), acts=acts(switch_rule=switch)) as pilot:
        await press(pilot, "3", "t", "7", "t")
        assert done == ["a-rule"]
        assert any("is off" in n.message for n in pilot.app._notifications)
    async with opened(store, (120, 40), read_only=True, acts=acts(switch_rule=switch)) as pilot:
        await press(pilot, "7", "t")
        assert done == ["a-rule"]


def test_a_column_that_tells_nothing_takes_no_room_from_names() -> None:
    """Two rules whose names begin alike are told apart on a small screen."""
    names = ("watch-personal-cloud", "watch-personal-data")
    columns = ("Rule", "State", "Then", "Until", " Hits", " Cases", " Open", "Last")
    lines = tuple(
        Line(cells=(name, "enforce", "watch", "", "1 held now", "5", "4", "yesterday 10:12"))
        for name in names
    )
    laid = sheet_lines(Sheet(tables=(Table(title="Rules", columns=columns, lines=lines),)), 77)
    heads, *rows = [line.plain for n in range(1, 4) if (line := laid.line(n, 0)) is not None]
    assert "Until" not in heads and "Last" in heads
    assert len({row[2:].split()[0] for row in rows}) == 2
    assert all(row.rstrip().endswith("yesterday 10:12") for row in rows)


@given(st.text(max_size=60), st.integers(40, 220))
@settings(max_examples=most(60))
def test_any_text_stays_in_its_cells(text: str, width: int) -> None:
    """Whatever a script or a model is called, a row is one line of the screen's width."""
    table = Table(
        title=text,
        columns=("Name", " N", "More"),
        lines=(Line(cells=(text, text[:9], text)), Line(cells=("a", "1", "b"))),
    )
    laid = sheet_lines(Sheet(facts=(), tables=(table,)), width)
    drawn = [line for n in range(9) if (line := laid.line(n, 1)) is not None]
    lines = [line.plain for line in drawn]
    assert len(lines) == 4 and lines[laid.places[1]].startswith("❯ a")
    unsafe = {"Cc", "Cf", "Cs", "Zl", "Zp"}
    assert not [char for line in lines for char in line if unicodedata.category(char) in unsafe]
    assert max(line.cell_length for line in drawn[1:]) <= width


@given(st.text(max_size=80))
@example("\xa00")
@example("a\u2003b")
def test_the_filter_of_any_name_is_understood(name: str) -> None:
    """A name with quotes, colons or words of the language in it is still a name."""
    from core.case_words import parse

    line = filter_for("script", name)
    parsed = parse(line, datetime.now().astimezone())
    assert parsed.problem is None or not name.replace('"', "").strip()
