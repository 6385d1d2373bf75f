"""What a person reads at the end of `outgate run`: how much left, and what was stopped."""

import io
import json
from datetime import UTC, datetime
from typing import Any

import pytest
from invented_day import finding, place, record, sender
from reading import entries_of

from app.summary import print_records, print_session
from core.classification import Category
from core.decision import HoldOutcome, Verdict
from core.record import Record

AT = datetime(2026, 11, 20, 14, 2, tzinfo=UTC)


def sent(verdict: Verdict, size: int, hold: HoldOutcome | None = None) -> Record:
    """A request of this size that ended so."""
    more: dict[str, Any] = (
        {"hold_outcome": hold, "hold_key": "k"} if verdict is Verdict.HOLD else {}
    )
    where = place("api.ai21.com", "ai21", Category.LLM)
    return record(AT, sender("a.py"), where, finding("iban", 1), verdict=verdict, sent=size, **more)


def summary(*records: Record) -> str:
    out = io.StringIO()
    print_session(entries_of(*records), 0, as_json=False, out=out)
    return out.getvalue().splitlines()[0]


@pytest.mark.parametrize(
    ("records", "line"),
    [
        ([sent(Verdict.ALLOW, 1)], "outgate: 1 request, 1 byte sent, nothing to review"),
        (
            [sent(Verdict.BLOCK, 999_700)],
            "outgate: 1 request, 0 bytes sent, 1 stopped, 1 to review: outgate review",
        ),
        (
            [sent(Verdict.WATCH, 999_700), sent(Verdict.BLOCK, 5_000), sent(Verdict.REDACT, 0)],
            "outgate: 3 requests, 999.7 kB sent, 1 stopped, 3 to review: outgate review",
        ),
        (
            [sent(Verdict.HOLD, 4_000, ended) for ended in HoldOutcome],
            "outgate: 4 requests, 8.0 kB sent, 2 stopped, 4 to review: outgate review",
        ),
    ],
)
def test_only_what_left_counts_as_sent(records: list[Record], line: str) -> None:
    """A refused upload of a megabyte is not a megabyte sent."""
    assert summary(*records) == line


def test_machines_read_the_same_sums() -> None:
    """The JSON counts as the sentence does."""
    out = io.StringIO()
    entries = entries_of(sent(Verdict.ALLOW, 7), sent(Verdict.BLOCK, 9))
    print_session(entries, 3, as_json=True, out=out)
    totals = json.loads(out.getvalue())["totals"]
    assert (totals["requests"], totals["bytes_sent"], totals["stopped"], totals["blocked"]) == (
        2,
        7,
        1,
        1,
    )


def test_the_table_claims_of_no_stopped_request_that_it_was_sent() -> None:
    """The amount is the request's size, whatever became of it."""
    out = io.StringIO()
    print_records([sent(Verdict.BLOCK, 999_700)], out)
    heading, row = out.getvalue().splitlines()
    assert "SENT" not in heading and "SIZE" in heading
    assert "999.7 kB" in row and "blocked" in row
