"""Deciding: the first rule that holds decides, what is missing is an input, watching is
harmless.
"""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from policy_samples import (
    ALLOW_JOB,
    BLOCK_BANK,
    BLOCK_PERSONAL,
    NOON,
    found,
    llm,
    on_headers,
    policy,
    sender,
    situation,
    to,
)

from core.decision import Verdict
from core.findings import Confidence
from core.situation import ScriptHistory, Situation
from examples import most


def test_the_first_rule_that_holds_decides() -> None:
    """The order in the file is the order of importance."""
    assert policy(ALLOW_JOB + BLOCK_BANK).decide(situation(found())).verdict is Verdict.ALLOW
    assert policy(BLOCK_BANK + ALLOW_JOB).decide(situation(found())).verdict is Verdict.BLOCK
    nothing = policy(BLOCK_BANK).decide(situation())
    assert (nothing.verdict, nothing.rule) == (Verdict.ALLOW, None)


def test_the_reason_is_one_that_a_person_understands() -> None:
    """The analyst reads what was found, where it went, and why that is not allowed."""
    findings = (
        found("iban", 15000, records=15000),
        found("email", 3, distinct=3),
        found("person", 1),
        found("phone", 1),
        found("us_ssn", 1, test_data=True),
    )
    given = situation(*findings, destination=to("onedrive", "personal", account_id="9188040d"))
    decision = policy(BLOCK_PERSONAL, head="organisation: {contact: privacy@example.com}").decide(
        given
    )
    assert (
        decision.reason
        == "15,000 rows with bank account numbers, names of people, e-mail addresses and 1 other"
        " kind "
        "(and published examples) to a personal OneDrive (api.onedrive.example, account 9188040d): "
        "No files in personal accounts."
    )
    assert decision.rule == "personal"
    assert decision.contact == "privacy@example.com"
    assert len(decision.policy or "") == 16


def test_hostile_names_are_harmless_in_reasons() -> None:
    """What a script chose to call its host cannot steer a terminal or a screen."""
    given = situation(
        destination=to("onedrive", "personal", host="a\x1b[31m\u202e.example", account_id="x\ny")
    )
    reason = policy(BLOCK_PERSONAL).decide(given).reason
    assert reason.isprintable()


def test_watch_mode_changes_nothing_for_the_client() -> None:
    """Until the organisation says so, Outgate only writes down what it would have done."""
    rules = """
  - {id: tenant, when: {destination: {host: "*.example"}}, then: {headers: {x-allowed: acme}}}
  - {id: warned, when: {findings: email}, then: {do: warn, headers: {x-note: a}}}
  - {id: held, when: {findings: person}, then: {do: hold, for_seconds: 5}}
  - {id: hidden, when: {findings: phone}, then: redact}
  - {id: stopped, when: {findings: iban}, then: block}
"""
    expected = {
        "email": Verdict.WARN,
        "person": Verdict.HOLD,
        "phone": Verdict.REDACT,
        "iban": Verdict.BLOCK,
    }
    for kind, verdict in expected.items():
        watched = policy(rules, mode="watch").decide(situation(found(kind)))
        assert (watched.verdict, watched.intended, watched.headers) == (Verdict.WATCH, verdict, ())
        assert (watched.hold_seconds, watched.redact_kinds) == (None, frozenset())
        enforced = policy(rules).decide(situation(found(kind)))
        assert (enforced.verdict, enforced.intended) == (verdict, None)
        assert bool(enforced.headers) is (verdict is not Verdict.BLOCK)


def test_a_rules_own_mode_wins() -> None:
    """One rule can be tried out, or switched on, by itself."""
    trial = "  - {id: trial, mode: watch, when: {findings: iban}, then: block}\n"
    live = "  - {id: live, mode: enforce, when: {findings: iban}, then: block}\n"
    assert policy(trial, mode="enforce").decide(situation(found())).verdict is Verdict.WATCH
    assert policy(live, mode="watch").decide(situation(found())).verdict is Verdict.BLOCK


def test_a_rule_ends_after_its_last_day() -> None:
    """An exception with an end date does not become permanent."""
    rules = (
        "  - {id: exception, until: 2026-11-18, when: {findings: iban}, then: allow}\n" + BLOCK_BANK
    )
    given = situation(found())
    assert policy(rules).decide(given).rule == "exception"
    last_moment = NOON.replace(hour=23, minute=59)
    assert policy(rules).decide(replace(given, now=last_moment)).rule == "exception"
    assert (
        policy(rules).decide(replace(given, now=last_moment + timedelta(minutes=1))).rule == "bank"
    )


def test_a_disabled_rule_is_as_if_absent() -> None:
    """Switching a rule off keeps its text."""
    assert policy("  - {id: off, enabled: false, then: block}\n").decide(situation()).rule is None


def test_headers_are_gathered_and_the_rest_still_decides() -> None:
    """Tenant restrictions are set on what passes, and never let anything pass by themselves."""
    rules = """
  - id: tenant
    when: {destination: {service: dropbox}}
    then: {headers: {X-Dropbox-allowed-Team-Ids: "1"}}
  - {id: other, when: {destination: {service: slack}}, then: {headers: {X-Slack: "2"}}}
"""
    passed = policy(rules).decide(situation())
    assert (passed.verdict, passed.headers) == (
        Verdict.ALLOW,
        (("X-Dropbox-allowed-Team-Ids", "1"),),
    )
    blocked = policy(rules + BLOCK_BANK).decide(situation(found()))
    assert (blocked.verdict, blocked.headers) == (Verdict.BLOCK, ())
    early = policy(rules + BLOCK_PERSONAL).decide_on_headers(on_headers(situation()))
    assert early is not None
    assert early.headers == passed.headers


@pytest.mark.parametrize(
    ("rules", "decided"),
    [
        (BLOCK_PERSONAL + BLOCK_BANK, "personal"),
        (BLOCK_BANK + BLOCK_PERSONAL, "wait"),
        (ALLOW_JOB + BLOCK_BANK, "job"),
        ("  - {id: hold, when: {destination: {account: personal}}, then: hold}\n", "wait"),
        ("  - {id: redact, when: {destination: {account: personal}}, then: redact}\n", "wait"),
        ("  - {id: large, when: {volume: {request_bytes_at_least: 1 MB}}, then: block}\n", "wait"),
        ("  - {id: size, when: {volume: {request_bytes_at_least: 1 kB}}, then: block}\n", "size"),
        ("  - {id: none, when: {not: {findings: anything}}, then: allow}\n", "wait"),
        ("  - {id: model, when: {llm: {model: gpt-*}}, then: block}\n", "wait"),
        ("  - {id: other, when: {destination: {account: corporate}}, then: block}\n", None),
    ],
)
def test_a_request_is_refused_on_its_headers_where_they_suffice(
    rules: str, decided: str | None
) -> None:
    """Nothing is read that need not be read, and nothing is judged before it is known."""
    given = on_headers(situation(destination=to("onedrive", "personal")))
    decision = policy(rules).decide_on_headers(given)
    assert (decision.rule if decision else "wait") == decided


KINDS = ("iban", "email", "secret", "not_inspected")
RULE_CONDITIONS = (
    "{findings: bank}",
    "{findings: {kinds: anything, certainty: certain}}",
    "{findings: {kinds: email, records_at_least: 5}}",
    "{findings: not_inspected}",
    "{destination: {account: personal}}",
    "{destination: {upload: true, category: cloud_storage}}",
    "{script: {approved: true}}",
    "{attribution: unknown}",
    "{volume: {request_bytes_at_least: 1 kB}}",
    "{volume: {day_tokens_at_least: 100}}",
    "{llm: {}}",
    "{llm: {key: known}}",
    "{llm: {model: gpt-*}}",
    "{}",
)
conditions = st.recursive(
    st.sampled_from(RULE_CONDITIONS),
    lambda inner: st.one_of(
        inner.map(lambda c: f"{{not: {c}}}"),
        st.tuples(inner, inner).map(lambda c: f"{{any: [{c[0]}, {c[1]}]}}"),
        st.tuples(inner, inner).map(lambda c: f"{{all: [{c[0]}, {c[1]}]}}"),
    ),
    max_leaves=4,
)
rule_lists = st.lists(
    st.tuples(conditions, st.sampled_from([v.value for v in Verdict])), min_size=1, max_size=4
).map(
    lambda rules: "".join(
        f"  - {{id: r{n}, when: {when}, then: {then}}}\n" for n, (when, then) in enumerate(rules)
    )
)
findings = st.lists(
    st.builds(
        lambda kind, confidence, records: found(kind, confidence=confidence, records=records),
        st.sampled_from(KINDS),
        st.sampled_from(list(Confidence)),
        st.sampled_from([None, 1, 10]),
    ),
    max_size=2,
).map(tuple)
situations = st.builds(
    lambda kinds, account, service, approved, size, call, known: situation(
        *kinds,
        destination=to(service, account),
        history=ScriptHistory(approved=approved),
        request_bytes=size,
        llm=call,
        sender=sender() if known else sender(None),
    ),
    findings,
    st.sampled_from(["personal", "corporate", "unknown"]),
    st.sampled_from(["onedrive", None]),
    st.sampled_from([True, None]),
    st.sampled_from([10, 2000]),
    st.sampled_from([None, llm(), llm(model="other", key_fingerprint="0" * 16)]),
    st.booleans(),
)
heads = st.sampled_from(
    [
        "",
        "on_unknown_account: block",
        "on_unknown_account: {do: block, over: 1 kB}",
        "on_unknown_account: hold",
    ]
)


@settings(max_examples=most(200), deadline=None)
@given(rules=rule_lists, given_=situations, head=heads, mode=st.sampled_from(["watch", "enforce"]))
def test_an_early_answer_is_never_taken_back(
    rules: str, given_: Situation, head: str, mode: str
) -> None:
    """What is decided on the headers is what would have been decided with everything known."""
    asked = policy(rules, mode=mode, head=head)
    early = asked.decide_on_headers(replace(on_headers(given_), llm=None, request_bytes=0))
    if early is not None:
        late = asked.decide(given_)
        assert early.verdict is late.verdict


@settings(max_examples=most(80), deadline=None)
@given(rules=rule_lists, given_=situations, head=heads)
def test_a_decision_is_the_same_every_time(rules: str, given_: Situation, head: str) -> None:
    """The same request gets the same answer, whatever was asked before."""
    asked = policy(rules, head=head)
    first = asked.decide(given_)
    asked.decide(replace(given_, sender=sender(None)))
    asked.decide(replace(given_, degraded=("accounts: late",)))
    assert asked.decide(given_) == first == policy(rules, head=head).decide(given_)


@settings(max_examples=most(80), deadline=None)
@given(rules=rule_lists, given_=situations)
def test_watching_never_stops_anything(rules: str, given_: Situation) -> None:
    """In watch mode every request goes out unchanged, even when inspection fails."""
    asked = policy(rules, mode="watch")
    for situation_ in (given_, replace(given_, degraded=("classifier: late",))):
        decision = asked.decide(situation_)
        assert decision.verdict in {Verdict.ALLOW, Verdict.WATCH}
        assert decision.headers == ()
