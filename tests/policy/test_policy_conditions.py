"""Conditions: each holds for what it says, and for nothing else."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from families import with_each
from policy_samples import NOON, found, llm, llm_destination, policy, sender, situation, to

from core.attribution import Attribution, Certainty, LaunchedAs, Script
from core.classification import Attachment, Category
from core.decision import Verdict
from core.findings import Confidence
from core.sent_file import FoundBy, Label, SameAs, SentFile
from core.situation import ScriptHistory, Situation, Volume
from policy.predicates import matcher

PG = to(None, host="db.example", port=5432, scheme="postgresql")
SENT = (
    SentFile(
        path="/srv/finance/customers.csv",
        same=SameAs.BYTES,
        found_by=FoundBy.FOLDER,
        label=Label.TABLE,
        size=100,
        owner="ada",
    ),
)


def holds(when: str, given: Situation) -> bool:
    """Return whether a rule with these conditions holds."""
    return policy(f"  - {{id: r, when: {when}, then: block}}\n").decide(given).rule == "r"


WINDOWS = Attribution(
    certainty=Certainty.EXACT,
    method="psutil",
    script=Script(
        path="C:\\jobs\\Report.py",
        sha256="a" * 64,
        launched_as=LaunchedAs.MODULE,
        name="Report.py",
        version={"owner": "Ann"},
    ),
    started_by="agent:claude-code",
    is_python=True,
)


@with_each(
    ("when", "given", "expected"),
    [
        ("{script: {path: /srv/jobs/report.py}}", {}, True),
        ("{script: {path: /srv/*}}", {}, True),
        ("{script: {path: [/opt/*, '*/report.py']}}", {}, True),
        ("{script: {path: /srv/jobs}}", {}, False),
        ("{script: {path: /SRV/jobs/report.py}}", {}, False),
        ("{script: {path: 'C:/jobs/*'}}", {"sender": WINDOWS}, True),
        ("{script: {path: 'C:\\jobs\\*'}}", {"sender": WINDOWS}, True),
        ("{script: {name: report.*}}", {}, True),
        ("{script: {name: report}}", {}, False),
        (f"{{script: {{sha256: {'a' * 64}}}}}", {"sender": WINDOWS}, True),
        (f"{{script: {{sha256: {'b' * 64}}}}}", {"sender": WINDOWS}, False),
        ("{script: {launched_as: [module, notebook]}}", {"sender": WINDOWS}, True),
        ("{script: {launched_as: notebook}}", {"sender": WINDOWS}, False),
        ("{script: {owner: ann}}", {"sender": WINDOWS}, True),
        ("{script: {owner: bob}}", {"sender": WINDOWS}, False),
        ("{script: {owner: '*'}}", {"sender": sender(None)}, False),
        ("{script: {user: ann}}", {}, True),
        ("{script: {user: ann}}", {"sender": WINDOWS}, False),
        ("{script: {started_by: agent:*}}", {"sender": WINDOWS}, True),
        ("{script: {started_by: cron}}", {"sender": WINDOWS}, False),
        ("{script: {python: true}}", {}, True),
        ("{script: {python: true}}", {"sender": sender(is_python=None)}, False),
        ("{script: {path: '*'}}", {"sender": sender(None)}, False),
        ("{not: {script: {path: /srv/*}}}", {"sender": sender(None)}, True),
        ("{script: {approved: false}}", {}, True),
        ("{script: {approved: false}}", {"sender": sender(None)}, True),
        ("{script: {approved: true}}", {}, False),
        ("{script: {approved: true}}", {"history": ScriptHistory(approved=True)}, True),
        ("{script: {approved: true}}", {"history": ScriptHistory(approved=False)}, False),
        (
            "{script: {changed_since_approval: true}}",
            {"history": ScriptHistory(changed_since_approval=True)},
            True,
        ),
        ("{script: {newer_than_days: 7}}", {}, True),
        (
            "{script: {newer_than_days: 7}}",
            {"history": ScriptHistory(first_seen=NOON - timedelta(days=6))},
            True,
        ),
        (
            "{script: {newer_than_days: 7}}",
            {"history": ScriptHistory(first_seen=NOON - timedelta(days=7))},
            False,
        ),
        (
            "{script: {imports: pandas}}",
            {"history": ScriptHistory(imports=frozenset({"pandas", "re"}))},
            True,
        ),
        ("{script: {imports: pandas}}", {}, False),
        ("{destination: {host: api.dropbox.example}}", {}, True),
        ("{destination: {host: '*.DROPBOX.example'}}", {}, True),
        (
            "{destination: {host: '*.dropbox.example'}}",
            {"destination": to(host="dropbox.example")},
            False,
        ),
        (
            "{destination: {host: '*.dropbox.example'}}",
            {"destination": to(host="evildropbox.example")},
            False,
        ),
        (
            "{destination: {host: dropbox.example}}",
            {"destination": to(host="dropbox.example.evil")},
            False,
        ),
        ("{destination: {host: 'api?.example'}}", {"destination": to(host="api7.example")}, True),
        ("{destination: {category: [paste, cloud_storage]}}", {}, True),
        ("{destination: {category: paste}}", {}, False),
        ("{destination: {service: Dropbox}}", {}, True),
        ("{destination: {service: box}}", {}, False),
        ("{destination: {account: [personal, unknown]}}", {}, True),
        ("{destination: {account: personal}}", {}, False),
        ("{destination: {account_id: org-*}}", {"destination": to(account_id="org-7")}, True),
        ("{destination: {account_id: '*'}}", {}, True),
        ("{destination: {account_id: org-*}}", {}, False),
        ("{destination: {upload: true, service: dropbox}}", {}, True),
        ("{destination: {upload: false, service: dropbox}}", {}, False),
        ("{destination: {scheme: http}}", {}, False),
        ("{destination: {protocol: postgresql}}", {}, False),
        ("{destination: {protocol: [mysql, postgresql]}}", {"destination": PG}, True),
        ("{destination: {protocol: mysql}}", {"destination": PG}, False),
        ("{not: {destination: {protocol: postgresql}}}", {"destination": PG}, False),
        ("{files: {}}", {}, False),
        ("{files: {}}", {"files": SENT}, True),
        ("{files: {path: /srv/finance/*}}", {"files": SENT}, True),
        ("{files: {path: /srv/*, label: table}}", {"files": SENT}, True),
        ("{files: {path: /home/*}}", {"files": SENT}, False),
        ("{files: {name: '*.csv'}}", {"files": SENT}, True),
        ("{files: {name: customers}}", {"files": SENT}, False),
        ("{files: {label: [key_file, table]}}", {"files": SENT}, True),
        ("{files: {label: key_file}}", {"files": SENT}, False),
        ("{files: {owner: ada}}", {"files": SENT}, True),
        ("{files: {owner: bob}}", {"files": SENT}, False),
        ("{files: {same: was_open}}", {"files": SENT}, False),
        ("{files: {same: [same_bytes, same_bytes_decoded]}}", {"files": SENT}, True),
        ("{destination: {port: 443}}", {}, True),
        ("{destination: {port: [80, 8443]}}", {"destination": to(port=8443)}, True),
        ("{destination: {port: 8443}}", {}, False),
        ("{not: {destination: {port: 443}}}", {"destination": to(port=80)}, True),
        ("{destination: {path: /up*}}", {}, True),
        ("{destination: {path: /down*}}", {}, False),
        ("{attribution: [likely, unknown]}", {"sender": sender(None)}, True),
        ("{attribution: likely}", {}, False),
        ("{volume: {request_bytes_at_least: 2 kB}}", {}, True),
        ("{volume: {request_bytes_at_least: 2001}}", {}, False),
        ("{volume: {hour_bytes_at_least: 3 kB}}", {"volume": Volume(bytes_hour=1000)}, True),
        (
            "{volume: {hour_bytes_at_least: 3 kB}}",
            {"volume": Volume(bytes_hour=999, bytes_day=9999)},
            False,
        ),
        ("{volume: {day_tokens_at_least: 5}}", {"volume": Volume(tokens_day=5)}, True),
        ("{volume: {day_cost_usd_at_least: 1.5}}", {"volume": Volume(cost_day_usd=1.4)}, False),
        ("{volume: {day_cost_usd_at_least: 1.5}}", {"volume": Volume(cost_day_usd=1.5)}, True),
        ("{all: [{attribution: exact}, {destination: {service: dropbox}}]}", {}, True),
        ("{all: [{attribution: exact}, {destination: {service: box}}]}", {}, False),
        ("{any: [{attribution: unknown}, {destination: {service: dropbox}}]}", {}, True),
        ("{any: [{attribution: unknown}, {destination: {service: box}}]}", {}, False),
        ("{not: {destination: {service: box}}}", {}, True),
        ("{not: {any: [{attribution: exact}]}}", {}, False),
        ("{}", {}, True),
    ],
)
def test_a_condition_holds_for_what_it_says(
    when: str, given: dict[str, Any], expected: bool
) -> None:
    """A rule catches exactly what its words say."""
    assert holds(when, situation(**given)) is expected


@pytest.mark.parametrize(
    ("when", "findings", "expected"),
    [
        ("bank", [found("iban")], True),
        ("bank", [found("email")], False),
        ("iban", [found("credit_card")], False),
        ("[iban, email]", [found("email")], True),
        ("anything", [found("organisation_word")], True),
        ("anything", [found("not_inspected", unread="picture")], False),
        ("[anything, not_inspected]", [found("not_inspected")], True),
        ("personal_data", [found("date_of_birth")], True),
        ("personal_data", [found("secret")], False),
        ("credentials", [found("secret")], True),
        ("{}", [], False),
        ("{certainty: likely}", [found(confidence=Confidence.POSSIBLE)], False),
        ("{certainty: likely}", [found(confidence=Confidence.CERTAIN)], True),
        ("{kinds: bank, count_at_least: 4}", [found("iban", 2), found("credit_card", 2)], True),
        ("{kinds: bank, count_at_least: 5}", [found("iban", 2), found("credit_card", 2)], False),
        ("{kinds: bank, count_at_least: 2}", [found("iban", 1), found("email", 9)], False),
        ("{distinct_at_least: 2}", [found("iban", 9, distinct=1)], False),
        ("{kinds: bank, records_at_least: 100}", [found("iban", 9, records=100)], True),
        (
            "{kinds: bank, records_at_least: 100}",
            [found("iban", 9, records=60), found("credit_card", records=60)],
            False,
        ),
        ("{kinds: bank, records_at_least: 100}", [found("iban", 900)], False),
        (
            "{kinds: bank, records_at_least: 100}",
            [found("iban"), found("email", records=100)],
            False,
        ),
        ("{subjects_at_least: 5}", [found(subjects=5)], True),
        ("{kinds: secret, detectors: aws-*}", [found("secret", detector="aws-access-key")], True),
        ("{kinds: secret, detectors: aws-*}", [found("secret", detector="github-token")], False),
    ],
)
def test_findings_are_counted_as_a_person_would(
    when: str, findings: list[Any], expected: bool
) -> None:
    """Values add up, rows are shared, and one kind never stands in for another."""
    assert holds(f"{{findings: {when}}}", situation(*findings)) is expected


CALL = llm(
    tools=("search_docs",),
    attachments=(Attachment(media_type="application/pdf", bytes=1, sha256="0"),),
    key_class="admin",
    organisation="org-1",
)


@pytest.mark.parametrize(
    ("when", "expected"),
    [
        ("{}", True),
        ("{provider: openai, model: gpt-5*}", True),
        ("{model: claude-*}", False),
        ("{operation: embeddings}", False),
        ("{tools: search*}", True),
        ("{tools: delete*}", False),
        ("{attachments: true}", True),
        ("{attachments: false}", False),
        ("{key_class: admin, organisation: org-*}", True),
        ("{key: unknown}", True),
        ("{key: known}", False),
    ],
)
def test_llm_calls_are_told_apart(when: str, expected: bool) -> None:
    """Rules can speak of models, tools, attachments and keys."""
    assert holds(f"{{llm: {when}}}", situation(llm=CALL, destination=llm_destination())) is expected
    assert not holds(f"{{llm: {when}}}", situation())


BERLIN = "{zone: Europe/Berlin, days: [mon, tue, wed, thu, fri], hours: 08:00-18:00}"


@pytest.mark.parametrize(
    ("at", "inside"),
    [
        ("2026-11-18T07:00", True),
        ("2026-11-18T06:59", False),
        ("2026-11-18T16:59", True),
        ("2026-11-18T17:00", False),
        ("2026-11-21T12:00", False),
        ("2026-07-15T06:00", True),
        ("2026-07-15T16:00", False),
    ],
)
def test_business_hours_follow_the_clock_on_the_wall(at: str, inside: bool) -> None:
    """Summer time and weekends count as they do for people."""
    given = situation(now=datetime.fromisoformat(at).replace(tzinfo=UTC))
    assert holds(f"{{time: {{within: {BERLIN}}}}}", given) is inside
    assert holds(f"{{time: {{outside: {BERLIN}}}}}", given) is not inside


@pytest.mark.parametrize(
    ("at", "inside"),
    [
        ("2026-11-20T23:00", True),
        ("2026-11-21T03:00", True),
        ("2026-11-21T23:00", False),
        ("2026-11-22T03:00", False),
        ("2026-11-20T03:00", False),
        ("2026-11-20T12:00", False),
    ],
)
def test_a_night_shift_belongs_to_the_day_it_begins(at: str, inside: bool) -> None:
    """Friday's night shift ends on Saturday morning."""
    given = situation(now=datetime.fromisoformat(at).replace(tzinfo=UTC))
    assert holds("{time: {within: {zone: UTC, days: friday, hours: 22:00-06:00}}}", given) is inside


@pytest.mark.parametrize("pattern", ["(", "[", "a|b", "^x$", "*.[", ".*"])
def test_patterns_are_not_regular_expressions(pattern: str) -> None:
    """No pattern an author writes can break the gate or match by accident."""
    assert matcher([pattern])("something else") is False


def test_categories_are_those_of_the_vocabulary() -> None:
    """Every category that a destination can have may be named in a rule."""
    for category in Category:
        assert holds(
            f"{{destination: {{category: {category.value}}}}}",
            situation(destination=to(category=category)),
        )


@pytest.mark.parametrize(
    "when", ["{files: {}}", "{files: {path: /srv/*}}", "{files: {label: table}}"]
)
@pytest.mark.parametrize("negated", [False, True])
def test_files_that_nobody_looked_at_are_unknown_and_never_none(when: str, negated: bool) -> None:
    """A rule that asks for files answers by `on_error` where nobody could look, and so does one
    that asks for their absence; what was found all the same stands.
    """
    asked = f"{{not: {when}}}" if negated else when
    for answer, verdict in (("block", Verdict.BLOCK), ("allow", Verdict.ALLOW)):
        rules = f"  - {{id: r, when: {asked}, then: hold, on_error: {answer}}}\n"
        decision = policy(rules).decide(situation(files_are_all=False))
        assert (decision.verdict, decision.rule) == (verdict, "r")
        assert "which files it holds" in decision.reason
    seen = policy(f"  - {{id: r, when: {asked}, then: hold, on_error: block}}\n")
    found = seen.decide(situation(files=SENT, files_are_all=False))
    assert found.verdict is (Verdict.ALLOW if negated else Verdict.HOLD)


def test_rules_that_ask_for_no_files_do_not_mind_that_nobody_looked() -> None:
    """What no rule asks for is missed by nobody."""
    given = situation(files_are_all=False)
    assert policy("  - {id: r, when: {findings: bank}, then: block}\n").decide(given).rule is None
