"""Replay and cases: a policy is proven before it is switched on."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from policy_samples import found, llm, llm_destination, policy, record, sender, situation, to

import policy as public
from core.decision import Decision, Verdict
from core.review import Disposition, case_key
from policy.cases import run_cases
from policy.loading import PolicyError
from policy.replay import replay

LEDGER = situation(found("iban", 15000, records=15000), destination=to("onedrive", "personal"))
OTHER_PERSON = replace(LEDGER, sender=sender("/srv/jobs/other.py", user="bob"))
CLEAN = situation(llm=llm(), destination=llm_destination())


def test_a_replay_tells_what_would_have_been_stopped_and_whom_it_touches() -> None:
    """The officer sees scripts, people and false alarms before the first request is refused."""
    records = [record(LEDGER, 1), record(LEDGER, 2), record(OTHER_PERSON, 3), record(CLEAN, 4)]
    dispositions = {case_key(records[2]): Disposition.FALSE_ALARM, case_key(records[3]): Disposition.FALSE_ALARM}
    values = [json.loads(json.dumps({**r.to_json(), "chain": {"seq": 1}})) for r in records]
    report = replay(public.preset("no-personal-cloud"), values, dispositions)
    assert (report.records, report.unreadable) == (4, 0)
    assert report.verdicts == {"block": 3, "allow": 1}
    assert (report.newly_stopped, report.no_longer_stopped) == (3, 0)
    assert (report.scripts, report.people, report.false_alarms) == (2, 2, 1)
    first = report.affected[0]
    assert (first.rule, first.count, first.script, first.users) == (
        "no-personal-cloud",
        2,
        "/srv/jobs/report.py",
        ("ann",),
    )
    assert "15,000 rows with 15,000 IBANs" in first.reason
    assert json.loads(json.dumps(report.to_json()))["affected"][1]["false_alarms"] == 1


def test_a_replay_counts_what_watch_mode_would_do_when_enforced() -> None:
    """A trial in watch mode shows its consequences."""
    rules = "  - {id: bank, when: {findings: bank}, then: hold}\n"
    report = replay(policy(rules, mode="watch"), [record(LEDGER).to_json()])
    assert report.verdicts == {"hold": 1}


def test_a_replay_shows_what_would_no_longer_be_stopped() -> None:
    """Loosening a rule has consequences too."""
    blocked = replace(record(LEDGER), decision=Decision(verdict=Verdict.BLOCK, rule="old"))
    assert replay(policy("  []"), [blocked.to_json()]).no_longer_stopped == 1


def test_damaged_records_are_counted_not_guessed() -> None:
    """What cannot be read is said so."""
    report = replay(policy("  []"), [{"id": "x"}, {**record(CLEAN).to_json(), "at": "yesterday"}])
    assert (report.records, report.unreadable) == (0, 2)


def test_a_failed_inspection_then_is_no_verdict_now() -> None:
    """Replay asks what the rules make of what was found, not of old mishaps."""
    late = record(replace(CLEAN, degraded=("classifier: late",)))
    rules = "  - {id: bank, when: {findings: bank}, then: block}\n"
    assert replay(policy(rules), [late.to_json()]).verdicts == {"allow": 1}


def test_a_replay_says_what_it_cannot_know() -> None:
    """Rules on volume and approval are marked, for a record does not hold these."""
    rules = """
  - {id: fresh, when: {any: [{script: {approved: false}}]}, then: warn}
  - {id: much, when: {volume: {day_bytes_at_least: 1 GB}}, then: block}
  - {id: size, when: {volume: {request_bytes_at_least: 1 GB}}, then: block}
"""
    report = replay(policy(rules), [record(CLEAN).to_json()])
    assert report.caveats[0].endswith("fresh, much")
    assert report.affected[0].verdict is Verdict.WARN
    assert report.scripts == 0


CASES = """
cases:
  - name: ledger to a personal OneDrive
    given:
      script: {path: /srv/jobs/ledger.py}
      user: ann
      destination: {service: onedrive, category: cloud_storage, account: personal, upload: true}
      findings: [{kind: iban, count: 15000, records: 15000}]
      request_bytes: 2 MB
    expect: {verdict: block, rule: no-personal-cloud}
  - name: a plain request
    expect: allow
  - name: a wrong expectation
    given: {findings: [{kind: email}], attribution: unknown, degraded: [accounts], llm: {tools: [a]},
            at: 2026-01-01T00:00:00Z}
    expect: block
"""


def test_expected_outcomes_are_checked(tmp_path: Path) -> None:
    """An organisation's own tests say what its policy must do."""
    (tmp_path / "cases.yaml").write_text(CASES)
    results = run_cases(public.preset("no-personal-cloud"), tmp_path / "cases.yaml")
    assert [r.passed for r in results] == [True, True, False]
    assert results[2].told == "a wrong expectation: expected block, got watch by rule watch-sensitive-data"


def test_cases_may_name_the_organisations_own_kinds(tmp_path: Path) -> None:
    """What an organisation's recognisers find can be tested too."""
    path = tmp_path / "cases.yaml"
    path.write_text("cases: [{name: a, given: {findings: [{kind: employee_id}]}, expect: block}]")
    rules = "  - {id: own, when: {findings: employee_id}, then: block}\n"
    assert run_cases(policy(rules, head="organisation: {kinds: employee_id}"), path)[0].passed
    with pytest.raises(PolicyError, match="employee_id"):
        run_cases(public.preset("lockdown"), path)


def test_a_fault_in_a_cases_file_is_told_with_its_place(tmp_path: Path) -> None:
    """A test that says nothing is not taken for one that passes."""
    path = tmp_path / "cases.yaml"
    path.write_text(CASES.replace("account: personal", "acount: personal"))
    with pytest.raises(PolicyError, match=r"cases.yaml:7:\d+: “acount” is not known here; did you mean “account”"):
        run_cases(public.preset("lockdown"), path)
    path.write_text("cases: []\n")
    with pytest.raises(PolicyError):
        run_cases(public.preset("lockdown"), path)
