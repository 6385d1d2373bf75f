"""The guided tour over a fictional year: marked everywhere, the same each time, led by F1."""

import importlib.util
import re
import shutil
from collections.abc import AsyncIterator, Callable
from datetime import UTC
from pathlib import Path

import pytest
from textual.pilot import Pilot

from app.demo.fictional_gate import AnsweredStore
from app.demo.fictional_year import PRESENT, make_year, open_year
from app.demo.tour import show
from app.desk_acts import acts_of
from app.home import Home
from app.settings import Settings
from core.review import Acting, CaseFilter
from core.stored import StoredRecord
from evidence import verify
from evidence.factory import open_evidence
from evidence.holds import HeldRequests
from evidence.store import Store
from policy.loading import parse
from tests.tui.conftest import Presses, Settles, ShowsText
from tui.evidence_acts import EvidenceActs
from tui.live_queue import Reviewer
from tui.tour import MARK, STEPS, Mark, TourApp

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def year(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The year, made once."""
    path = tmp_path_factory.mktemp("tour") / "evidence.db"
    make_year(path)
    return path


@pytest.fixture
async def tour(year: Path, settled: Settles) -> AsyncIterator[Pilot[int]]:
    store = Store(year, clock=lambda: PRESENT)
    reviewer = Reviewer(who="visitor", clock=lambda: PRESENT, zone=UTC, poll_seconds=None)
    acts = acts_of(store, Home(year.parent), Settings(), clock=lambda: PRESENT)
    app = TourApp(store, reviewer, HeldRequests(store), "", acts)
    async with app.run_test(size=(120, 40)) as pilot:
        await settled(pilot)
        yield pilot
    store.close()


def test_the_tour_says_in_one_way_whether_a_gate_runs(
    year: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first line of every screen and the tab of health agree."""
    told: list[tuple[bool, str]] = []

    def opened(*_: object, acts: EvidenceActs, watching: Callable[[], bool], **__: object) -> int:
        assert acts.sheets is not None
        gate = acts.sheets.read("health", PRESENT).facts[0]
        told.append((watching(), gate.text))
        return 0

    monkeypatch.setattr("tui.app.run", opened)
    monkeypatch.setattr("app.demo.tour.open_year", lambda path: open_evidence(_copied(year, path)))
    assert show("visitor", plain=False, in_browser=True) == 0
    assert told == [(True, "A gate runs.")]


def _copied(year: Path, path: Path) -> Path:
    shutil.copy(year, path)
    return path


def test_each_request_of_the_year_is_told_with_the_reason_of_its_own_rule(year: Path) -> None:
    """What was blocked for a key in it is not said to be blocked for personal data."""
    store = Store(year, clock=lambda: PRESENT)
    records = [one.record for one in store.iter_records() if isinstance(one, StoredRecord)]
    store.close()
    told = {(record.decision.rule, record.decision.reason) for record in records}
    model = parse((year.parent / "outgate.yaml").read_bytes(), "outgate.yaml")
    assert told <= {(rule.id, f"{rule.description}.") for rule in model.rules}
    assert ("no-secrets", "Passwords and keys do not leave.") in told


def test_the_year_is_whole_and_the_same_each_time(year: Path, tmp_path: Path) -> None:
    """An auditor would find nothing to say of it; two visitors see the same cases."""
    assert verify(year).ok
    make_year(tmp_path / "again.db")
    told = []
    for path in (year, tmp_path / "again.db"):
        store = Store(path, clock=lambda: PRESENT)
        cases = store.page(CaseFilter(status=None), 0, 50)
        told.append([(c.key, c.count, c.last_record, c.inside.people, c.status) for c in cases])
        store.close()
    assert told[0] == told[1]
    assert len(told[0]) == 7


async def test_every_screen_is_marked(
    tour: Pilot[int], press: Presses, screen_text: ShowsText
) -> None:
    """Nobody takes a picture of it for the truth, whatever is open."""
    await press(tour, "escape")
    for keys in ((), ("2",), ("7",), ("escape", "question_mark"), ("escape", "c"), ("escape", "s")):
        await press(tour, *keys)
        assert tour.app.screen.query(Mark), keys
        assert MARK[:50] in screen_text(tour), keys


async def test_f1_guides_step_by_step(
    tour: Pilot[int], press: Presses, screen_text: ShowsText
) -> None:
    """It begins by itself, goes on where one was, and lets one try things in between."""
    assert f"Step 1 of {len(STEPS)}" in screen_text(tour)
    await press(tour, "enter", "enter")
    assert "Step 3 of" in screen_text(tour)
    await press(tour, "escape")
    assert "Step " not in screen_text(tour)
    await press(tour, "f1", "left")
    assert "Step 2 of" in screen_text(tour)
    await press(tour, *["right"] * 20)
    assert f"Step {len(STEPS)} of" in screen_text(tour)
    await press(tour, "f1")
    assert "Step " not in screen_text(tour)


@pytest.mark.parametrize(
    ("keys", "shown"),
    [
        (("2",), "To look at"),
        (("9",), "Last request"),
        (("p",), "Made of"),
        (("b",), "Refuse"),
        (("slash",), "since:monday"),
        (("question_mark",), "Keys"),
        (("down", "c"), "Close"),
    ],
)
async def test_a_key_that_a_step_names_does_at_once_what_it_names(
    tour: Pilot[int],
    press: Presses,
    screen_text: ShowsText,
    keys: tuple[str, ...],
    shown: str,
) -> None:
    """Nobody presses Esc first who was told to press b; F1 goes on where one was."""
    await press(tour, "enter", *keys)
    told = screen_text(tour)
    assert "Step " not in told
    assert shown.lower() in told.lower()
    await press(tour, "escape", "escape", "f1")
    assert "Step 2 of" in screen_text(tour)


async def test_what_the_steps_name_is_there(
    tour: Pilot[int], press: Presses, screen_text: ShowsText
) -> None:
    """The held request, the scripts and the versions that the guide speaks of."""
    await press(tour, "escape")
    shown = screen_text(tour)
    for name in ("1 held now", "payroll_letters.py", "ledger_up", "summarise_"):
        assert name in shown


async def test_what_the_steps_say_can_be_done(
    settled: Settles, press: Presses, screen_text: ShowsText, tmp_path: Path
) -> None:
    """Each step by its keys: what is refused stands in the queue, the versions can be read and
    one of them approved, code is shown, and the rules are those that the cases name.
    """
    evidence = open_year(tmp_path / "evidence.db")
    acting = Acting(channel="tour", role_of=lambda _: "reviewer")
    store = AnsweredStore(
        evidence.writer, evidence.store.path, acting=acting, clock=lambda: PRESENT
    )
    reviewer = Reviewer(who="visitor", clock=lambda: PRESENT, zone=UTC, poll_seconds=None)
    acts = acts_of(store, Home(tmp_path), Settings(), clock=lambda: PRESENT)
    app = TourApp(store, reviewer, HeldRequests(store), "", acts)
    async with app.run_test(size=(120, 40)) as pilot:
        await settled(pilot)
        await press(pilot, "escape", "h", "b", "enter")
        assert "✕ refused" in screen_text(pilot) and "held now" not in screen_text(pilot)
        await press(pilot, "slash", *"refused", "enter", "a", "enter", "escape")
        assert any("Approved" in one.message for one in app._notifications)
        await press(pilot, "g", "enter")
        await press(pilot, "pagedown")
        assert "❯ 19 │     answer = requests.post(PLACE" in screen_text(pilot)
        await press(pilot, "escape", "slash", *"script:summarise", "enter", "s")
        told = screen_text(pilot)
        assert told.count("✓ approved by") == 1 and "· not approved ·" in told
        await press(pilot, "d")
        assert "+     return [dict(row)" in screen_text(pilot)
        await press(pilot, "a", *"read", "enter")
        assert screen_text(pilot).count("✓ approved by") == 2
        await press(pilot, "escape", "escape", "7")
        assert "not in the policy any more" not in screen_text(pilot)
    store.close()
    evidence.close()


async def test_the_handbook_shows_the_screens_of_today() -> None:
    """Ten pages with a real screen each; `docs/pictures/draw_handbook.py` draws them anew."""
    spec = importlib.util.spec_from_file_location(
        "draw_handbook", ROOT / "docs" / "pictures" / "draw_handbook.py"
    )
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    text = (ROOT / "docs" / "handbook.md").read_text(encoding="utf-8")
    drawn = await module.draw()
    assert re.findall(r"\(handbook/(.*?)\.svg\)", text) == list(drawn)
    kept = {path.stem: path.read_text("utf-8") for path in (ROOT / "docs/handbook").glob("*.svg")}
    assert [name for name in drawn if drawn[name] != kept.get(name)] == []
    assert set(kept) == set(drawn)
