"""`outgate advisories` and `outgate hunt` by the command line."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from invented_day import finding, place, record, sender

from app.cli import code_of
from app.home import Home
from app.script_risks import packages_at_risk
from attribution.identity.contents import ContentStore
from core.classification import Category
from evidence import open_evidence

SHA = "9f2c41d8" * 8
ADVISORY = {
    "id": "MAL-2026-1",
    "modified": "2026-01-01T00:00:00Z",
    "affected": [{"package": {"name": "litellm", "ecosystem": "PyPI"}, "versions": ["1.82.7"]}],
}


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("OUTGATE_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


def test_advisories_are_imported_asked_and_said_to_be_old(
    home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """What was imported is told with its date, and said to be old when it is."""
    source = tmp_path / "x.jsonl"
    source.write_text(json.dumps(ADVISORY))

    assert code_of(["advisories", "import", str(source)]) == 0
    assert "older than 7 days" in capsys.readouterr().out
    assert code_of(["advisories", "check", "LiteLLM", "1.82.7"]) == 1
    assert capsys.readouterr().out.startswith("MAL-2026-1  malicious")
    assert code_of(["advisories", "check", "litellm", "1.83.0"]) == 0
    assert code_of(["advisories", "status"]) == 0
    assert "1 on malicious packages" in capsys.readouterr().out


@pytest.mark.parametrize(
    "arguments",
    [
        ["advisories", "status"],
        ["advisories", "check", "a", "1"],
        ["hunt", "a"],
        ["advisories", "import", "/nowhere"],
    ],
)
def test_what_is_not_there_is_said_in_one_line(
    home: Path, arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    """Without advisories or evidence nothing is said to be clean."""
    assert code_of(arguments) == 2
    said = capsys.readouterr()
    assert (said.out, said.err.count("\n")) == ("", 1)


def test_a_hunt_names_the_script_and_what_left(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """From the evidence: who had the version, and what went out to whom meanwhile."""
    home.mkdir()
    at = datetime.now(UTC) - timedelta(days=40)
    evidence = open_evidence(home / "evidence.db")
    where = place("api.openai.com", "openai", Category.LLM)
    sent = record(at, sender("bot.py"), where, finding("iban", 7))
    evidence.writer.open(sent, lambda problem: None)
    evidence.writer.close_record(sent, lambda problem: None)
    evidence.close()
    parts = {
        "installed": [["litellm", "1.82.7", False]],
        "used": [["litellm", "litellm", "1.82.7"]],
    }
    ContentStore(home / "scripts", str).keep_parts(SHA, parts)

    assert code_of(["hunt", "litellm", "1.82.7"]) == 1
    said = capsys.readouterr().out
    assert "/srv/jobs/bot.py" in said
    assert "to openai: 1 request, 4.2 kB left, with 7 bank account numbers" in said
    assert code_of(["hunt", "litellm", "1.83.0"]) == 0
    capsys.readouterr()
    assert code_of(["hunt", "--format", "json", "litellm", "<2"]) == 1
    told = json.loads(capsys.readouterr().out)
    assert [had["sent"][0]["requests"] for had in told["had"]] == [1]


def test_a_script_is_told_with_its_packages_at_risk(
    home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """`outgate scripts PATH` says which of its packages an advisory names, and when
    nobody knows.
    """
    home.mkdir()
    store = ContentStore(home / "scripts", str)
    store.keep_parts(SHA, {"used": [["litellm", "litellm", "1.82.7"], ["x", None, None]]})

    assert packages_at_risk(Home(home), SHA)[0].startswith("not known: no advisories")
    (tmp_path / "x.json").write_text(json.dumps(ADVISORY))
    assert code_of(["advisories", "import", str(tmp_path / "x.json")]) == 0
    capsys.readouterr()
    assert packages_at_risk(Home(home), SHA) == ["litellm 1.82.7: malicious MAL-2026-1. "]
    assert packages_at_risk(Home(home), "0" * 64)[0].startswith("not known: what it is made of")
