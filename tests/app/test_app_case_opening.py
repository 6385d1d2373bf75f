"""`review --case`: exactly one case, as a notice or a report names it."""

import threading
from datetime import UTC, datetime
from pathlib import Path

import pytest
from invented_day import sample_holds, sample_records

from app.case_opening import case_line
from core.case_keys import case_id, case_key
from core.ids import utc_now
from core.record import Record
from evidence import open_evidence
from evidence.holds import HeldRequests
from tests.app.conftest import Runs


def put(home: Path, *records: Record, held: Record | None = None) -> None:
    evidence = open_evidence(home / "evidence.db")
    told = threading.Semaphore(0)
    for record in records:
        evidence.writer.close_record(record, lambda _: told.release())
        assert told.acquire(timeout=30)
    if held is not None:
        evidence.writer.open(held, lambda _: told.release())
        assert told.acquire(timeout=30)
        holds = HeldRequests(evidence.store)
        for name in (held.id, held.id.upper(), case_id(case_key(held))):
            assert case_line(evidence.store, holds, name).startswith("all case:")
    evidence.close()


def test_a_case_is_opened_by_its_id_and_by_that_of_a_record(outgate: Runs, home: Path) -> None:
    """One case and no other, also when it is closed."""
    made = sample_records(datetime(2026, 11, 20, 14, 14, tzinfo=UTC))
    put(home, *made)
    wanted = [one for one in made if one.sender.script and one.decision.verdict != "allow"][-1]
    for name in (case_id(case_key(wanted)), wanted.id, case_id(case_key(wanted)).upper()):
        told = outgate("review", "--plain", "--case", name)
        assert told.code == 0, told
        assert told.out.startswith("1 case,") and "\n2. " not in told.out


@pytest.mark.parametrize("name", ["", "x", "0" * 12, "a b", '"', "%", "_" * 12, "all", "x\x1b[2J"])
def test_what_is_no_case_is_said(outgate: Runs, home: Path, name: str) -> None:
    """One line, and nothing is opened."""
    put(home, *sample_records(datetime(2026, 11, 20, 14, 14, tzinfo=UTC))[-2:])
    told = outgate("review", "--plain", "--case", name)
    assert (told.code, told.out) == (2, "")
    assert "There is no case" in told.line and "\x1b" not in told.line
    told = outgate("review", "--plain", "--case", "x", "held")
    assert told.code == 2 and "Leave the filter out" in told.line


def test_what_is_held_is_opened_before_it_is_a_case(outgate: Runs, home: Path) -> None:
    """A notice comes while the request still waits."""
    put(home, held=sample_holds(utc_now())[0])
