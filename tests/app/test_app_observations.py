"""`outgate observations`, as an officer would ask it."""

import json
import threading
from pathlib import Path

import pytest

from core.observation import Kind
from evidence import open_evidence
from tests.app.conftest import Runs
from tests.evidence.conftest import make_observation, make_record


@pytest.fixture
def observed(home: Path) -> None:
    """A record, and an observation of each kind, in the home's evidence."""
    evidence, done = open_evidence(home / "evidence.db"), threading.Semaphore(0)
    evidence.writer.close_record(make_record(0), lambda _: done.release())
    for number, kind in enumerate(Kind, 1):
        seen = make_observation(number, kind=kind, notable=kind is not Kind.RUN)
        evidence.writer.observed(seen, lambda _: done.release())
    for _ in range(1 + len(Kind)):
        assert done.acquire(timeout=30)
    evidence.close()


@pytest.mark.usefixtures("observed")
def test_observations_are_listed_with_how_each_fact_is_known(outgate: Runs) -> None:
    """A person reads who did what, and why Outgate says so."""
    told = outgate("observations")
    assert told.code == 0, told
    assert told.out.count("/home/analyst/upload.py, exact") == len(Kind)
    assert "is connected: postgresql at db.example:5432" in told.out
    assert "Bytes received: 5.0 MB (the kernel's counters)" in told.out


@pytest.mark.usefixtures("observed")
@pytest.mark.parametrize(
    ("arguments", "count"),
    [
        ((), len(Kind)),
        (("listener",), 1),
        (("listener", "run"), 2),
        (("--script", "UPLOAD"), len(Kind)),
        (("--script", "other"), 0),
        (("--until", "2020-01-01"), 0),
        (("--since", "2026-03-01T12:00:03+00:00"), len(Kind) - 2),
    ],
)
def test_they_are_chosen_by_kind_script_and_time(
    outgate: Runs, arguments: tuple[str, ...], count: int
) -> None:
    """Each line of the JSON is one that was asked for, and no record is among them."""
    told = outgate("observations", *arguments, "--format", "jsonl")
    assert told.code == 0, told
    lines = [json.loads(line) for line in told.out.splitlines()]
    assert [line["schema"] for line in lines] == ["outgate.observation/1"] * count
    if not count:
        assert outgate("observations", *arguments).out == "Nothing was observed.\n"


@pytest.mark.usefixtures("observed")
@pytest.mark.parametrize("name", ["csv", "ocsf"])
def test_they_are_exported_for_others(outgate: Runs, name: str) -> None:
    """A spreadsheet and a security system are given the same facts."""
    told = outgate("observations", "connection", "--format", name)
    assert told.code == 0 and "ledger_app" in told.out and "5432" in told.out, told


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("anything",), "Known: listener, connection"),
        (("--since", "whenever"), "is not a time"),
        (("--format", "poem"), "There is no export format"),
        ((), "No gate has kept evidence here."),
    ],
)
def test_what_cannot_be_told_is_said_in_one_line(
    outgate: Runs, arguments: tuple[str, ...], words: str
) -> None:
    """A slip, and evidence that is not there, are answered with what to do."""
    told = outgate("observations", *arguments)
    assert told.code == 2 and words in told.err and told.err.count("\n") <= 2, told
