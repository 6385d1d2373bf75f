"""An officer's day, by keys only, over a real evidence file, with all that the review brings."""

import io
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from evidence_file import many_cases
from invented_day import finding, place, record, sample_records, sender
from present import readable, there

from app.demo.fictional_year import PRESENT, make_year
from app.desk_acts import acts_of
from app.home import Home
from app.settings import Settings
from attribution.identity.contents import ContentStore
from core.case_words import parse
from core.classification import AccountKind, Category
from core.record import Record
from core.review import Acting, Action, CaseFilter, CaseStatus, script_key
from evidence.factory import open_store
from evidence.holds import HeldRequests
from evidence.store import Store
from exports.verification import verify_export
from tests.tui.conftest import NOW, Finds, Opens, Presses, Settles, ShowsText
from tui.app import ReviewApp
from tui.evidence_acts import EvidenceActs
from tui.holds import waiting_now
from tui.live_queue import Reviewer
from tui.plain_commands import Speaker, converse
from tui.sheet_screen import SheetScreen

type Writes = Callable[[Path, Sequence[Record]], None]
LEDGER = "/srv/jobs/ledger_upload.py"


@pytest.fixture
def store(written: Writes, tmp_path: Path, now: datetime) -> Iterator[Store]:
    """The invented day in a file, with the ledger script's two versions kept."""
    old = sender("ledger_upload.py")
    old = replace(old, script=replace(there(old.script), sha256="ab" * 32))
    away = place("files.example", None, Category.OTHER, AccountKind.UNKNOWN)
    first = record(now - timedelta(days=3), old, away, finding("email", 3))
    written(tmp_path / "evidence.db", [first, *sample_records(now)[-6:]])
    kept = ContentStore(tmp_path / "scripts", str)
    for sha256, host in (("9f2c41d8" * 8, "away"), ("ab" * 32, "own")):
        kept._write(kept._place(sha256), f"import requests\nrequests.post('{host}')\n")
    opened = open_store(tmp_path / "evidence.db", clock=lambda: now)
    yield opened
    opened.close()


def acts(store: Store, tmp_path: Path) -> EvidenceActs:
    return acts_of(store, Home(tmp_path), Settings(), clock=lambda: NOW)


async def test_from_case_to_rule(
    opened: Opens, store: Store, press: Presses, screen_text: ShowsText, tmp_path: Path
) -> None:
    """Three keys write the rule; it stands in the list, its page says what it decides, and t
    switches it off and on.
    """
    async with opened(store, (140, 45), acts=acts(store, tmp_path)) as pilot:
        await press(pilot, "m", "2")
        assert "It would have matched 1 of" in screen_text(pilot)
        await press(pilot, "enter", "enter")
        text = (tmp_path / "outgate.yaml").read_text()
        assert "stop-ledger-upload-onedrive" in text and LEDGER in text
        await press(pilot, "7", "p")
        assert "Now          1 of the newest" in screen_text(pilot)
        await press(pilot, "escape", "t")
        assert "enabled: false" in (tmp_path / "outgate.yaml").read_text()
        assert isinstance(pilot.app.screen, SheetScreen)
        await press(pilot, "t")
        assert "enabled: false" not in (tmp_path / "outgate.yaml").read_text()


async def test_from_case_to_an_account_of_the_organisation(
    opened: Opens, store: Store, press: Presses, screen_text: ShowsText, tmp_path: Path
) -> None:
    """m, 4, Enter: the account stands in the policy, and in the list of rules."""
    async with opened(store, (140, 45), acts=acts(store, tmp_path)) as pilot:
        await press(pilot, "slash", "type:script:ledger to:onedrive", "enter", "m", "4")
        assert "is the organisation's own" in " ".join(screen_text(pilot).split())
        await press(pilot, "enter", "enter", "7")
        assert "consumer tenant" in screen_text(pilot)
    assert "consumer tenant" in (tmp_path / "outgate.yaml").read_text()


async def test_closing_with_growth(
    opened: Opens,
    store: Store,
    press: Presses,
    review: Finds,
    screen_text: ShowsText,
    written: Writes,
    tmp_path: Path,
    now: datetime,
) -> None:
    """What was closed up to here comes back when ten times as much leaves, and says why."""
    async with opened(store, (140, 45), acts=acts(store, tmp_path)) as pilot:
        await press(pilot, "slash", "type:script:ledger to:files", "enter", "c", "3", "enter")
        assert store.count(CaseFilter(status=CaseStatus.CLOSED)) == 1
        old = sender("ledger_upload.py")
        old = replace(old, script=replace(there(old.script), sha256="ab" * 32))
        away = place("files.example", None, Category.OTHER, AccountKind.UNKNOWN)
        more = [
            record(now + timedelta(seconds=n), old, away, finding("email", 300, records=300 + n))
            for n in range(2)
        ]
        written(tmp_path / "evidence.db", more)
        await review(pilot).poll()
        await press(pilot, "escape", "slash", "type:script:ledger to:files", "enter")
        assert "came back" in " ".join(screen_text(pilot).split())
        shown = [c.key for c in store.page(review(pilot).queue.wanted, 0, 9)]
        for line in ("came back", "came-back rows:300"):
            assert [c.key for c in store.page(parse(line, now).wanted, 0, 9)] == shown
        for line in ("not came back", "came back rows:302"):
            assert shown[0] not in {c.key for c in store.page(parse(line, now).wanted, 0, 9)}
    assert store.count(CaseFilter(status=CaseStatus.CLOSED)) == 0


async def test_a_version_is_approved_after_reading_its_difference(
    opened: Opens, store: Store, press: Presses, screen_text: ShowsText, tmp_path: Path
) -> None:
    """First the old one is read whole and approved, then what is new in the new one."""
    async with opened(store, (140, 45), acts=acts(store, tmp_path)) as pilot:
        await press(pilot, "s", "down", "a")
        assert "whole of version abababababab" in screen_text(pilot)
        await press(pilot, "a", "type:ours", "enter", "escape", "d")
        assert "+ requests.post('away')" in screen_text(pilot)
        await press(pilot, "a", "type:also ours", "enter", "p")
        assert "also ours" in screen_text(pilot)
    told = readable(store.history(script_key(LEDGER)))
    assert [event.note for event in told] == ["ours", "also ours"]


async def test_a_pack_and_a_report_of_one_case(
    opened: Opens, store: Store, press: Presses, tmp_path: Path
) -> None:
    """From the filter to a file that others can verify, and one that others can read."""
    async with opened(store, (140, 45), acts=acts(store, tmp_path)) as pilot:
        await press(pilot, "slash", "type:script:ledger to:onedrive", "enter")
        for name in ("case.zip", "case.html"):
            await press(pilot, "e")
            await press(pilot, "end", "ctrl+u", f"type:{tmp_path / name}", "enter")
            assert any(f"1 record written to {name}" in n.message for n in pilot.app._notifications)
    assert verify_export(tmp_path / "case.zip").entries == 1
    assert "ledger_upload.py" in (tmp_path / "case.html").read_text()
    assert sum("exported" in str(act) for act in store.iter_acts()) >= 1


async def test_a_store_of_an_earlier_version_is_regrouped(
    opened: Opens, press: Presses, review: Finds, screen_text: ShowsText, tmp_path: Path
) -> None:
    """A hundred and fifty texts of tickets are one case; every request of it opens."""
    many_cases(tmp_path / "old" / "evidence.db")
    store = open_store(tmp_path / "old" / "evidence.db")
    async with opened(
        store, (140, 45), acts=acts_of(store, Home(tmp_path / "old"), Settings())
    ) as pilot:
        await press(pilot, "slash", "type:all script:tickets", "enter")
        assert review(pilot).queue.count == 1 and "×150" in screen_text(pilot)
        await press(pilot, "full_stop")
        assert "What follows is request 149 of them" in " ".join(screen_text(pilot).split())
    store.close()


async def test_a_view_is_kept_for_tomorrow(
    opened: Opens, store: Store, press: Presses, review: Finds, tmp_path: Path
) -> None:
    """Kept in a file, gone back to in another session."""
    async with opened(store, acts=acts(store, tmp_path)) as pilot:
        await press(pilot, "slash", "type:risk:high", "enter", "n", "type:Grave", "enter")
    async with opened(store, acts=acts(store, tmp_path)) as pilot:
        await press(pilot, "right_square_bracket")
        assert review(pilot).filter_line == "risk:high"


async def test_what_one_person_sent(
    opened: Opens,
    store: Store,
    press: Presses,
    review: Finds,
    screen_text: ShowsText,
    tmp_path: Path,
) -> None:
    """From the list of people to all cases of one, open and closed, and to a file of them."""
    async with opened(store, (140, 45), acts=acts(store, tmp_path)) as pilot:
        await press(pilot, "6")
        assert isinstance(pilot.app.screen, SheetScreen) and "fin-ops" in screen_text(pilot)
        await press(pilot, "enter")
        assert "user:" in review(pilot).filter_line
        shown = [case.user for case in review(pilot).queue.known()]
        assert shown and len(set(shown)) == 1
        await press(pilot, "e", "end", "ctrl+u", f"type:{tmp_path / 'person.jsonl'}", "enter")
    assert verify_export(tmp_path / "person.jsonl").entries >= len(shown)


async def test_a_second_person_confirms_a_version(
    opened: Opens,
    store: Store,
    press: Presses,
    settled: Settles,
    screen_text: ShowsText,
    tmp_path: Path,
    now: datetime,
) -> None:
    """The first asks and may not confirm it; who comes second reads it, and it is approved."""
    store.close()
    two = Acting(channel="review", two_for_approvals=True)
    second = Store(tmp_path / "evidence.db", acting=two, clock=lambda: now)

    def approved() -> list[Action]:
        return [event.action for event in readable(second.history(script_key(LEDGER)))]

    async with opened(second, (140, 45), acts=acts(second, tmp_path)) as pilot:
        await press(pilot, "d", "a", "type:read", "enter")
        assert approved() == [Action.ASK_APPROVE_SCRIPT]
        await press(pilot, "d", "a", "type:again", "enter")
        assert approved() == [Action.ASK_APPROVE_SCRIPT]
    other = Reviewer(who="bo", clock=lambda: now, zone=UTC, poll_seconds=None)
    app = ReviewApp(second, other, None, "", acts(second, tmp_path))
    async with app.run_test(size=(140, 45)) as pilot:
        await settled(pilot)
        await press(pilot, "d")
        assert "asked" in screen_text(pilot)
        await press(pilot, "a", "type:read too", "enter")
    assert approved()[-1] is Action.APPROVE_SCRIPT
    (confirmed,) = [e for e in readable(second.history(script_key(LEDGER))) if e.who == "bo"]
    assert (confirmed.note, confirmed.action) == ("read too", Action.APPROVE_SCRIPT)
    second.close()


async def test_the_months_report(
    opened: Opens, store: Store, press: Presses, screen_text: ShowsText, tmp_path: Path
) -> None:
    """From the numbers of the month to a report of it that others can read, of all cases, closed
    ones too.
    """
    async with opened(store, (140, 45), acts=acts(store, tmp_path)) as pilot:
        await press(pilot, "2")
        assert "Most requests of the week" in screen_text(pilot)
        await press(pilot, "1", "c", "3", "enter", "slash", "type:all", "enter", "e")
        assert "a report of the last 30 days" in screen_text(pilot)
        name = tmp_path / "november.html"
        await press(pilot, "end", "ctrl+u", f"type:{name}", "enter")
        assert any("written to november.html" in n.message for n in pilot.app._notifications)
    told = (tmp_path / "november.html").read_text()
    for words in ("ledger_upload.py", "Python scripts process customer data here", "only 6 cases"):
        assert words in told, words


async def test_a_hold_is_answered_from_its_notice(
    settled: Settles, press: Presses, screen_text: ShowsText, tmp_path: Path
) -> None:
    """The command of the notice opens that very request; a and Enter release it, and the act is in
    the evidence with the name of whoever answered.
    """
    make_year(tmp_path / "evidence.db")
    store = Store(tmp_path / "evidence.db", clock=lambda: PRESENT)
    holds = HeldRequests(store)
    [waiting] = waiting_now(holds.waiting(), PRESENT).held
    reviewer = Reviewer(
        who="lena", clock=lambda: PRESENT, zone=UTC, case=waiting.id, poll_seconds=None
    )
    app = ReviewApp(store, reviewer, holds, "", acts(store, tmp_path))
    async with app.run_test(size=(140, 45)) as pilot:
        await settled(pilot)
        assert "“payroll_letters.py”, run by hr" in screen_text(pilot)
        await press(pilot, "a", "enter")
    assert not waiting_now(holds.waiting(), PRESENT).held
    told = [str(one) for one in store.iter_acts() if waiting.id in str(one)]
    assert told and "lena" in told[-1]
    store.close()


def test_a_second_person_releases_by_commands(tmp_path: Path) -> None:
    """Whoever asked first cannot confirm it, by commands no more than on a screen; another can."""
    make_year(tmp_path / "evidence.db")
    two = Acting(channel="review", two_for_release_over=20)
    store = Store(tmp_path / "evidence.db", clock=lambda: PRESENT, acting=two)
    holds = HeldRequests(store)

    def says(who: str, line: str) -> str:
        out = io.StringIO()
        speaker = Speaker(who=who, clock=lambda: PRESENT, zone=UTC)
        converse(store, holds, speaker, io.StringIO(f"{line}\n"), out)
        return out.getvalue()

    assert len(holds.waiting()) == 1
    for line in ("release H1 looked at it", "release H1 again"):
        told = says("lena", line)
        assert "second person" in told or "another person" in told, told
        assert len(holds.waiting()) == 1
    says("bo", "release H1 looked at it too")
    assert not holds.waiting()
    store.close()
