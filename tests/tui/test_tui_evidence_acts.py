"""Verifying the evidence and exporting cases from within the review."""

import io
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from invented_day import sample_records
from textual.widgets import Input

from app.desk_acts import acts_of
from app.home import Home
from app.settings import Settings
from attribution.identity.contents import ContentStore
from core.errors import EvidenceError, InputError
from core.record import Record
from core.review import CaseFilter
from evidence import verify
from evidence.factory import open_store
from evidence.history import History
from exports.verification import verify_export
from tests.tui.conftest import EndlessStore, FragileStore, Presses, Settles, ShowsText
from tui.app import ReviewApp
from tui.evidence_acts import EvidenceActs, ExportChoice, Verified, cases_of, proposed
from tui.export_dialog import Export, ExportDialog, export_named
from tui.live_queue import Reviewer
from tui.notice import Notice
from tui.plain import print_queue
from tui.plain_commands import Speaker, converse
from tui.review_screen import ReviewScreen

FORMATS = (
    ExportChoice(name="csv", suffix=".csv", purpose="for people", proposed=True),
    ExportChoice(name="jsonl", suffix=".jsonl", purpose="for machines"),
)
WHOLE = Verified(whole=True, words=("The evidence is whole.", "Records checked: 4812."))


@pytest.fixture
def opened_with(store: FragileStore, now: datetime) -> Callable[..., ReviewApp]:
    """Open the review with given acts."""

    def open_app(
        verify: Callable[[], Verified] = lambda: WHOLE,
        export: Callable[[str, frozenset[str], Path], int] = lambda name, cases, path: len(cases),
        at: FragileStore = store,
    ) -> ReviewApp:
        acts = EvidenceActs(verify=verify, export=export, formats=FORMATS)
        return ReviewApp(
            at, Reviewer(who="dpo", clock=lambda: now, poll_seconds=None), None, "", acts
        )

    return open_app


def refused(name: str, formats: tuple[ExportChoice, ...]) -> str:
    """Return why nothing is exported under this name."""
    found = export_named(name, formats)
    assert isinstance(found, str)
    return found


async def test_a_list_of_cases_that_was_edited_is_said_at_once(
    store: FragileStore, now: datetime, settled: Settles, screen_text: ShowsText
) -> None:
    """Nobody has to ask for it: the first line says so, while the cases can still be read."""
    found = ["the list of cases does not add up to the records; [b]x"]
    acts = EvidenceActs(
        verify=lambda: WHOLE,
        export=lambda *_: 0,
        formats=FORMATS,
        list_problem=lambda: found[0] if found else None,
    )
    who = Reviewer(who="dpo", clock=lambda: now, poll_seconds=None)
    async with ReviewApp(store, who, None, "", acts).run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        assert "▲ The list of cases was changed in the file: v says what" in screen_text(pilot)
        [told] = pilot.app._notifications
        assert told.message == f"The evidence was changed: {found[0]}." and not told.markup
    found.clear()
    async with ReviewApp(store, who, None, "", acts).run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        assert "was changed" not in screen_text(pilot)


def test_the_list_without_the_app_says_so_first(store: FragileStore, now: datetime) -> None:
    """As lines and by commands; the exit code says so, too."""

    def said(list_problem: Callable[[], str | None]) -> list[tuple[int, bool]]:
        told = []
        for asked in ("lines", "commands"):
            out = io.StringIO()
            if asked == "lines":
                code = print_queue(store, out, clock=lambda: now, list_problem=list_problem)
            else:
                speaker = Speaker(who="dpo", clock=lambda: now, list_problem=list_problem)
                code = converse(store, None, speaker, io.StringIO("quit\n"), out)
            first = out.getvalue().startswith("The evidence was changed: it is edited.\n")
            told.append((code, first))
        return told

    def locked() -> str | None:
        raise EvidenceError("Locked.")

    assert said(lambda: "it is edited") == [(1, True)] * 2
    assert said(lambda: None) == [(0, False)] * 2
    assert said(locked) == [(0, False)] * 2


async def test_v_says_that_the_evidence_is_whole(
    opened_with: Callable[..., Any], press: Presses, settled: Settles, screen_text: ShowsText
) -> None:
    """The result stays on the screen until it was read."""
    async with opened_with().run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        await press(pilot, "v")

        assert isinstance(pilot.app.screen, Notice)
        assert "✓ The evidence is whole" in screen_text(pilot)
        assert "Records checked: 4812." in screen_text(pilot)
        await press(pilot, "escape")
        assert isinstance(pilot.app.screen, ReviewScreen)


@pytest.mark.parametrize(
    ("found", "words"),
    [
        (
            Verified(whole=False, words=("First problem: record 7 was changed.",)),
            "record 7 was changed",
        ),
        (EvidenceError("The file is damaged."), "The file is damaged."),
        (ValueError("IBAN DE89370400440532013000"), "could not be read (ValueError)"),
    ],
)
async def test_a_broken_chain_is_not_called_whole(
    opened_with: Callable[..., Any],
    press: Presses,
    settled: Settles,
    screen_text: ShowsText,
    found: EvidenceError | ValueError | Verified,
    words: str,
) -> None:
    """A changed record, an unreadable file and an unforeseen fault: none of them reads as whole."""

    def verify() -> Verified | None:
        if isinstance(found, Exception):
            raise found
        return found

    async with opened_with(verify).run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        await press(pilot, "v")
        shown = screen_text(pilot)

        assert "▲ The evidence could not be shown to be whole" in shown
        assert words in shown
        assert "✓ The evidence" not in shown and "DE89" not in shown


async def test_e_exports_what_the_filter_shows(
    opened_with: Callable[..., Any],
    press: Presses,
    settled: Settles,
    tmp_path: Path,
    store: FragileStore,
) -> None:
    """The cases in view and no other, in the format that the name asks for."""
    asked: list[tuple[str, frozenset[str], Path]] = []

    def export(name: str, cases: frozenset[str], path: Path) -> int:
        asked.append((name, cases, path))
        return 47

    app = opened_with(export=export)
    async with app.run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        await press(pilot, "slash", "type:to:openai", "enter", "e")
        pilot.app.focused.value = str(tmp_path / "out.jsonl")
        await press(pilot, "enter")

        assert any("47 records written to out.jsonl" in n.message for n in pilot.app._notifications)
    wanted = {case.key for case in store.page(CaseFilter(destination="openai"), 0, 100)}
    assert asked == [("jsonl", frozenset(wanted), tmp_path / "out.jsonl")]


async def test_an_export_that_fails_says_that_nothing_was_written(
    opened_with: Callable[..., Any], press: Presses, settled: Settles, tmp_path: Path
) -> None:
    """A full disk or a race for the name is told in words."""

    def export(format_name: str, cases: frozenset[str], path: Path) -> None:
        raise InputError("The export cannot be written: no space left.")

    async with opened_with(export=export).run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        await press(pilot, "e")
        pilot.app.focused.value = str(tmp_path / "out.csv")
        await press(pilot, "enter")

        assert any(
            "Nothing was written. The export cannot" in n.message for n in pilot.app._notifications
        )


async def test_a_bad_file_name_keeps_the_dialog_open(
    opened_with: Callable[..., Any],
    press: Presses,
    settled: Settles,
    screen_text: ShowsText,
    tmp_path: Path,
) -> None:
    """The dialog says what is wrong; Esc writes nothing."""
    async with opened_with().run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        await press(pilot, "e")
        pilot.app.focused.value = "cases.txt"
        await press(pilot, "enter")

        assert isinstance(pilot.app.screen, ExportDialog)
        assert "has to end in .csv or .jsonl" in screen_text(pilot)
        await press(pilot, "escape")
        assert isinstance(pilot.app.screen, ReviewScreen)


def test_the_name_chooses_the_format_and_never_an_existing_file(tmp_path: Path) -> None:
    """A file that is there is never replaced from the review."""
    (tmp_path / "there.csv").write_text("x")

    assert export_named(f" {tmp_path}/new.CSV ", FORMATS) == Export(
        path=tmp_path / "new.CSV", format_name="csv"
    )
    assert "already" in refused(str(tmp_path / "there.csv"), FORMATS)
    assert "no such folder" in refused(str(tmp_path / "none" / "x.csv"), FORMATS)
    for wrong in ("", "   ", "cases", "cases.txt", ".csv", "csv", str(tmp_path)):
        assert "has to end in" in refused(wrong, FORMATS)


@pytest.mark.parametrize(
    ("name", "asked"),
    [("a.md", "markdown"), ("a.MD", "markdown"), ("a.jsonl", "jsonl"), ("a.ocsf.jsonl", "ocsf")],
)
def test_a_format_is_chosen_by_its_suffix_not_by_its_name(
    tmp_path: Path, name: str, asked: str
) -> None:
    """A format called `markdown` is saved as `.md`; of two suffixes that fit, the longer one is
    meant.
    """
    formats = (
        *FORMATS,
        ExportChoice(name="ocsf", suffix=".ocsf.jsonl", purpose="for other programs"),
        ExportChoice(name="markdown", suffix=".md", purpose="for reading"),
    )

    found = export_named(str(tmp_path / name), formats)
    assert found == Export(path=tmp_path / name, format_name=asked)
    assert "or .md" in refused(str(tmp_path / "a.markdown"), formats)


def test_what_is_proposed_is_not_the_first_in_the_alphabet() -> None:
    """A new format changes nothing for whoever presses Enter."""
    early = ExportChoice(name="atom", suffix=".atom", purpose="for feeds")

    assert proposed((early, *FORMATS)).name == "csv"


def test_all_cases_of_a_filter_are_taken(endless: EndlessStore, store: FragileStore) -> None:
    """Also beyond the pages that are on the screen."""
    endless.length = 950

    assert len(cases_of(endless, CaseFilter())) == 950
    assert len(cases_of(store, CaseFilter(status=None))) == 7
    assert cases_of(store, CaseFilter(text="nothing like this")) == frozenset()


async def test_the_real_evidence_is_verified_and_exported(
    press: Presses,
    settled: Settles,
    screen_text: ShowsText,
    written: Callable[[Path, Sequence[Record]], None],
    tmp_path: Path,
    now: datetime,
) -> None:
    """As `outgate review` wires it: over the evidence file, with the formats there are."""
    path = tmp_path / "evidence.db"
    written(path, sample_records(now)[-4:])
    store = open_store(path, clock=lambda: now)
    app = ReviewApp(
        store,
        Reviewer(who="dpo", clock=lambda: now, poll_seconds=None),
        None,
        "",
        acts_of(store, Home(tmp_path), Settings(), clock=lambda: now),
    )
    async with app.run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        await press(pilot, "v")
        assert "✓ The evidence is whole" in screen_text(pilot)
        await press(pilot, "escape")
        for name in ("out.csv", "out.jsonl"):
            await press(pilot, "e")
            assert isinstance(pilot.app.focused, Input)
            pilot.app.focused.value = str(tmp_path / name)
            await press(pilot, "enter")
            assert any(
                f"3 records written to {name}" in n.message for n in pilot.app._notifications
            )
    store.close()
    report = verify_export(tmp_path / "out.jsonl")
    assert (report.ok, report.entries) == (True, 3)
    assert (tmp_path / "out.csv").read_text(encoding="utf-8-sig").count("ledger_upload.py") >= 1
    assert (tmp_path / "out.csv").stat().st_mode & 0o077 == 0


async def test_a_real_script_is_approved_and_shows_what_it_is_made_of(
    press: Presses,
    settled: Settles,
    screen_text: ShowsText,
    written: Callable[[Path, Sequence[Record]], None],
    tmp_path: Path,
    now: datetime,
) -> None:
    """As `outgate review` wires it: the approval stands in the evidence, and the parts come from
    what was kept.
    """
    path = tmp_path / "evidence.db"
    written(path, sample_records(now)[-4:])
    store = open_store(path, clock=lambda: now)
    newest = store.page(CaseFilter(), 0, 1)[0]
    [version] = store.script_versions(newest.script_path)
    kept = ContentStore(tmp_path / "scripts", lambda text: text)
    assert version.sha256 is not None
    kept._write(kept._place(version.sha256), "import pandas\n")
    kept.keep_parts(
        version.sha256, {"imports": ["pandas"], "installed": [["pandas", "2.2.3", False]]}
    )
    acts = acts_of(store, Home(tmp_path), Settings(), clock=lambda: now)
    app = ReviewApp(
        store, Reviewer(who="dpo", clock=lambda: now, poll_seconds=None), None, "", acts
    )
    async with app.run_test(size=(120, 34)) as pilot:
        await settled(pilot)
        await press(pilot, "s", "a", "a", "type:Looked at it", "enter")
        shown = screen_text(pilot)
    assert "✓ approved by dpo" in shown
    assert "pandas 2.2.3" in shown
    assert History(store).script(version.script, version.sha256).approved is True
    store.close()
    assert verify(path).ok
