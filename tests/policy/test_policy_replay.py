"""Replay and cases: a policy is proven before it is switched on."""

import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from policy_samples import found, llm, llm_destination, policy, record, sender, situation, to

import policy as public
from core.case_keys import case_key
from core.decision import Decision, Verdict
from core.fate import Fate
from core.record import Record
from core.review import Disposition
from core.situation import ScriptHistory
from policy.loading import PolicyError
from policy.policy_tests import run_cases
from policy.replay import replay, replayed
from tests.evidence.conftest import with_fate

LEDGER = situation(found("iban", 15000, records=15000), destination=to("onedrive", "personal"))
OTHER_PERSON = replace(LEDGER, sender=sender("/srv/jobs/other.py", user="bob"))
CLEAN = situation(llm=llm(), destination=llm_destination())


def test_a_replay_tells_what_would_have_been_stopped_and_whom_it_touches() -> None:
    """The officer sees scripts, people and false alarms before the first request is refused."""
    records = [record(LEDGER, 1), record(LEDGER, 2), record(OTHER_PERSON, 3), record(CLEAN, 4)]
    dispositions = {
        case_key(records[2]): Disposition.FALSE_ALARM,
        case_key(records[3]): Disposition.FALSE_ALARM,
    }
    stored = [Record.from_json(json.loads(json.dumps(r.to_json()))) for r in records]
    report = replay(public.preset("no-personal-cloud"), stored, dispositions)
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
    assert "15,000 rows with bank account numbers to a personal OneDrive" in first.reason
    assert (first.destination, first.place) == ("onedrive", "OneDrive")
    assert json.loads(json.dumps(report.to_json()))["affected"][1]["false_alarms"] == 1


def test_a_replay_counts_what_watch_mode_would_do_when_enforced() -> None:
    """A trial in watch mode shows its consequences."""
    rules = "  - {id: bank, when: {findings: bank}, then: hold}\n"
    report = replay(policy(rules, mode="watch"), [record(LEDGER)])
    assert report.verdicts == {"hold": 1}


def test_a_replay_shows_what_would_no_longer_be_stopped() -> None:
    """Loosening a rule has consequences too."""
    blocked = replace(record(LEDGER), decision=Decision(verdict=Verdict.BLOCK, rule="old"))
    assert replay(policy("  []"), [blocked]).no_longer_stopped == 1


def test_damaged_records_are_counted_not_guessed() -> None:
    """What cannot be read is said so."""
    report = replay(policy("  []"), [None, record(CLEAN), None])
    assert (report.records, report.unreadable) == (1, 2)


def test_a_failed_inspection_then_is_no_verdict_now() -> None:
    """Replay asks what the rules make of what was found, not of old mishaps."""
    late = record(replace(CLEAN, degraded=("classifier: late",)))
    rules = "  - {id: bank, when: {findings: bank}, then: block}\n"
    assert replay(policy(rules), [late]).verdicts == {"allow": 1}


def test_a_replay_says_what_it_cannot_know() -> None:
    """Records that lack what a rule asks for are counted as untold, and no verdict is guessed."""
    rules = """
  - {id: fresh, when: {any: [{script: {approved: false}}]}, then: warn}
  - {id: much, when: {volume: {day_bytes_at_least: 1 GB}}, then: block}
  - {id: size, when: {volume: {request_bytes_at_least: 1 GB}}, then: block}
"""
    report = replay(policy(rules), [record(CLEAN)])
    assert (report.records, report.untold, report.verdicts, report.affected) == (1, 1, {}, ())
    assert report.caveats[0].endswith("fresh (1)")
    assert replay(policy(rules), [record(CLEAN)], known=lambda *_: ScriptHistory()).verdicts == {
        "warn": 1
    }


def test_records_of_requests_that_nobody_looked_at_tell_nothing_of_files() -> None:
    """A replay never takes what was not looked at for a request without a file."""
    rules = "  - {id: table, when: {files: {label: table}}, then: block}\n"
    looked, unlooked = record(CLEAN), record(replace(CLEAN, files_are_all=False), 2)
    report = replay(policy(rules), [looked, unlooked])
    assert (report.records, report.untold, report.verdicts) == (2, 1, {"allow": 1})
    empty = replace(unlooked, request=replace(unlooked.request, bytes=0))
    assert replay(policy(rules), [empty]).untold == 0


@pytest.mark.parametrize(("verdict", "untold"), [("warn", 1), ("allow", 0)])
def test_what_makes_no_difference_can_be_told(verdict: str, untold: int) -> None:
    """A rule that nobody can answer for does not matter where it makes no difference."""
    rules = f"  - {{id: torch, when: {{script: {{imports: torch}}}}, then: {verdict}}}\n"
    assert replay(policy(rules), [record(CLEAN)]).untold == untold


def test_volume_is_what_the_new_rules_would_have_let_out() -> None:
    """What is stopped uses nothing up: a smaller one still fits; a day later all is free again."""
    sizes, step = [60, 30, 20, 5, 50], timedelta(hours=1)
    records = [
        record(replace(CLEAN, request_bytes=size, now=CLEAN.now + number * step), number)
        for number, size in enumerate(sizes)
    ]
    records.append(record(replace(CLEAN, request_bytes=60, now=CLEAN.now + 30 * step), 9))
    rules = "  - {id: much, when: {volume: {day_bytes_at_least: 100 bytes}}, then: block}\n"
    told = [one.decision.verdict.value for one in replayed(policy(rules), records) if one]
    assert told == ["allow", "allow", "block", "allow", "block", "allow"]
    late = replay(policy(rules), records, since=CLEAN.now + 2 * step)
    assert (late.records, late.verdicts) == (4, {"block": 2, "allow": 2})


def test_a_country_that_was_not_recorded_is_not_guessed(tmp_path: Path) -> None:
    """Records from before the rule on countries do not say where they went."""
    (tmp_path / "table.csv").write_text("192.0.2.0/24,CN\n")
    (tmp_path / "p.yaml").write_text(
        "mode: enforce\norganisation: {countries: table.csv}\n"
        "rules: [{id: far, when: {destination: {country: CN}}, then: block}]\n"
    )
    there = replace(CLEAN, destination=llm_destination(country="CN"))
    report = replay(public.load(tmp_path / "p.yaml"), [record(CLEAN), record(there)])
    assert (report.untold, report.verdicts) == (1, {"block": 1})


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
    given: {findings: [{kind: email}], attribution: unknown, degraded: [accounts],
            llm: {tools: [a]}, at: 2026-01-01T00:00:00Z}
    expect: block
"""


def test_expected_outcomes_are_checked(tmp_path: Path) -> None:
    """An organisation's own tests say what its policy must do."""
    (tmp_path / "cases.yaml").write_text(CASES)
    results = run_cases(public.preset("no-personal-cloud"), tmp_path / "cases.yaml")
    assert [r.passed for r in results] == [True, True, False]
    assert (
        results[2].told
        == "a wrong expectation: expected block, got watch by rule watch-sensitive-data"
    )


@pytest.mark.parametrize(
    ("expected", "why"),
    [
        ("odd", "; odd does not hold for want of: destination port 8443"),
        (
            "far",
            "; far does not hold for want of: script user bob, and not (destination upload no)",
        ),
        ("missing", "; there is no rule missing"),
        ("other", ""),
    ],
)
def test_an_expectation_that_fails_says_what_was_wanting(
    tmp_path: Path, expected: str, why: str
) -> None:
    """Who writes a policy learns which of a rule's conditions the request does not fulfil."""
    rules = """
  - {id: odd, when: {destination: {port: 8443, host: a.example}}, then: block}
  - {id: far, when: {script: {user: bob}, not: {destination: {upload: false}}}, then: block}
  - {id: all, then: watch}
  - {id: other, when: {destination: {host: a.example}}, then: block}
"""
    path = tmp_path / "cases.yaml"
    path.write_text(
        "cases: [{name: c, given: {user: ann, destination: {host: a.example, port: 443}}, "
        f"expect: {{verdict: block, rule: {expected}}}}}]"
    )
    (result,) = run_cases(policy(rules), path)
    assert result.told == f"c: expected block by rule {expected}, got watch by rule all{why}"


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
    with pytest.raises(
        PolicyError, match=r"cases.yaml:7:\d+: “acount” is not known here; did you mean “account”"
    ):
        run_cases(public.preset("lockdown"), path)
    path.write_text("cases: []\n")
    with pytest.raises(PolicyError):
        run_cases(public.preset("lockdown"), path)


@pytest.mark.parametrize("fate", Fate)
def test_what_did_not_leave_through_the_gate_is_not_told_as_gone_out(fate: Fate) -> None:
    """Its verdict let it pass; it failed on its way, or went where no rule is asked."""
    sent, failed = record(LEDGER, 1), with_fate(record(LEDGER, 2), fate)
    report = replay(public.preset("no-personal-cloud"), [sent, failed])
    assert report.verdicts == {"block": 2}
    assert report.newly_stopped == 1
