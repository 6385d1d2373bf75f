"""What the review tells of one script."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest
from invented_day import finding, place, record, sender
from memory_case_store import MemoryCaseStore
from present import readable, there

from core.classification import AccountKind, Category
from core.decision import Verdict
from core.errors import EvidenceError
from core.review import Action, ScriptVersion, script_event, script_key
from tests.tui.conftest import (
    Compares,
    FragileStore,
    Opens,
    Presses,
    ShowsText,
    drawn,
)
from tui.evidence_acts import EvidenceActs, Verified
from tui.kept_code import Kept
from tui.rows import Section
from tui.script_past import past_section
from tui.script_screen import ScriptScreen
from tui.script_view import ScriptParts, describe_script, read_script
from tui.version_changes import what_is_new

PATH = "/srv/jobs/ledger_upload.py"


@pytest.fixture
def two_versions(store: FragileStore, now: datetime) -> FragileStore:
    """The day's ledger script, and an older version of it that sent elsewhere; and one of a longer
    name.
    """
    old = sender("ledger_upload.py")
    old = replace(old, script=replace(there(old.script), sha256="ab" * 32))
    away = place("files.example", None, Category.OTHER, AccountKind.UNKNOWN)
    store.add(
        record(now - timedelta(days=3), old, away, finding("email", 3), verdict=Verdict.BLOCK)
    )
    store.add(
        record(now - timedelta(days=1), sender("ledger_upload.py.bak"), away, finding("email", 3))
    )
    return store


def words(sections: list[Section]) -> str:
    return "\n".join(f"{row.label}|{row.text}" for section in sections for row in section.rows)


def test_versions_and_destinations_of_a_script(two_versions: FragileStore, now: datetime) -> None:
    """Which versions were seen from when to when, and where the script sends what."""
    text = words(describe_script(read_script(two_versions, PATH), now, UTC))

    assert f"|{PATH}" in text
    assert "2 requests in 2 cases, first seen Tue 14:14." in text
    assert "❯ now|9f2c41d89f2c · not approved · 14:02 to 14:02" in text
    assert "  before|abababababab · not approved · Tue 14:14 to Tue 14:14" in text
    assert "Not kept of this version." in text
    assert "→ OneDrive, personal: 15,000 rows" in text
    assert "✕ files.example: 3 e-mail addresses" in text


def test_a_script_of_a_longer_name_is_another(two_versions: FragileStore, now: datetime) -> None:
    """Names that only begin alike are not mixed up."""
    assert {case.script for case in read_script(two_versions, PATH).cases} == {"ledger_upload.py"}


async def test_s_shows_it_and_esc_goes_back(
    opened: Opens, two_versions: FragileStore, press: Presses, screen_text: ShowsText
) -> None:
    """On the case under the cursor; a case without a known script says so."""
    async with opened(two_versions) as pilot:
        await press(pilot, "s")
        shown = pilot.app.screen
        assert isinstance(shown, ScriptScreen)
        assert "abababababab" in screen_text(pilot)
        await press(pilot, "escape", "o", "down", "down", "down", "s")

        assert not isinstance(pilot.app.screen, ScriptScreen)
        assert any("No script is known here." in n.message for n in pilot.app._notifications)


async def test_hostile_paths_stay_text(
    opened: Opens, press: Presses, screen_text: ShowsText, now: datetime
) -> None:
    """A path with brackets and escapes is shown inert."""
    bad = sender("[bold]x[/]\x1b[2J\u202e.py")
    store = MemoryCaseStore(
        [record(now, bad, place("[b]\x1b.example", None, Category.OTHER), finding("email", 3))]
    )
    async with opened(store) as pilot:
        await press(pilot, "s")

        assert "[bold]x[/]" in screen_text(pilot)
        assert not {"\x1b", "\u202e"} & set(screen_text(pilot))


NEW = "import requests\n\nrequests.post('https://a.example', data=rows)\n"
OLD = "import requests\n\nrequests.post('https://b.example', data=rows)\n"
SOURCES = {"9f2c41d8" * 8: Kept(text=NEW), "ab" * 32: Kept(text=OLD)}


def acts(
    parts: Callable[..., Any] | None = None,
    kept: Callable[[str], Kept] = SOURCES.__getitem__,
    unread: bool = False,
) -> EvidenceActs:
    return EvidenceActs(
        verify=lambda: Verified(whole=True, words=()),
        export=lambda *_: 0,
        formats=(),
        parts=parts,
        kept=kept,
        approve_unread=unread,
    )


MADE_OF = ScriptParts(
    imports=("pandas", "requests"), installed=("pandas 2.2.3", "requests 2.32.3", "\x1b[2Jbad 1")
)


@drawn
async def test_a_script_is_shown_with_its_versions_and_parts(
    opened: Opens,
    two_versions: FragileStore,
    golden: Compares,
    press: Presses,
    size: tuple[int, int],
) -> None:
    """Which version is approved by whom, where it sends what, and what it is made of, all on one
    screen.
    """
    async with opened(two_versions, size, acts=acts(lambda sha256: MADE_OF)) as pilot:
        await press(pilot, "s", "a", "a", "type:Looked at it with finance", "enter")
        golden(pilot, f"script-{size[0]}x{size[1]}")


@drawn
async def test_approving_asks_why(
    opened: Opens,
    two_versions: FragileStore,
    golden: Compares,
    press: Presses,
    size: tuple[int, int],
) -> None:
    """The dialog names the version and says what its approval does."""
    async with opened(two_versions, size, acts=acts()) as pilot:
        await press(pilot, "s", "a", "a")
        golden(pilot, f"approve-{size[0]}x{size[1]}")


async def test_a_version_is_approved_and_taken_back_with_a_reason(
    opened: Opens, two_versions: FragileStore, press: Presses, screen_text: ShowsText
) -> None:
    """Each is an event with name, time and reason, about the version that the cursor was on."""
    async with opened(two_versions, acts=acts()) as pilot:
        await press(pilot, "s", "down", "a", "a", "type:Old but good", "enter")
        assert "✓ approved by dpo" in screen_text(pilot)
        assert "“Old but good”" in screen_text(pilot)
        await press(pilot, "a")
        assert any("approved already" in n.message for n in pilot.app._notifications)
        await press(pilot, "b", "type:Not any more", "enter")
        assert "✕ approval taken back by dpo" in screen_text(pilot)

    told = readable(two_versions.history(script_key(PATH)))
    assert [(e.action, e.who, e.note, e.script_sha256) for e in told] == [
        (Action.APPROVE_SCRIPT, "dpo", "Old but good", "ab" * 32),
        (Action.WITHDRAW_SCRIPT, "dpo", "Not any more", "ab" * 32),
    ]


async def test_without_a_reason_nothing_is_approved(
    opened: Opens, two_versions: FragileStore, press: Presses
) -> None:
    """An empty note is asked for once more; Esc gives up."""
    async with opened(two_versions, acts=acts()) as pilot:
        await press(pilot, "s", "a", "a", "enter")
        assert any("Write down why first." in n.message for n in pilot.app._notifications)
        await press(pilot, "escape", "escape", "b")
        assert any("It is not approved." in n.message for n in pilot.app._notifications)

    assert readable(two_versions.history(script_key(PATH))) == []


async def test_a_read_only_view_approves_nothing(
    opened: Opens, two_versions: FragileStore, press: Presses
) -> None:
    """Looking is all that it allows."""
    async with opened(two_versions, read_only=True) as pilot:
        await press(pilot, "s", "a")
        assert any("This is a read-only view." in n.message for n in pilot.app._notifications)
        assert isinstance(pilot.app.screen, ScriptScreen)


async def test_a_store_that_fails_is_told(
    opened: Opens,
    two_versions: FragileStore,
    press: Presses,
    locked: EvidenceError,
    screen_text: ShowsText,
) -> None:
    """When it cannot be written, the screen says so, and shows nothing as approved."""
    async with opened(two_versions, acts=acts()) as pilot:
        await press(pilot, "s", "a", "a", "type:x")
        two_versions.append_failure = locked
        await press(pilot, "enter")
        assert any("Nothing was changed." in n.message for n in pilot.app._notifications)
        await press(pilot, "escape")
        assert "✓ approved" not in screen_text(pilot)
        two_versions.append_failure = None
        await press(pilot, "a", "a")
        two_versions.failure = locked
        await press(pilot, "type:x", "enter")
        assert any(
            "It is written, but cannot be shown." in n.message for n in pilot.app._notifications
        )


def test_what_it_is_made_of_is_inert_and_bounded(two_versions: FragileStore, now: datetime) -> None:
    """Names of packages come from foreign files: they are shown as text, and not by the
    thousand.
    """

    def told(parts: ScriptParts, _digest: str) -> ScriptParts:
        return parts

    many = ScriptParts(imports=None, installed=tuple(f"p{n} 1" for n in range(1000)))
    for parts, said in ((MADE_OF, "pandas 2.2.3, requests 2.32.3"), (many, "and 700 more")):
        text = words(
            describe_script(read_script(two_versions, PATH, partial(told, parts)), now, UTC)
        )
        assert said in text
        assert "\x1b" not in text
    assert "Imports|not readable" in text
    assert "1,000 packages in the environment" in text


def test_no_version_and_no_case_is_left_out_in_silence(store: FragileStore, now: datetime) -> None:
    """A script that changes each day: the first version can be seen, is what others are compared
    with once it is approved, and where it sent to more places than are told, that is said.
    """
    made = sender("daily.py")
    for day in range(40):
        script = replace(there(made.script), sha256=f"{day:064x}")
        host = place(f"h{day}.example", None, Category.OTHER, AccountKind.UNKNOWN)
        for number in range(3):
            where = replace(host, host=f"h{day}-{number}.example")
            at = now - timedelta(days=40 - day, minutes=number)
            store.add(record(at, replace(made, script=script), where, finding("email", 3)))
    path, first = there(made.script).path or "", now - timedelta(days=40, minutes=2)
    oldest = ScriptVersion(script=path, sha256=f"{0:064x}", first_at=first, last_at=first)
    store.append([script_event(oldest, approve=True, who="dpo", at=now, note="read")])
    reading = read_script(store, path, lambda _: ScriptParts(imports=("csv",), installed=()))
    assert len(reading.versions) == 40 and reading.approved(reading.versions[-1])
    told = words(describe_script(reading, now, UTC, chosen=39))
    assert "100 requests in its 100 gravest cases, of more, first seen 11 Oct" in told
    assert "This is read of the newest 30 versions only." in told
    compared = what_is_new(reading, reading.versions[0], lambda _: Kept(why="gone"))
    assert "No other version" not in str(compared)
    past = words([past_section(reading, reading.cases[0], now, UTC)])
    assert "in 40 versions, first 11 Oct" in past and "at least 99 others" in past


def test_earlier_words_on_a_script_are_counted(store: FragileStore, now: datetime) -> None:
    """Of many approvals the last are told, and how many came before."""
    made = sender("daily.py")
    path, digest = there(made.script).path or "", there(made.script).sha256
    away = place("files.example", None, Category.OTHER, AccountKind.UNKNOWN)
    store.add(record(now, made, away, finding("email", 3)))
    version = ScriptVersion(script=path, sha256=digest, first_at=now, last_at=now)
    for number in range(7):
        approve = number % 2 == 0
        store.append([script_event(version, approve=approve, who="dpo", at=now, note="read")])
    reading = read_script(store, path)
    told = words([past_section(reading, reading.cases[0], now, UTC)])
    assert "and 3 before; s shows the last word on each" in told
