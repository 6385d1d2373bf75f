"""What could not be found out: it is refused, never taken for clean, and earns no trust."""

from dataclasses import replace

import pytest
from families import with_each
from policy_samples import (
    BLOCK_BANK,
    BLOCK_PERSONAL,
    DEGRADED,
    found,
    on_headers,
    policy,
    sender,
    situation,
    to,
)

from core.decision import Verdict
from core.findings import Finding


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


@with_each("unread", UNREAD)
@with_each("kinds", ["anything", "bank", "credentials", "person", "[iban, email]"])
@with_each("do", ["block", "hold", "redact"])
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
