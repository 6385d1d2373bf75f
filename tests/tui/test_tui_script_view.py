"""What the review tells of one script."""

from dataclasses import replace
from datetime import UTC, timedelta

import pytest

from core.classification import AccountKind, Category
from core.decision import Verdict
from tui.notice import Notice
from tui.sample import finding, place, record, sender
from tui.sample_store import MemoryCaseStore
from tui.script_view import describe_script, read_script

PATH = "/srv/jobs/ledger_upload.py"


@pytest.fixture
def two_versions(store, now):
    """The day's ledger script, and an older version of it that sent elsewhere; and one of a longer name."""
    old = sender("ledger_upload.py")
    old = replace(old, script=replace(old.script, sha256="ab" * 32))
    away = place("files.example", None, Category.OTHER, AccountKind.UNKNOWN)
    store.add(record(now - timedelta(days=3), old, away, finding("email", 3), verdict=Verdict.BLOCK))
    store.add(record(now - timedelta(days=1), sender("ledger_upload.py.bak"), away, finding("email", 3)))
    return store


def words(sections):
    return "\n".join(f"{row.label}|{row.text}" for section in sections for row in section.rows)


def test_versions_and_destinations_of_a_script(two_versions, now):
    """Which versions were seen from when to when, and where the script sends what."""
    text = words(describe_script(read_script(two_versions, PATH), now, UTC))

    assert f"|{PATH}" in text
    assert "2 requests in 2 cases, first seen Tue 14:14." in text
    assert "now|9f2c41d89f2c41d8 · 14:02 to 14:02" in text
    assert "before|abababababababab · Tue 14:14 to Tue 14:14" in text
    assert "→ OneDrive, personal: 15,000 rows" in text
    assert "✕ files.example: 3 e-mail addresses" in text


def test_a_script_of_a_longer_name_is_another(two_versions, now):
    """Names that only begin alike are not mixed up."""
    assert {case.script for case in read_script(two_versions, PATH).cases} == {"ledger_upload.py"}


async def test_s_shows_it_and_esc_goes_back(opened, two_versions, press, screen_text):
    """On the case under the cursor; a case without a known script says so."""
    async with opened(two_versions) as pilot:
        await press(pilot, "s")
        assert isinstance(pilot.app.screen, Notice)
        assert "abababababababab" in screen_text(pilot)
        await press(pilot, "escape", "down", "down", "down", "s")

        assert not isinstance(pilot.app.screen, Notice)
        assert any("No script is known here." in n.message for n in pilot.app._notifications)


async def test_hostile_paths_stay_text(opened, press, screen_text, now):
    """A path with brackets and escapes is shown inert."""
    bad = sender("[bold]x[/]\x1b[2J\u202e.py")
    store = MemoryCaseStore([record(now, bad, place("[b]\x1b.example", None, Category.OTHER), finding("email", 3))])
    async with opened(store) as pilot:
        await press(pilot, "s")

        assert "[bold]x[/]" in screen_text(pilot)
        assert not {"\x1b", "\u202e"} & set(screen_text(pilot))
