"""Exceptions for pinned clients: scoped, expiring, and weaker than a rule that blocks."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from policy_samples import NOON, on_headers, policy, sender, situation, to

from core.attribution import Attribution, Certainty, ProcessRef
from core.decision import Decision, Verdict
from policy.describing import advice, json_schema
from policy.loading import PolicyError, load_bytes, parse

HOST = "backup.vendor.example"
ENTRY = """pass_through:
  - id: vendor-agent
    description: The backup client trusts only its maker's certificate
    owner: IT operations
    hosts: [backup.vendor.example, "*.sync.vendor.example"]
    until: 2027-01-31
"""
NO_RULES = "  []"


def asked(
    rules: str = NO_RULES,
    head: str = ENTRY,
    host: str = HOST,
    mode: str = "enforce",
    **more: object,
) -> Decision | None:
    given = situation(
        destination=to(None, host=host, path="/", upload=False), request_bytes=0, **more
    )
    return policy(rules, mode=mode, head=head).pass_through(on_headers(given))


def passes(decision: Decision | None) -> bool:
    return decision is not None and decision.verdict.passes


def test_an_exception_is_recorded_as_such() -> None:
    """The record names the exception, how long it lasts, and why it is there."""
    decision = asked()
    assert decision is not None
    assert (decision.verdict, decision.rule) == (Verdict.WATCH, "vendor-agent")
    assert (
        decision.reason
        == "The connection passes undecrypted and unread, by an exception until 2027-01-31: "
        "The backup client trusts only its maker's certificate."
    )
    allowed = asked(head=ENTRY + "    then: allow\n")
    assert allowed is not None and allowed.verdict is Verdict.ALLOW


@pytest.mark.parametrize(
    ("host", "named"),
    [
        (HOST, True),
        ("a.sync.vendor.example", True),
        ("sync.vendor.example", False),
        ("xbackup.vendor.example", False),
        ("backup.vendor.example.evil.example", False),
        ("vendor.example", False),
    ],
)
def test_only_the_hosts_that_it_names(host: str, named: bool) -> None:
    """An exception is for its own hosts; a name that merely looks like one is none."""
    assert (asked(host=host) is not None) is named
    assert policy(NO_RULES, head=ENTRY).exempts(host) is named


@pytest.mark.parametrize(("day", "holds"), [(date(2027, 1, 31), True), (date(2027, 2, 1), False)])
def test_it_ends_with_its_last_day(day: date, holds: bool) -> None:
    """After its last day an exception does nothing, and the case of the refused certificate can
    name it.
    """
    decision = asked(
        now=NOON.replace(year=day.year, month=day.month, day=day.day, hour=23, minute=59)
    )
    assert passes(decision) is holds
    assert decision is not None
    if not holds:
        assert decision.reason == "The exception vendor-agent ended on 2027-01-31."


def test_an_entry_in_force_stands_for_one_that_ended() -> None:
    """A renewed exception works although the old one is still in the file."""
    renewed = ENTRY + ENTRY.removeprefix("pass_through:\n").replace(
        "vendor-agent", "vendor-agent-2027"
    ).replace("2027-01-31", "2027-12-31")
    decision = asked(head=renewed, now=NOON.replace(year=2027, month=6))
    assert decision is not None and decision.rule == "vendor-agent-2027"


AGENT = ProcessRef(pid=1, started_at=None, name="agent", exe="/opt/vendor/bin/agent")


@pytest.mark.parametrize(
    ("scope", "who", "holds"),
    [
        ("scripts: /srv/jobs/*", sender("/srv/jobs/backup.py"), True),
        ("scripts: /srv/jobs/*", sender("/home/ann/backup.py"), False),
        (f"scripts: {'ab' * 32}", sender("/home/ann/backup.py", sha256="ab" * 32), True),
        (f"scripts: {'ab' * 32}", sender("/home/ann/backup.py", sha256="cd" * 32), False),
        ("scripts: /srv/jobs/*", sender(None), False),
        ("executables: /opt/vendor/*", sender(None, process=AGENT), True),
        ("executables: /opt/vendor/*", sender("/srv/jobs/backup.py"), False),
        (
            "executables: /opt/vendor/*\n    scripts: /srv/jobs/*",
            sender("/srv/jobs/backup.py"),
            True,
        ),
        (
            "executables: /opt/vendor/*",
            Attribution(certainty=Certainty.UNKNOWN, method="none"),
            False,
        ),
    ],
)
def test_only_the_programs_that_it_names(scope: str, who: Attribution, holds: bool) -> None:
    """An exception for one program does not help another, nor one that nobody could name."""
    assert passes(asked(head=ENTRY + f"    {scope}\n", sender=who)) is holds


def test_a_rule_that_blocks_wins() -> None:
    """What sender and destination alone forbid stays forbidden, exception or not."""
    rule = (
        "  - id: no-vendor\n    when: {destination: {host: '*.vendor.example'}}\n    then: block\n"
    )
    decision = asked(rule)
    assert decision is not None
    assert (decision.verdict, decision.rule) == (Verdict.BLOCK, "no-vendor")
    assert decision.reason == "Rule no-vendor wins over the exception vendor-agent."


def test_in_watch_mode_the_record_says_what_the_rule_would_have_done() -> None:
    """While rules are only watched, the connection passes and its record names the rule that would
    block.
    """
    rule = (
        "  - id: no-vendor\n    when: {destination: {host: '*.vendor.example'}}\n    then: block\n"
    )
    decision = asked(rule, mode="watch")
    assert decision is not None
    assert (decision.verdict, decision.rule, decision.intended) == (
        Verdict.WATCH,
        "no-vendor",
        Verdict.BLOCK,
    )
    assert decision.reason.endswith("It passes undecrypted by the exception vendor-agent.")


@pytest.mark.parametrize(
    "when",
    [
        "{findings: credentials}",
        "{destination: {upload: true}}",
        "{destination: {upload: false}}",
        "{destination: {path: /}}",
        "{destination: {account: personal}}",
        "{not: {destination: {account: corporate}}}",
        "{not: {llm: {}}}",
        "{volume: {request_bytes_at_least: 1 kB}}",
    ],
)
def test_rules_that_would_have_to_look_inside_are_passed_over(when: str) -> None:
    """The exception says that nobody looks inside: rules about what is inside cannot hold."""
    assert passes(asked(f"  - id: inside\n    when: {when}\n    then: block\n"))


def test_first_match_still_decides() -> None:
    """A rule that lets the destination pass shields the exception from a block further down."""
    block = "  - id: rest\n    then: block\n"
    allow = f"  - id: vendor\n    when: {{destination: {{host: {HOST}}}}}\n    then: allow\n"
    unsure = "  - id: clean\n    when: {not: {findings: anything}}\n    then: allow\n"
    assert not passes(asked(block))
    assert passes(asked(allow + block))
    assert not passes(asked(unsure + block))


def test_unknown_senders_where_they_are_refused() -> None:
    """Where the failure table refuses senders that nobody can name, an exception does not let them
    out.
    """
    table = "failures: {attribution: {enforce: block}}\n"
    assert passes(asked(sender=sender(None)))
    assert not passes(asked(head=ENTRY + table, sender=sender(None)))


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ('[backup.vendor.example, "*.sync.vendor.example"]', "'*'", "names too many hosts"),
        (
            '[backup.vendor.example, "*.sync.vendor.example"]',
            "['*.example']",
            "names too many hosts",
        ),
        (
            '[backup.vendor.example, "*.sync.vendor.example"]',
            "['a.*.example']",
            "names too many hosts",
        ),
        (
            '[backup.vendor.example, "*.sync.vendor.example"]',
            "'https://x.example/'",
            "without scheme",
        ),
        ('[backup.vendor.example, "*.sync.vendor.example"]', "192.0.2.1", "write hosts as names"),
        (
            '[backup.vendor.example, "*.sync.vendor.example"]',
            "https://api.vendor.example:8443/x",
            "such as api.vendor.example",
        ),
        ('[backup.vendor.example, "*.sync.vendor.example"]', "[]", "should not be empty"),
        ("    until: 2027-01-31\n", "", "until is missing"),
        ("2027-01-31", "soon", "date such as"),
        ("    owner: IT operations\n", "", "owner is missing"),
        ("owner:", "ower:", "did you mean “owner”"),
        ("    until:", "    scripts: '*'\n    until:", "stands for every program"),
    ],
)
def test_an_exception_that_says_too_much_or_too_little_is_refused(
    old: str, new: str, told: str
) -> None:
    """Everything or for ever is no exception; the fault is named with its line."""
    with pytest.raises(PolicyError) as refused:
        load_bytes(ENTRY.replace(old, new).encode(), "outgate.yaml")
    assert any(told in line for line in refused.value.lines()), refused.value.lines()
    assert all(problem.line >= 2 for problem in refused.value.problems)


def test_ids_are_unique_over_rules_and_exceptions() -> None:
    """A record's rule is one rule or one exception, never either of two."""
    with pytest.raises(PolicyError, match="two rules have the id vendor-agent"):
        load_bytes(
            (ENTRY + "rules:\n  - id: vendor-agent\n    then: block\n").encode(), "outgate.yaml"
        )


@pytest.mark.parametrize(
    ("today", "told"),
    [
        (date(2026, 11, 21), None),
        (date(2027, 1, 20), "ENDS SOON, on 2027-01-31"),
        (date(2027, 2, 1), "ENDED on 2027-01-31"),
        (date(2025, 12, 1), "more than a year"),
    ],
)
def test_dates_are_said_loudly(today: date, told: str | None) -> None:
    """Whoever checks the policy learns which exceptions have ended, end soon, or last too long."""
    found = advice(parse(ENTRY.encode(), "test"), today=today)
    assert [who for who, _ in found] == ([] if told is None else ["vendor-agent"])
    assert told is None or told in found[0][1]


def test_the_schema_has_it() -> None:
    """Editors know the section and what it needs."""
    schema = json_schema()
    assert set(schema["$defs"]["PassThrough"]["required"]) == {
        "id",
        "description",
        "owner",
        "hosts",
        "until",
    }


def test_without_exceptions_nothing_passes() -> None:
    """A policy that names no exception has none."""
    given = on_headers(situation(destination=to(None, host=HOST)))
    assert policy(NO_RULES).pass_through(given) is None
    assert not policy(NO_RULES).exempts(HOST)
    assert (
        policy(NO_RULES, head=ENTRY).pass_through(replace(given, now=NOON + timedelta(days=1)))
        is not None
    )
