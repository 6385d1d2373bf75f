"""How a rule stands to what was recorded: what missed it by one condition, what goes before it."""

from datetime import UTC, datetime, timedelta

import pytest
from invented_day import finding, place, record, sender

from core.attribution import Certainty
from core.classification import AccountKind, Category
from core.record import Record
from policy.loading import load_bytes
from policy.near_misses import Stands, stands

NOW = datetime(2026, 11, 20, 14, 14, tzinfo=UTC)
POLICY = b"""
version: 1
mode: enforce
rules:
  - id: claims-first
    description: What claims sends is watched
    when: {script: {path: /srv/jobs/claims.py}}
    then: watch
  - id: no-private-clouds
    description: Bank details stay here
    when:
      destination: {account: personal}
      findings: {kinds: [iban]}
    then: block
  - id: only-approved
    description: Only approved scripts
    when: {script: {approved: false}, findings: {kinds: [iban]}}
    then: block
  - id: off
    description: Off
    enabled: false
    when: {findings: {kinds: [iban]}}
    then: block
"""


def sent(
    script: str, account: AccountKind, *kinds: str, certainty: Certainty = Certainty.EXACT
) -> Record:
    where = place("files.example", "onedrive", Category.CLOUD_STORAGE, account)
    who = sender(script, certainty=certainty)
    return record(NOW - timedelta(hours=1), who, where, *(finding(kind, 2) for kind in kinds))


RECORDS = (
    sent("report.py", AccountKind.PERSONAL, "iban"),
    sent("report.py", AccountKind.CORPORATE, "iban"),
    sent("report.py", AccountKind.CORPORATE, "iban"),
    sent("other.py", AccountKind.PERSONAL, "email"),
    sent("other.py", AccountKind.CORPORATE, "email"),
    sent("claims.py", AccountKind.PERSONAL, "iban"),
)


def look(rule: str, records: tuple[Record, ...] = RECORDS) -> Stands | None:
    return stands(load_bytes(POLICY, "test"), rule, records)


def test_what_missed_by_one_condition_is_told_with_who_and_where() -> None:
    """Requests that lack two conditions are none; one that another rule took is told apart."""
    told = look("no-private-clouds")
    assert told is not None and told.records == 6 and told.decided == 1
    assert [(one.condition, one.count) for one in told.near] == [
        ("destination account personal", 2),
        ("findings kinds iban", 1),
    ]
    assert dict(told.near[0].scripts) == {"/srv/jobs/report.py": 2}
    assert told.near[0].last_at == NOW - timedelta(hours=1)
    assert dict(told.others) == {"claims-first": 1}


def test_what_no_record_tells_is_no_near_miss() -> None:
    """Whether a script was approved then stands in no record: nobody can tell."""
    told = look("only-approved")
    assert told is not None and told.decided == 0
    assert told.untold == 2
    assert [one.condition for one in told.near] == ["findings kinds iban"]


def test_a_rule_of_one_condition_has_no_near_misses() -> None:
    """Whatever misses the only condition there is misses the rule, and not nearly."""
    told = look("claims-first")
    assert told is not None and (told.decided, told.near) == (1, ())


@pytest.mark.parametrize("rule", ["off", "nowhere", ""])
def test_a_rule_that_is_not_in_force_decides_nothing(rule: str) -> None:
    """Switched off, or never there: nothing is counted of it."""
    assert look(rule) is None


def test_of_no_requests_nothing_is_said() -> None:
    """The first day."""
    told = look("no-private-clouds", ())
    assert told is not None and (told.records, told.decided, told.near) == (0, 0, ())


def test_a_sender_that_is_only_likely_is_not_counted_as_certain() -> None:
    """A rule about a script neither holds nor is missed surely by what may be another's."""
    told = look(
        "claims-first", (sent("claims.py", AccountKind.CORPORATE, certainty=Certainty.LIKELY),)
    )
    assert told is not None and told.decided == 0
