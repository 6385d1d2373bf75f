"""The page of a script in the review: from its case, and from the list of scripts."""

from datetime import datetime

from core.errors import EvidenceError
from habits.passport import Part, Passport
from tests.tui.conftest import (
    Compares,
    FragileStore,
    Opens,
    Presses,
    ShowsText,
    drawn,
)
from tui.evidence_acts import EvidenceActs, Verified
from tui.passport_screen import PageScreen
from tui.sheet import Line, Sheet, Sheets, Table

HOSTILE = "[bold]x[/] \x1b[2J\u202e"


def page(script: str, now: datetime) -> Passport:
    if "broken" in script:
        raise EvidenceError("The evidence is locked.", remedy="Close the other program.")
    parts = (
        Part(key="owner", title="Owner", lines=("ann (gone): left in May", "name a successor")),
        Part(key="versions", title="Versions", lines=tuple(f"{n:012x}" for n in range(30))),
        Part(key="made_of", title="Made of", lines=(HOSTILE,)),
    )
    return Passport(script=script, made_at=f"{now:%Y}", parts=parts)


def sheet(*_: object) -> Sheet:
    lines = (
        Line(cells=("claims.py",), script="/srv/jobs/claims.py"),
        Line(cells=("broken.py",), script="/srv/broken.py"),
        Line(cells=("OpenAI",)),
    )
    return Sheet(tables=(Table(title="Scripts", columns=("Name",), lines=lines),))


ACTS = EvidenceActs(
    verify=lambda: Verified(whole=True, words=()),
    export=lambda *_: 0,
    formats=(),
    sheets=Sheets(read=sheet),
    passport=page,
)


@drawn
async def test_the_page_of_a_script_is_drawn_whole(
    opened: Opens,
    store: FragileStore,
    golden: Compares,
    press: Presses,
    screen_text: ShowsText,
    size: tuple[int, int],
) -> None:
    """From the case under the cursor, in one key; what records say stays text."""
    async with opened(store, size, acts=ACTS) as pilot:
        await press(pilot, "p")
        golden(pilot, f"passport-{size[0]}x{size[1]}")
        await press(pilot, "G")
        assert "[bold]x[/]" in screen_text(pilot)
        assert not {"\x1b", "\u202e"} & set(screen_text(pilot))
        await press(pilot, "p")
        assert not isinstance(pilot.app.screen, PageScreen)


async def test_a_row_of_the_list_of_scripts_leads_to_its_page(
    opened: Opens, store: FragileStore, press: Presses, screen_text: ShowsText
) -> None:
    """A row about no script says so; a page that cannot be read says why, and the list is there
    still.
    """
    async with opened(store, (120, 40), acts=ACTS) as pilot:
        await press(pilot, "3", "p")
        assert "/srv/jobs/claims.py" in screen_text(pilot) and "Owner" in screen_text(pilot)
        await press(pilot, "escape", "down", "p")
        assert "The evidence is locked." in screen_text(pilot)
        await press(pilot, "escape", "down", "p")
        assert not isinstance(pilot.app.screen, PageScreen)
        assert any("no page of this row" in n.message for n in pilot.app._notifications)


async def test_without_the_app_the_command_is_named(
    opened: Opens, store: FragileStore, press: Presses
) -> None:
    """What is not at hand is never a dead key."""
    async with opened(store) as pilot:
        await press(pilot, "p")
        assert any("outgate scripts PATH" in n.message for n in pilot.app._notifications)
