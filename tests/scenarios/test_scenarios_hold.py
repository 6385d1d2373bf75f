"""Held for a person, with real processes: approved, refused, nobody there; then approved and run
again.
"""

import subprocess
import sys

import pytest
from reading import read

from app.gate_registry import find, health
from app.home import Home
from core.case_keys import case_key
from core.decision import HoldOutcome, Verdict
from core.ids import utc_now, uuid7
from core.record import Record
from core.review import Action, HoldState, ReviewEvent
from evidence import open_store
from evidence.holds import HeldRequests
from tests.scenarios.conftest import Outgate

POLICY = """
version: 1
mode: enforce
rules:
  - id: ask-first
    description: Bank data waits for a person
    owner: privacy@nordwind-logistik.de
    when:
      findings: {kinds: bank}
    then: {do: hold, for_seconds: 8}
"""
SEND = """
import sys, time, urllib.request, urllib.error
body = f"{sys.argv[1]}: iban DE90871318609139099603".encode()
began = time.monotonic()
try:
    answer = urllib.request.urlopen('https://files.example/in', data=body, timeout=30)
    print(answer.status, answer.read().decode())
except urllib.error.HTTPError as error:
    print(error.code, error.read().decode())
print('waited', time.monotonic() - began)
"""


class Officer:
    """A reviewer at the evidence of a running gate, and the script that has to wait for them."""

    def __init__(self, outgate: Outgate) -> None:
        self.outgate = outgate
        self.store = open_store(outgate.home / "evidence.db")
        self.holds = HeldRequests(self.store)
        self.script = outgate.script("send.py", SEND)

    def start(self, about: str) -> "subprocess.Popen[str]":
        """Start the script; it waits in its request."""
        command = [sys.executable, str(self.script), about]
        return subprocess.Popen(
            command, env=self.outgate.behind(), stdout=subprocess.PIPE, text=True
        )

    def held(self) -> Record:
        """Wait until a request is held, and return its record."""
        record = self.outgate.wait_for(self.holds.waiting)[0]
        assert isinstance(record, Record)
        return record

    def says(self, action: Action, record: Record) -> None:
        """Answer it as the review does."""
        key = case_key(record)
        event = ReviewEvent(
            id=uuid7(),
            at=utc_now(),
            case_key=key,
            action=action,
            who="officer",
            record_id=record.id,
        )
        self.store.append([event])

    def record(self, record_id: str) -> Record:
        """Wait for the finished record."""
        return read(self.outgate.wait_for(lambda: self.store.records_by_ids([record_id])))[0]

    def arrived(self) -> int:
        """How many requests reached the stand-in internet."""
        return len(self.outgate.internet.arrivals)


@pytest.fixture(scope="module")
def officer(serving: Outgate) -> Officer:
    home = Home(serving.home)
    gate = find(home.running)
    assert gate is not None
    before = (health(gate) or {})["policy"]
    home.policy.write_text(POLICY)
    serving.wait_for(lambda: (health(gate) or {})["policy"] != before)
    return Officer(serving)


def end(script: "subprocess.Popen[str]") -> tuple[str, float]:
    """Return what the script was answered, and how long it waited."""
    out, _ = script.communicate(timeout=60)
    answer, _, waited = out.rpartition("\nwaited ")
    return answer, float(waited)


def test_an_approved_request_goes_on_and_the_script_notices_nothing_but_the_wait(
    officer: Officer,
) -> None:
    """While it waits nothing has left; once a person approves, the script gets the service's own
    answer.
    """
    before = officer.arrived()
    script = officer.start("monthly run")
    held = officer.held()
    assert officer.arrived() == before
    assert (held.decision.verdict, held.decision.hold_outcome) == (Verdict.HOLD, None)
    assert held.sender.script is not None and held.sender.script.name == "send.py"
    officer.says(Action.APPROVE, held)

    answer, _ = end(script)
    assert answer.startswith('200 {"ok": true'), answer
    assert officer.arrived() == before + 1
    record = officer.record(held.id)
    assert record.decision.hold_outcome is HoldOutcome.APPROVED
    assert "approved by officer" in record.notes
    assert record.response.status == 200


def test_a_refused_request_never_leaves_and_says_why(officer: Officer) -> None:
    """The script is told that a person looked and refused, by which rule, and with which
    reference.
    """
    before = officer.arrived()
    script = officer.start("to a stranger")
    held = officer.held()
    officer.says(Action.REFUSE, held)

    answer, _ = end(script)
    assert answer.startswith("403"), answer
    assert "A person looked at it and refused" in answer
    assert "ask-first" in answer
    assert held.id in answer
    assert officer.arrived() == before
    record = officer.record(held.id)
    assert record.decision.hold_outcome is HoldOutcome.REFUSED
    assert "refused by officer" in record.notes


def test_nobody_answers_then_it_is_approved_and_run_again(officer: Officer) -> None:
    """It is refused when its time is over, which is nobody's refusal; approved afterwards, the same
    request passes.
    """
    before = officer.arrived()
    script = officer.start("night job")
    held = officer.held()

    answer, waited = end(script)
    assert answer.startswith("403"), answer
    assert "have it approved, then run again" in answer
    assert held.id in answer
    assert waited >= 8
    assert officer.arrived() == before
    assert officer.record(held.id).decision.hold_outcome is HoldOutcome.TIMED_OUT
    assert officer.holds.waiting() == []
    assert officer.holds.states([held.id]) == {held.id: HoldState(outcome=HoldOutcome.TIMED_OUT)}

    officer.says(Action.APPROVE, held)
    answer, waited = end(officer.start("night job"))
    assert answer.startswith("200"), answer
    assert waited < 8
    assert officer.arrived() == before + 1
    again = officer.outgate.records()[-1]
    assert again["decision"]["hold"]["outcome"] == "approved_before"
    assert "an identical request was approved by officer" in again["notes"]


def test_an_approval_is_for_that_content_only(officer: Officer) -> None:
    """Another body from the same script to the same place waits again; the evidence of it all
    verifies.
    """
    before = officer.arrived()
    script = officer.start("night job, other figures")
    held = officer.held()
    assert officer.arrived() == before
    officer.says(Action.REFUSE, held)

    answer, _ = end(script)
    assert answer.startswith("403"), answer
    assert officer.outgate("verify").returncode == 0
