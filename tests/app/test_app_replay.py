"""Replay against what really happened: a gate's own decisions, made one by one from its evidence,
come out again.
"""

import random
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from reading import read

from core.attribution import Attribution, Certainty, LaunchedAs, Script
from core.classification import Category, CostBasis, Destination, LlmCall, TokensBasis
from core.decision import Decision
from core.ids import uuid7
from core.record import Record, RequestSummary, ResponseSummary
from core.review import script_event
from core.situation import situation_of
from evidence.as_of import Past
from evidence.factory import Evidence, open_evidence, open_store
from policy.decide import RulePolicy
from policy.loading import load_bytes
from policy.replay import replay, replayed
from policy.watching import as_enforced

START = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
RULES = b"""
mode: enforce
rules:
  - {id: hour, when: {volume: {hour_bytes_at_least: 300 kB}}, then: block}
  - {id: tokens, when: {volume: {day_tokens_at_least: 600}}, then: block}
  - {id: cost, when: {volume: {day_cost_usd_at_least: 0.1}}, then: warn}
  - {id: day, when: {volume: {day_bytes_at_least: 900 kB}}, then: block}
  - {id: changed, when: {script: {changed_since_approval: true}}, then: redact}
  - {id: fresh, when: {script: {newer_than_days: 1}}, then: warn}
  - {id: approved, when: {script: {approved: true}}, then: allow}
  - {id: rest, then: watch}
"""


@pytest.fixture
def evidence(tmp_path: Path) -> Iterator[Evidence]:
    opened = open_evidence(tmp_path / "evidence.db")
    yield opened
    opened.close()


def _sent(number: int, dice: random.Random) -> Record:
    """One request of one of three scripts, in one of two versions, to one of two providers."""
    path, version = (
        dice.choice(["/srv/a.py", "/srv/b.py", "/srv/c\u200b.py"]),
        dice.choice(["ab" * 32, "cd" * 32]),
    )
    at = START + timedelta(minutes=7 * number)
    script = Script(path=path, sha256=version, launched_as=LaunchedAs.FILE, name=path[5:])
    host = dice.choice(["one.example", "two.example"])
    llm = LlmCall(
        provider="openai",
        operation="chat",
        model="m",
        input_tokens=dice.randrange(100),
        output_tokens=dice.choice([None, 50]),
        tokens_basis=TokensBasis.EXACT,
        cost_usd=dice.choice([None, "0.031275"]),
        cost_basis=CostBasis.TABLE,
    )
    return Record(
        id=uuid7(at),
        at=at,
        sender=Attribution(
            certainty=Certainty.EXACT, method="fake", user="ann", script=script, is_python=True
        ),
        destination=Destination(
            scheme="https",
            host=host,
            port=443,
            path="/",
            service=None,
            category=Category.LLM,
            upload=False,
        ),
        request=RequestSummary(
            method="POST", content_type=None, bytes=dice.randrange(150_000), complete=True
        ),
        response=ResponseSummary(status=200, bytes=1),
        llm=dice.choice([None, llm]),
        findings=(),
        decision=Decision(verdict="allow"),  # type: ignore[arg-type]
    )


def _live(evidence: Evidence, policy: RulePolicy, record: Record) -> Record:
    """Decide as a gate does, from what its evidence holds at that moment, and write the record."""
    script = record.sender.script
    assert script is not None
    name = script.path or script.name
    history = evidence.history.script(name, script.sha256)
    volume = evidence.history.volume(name, record.destination.host, record.at)
    decision = policy.decide(replace(situation_of(record), history=history, volume=volume))
    decided = replace(record, decision=decision)
    done, problems = threading.Event(), []

    def written(problem: Any) -> None:
        problems.append(problem)
        done.set()

    evidence.writer.close_record(decided, written)
    assert done.wait(30) and problems == [None]
    return decided


def _approve(evidence: Evidence, record: Record, *, approve: bool) -> None:
    """A reviewer approves the version that sent this record, or withdraws its approval, a minute
    later.
    """
    script = Record.from_json(record.to_json()).sender.script  # its path as it is stored
    assert script is not None
    known = evidence.store.script_versions(script.path)
    [version] = [v for v in known if v.sha256 == script.sha256]
    at = record.at + timedelta(minutes=1)
    evidence.store.append(
        [script_event(version, approve=approve, who="officer", at=at, note="seen")]
    )
    evidence.history._approvals_at = -10.0


def test_a_replay_gives_what_the_gate_decided(evidence: Evidence, tmp_path: Path) -> None:
    """Verdict and rule of all records: hours, days, tokens, cost, first seen, approvals and changes
    since.
    """
    policy, dice = load_bytes(RULES, "test"), random.Random(5)
    lived: dict[str, tuple[str, str | None]] = {}
    for number in range(400):
        record = _live(evidence, policy, _sent(number, dice))
        lived[record.id] = (as_enforced(record.decision).value, record.decision.rule)
        if number % 60 == 59 and record.decision.verdict != "allow":
            _approve(evidence, record, approve=dice.choice([True, True, False]))
    store = open_store(tmp_path / "evidence.db", clock=lambda: START)
    again = {
        one.record.id: (as_enforced(one.decision).value, one.decision.rule)
        for one in replayed(policy, read(store.iter_by_time()), Past(store).script)
        if one is not None and not one.unsure
    }
    assert again == lived
    assert {rule for _, rule in lived.values()} >= {
        "hour",
        "day",
        "tokens",
        "cost",
        "fresh",
        "rest",
    }
    report = replay(
        policy,
        read(store.iter_by_time()),
        known=Past(store).script,
        since=START + timedelta(days=1),
    )
    late = [r for r in read(store.iter_records()) if r.at >= START + timedelta(days=1)]
    assert report.records == len(late)
    assert (report.untold, report.unreadable, report.newly_stopped) == (0, 0, 0)


def test_records_come_in_the_order_of_time(evidence: Evidence, tmp_path: Path) -> None:
    """An exchange that took long was written late; a replay meets it when it began."""
    policy, dice = load_bytes(b"mode: watch\n", "test"), random.Random(1)
    numbers = list(range(30))
    dice.shuffle(numbers)
    for number in numbers:
        _live(evidence, policy, _sent(number, dice))
    store = open_store(tmp_path / "evidence.db", clock=lambda: START)
    times = [r.at for r in read(store.iter_by_time(since=START + timedelta(minutes=70)))]
    assert times == sorted(times)
    assert len(times) == 20
