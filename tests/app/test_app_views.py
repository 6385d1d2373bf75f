"""Saved views on the command line: one name for the review, `--plain`, exports and reports."""

import json
from pathlib import Path

import pytest
from evidence_file import many_cases

from app.home import Home
from app.views import KeptViews, kept_views, line_of
from core.errors import InputError
from tui.saved_views import MOST, SavedView

from .conftest import Runs


@pytest.fixture
def cases(home: Path) -> Path:
    """Cases of six scripts."""
    many_cases(home / "evidence.db")
    return home


def test_one_view_stands_for_its_filter_everywhere(
    outgate: Runs, cases: Path, tmp_path: Path
) -> None:
    """What the view shows is what `--plain` prints, what is exported, and what is reported."""
    assert outgate("views").out.startswith("No view is saved yet")
    told = outgate("views", "save", "Tickets", "all", "script:tickets")
    assert told.code == 0 and "all script:tickets" in told.out
    assert "Tickets" in outgate("views").out
    plain = outgate("review", "--plain", "--view", "tickets").out
    assert plain == outgate("review", "--plain", "all", "script:tickets").out
    assert plain.startswith("1 case,")
    narrowed = outgate("review", "--plain", "--view", "Tickets", "to:nowhere")
    assert "No case is like that." in narrowed.out
    out = tmp_path / "o.jsonl"
    assert outgate("export", "--view", "Tickets", "--out", str(out)).code == 0
    again = tmp_path / "again.jsonl"
    told = outgate("export", "--filter", "all script:tickets", "--out", str(again))
    assert told.code == 0 and len(out.read_text().splitlines()) == len(
        again.read_text().splitlines()
    )
    told = outgate("report", "--month", "2026-03", "--view", "Tickets")
    assert told.code == 0 and "script:tickets" in told.out
    assert outgate("views", "forget", "TICKETS").code == 0
    assert outgate("review", "--plain", "--view", "Tickets").code == 2


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("save", "x", "statu:open"), "The nearest word is"),
        (("save", "", "held"), "needs a name"),
        (("save", "n" * 31, "held"), "at most 30"),
        (("save", "a\u202eb", "held"), "nothing that is invisible"),
        (("save", "x", "a" * 201), "at most 200"),
        (("save", "x", " "), "needs no view"),
        (("save", "x"), "Missing argument"),
        (("forget", "x"), "There is no view “x”. None is saved yet."),
        (("forget",), "Missing argument"),
    ],
)
def test_a_slip_saves_nothing(
    outgate: Runs, cases: Path, words: tuple[str, ...], said: str
) -> None:
    """Each is told in one line with what to do, and the code is 2."""
    told = outgate("views", *words)
    assert told.code == 2 and said in told.err and told.err.count("\n") == 1
    assert not (cases / "views.json").exists()


@pytest.mark.parametrize("command", [("review", "--plain"), ("export", "--out", "-"), ("report",)])
def test_an_unknown_view_is_named_with_the_nearest(
    outgate: Runs, cases: Path, command: tuple[str, ...]
) -> None:
    """Nothing is shown, exported or reported that was not asked for."""
    assert outgate("views", "save", "Health data", "all").code == 0
    told = outgate(*command, "--view", "Helth")
    assert told.code == 2 and "The nearest is “Health data”." in told.err and told.out == ""


@pytest.mark.parametrize(
    "content",
    [
        "",
        "no json",
        "[]",
        "null",
        '{"schema": "outgate.views/9", "officers": {}}',
        '{"schema": "outgate.views/1", "officers": []}',
        "[" * 100_000,
        "\xff",
    ],
)
def test_a_damaged_file_is_said_and_kept(tmp_path: Path, content: str) -> None:
    """Nobody's views are overwritten because they could not be read."""
    path = tmp_path / "views.json"
    path.write_bytes(content.encode("latin-1"))
    kept = kept_views(Home(tmp_path), "ada")
    for act in (kept.read, lambda: kept.save(SavedView(name="a", line="held"))):
        with pytest.raises(InputError, match="damaged"):
            act()
    assert path.read_bytes() == content.encode("latin-1")


def test_what_is_no_view_is_left_out(tmp_path: Path) -> None:
    """Names and words of a foreign hand are checked as if somebody typed them."""
    mine = {"ok": "held", "": "held", "a\x1b": "held", "b": 5, "c": "x" * 201, "d": ""}
    value = {"schema": "outgate.views/1", "officers": {"ada": mine, "bo": [], "cy": {"z": "all"}}}
    (tmp_path / "views.json").write_text(json.dumps(value))
    home = Home(tmp_path)
    assert [view.name for view in kept_views(home, "ada").read()] == ["ok"]
    assert kept_views(home, "bo").read() == ()
    kept_views(home, "ada").save(SavedView(name="New", line="all"))
    assert [view.name for view in kept_views(home, "cy").read()] == ["z"]


def test_each_officer_has_views_of_their_own(tmp_path: Path) -> None:
    """The same name stands for each one's own words; the file is for its owner's eyes."""
    ada, bo = (KeptViews(path=tmp_path / "views.json", who=who) for who in ("ada", "bo"))
    ada.save(SavedView(name="Mine", line="held"))
    bo.save(SavedView(name="Mine", line="closed"))
    ada.save(SavedView(name="MINE", line="held risk:high"))
    assert [view.line for view in ada.read()] == ["held risk:high"]
    assert [view.line for view in bo.read()] == ["closed"]
    assert (tmp_path / "views.json").stat().st_mode & 0o077 == 0
    for n in range(MOST - 1):
        ada.save(SavedView(name=f"v{n}", line="all"))
    with pytest.raises(InputError, match="already"):
        ada.save(SavedView(name="one more", line="all"))
    assert line_of(Home(tmp_path), lambda: "bo", None, None) is None
    assert line_of(Home(tmp_path), lambda: "bo", "mine", "since:7d") == "closed since:7d"
