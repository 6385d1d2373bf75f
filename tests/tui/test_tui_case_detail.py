"""The case in sections: what no rule counted is told beside what was found."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest
from invented_day import finding, place, record, sender
from memory_case_store import LINK

from core.case_inside import Inside
from core.classification import Category, LlmCall
from core.decision import Verdict
from core.fate import BROKEN_OFF_NOTE, UNFINISHED_NOTE, UNREACHED_NOTE
from core.findings import Finding
from core.review import Case
from core.stored import StoredRecord
from tui.case_detail import describe
from tui.case_reading import Reading

REAL, EXAMPLE = finding("iban", 2), finding("iban", 1, test_data=True)
CARD = finding("credit_card", 1, test_data=True)


@pytest.mark.parametrize(
    ("findings", "told"),
    [
        ((REAL,), ""),
        ((REAL, EXAMPLE), ""),
        ((EXAMPLE,), "Bank account numbers: "),
        ((REAL, CARD), "Payment card numbers: "),
        ((EXAMPLE, CARD), "Payment card numbers and bank account numbers: "),
        ((), ""),
    ],
)
def test_what_no_rule_counted_is_said_where_it_stands(
    now: datetime, case_of: Callable[..., Case], findings: tuple[Finding, ...], told: str
) -> None:
    """An account number that a rule about bank data let pass is a published example, and the
    officer reads so; where real ones stand beside it the rule has seen those.
    """
    where = place("api.example", None, Category.OTHER)
    made = record(now, sender("job.py"), where, *findings)
    reading = Reading(case=case_of(1), newest=StoredRecord(record=made, link=LINK), complete=True)
    rows = [row for section in describe(reading, now) for row in section.rows]
    [*said] = [row.text for row in rows if row.label == "Not counted"]
    assert bool(said) is bool(told)
    assert all(text.startswith(told) and "test_data: true" in text for text in said)
    examples = sum("published example value" in row.text for row in rows)
    assert examples == sum(one.test_data for one in findings)


@pytest.mark.parametrize(
    ("verdict", "told"),
    [(Verdict.ALLOW, "not known"), (Verdict.BLOCK, "none: nothing of it has left")],
)
def test_a_call_that_did_not_leave_has_cost_nothing_and_not_something_unknown(
    now: datetime, case_of: Callable[..., Case], verdict: Verdict, told: str
) -> None:
    """No model read it."""
    call = LlmCall(provider="openai", operation="chat", model="gpt-5-mini")
    made = record(now, sender("job.py"), place("api.openai.com", "openai", Category.LLM), REAL)
    decision = replace(made.decision, verdict=verdict)
    made = replace(made, llm=call, decision=decision)
    reading = Reading(case=case_of(1), newest=StoredRecord(record=made, link=LINK), complete=True)
    rows = [row for section in describe(reading, now) for row in section.rows]
    assert {row.label: row.text for row in rows if row.label in {"Tokens", "Cost"}} == {
        "Tokens": told,
        "Cost": told,
    }


def test_what_records_added_up_to_stays_when_they_are_gone(
    now: datetime, case_of: Callable[..., Case]
) -> None:
    """Sums are kept longer than records are, on a machine and at the hub."""
    inside = Inside(outcomes={"watch": 3}, machines=7, named_machines=("till-1",))
    case = replace(case_of(1), count=3, inside=inside)
    rows = [row for s in describe(Reading(case=case, complete=True), now) for row in s.rows]
    assert any("No record of it is left" in row.text for row in rows)
    assert any(row.label == "Machines" and "7 machines" in row.text for row in rows)


@pytest.mark.parametrize(
    ("verdict", "more", "title", "told"),
    [
        (Verdict.ALLOW, {}, "Sent to", "POST, 4.2 kB"),
        (Verdict.BLOCK, {}, "Meant for", "POST, nothing of 4.2 kB left"),
        (Verdict.ALLOW, {"notes": (UNREACHED_NOTE,)}, "Meant for", "POST, nothing of 4.2 kB left"),
        (Verdict.ALLOW, {"notes": (UNFINISHED_NOTE,)}, "Meant for", "POST, nothing of 4.2 kB left"),
        (Verdict.ALLOW, {"notes": (BROKEN_OFF_NOTE,)}, "Sent to", "POST, at least 4.2 kB"),
    ],
)
def test_what_did_not_leave_was_sent_to_nobody(
    now: datetime,
    case_of: Callable[..., Case],
    verdict: Verdict,
    more: dict[str, Any],
    title: str,
    told: str,
) -> None:
    """Its size is that of what was meant to leave, and reads so."""
    where = place("api.example", None, Category.OTHER)
    made = record(now, sender("job.py"), where, verdict=verdict, **more)
    reading = Reading(case=case_of(1), newest=StoredRecord(record=made, link=LINK), complete=True)
    [section] = [one for one in describe(reading, now) if one.title in {"Sent to", "Meant for"}]
    [request] = [row.text for row in section.rows if row.label == "Request"]
    assert section.title == title
    assert request.startswith(told)
