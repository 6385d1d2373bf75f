"""Deciding: the first rule that holds decides, what is missing is an input, watching is
harmless.
"""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from policy_samples import (
    NOON,
    found,
    llm,
    llm_destination,
    on_headers,
    policy,
    sender,
    situation,
    to,
)

from core.attribution import Certainty, ProcessRef, SenderPeer
from core.decision import Verdict
from core.findings import Confidence, Finding
from core.situation import ScriptHistory, Situation, Volume
from core.vocabulary.packages import PackageState
from examples import most
from policy.loading import PolicyError

BLOCK_PERSONAL = """
  - id: personal
    description: No files in personal accounts
    when: {destination: {account: personal, upload: true}}
    then: block
"""
BLOCK_BANK = """
  - id: bank
    when: {findings: bank}
    then: block
"""
ALLOW_JOB = """
  - id: job
    when: {script: {path: /srv/jobs/*}}
    then: allow
"""


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


DEGRADED = ("classifier: killed after 2 s",)


def test_a_rule_that_cannot_be_judged_refuses() -> None:
    """When inspection fails, what might hold bank data does not leave."""
    given = situation(degraded=DEGRADED)
    decision = policy(BLOCK_BANK).decide(given)
    assert (decision.verdict, decision.rule, decision.degraded) == (Verdict.BLOCK, "bank", DEGRADED)
    assert "could not be found out (classifier)" in decision.reason
    assert "killed" not in decision.reason
    watched = policy(BLOCK_BANK, mode="watch").decide(given)
    assert (watched.verdict, watched.intended) == (Verdict.WATCH, Verdict.BLOCK)


@pytest.mark.parametrize(
    ("on_error", "verdict"),
    [("allow", "allow"), ("watch", "watch"), ("warn", "warn"), ("hold", "hold"), ("skip", "watch")],
)
def test_each_rule_may_say_what_happens_when_it_cannot_be_judged(
    on_error: str, verdict: str
) -> None:
    """The organisation chooses, rule by rule, between safety and business."""
    rules = f"  - {{id: bank, when: {{findings: bank}}, then: block, on_error: {on_error}}}\n"
    decision = policy(rules).decide(situation(degraded=DEGRADED))
    assert decision.verdict == verdict
    assert decision.degraded == DEGRADED


def test_what_was_found_before_the_failure_still_counts() -> None:
    """A failure in one part hides nothing that another part found."""
    rules = "  - {id: bank, when: {findings: bank}, then: hold}\n"
    assert policy(rules).decide(situation(found(), degraded=DEGRADED)).verdict is Verdict.HOLD


UNREAD = [found("not_inspected", unread=kind) for kind in (None, "content", "encrypted", "new")]
SILENT = [found("not_inspected", unread=kind) for kind in ("picture", "sound", "film", "font")]
"""Parts that were not read in which text may stand, and those in which none stands."""


@pytest.mark.parametrize("unread", UNREAD)
@pytest.mark.parametrize("kinds", ["anything", "bank", "credentials", "person", "[iban, email]"])
@pytest.mark.parametrize("do", ["block", "hold", "redact"])
def test_what_was_not_read_is_never_taken_for_clean(do: str, kinds: str, unread: Finding) -> None:
    """A rule that stops personal data stops what it could not look into, and says so."""
    rules = f"  - {{id: stops, when: {{findings: {kinds}}}, then: {do}}}\n"
    for also in ((), (found("iban"),)):
        decision = policy(rules).decide(situation(*also, unread))
        stopped = {Verdict.BLOCK, Verdict.HOLD} if do == "hold" else {Verdict.BLOCK}
        assert (decision.rule, decision.verdict in stopped) == ("stops", True)
    assert "could not be read" in policy(rules).decide(situation(unread)).reason


@pytest.mark.parametrize("unread", UNREAD)
@pytest.mark.parametrize("answer", ["allow", "watch", "warn", "hold", "block"])
def test_a_rules_own_answer_holds_for_what_was_not_read(answer: str, unread: Finding) -> None:
    """Whoever writes `on_error` says what becomes of it; `skip` asks the next rules."""
    rules = "  - {id: a, when: {findings: bank}, then: block, on_error: ANSWER}\n"
    assert policy(rules.replace("ANSWER", answer)).decide(situation(unread)).verdict == answer
    skipped = policy(rules.replace("ANSWER", "skip")).decide(situation(unread))
    assert (skipped.rule, skipped.verdict) == (None, Verdict.WATCH)


@pytest.mark.parametrize("unread", SILENT)
def test_a_picture_stops_nothing_unless_a_rule_speaks_of_pictures(unread: Finding) -> None:
    """What ordinary traffic is full of is let pass by rules on personal data, and can be named."""
    assert policy(BLOCK_BANK).decide(situation(unread)).verdict is Verdict.ALLOW
    redacts = policy("  - {id: bank, when: {findings: bank}, then: redact}\n")
    assert redacts.decide(situation(found(), unread)).verdict is Verdict.REDACT
    named = policy(f"  - {{id: named, when: {{unread: {unread.unread}}}, then: block}}\n")
    assert named.decide(situation(unread)).rule == "named"
    assert named.decide(situation(*UNREAD)).rule is None
    assert named.decide(situation()).rule is None


def test_rules_that_let_clean_requests_pass_do_not_let_unread_ones_pass() -> None:
    """Nobody is trusted for what could not be looked into."""
    rules = "  - {id: clean, when: {not: {findings: anything}}, then: allow}\n"
    assert policy(rules).decide(situation()).rule == "clean"
    assert policy(rules).decide(situation(UNREAD[0])).rule is None


def test_an_unread_body_may_be_a_call_of_a_model() -> None:
    """A rule on language models is asked where the body itself was not read, not for a part."""
    rules = policy("  - {id: models, when: {llm: {}}, then: block}\n")
    body = found("not_inspected", where=("body",))
    part = found("not_inspected", where=("body.files[3]",))
    assert rules.decide(situation(body)).rule == "models"
    assert rules.decide(situation(part)).rule is None


@pytest.mark.parametrize(
    "stage", ["attribution: timed out", "line: no permission", "history: locked"]
)
def test_failures_elsewhere_do_not_disturb_content_rules(stage: str) -> None:
    """A missing line of code is no reason to refuse a request."""
    decision = policy(BLOCK_BANK).decide(situation(degraded=(stage,)))
    assert (decision.verdict, decision.degraded) == (Verdict.ALLOW, (stage,))


@pytest.mark.parametrize(
    ("stage", "kinds", "verdict"),
    [
        ("names", "bank", "allow"),
        ("names", "person", "block"),
        ("names", "contact", "block"),
        ("names", "credentials", "allow"),
        ("secrets", "credentials", "block"),
        ("secrets", "bank", "allow"),
        ("secrets", "organisation_word", "block"),
        ("personal data", "organisation_word", "allow"),
        ("personal data", "person", "block"),
        ("organisation's recognisers", "person", "block"),
        ("secrets", "anything", "block"),
        ("personal data", "bank", "block"),
        ("personal data", "credentials", "allow"),
        ("documents", "bank", "block"),
        ("documents", "credentials", "block"),
        ("something new", "bank", "block"),
        ("something new", "not_inspected", "block"),
        ("labels", "anything", "allow"),
    ],
)
def test_a_failure_stops_only_rules_that_it_blinds(stage: str, kinds: str, verdict: str) -> None:
    """A lost names model is no reason to refuse bank data, and no excuse to miss a name."""
    rules = (
        f"  - {{id: r, when: {{findings: {kinds}}}, then: block}}\n  - {{id: all, then: allow}}\n"
    )
    assert policy(rules).decide(situation(degraded=(f"{stage}: MemoryError",))).verdict == verdict


def test_rules_that_do_not_apply_anyway_refuse_nothing_when_inspection_fails() -> None:
    """A failed inspection stops only what some rule would have wanted to see."""
    rules = "  - {id: bank, when: {findings: bank, destination: {service: slack}}, then: block}\n"
    assert policy(rules).decide(situation(degraded=DEGRADED)).verdict is Verdict.WATCH


def test_letting_rules_do_not_let_pass_what_they_cannot_judge() -> None:
    """“Clean requests are allowed” does not allow a request that nobody could inspect."""
    rules = "  - {id: clean, when: {not: {findings: anything}}, then: allow}\n" + BLOCK_BANK
    assert policy(rules).decide(situation()).rule == "clean"
    assert policy(rules).decide(situation(degraded=DEGRADED)).rule == "bank"


def test_a_destination_in_doubt_earns_no_trust() -> None:
    """A request that names two hosts profits from neither."""
    rules = (
        "  - {id: own, when: {destination: {host: api.dropbox.example}}, then: allow}\n"
        + BLOCK_BANK
    )
    given = situation(found())
    assert policy(rules).decide(given).rule == "own"
    doubtful = replace(given, degraded=("destination: the request names another host inside",))
    assert policy(rules).decide(doubtful).rule == "bank"


def test_an_account_that_could_not_be_looked_up_is_no_answer() -> None:
    """When accounts cannot be looked up, a rule does not take that for “not personal”."""
    asked = policy(BLOCK_PERSONAL)
    failed = situation(degraded=("accounts: late",))
    for _ in range(2):
        assert asked.decide(situation()).rule is None
        assert (asked.decide(failed).rule, asked.decide(failed).verdict) == (
            "personal",
            Verdict.BLOCK,
        )
    known = replace(failed, destination=to("dropbox", "corporate"))
    assert asked.decide(known).rule is None
    by_id = policy("  - {id: named, when: {destination: {account_id: org-*}}, then: block}\n")
    assert by_id.decide(situation()).rule is None
    assert by_id.decide(failed).rule == "named"
    found_out = replace(failed, destination=to("dropbox", account_id="other"))
    assert by_id.decide(found_out).rule is None
    letting = policy(
        "  - {id: own, when: {not: {destination: {account: personal}}}, then: allow}\n" + BLOCK_BANK
    )
    assert letting.decide(situation()).rule == "own"
    assert letting.decide(failed).rule is None


UNKNOWN_BLOCK = "on_unknown_account: {do: block, over: 1 kB}"


@pytest.mark.parametrize(
    ("rules", "given_", "rule", "verdict"),
    [
        ("  []", situation(), "on_unknown_account", "block"),
        ("  []", situation(request_bytes=999), None, "allow"),
        ("  []", situation(destination=to("dropbox", "corporate")), None, "allow"),
        ("  []", situation(destination=to("dropbox", upload=False)), None, "allow"),
        ("  []", situation(destination=to(None)), None, "allow"),
        (ALLOW_JOB, situation(), "job", "allow"),
        (ALLOW_JOB, situation(sender=sender("/tmp/x.py")), "on_unknown_account", "block"),
        ("  - {id: all, then: watch}\n", situation(found()), "on_unknown_account", "block"),
        ("  - {id: all, then: block}\n", situation(found()), "all", "block"),
    ],
)
def test_unknown_accounts_have_an_answer_of_their_own(
    rules: str, given_: Situation, rule: str | None, verdict: str
) -> None:
    """A file for nobody-knows-whose account leaves only where a rule allows it outright."""
    decision = policy(rules, head=UNKNOWN_BLOCK).decide(given_)
    assert (decision.rule, decision.verdict) == (rule, verdict)


def test_an_upload_to_an_unknown_account_is_refused_before_its_body() -> None:
    """Not a byte of the file leaves, though content rules stand in the way."""
    early = policy(BLOCK_BANK, head=UNKNOWN_BLOCK).decide_on_headers(on_headers(situation()))
    assert early is not None
    assert early.rule == "on_unknown_account"
    small = on_headers(situation(request_bytes=0))
    assert policy("  []", head=UNKNOWN_BLOCK).decide_on_headers(small) is None
    clean = "  - {id: clean, when: {not: {findings: anything}}, then: allow}\n"
    assert policy(clean, head=UNKNOWN_BLOCK).decide_on_headers(on_headers(situation())) is None


@pytest.mark.parametrize(
    ("rules", "size", "verdict"),
    [
        ("  - {id: seen, when: {destination: {upload: true}}, then: watch}\n", 0, None),
        ("  - {id: own, when: {destination: {upload: true}}, then: allow}\n", 0, "allow"),
        ("  - {id: no, when: {destination: {upload: true}}, then: block}\n", 0, "block"),
        (BLOCK_BANK + ALLOW_JOB, 2000, None),
        (BLOCK_BANK + "  - {id: all, then: watch}\n", 2000, "block"),
    ],
)
def test_an_early_answer_for_unknown_accounts_waits_where_it_must(
    rules: str, size: int, verdict: str | None
) -> None:
    """Neither the size nor the content that is still to come can turn what was said early."""
    given_ = on_headers(situation(request_bytes=size))
    early = policy(rules, head=UNKNOWN_BLOCK).decide_on_headers(given_)
    assert (early.verdict if early else None) == verdict


def test_redaction_names_the_kinds_it_replaces() -> None:
    """What is replaced is what the rule speaks of, no more."""
    given = situation(found("iban"), found("email"))
    named = "  - {id: r, when: {findings: bank}, then: redact}\n"
    assert "email" not in policy(named).decide(given).redact_kinds
    assert "iban" in policy(named).decide(given).redact_kinds
    chosen = "  - {id: r, when: {findings: bank}, then: {do: redact, kinds: email}}\n"
    assert policy(chosen).decide(given).redact_kinds == {"email"}
    everything = "  - {id: r, when: {findings: anything}, then: redact}\n"
    assert policy(everything).decide(given).redact_kinds == {"iban", "email"}


def test_redaction_says_whether_answers_are_restored() -> None:
    """Values are put back into the answer unless the rule says otherwise."""
    plain = "  - {id: r, when: {findings: bank}, then: redact}\n"
    kept = "  - {id: r, when: {findings: bank}, then: {do: redact, restore: false}}\n"
    assert policy(plain).decide(situation(found("iban"))).restore
    assert not policy(kept).decide(situation(found("iban"))).restore


WHOLE = (
    "  - {id: w, inspect: whole, when: {destination: {upload: true}, findings: bank}, then:"
    " block}\n"
)


@pytest.mark.parametrize(
    ("rules", "given_", "expected"),
    [
        (WHOLE, situation(), True),
        (WHOLE, situation(destination=to(upload=False)), False),
        (WHOLE.replace("inspect: whole, ", ""), situation(), False),
        (BLOCK_BANK + WHOLE, situation(), True),
        ("  - {id: a, then: watch}\n" + WHOLE, situation(), False),
        (ALLOW_JOB + WHOLE, situation(), False),
    ],
)
def test_a_rule_may_want_a_large_body_read_whole(
    rules: str, given_: Situation, expected: bool
) -> None:
    """Whole inspection is asked for by a rule that may still decide, not by one forestalled."""
    assert policy(rules).needs_whole(on_headers(given_)) is expected


@pytest.mark.parametrize(
    ("do", "on_error", "expected"),
    [
        ("redact", None, "block"),
        ("redact", "warn", "warn"),
        ("redact", "hold", "hold"),
        ("redact", "allow", "allow"),
        ("redact", "skip", "block"),
        ("hold", None, "block"),
        ("hold", "watch", "watch"),
        ("hold", "hold", "block"),
        ("hold", "skip", "block"),
        ("warn", "allow", "block"),
    ],
)
def test_what_cannot_be_done_as_asked_has_an_answer(
    do: str, on_error: str | None, expected: str
) -> None:
    """A request that cannot be redacted or held gets the rule's own answer, else a refusal."""
    word = f", on_error: {on_error}" if on_error else ""
    decision = policy(f"  - {{id: r, when: {{findings: bank}}, then: {do}{word}}}\n").decide(
        situation(found("iban"))
    )
    assert (decision.verdict, decision.on_error) == (do, expected)
    assert decision.hold_seconds is None


def test_hold_waits_as_long_as_the_rule_says() -> None:
    """The request waits for a person, not for ever."""
    assert (
        policy("  - {id: h, then: {do: hold, for_seconds: 9}}\n").decide(situation()).hold_seconds
        == 9
    )
    assert policy("  - {id: h, then: hold}\n").decide(situation()).hold_seconds is None


def test_a_failed_gate_refuses_unless_the_organisation_chose_otherwise() -> None:
    """When Outgate itself is in trouble, the answer is the one in the failure table."""
    for mode in ("watch", "enforce"):
        for stage in ("evidence", "hook", "request: KeyError"):
            decision = policy("  []", mode=mode).on_gate_failure(stage, "0193")
            assert decision.verdict is Verdict.BLOCK
            assert "0193" in decision.reason
            assert decision.degraded[0].startswith(stage.partition(":")[0])
    head = "failures: {gate: {watch: allow}, evidence: watch}"
    assert (
        policy("  []", mode="watch", head=head).on_gate_failure("hook", "1").verdict
        is Verdict.ALLOW
    )
    assert (
        policy("  []", mode="enforce", head=head).on_gate_failure("hook", "1").verdict
        is Verdict.BLOCK
    )
    assert (
        policy("  []", mode="enforce", head=head).on_gate_failure("evidence", "1").verdict
        is Verdict.WATCH
    )


def test_unknown_senders_and_failed_inspection_can_be_refused_altogether() -> None:
    """A strict organisation refuses what it cannot attribute or inspect."""
    strict = policy("  []", head="failures: {attribution: block, classifier: block}")
    assert strict.decide(situation(sender=sender(None))).verdict is Verdict.BLOCK
    assert strict.decide(situation(degraded=DEGRADED)).verdict is Verdict.BLOCK
    assert strict.decide(situation()).verdict is Verdict.ALLOW
    assert policy("  []").decide(situation(sender=sender(None))).verdict is Verdict.ALLOW


def test_before_the_body_content_rules_do_not_fail() -> None:
    """A body that has not come yet is no failed inspection."""
    assert policy(BLOCK_BANK).decide(on_headers(situation())).verdict is Verdict.ALLOW


def test_a_request_on_another_port_is_another_request() -> None:
    """A rule on a port holds whatever went to the host before, and for no other port."""
    rules = "  - {id: odd, when: {destination: {port: 8443}}, then: block}\n"
    asked = policy(rules)
    decided = [asked.decide(situation(destination=to(port=p))) for p in (443, 8443, 443, 8443)]
    assert [d.verdict.value for d in decided] == ["allow", "block", "allow", "block"]
    early = asked.decide_on_headers(on_headers(situation(destination=to(port=8443))))
    assert early is not None
    assert early.verdict is Verdict.BLOCK


def test_attribution_certainty_and_volume_reach_the_rules() -> None:
    """Rules may ask how sure the sender is and how much has gone before."""
    rules = """
  - {id: unsure, when: {attribution: [likely, unknown], destination: {upload: true}}, then: hold}
  - {id: much, when: {volume: {day_bytes_at_least: 10 kB}}, then: block}
"""
    asked = policy(rules)
    assert asked.decide(situation(sender=sender(certainty=Certainty.LIKELY))).rule == "unsure"
    assert asked.decide(situation(volume=Volume(bytes_day=8000))).rule == "much"
    assert asked.decide(situation(volume=Volume(bytes_day=7999))).rule is None


def test_test_data_alone_counts_for_nothing() -> None:
    """Published example numbers raise no alarm unless a rule asks for them."""
    example: Finding = found("credit_card", test_data=True)
    assert policy(BLOCK_BANK).decide(situation(example)).rule is None
    asked = "  - {id: b, when: {findings: {kinds: bank, test_data: true}}, then: block}\n"
    assert policy(asked).decide(situation(example)).rule == "b"


def test_llm_rules_know_the_organisations_keys() -> None:
    """A call with the organisation's own key is told from one with somebody's private key."""
    head = "organisation: {key_fingerprints: [00112233aabbccdd]}"
    rules = "  - {id: foreign, when: {llm: {key: unknown}}, then: block}\n"
    asked = policy(rules, head=head)
    own, foreign = llm(key_fingerprint="00112233aabbccdd"), llm(key_fingerprint="f" * 16)
    assert asked.decide(situation(llm=own, destination=llm_destination())).rule is None
    assert asked.decide(situation(llm=foreign, destination=llm_destination())).rule == "foreign"
    assert asked.decide(situation(llm=None)).rule is None


@pytest.mark.parametrize(
    ("before", "size", "rule"),
    [
        (0, 999, None),
        (0, 1000, "on_unknown_account"),
        (999, 1, "on_unknown_account"),
        (900, 99, None),
    ],
)
def test_small_pieces_to_unknown_accounts_add_up(before: int, size: int, rule: str | None) -> None:
    """What a script sent to a service within a day counts with what it sends now."""
    asked = policy("  []", head=UNKNOWN_BLOCK)
    given_ = situation(request_bytes=size, volume=Volume(bytes_day=before))
    assert asked.asks_past
    assert asked.decide(given_).rule == rule
    assert not policy("  []", head="on_unknown_account: block").asks_past


BORROWED = {
    "path": "{path: /srv/jobs/report.py}",
    "any path": "{path: '*'}",
    "hash": "{sha256: %s}" % ("a" * 64),
    "owner": "{owner: ann}",
    "approval": "{approved: true}",
    "no approval": "{approved: false}",
    "change": "{changed_since_approval: false}",
    "age": "{newer_than_days: 3000}",
    "imports": "{imports: [pandas]}",
    "name and approval": "{name: report.py, approved: true}",
}


@pytest.mark.parametrize("kind", ["allow", "block"])
@pytest.mark.parametrize("words", BORROWED.values(), ids=BORROWED)
def test_a_script_that_is_not_proven_neither_borrows_nor_escapes(words: str, kind: str) -> None:
    """Approval, hash, path, owner and imports count only where the script is certain; else the
    rule's `on_error` decides.
    """
    given = situation(
        sender=sender(certainty=Certainty.LIKELY, sha256="a" * 64, version={"owner": "ann"}),
        history=ScriptHistory(
            approved="no" not in words and "false" not in words,
            first_seen=NOON,
            imports=frozenset({"pandas"}),
        ),
    )
    rules = (
        f"- {{id: r, when: {{script: {words}}}, then: {kind}, on_error: ANSWER}}\n- {{id: z, when:"
        " {}, then: watch}\n"
    )
    for answer in ("block", "warn", "watch"):
        decision = policy(rules.replace("ANSWER", answer)).decide(given)
        assert (decision.rule, decision.verdict) == ("r", Verdict(answer))
    skipped = policy(rules.replace("ANSWER", "skip")).decide(given)
    assert skipped.rule == "z"
    exact = policy(rules.replace("ANSWER", "warn")).decide(
        replace(given, sender=replace(given.sender, certainty=Certainty.EXACT))
    )
    if "change" not in words:
        assert (exact.rule, exact.verdict) == ("r", Verdict(kind))


def _peer(path: str, certainty: Certainty = Certainty.EXACT) -> SenderPeer:
    made = sender(path).script
    process = ProcessRef(pid=9, started_at=None, name="python3", exe="/usr/bin/python3")
    return SenderPeer(process=process, script=made, certainty=certainty, is_python=True)


@pytest.mark.parametrize(
    ("words", "peers", "expected"),
    [
        ("{on_behalf: true}", None, "watch"),
        ("{on_behalf: false}", None, "block"),
        ("{on_behalf: true}", (), "block"),
        ("{on_behalf: false}", (), "watch"),
        ("{on_behalf_of: /srv/ask.py}", None, "watch"),
        ("{on_behalf_of: /srv/ask.py}", (_peer("/srv/ask.py"),), "block"),
        ("{on_behalf_of: /srv/ask.py}", (_peer("/srv/other.py"),), "watch"),
        ("{on_behalf_of: /srv/ask.py}", (_peer("/srv/other.py"), _peer("/srv/ask.py")), "block"),
        ("{on_behalf_of: /srv/ask.py}", (_peer("/srv/ask.py", Certainty.LIKELY),), "warn"),
        ("{on_behalf_of: /srv/ask.py}", (_peer("/srv/other.py", Certainty.LIKELY),), "warn"),
        ("{on_behalf_of: /srv/ask.py}", (), "warn"),
    ],
)
def test_a_rule_can_ask_for_whom_a_sender_works(
    words: str, peers: tuple[SenderPeer, ...] | None, expected: str
) -> None:
    """A sender that takes connections can be judged by who was connected; where that is not
    certain, `on_error` decides.
    """
    rules = (
        f"- {{id: r, when: {{script: {words}}}, then: block, on_error: warn}}\n- {{id: z, when:"
        " {}, then: watch}\n"
    )
    given = situation(sender=replace(sender(), on_behalf=peers))
    assert policy(rules).decide(given).verdict is Verdict(expected)


PACKAGE_RULE = "  - {{id: r, when: {{script: {{packages: {}}}}}, then: block}}\n"


@pytest.mark.parametrize(
    ("words", "packages", "advised", "rule", "verdict"),
    [
        ("vulnerable", {"vulnerable"}, True, "r", Verdict.BLOCK),
        ("vulnerable", {"malicious"}, True, None, Verdict.ALLOW),
        ("[vulnerable, malicious]", {"malicious"}, True, "r", Verdict.BLOCK),
        ("vulnerable", set(), True, None, Verdict.ALLOW),
        ("vulnerable", set(), False, "r", Verdict.BLOCK),
        ("vulnerable", None, True, "r", Verdict.BLOCK),
        ("not_allowed", {"not_allowed"}, False, "r", Verdict.BLOCK),
        ("not_allowed", {"vulnerable"}, False, None, Verdict.ALLOW),
        ("not_allowed", None, False, "r", Verdict.BLOCK),
    ],
)
def test_what_is_the_matter_with_packages_decides(
    words: str, packages: set[str] | None, advised: bool, rule: str | None, verdict: Verdict
) -> None:
    """A rule on packages holds for what is known; where nobody knows, it answers as
    for a failure.
    """
    asked = policy(PACKAGE_RULE.format(words), head="organisation: {packages: [requests]}")
    states = None if packages is None else frozenset(map(PackageState, packages))
    asking = situation(history=ScriptHistory(packages=states, advised=advised))

    decision = asked.decide(asking)
    assert (decision.rule, decision.verdict) == (rule, verdict)


def test_other_rules_do_not_miss_what_they_do_not_ask() -> None:
    """Where no rule asks for packages, nobody waits for them."""
    asked = policy("  - {id: r, when: {script: {imports: torch}}, then: block}\n")

    assert asked.decide(situation()).rule is None
    assert policy(PACKAGE_RULE.format("malicious")).asks_past


def test_a_rule_on_listed_packages_needs_a_list() -> None:
    """Without a list nothing could be said to stand outside of it: the file is refused."""
    with pytest.raises(PolicyError, match="lists no packages"):
        policy(PACKAGE_RULE.format("not_allowed"))


@pytest.mark.parametrize(("unsettled", "told"), [(True, True), (False, False)])
def test_why_an_approval_does_not_count_yet_is_told(unsettled: bool, told: bool) -> None:
    """Whoever runs an approved script right after it was put in place reads why it is stopped."""
    rules = policy("  - {id: r, when: {script: {approved: false}}, then: block}\n")
    history = ScriptHistory(approved=False, unsettled=unsettled)
    decision = rules.decide(situation(history=history))
    assert decision.verdict is Verdict.BLOCK
    assert ("does not count yet" in decision.reason) is told
