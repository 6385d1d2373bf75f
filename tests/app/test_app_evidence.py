"""What the commands tell of the evidence: summaries of runs, exports, verification; also of what
cannot be read.
"""

import io
import json
import sqlite3
import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from evidence_file import rechained, run
from invented_day import sample_records

from app.home import Home
from app.run_session import Session
from app.run_summary import print_session
from core.attribution import ProcessRef
from core.record import Record
from evidence import open_evidence
from evidence.entries import Entry
from tests.app.conftest import Runs

NOW = datetime(2026, 11, 20, 14, 14, tzinfo=UTC)


@pytest.fixture
def write(home: Path) -> Callable[..., None]:
    """Write finished records into the home's evidence, as a gate does."""

    def write_all(*records: Record) -> None:
        evidence = open_evidence(home / "evidence.db")
        told, faults = threading.Semaphore(0), []

        def done(fault: object) -> None:
            faults.append(fault)
            told.release()

        for record in records:
            evidence.writer.close_record(record, done)
            assert told.acquire(timeout=30)
        evidence.close()
        assert faults == [None] * len(records)

    return write_all


def of_a_later_version(home: Path, seq: int) -> None:
    """Make an entry one that a later version wrote, with its chain as that would have it."""

    def later(body: Any) -> Any:
        body["decision"]["verdict"] = "quarantine"
        return body

    place = home / "evidence.db"
    rechained(place, seq, later)
    run(place, "DELETE FROM checkpoints")  # that version would have signed what it wrote
    place.with_name("evidence.db-witness").unlink()


def sent_by(record: Record, *pids: int, script: int | None = None) -> Record:
    """Return the record as sent by the first of these processes, the others its parents."""
    own, *parents = [ProcessRef(pid=pid, started_at=NOW, name="p", exe=None) for pid in pids]
    helper = None if script is None else replace(own, pid=script)
    sender = replace(record.sender, process=own, ancestry=tuple(parents), script_process=helper)
    return replace(record, sender=sender)


def test_a_run_is_a_process_and_its_descendants(home: Path, write: Any) -> None:
    """The summary of a run is of what that run and its children sent, and of what nobody knows the
    sender of; of nobody else's, nor of what was before it.
    """
    day = sample_records(NOW)[-6:]
    records = [
        sent_by(day[0], 4000),
        sent_by(day[1], 4100, 4000, 1),
        sent_by(day[2], 4200, 1, script=4000),
        sent_by(day[3], 5000, 1),
        replace(day[4], sender=replace(day[4].sender, process=None, ancestry=())),
    ]
    write(*(replace(r, at=NOW + timedelta(seconds=n)) for n, r in enumerate(records)))

    def found(pid: int, since: datetime) -> list[str]:
        return [entry.id for entry in Session(Home(home), since).entries(pid)]

    unknown = records[4].id
    assert found(4000, NOW) == [*(r.id for r in records[:3]), unknown]
    assert found(4000, NOW + timedelta(seconds=1)) == [*(r.id for r in records[1:3]), unknown]
    assert found(1, NOW) == [*(r.id for r in records[1:4]), unknown]
    assert found(7, NOW) == [unknown]


def told_of(entries: list[Entry], *, as_json: bool = False) -> str:
    out = io.StringIO()
    print_session(entries, 0, as_json=as_json, out=out)
    return out.getvalue()


def test_a_run_says_what_of_it_cannot_be_read(home: Path, write: Any) -> None:
    """A record of a later version is named in the summary, and whole in the JSON; it is counted as
    nothing else.
    """
    records = [sent_by(r, 4000) for r in sample_records(NOW)[-3:]]
    write(*(replace(r, at=NOW) for r in records))
    of_a_later_version(home, 2)
    entries = Session(Home(home), NOW).entries(4000)

    text = told_of(entries)
    assert text.startswith("outgate: 2 requests, ")
    assert "Entry 2 cannot be read by this version of Outgate" in text
    value = json.loads(told_of(entries, as_json=True))
    assert value["totals"]["requests"] == 2
    assert [r["decision"]["verdict"] for r in value["records"]][1] == "quarantine"
    assert [r["chain"]["seq"] for r in value["records"]] == [1, 2, 3]


def test_a_run_in_which_nothing_left_says_so() -> None:
    """Nothing is not an empty table."""
    assert told_of([]) == (
        "outgate: this program sent nothing through the gate, and no connection past it was seen"
        " (one shorter than half a second can have been missed)\n"
    )


def test_the_list_of_cases_can_be_made_anew(outgate: Runs, home: Path, write: Any) -> None:
    """Where the queue was tampered with, `verify` names the command that makes it anew from the
    records.
    """
    write(*sample_records(NOW)[-4:])
    with sqlite3.connect(home / "evidence.db") as connection:
        connection.execute("UPDATE cases SET count = 9")
    told = outgate("verify")
    assert (told.code, "outgate verify --rebuild makes it anew" in told.out) == (1, True)
    assert outgate("verify", "--rebuild").code == 0
    assert outgate("verify").code == 0
    refused = outgate("verify", str(home / "evidence.db"), "--rebuild")
    assert (refused.code, "An export holds no list of cases" in refused.err) == (2, True)


def test_making_anew_makes_no_evidence(outgate: Runs, home: Path) -> None:
    """Where there is none, none is made."""
    assert outgate("verify", "--rebuild").code == 2
    assert not (home / "evidence.db").exists()


def test_a_verification_counts_what_it_cannot_read(outgate: Runs, home: Path, write: Any) -> None:
    """Not understood is not broken; the report says how many."""
    write(*sample_records(NOW)[-3:])
    of_a_later_version(home, 2)
    told = outgate("verify")
    assert told.code == 0
    assert "Entries that this version cannot read: 1." in told.out
    assert json.loads(outgate("verify", "--json").out)["unreadable"] == 1


def test_the_replay_counts_what_it_cannot_read(outgate: Runs, home: Path, write: Any) -> None:
    """A trial of rules says over how many records it could say nothing."""
    write(*sample_records(NOW)[-3:])
    of_a_later_version(home, 2)
    told = outgate("policy", "replay", "--since", "2026-11-01")
    assert told.code == 0
    assert told.out.startswith("2 records replayed")
    assert "cannot be read by this version: 1" in told.out


@pytest.mark.parametrize(("name", "words"), [("csv", "Chain entry"), ("jsonl", '"chain":{"hash"')])
def test_an_export_goes_to_standard_output(
    outgate: Runs, home: Path, write: Any, name: str, words: str
) -> None:
    """Another program reads it from a pipe; what was written is said beside it."""
    write(*sample_records(NOW)[-3:])
    told = outgate("export", "--format", name, "--out", "-")
    assert (told.code, told.err) == (0, "3 records written to standard output\n")
    assert words in told.out


@pytest.mark.parametrize("command", ["export", "inspect"])
def test_the_help_lists_the_formats_with_what_they_are_for(outgate: Runs, command: str) -> None:
    """Names and purposes come from the formats themselves."""
    told = " ".join(outgate(command, "--help").out.split())
    assert "csv|jsonl" in told
    assert "csv for people with a spreadsheet program" in told
    assert "jsonl for machines and auditors" in told
