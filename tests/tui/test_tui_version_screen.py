"""Reading what changed in a script, and approving what was read."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from invented_day import finding, place, record, sender
from memory_case_store import MemoryCaseStore
from present import readable, there

from core.classification import Category
from core.review import ScriptVersion, script_event, script_key
from tests.tui.conftest import (
    Compares,
    Opens,
    Presses,
    ShowsText,
    drawn,
)
from tui.evidence_acts import EvidenceActs, Verified
from tui.kept_code import Kept, KeptOf
from tui.version_screen import VersionScreen

PATH = "/srv/jobs/claims.py"
NEW, OLD = "9f2c41d8" * 8, "ab" * 32
HOSTILE = "x = '[bold]red[/] \x1b[2J\u202e'  # 漢字"
BEFORE = "\n".join(
    ["import csv", "import requests", "", "def send(rows):"]
    + [f"    step_{n}(rows)" for n in range(60)]
    + ["    requests.post('https://own.example', json=rows)", ""]
)
AFTER = BEFORE.replace("own.example", "away.example").replace("import csv", HOSTILE)


@pytest.fixture
def scripts(now: datetime) -> MemoryCaseStore:
    """Two versions of a script, of which ada approved the older one."""
    new = sender("claims.py")
    old = replace(new, script=replace(there(new.script), sha256=OLD))
    where = place("files.example", None, Category.OTHER)
    found = finding("email", 3)
    store = MemoryCaseStore(
        [record(now, new, where, found), record(now - timedelta(days=2), old, where, found)]
    )
    version = ScriptVersion(script=PATH, sha256=OLD, first_at=now, last_at=now)
    at = now - timedelta(days=1)
    store.append([script_event(version, approve=True, who="ada", at=at, note="read with finance")])
    return store


SOURCES = {NEW: Kept(text=AFTER), OLD: Kept(text=BEFORE)}


def acts(
    kept: KeptOf = SOURCES.__getitem__,
    unread: bool = False,
) -> EvidenceActs:
    return EvidenceActs(
        verify=lambda: Verified(whole=True, words=()),
        export=lambda *_: 0,
        formats=(),
        kept=kept,
        approve_unread=unread,
    )


@drawn
async def test_the_difference_to_the_approved_version_is_drawn_whole(
    opened: Opens,
    scripts: MemoryCaseStore,
    golden: Compares,
    press: Presses,
    screen_text: ShowsText,
    size: tuple[int, int],
) -> None:
    """New and gone lines have a sign each; text of the script stays text."""
    async with opened(scripts, size, acts=acts()) as pilot:
        await press(pilot, "d")
        golden(pilot, f"changes-{size[0]}x{size[1]}")
        assert not {"\x1b", "\u202e"} & set(screen_text(pilot))


async def test_a_version_is_approved_after_its_difference_was_read(
    opened: Opens, scripts: MemoryCaseStore, press: Presses, screen_text: ShowsText
) -> None:
    """From the case to the difference, to the reason, by keys alone; then it says who approved."""
    async with opened(scripts, (120, 40), acts=acts()) as pilot:
        await press(pilot, "d")
        assert "which ada approved" in screen_text(pilot)
        assert "+     requests.post('https://away.example'" in screen_text(pilot)
        await press(pilot, "pagedown", "pageup", "a", "type:New host is ours", "enter")
        assert not isinstance(pilot.app.screen, VersionScreen)
        await press(pilot, "s")
        assert "✓ approved by dpo" in screen_text(pilot)
    last = readable(scripts.history(script_key(PATH)))[-1]
    assert (last.who, last.note, last.script_sha256) == ("dpo", "New host is ours", NEW)


async def test_what_cannot_be_read_is_not_approved(
    opened: Opens, scripts: MemoryCaseStore, press: Presses, screen_text: ShowsText
) -> None:
    """Without a kept source the approval is refused, and the reason is said; nothing is written."""
    gone = acts(lambda _: Kept(why="Not kept: the setting keep_scripts is off."))
    for keys in (("d", "a"), ("s", "a", "a")):
        async with opened(scripts, (120, 40), acts=gone) as pilot:
            await press(pilot, *keys)
            assert isinstance(pilot.app.screen, VersionScreen)
            assert "keep_scripts is off" in screen_text(pilot)
            (said,) = {n.message for n in pilot.app._notifications}
            assert said.startswith("Only what can be read here is approved.")
    assert len(readable(scripts.history(script_key(PATH)))) == 1


async def test_an_approval_of_what_nobody_read_says_so(
    opened: Opens, scripts: MemoryCaseStore, press: Presses, screen_text: ShowsText
) -> None:
    """Where the organisation allows it, the dialog, the evidence and the script's history say
    “approved unread”.
    """
    allowed = acts(lambda _: Kept(why="It was erased."), unread=True)
    async with opened(scripts, (120, 40), acts=allowed) as pilot:
        await press(pilot, "d", "a")
        assert "Approve this version unread?" in screen_text(pilot)
        await press(pilot, "type:Vendor says fine", "enter", "s")
        assert "approved unread: Vendor says fine" in screen_text(pilot)
    last = readable(scripts.history(script_key(PATH)))[-1]
    assert last.note == "approved unread: Vendor says fine"
    async with opened(scripts, (120, 40), acts=acts(unread=True)) as pilot:
        await press(pilot, "s", "b", "type:back", "enter", "a", "a", "type:Read it", "enter")
    assert readable(scripts.history(script_key(PATH)))[-1].note == "Read it"


async def test_a_read_only_view_only_reads(
    opened: Opens, scripts: MemoryCaseStore, press: Presses
) -> None:
    """The difference is shown, and nothing can be approved from it."""
    async with opened(scripts, read_only=True, acts=acts()) as pilot:
        await press(pilot, "d", "a")
        assert isinstance(pilot.app.screen, VersionScreen)
        assert any("read-only" in n.message for n in pilot.app._notifications)
