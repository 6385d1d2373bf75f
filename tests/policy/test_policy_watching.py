"""Rules that only watch: they stop nothing, and they take no decision from a rule that enforces."""

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from policy_samples import NOON, found, on_headers, policy, sender, situation, to

from core.attribution import Certainty
from core.decision import Decision, Verdict
from core.situation import Situation
from examples import most
from policy.contracts import Contract
from policy.decide import RulePolicy
from policy.describing import advice
from policy.loading import parse
from policy.policy_tests import run_cases

WHENS = (
    "{}",
    "{findings: iban}",
    "{findings: email}",
    "{destination: {account: personal}}",
    "{destination: {host: other.example}}",
    "{script: {path: /srv/jobs/*}}",
    "{volume: {request_bytes_at_least: 1 MB}}",
)
ANSWERS = ("allow", "watch", "warn", "redact", "hold", "block")
MODES = ("", "mode: watch, ", "mode: enforce, ")
HELD = "  - {id: held, when: {findings: iban}, then: {do: hold, for_seconds: 14}}\n"

rules = st.lists(
    st.tuples(st.sampled_from(MODES), st.sampled_from(WHENS), st.sampled_from(ANSWERS)),
    max_size=5,
)
situations = st.builds(
    lambda kinds, certainty, degraded, account: situation(
        *map(found, kinds),
        sender=sender(certainty=certainty),
        degraded=degraded,
        destination=to("dropbox", account),
    ),
    st.sets(st.sampled_from(["iban", "email"])),
    st.sampled_from(Certainty),
    st.sampled_from([(), ("classifier: timed out",), ("attribution: timed out",)]),
    st.sampled_from(["personal", "corporate", "unknown"]),
)
heads = st.sampled_from(
    [
        "",
        "failures: {attribution: {enforce: block}}",
        "failures: {classifier: {enforce: block}}",
        "on_unknown_account: hold",
        "on_unknown_account: {do: block, over: 1 MB}",
    ]
)


def _written(wanted: list[tuple[str, str, str]], *, watching: bool, mode: str) -> str:
    """Return the rules as lines, with or without those that only watch."""
    lines = []
    for number, (own, when, answer) in enumerate(wanted):
        inherits = mode == "watch" and not own and answer != "allow"
        if watching or not (inherits or "watch" in own):
            lines.append(f"  - {{id: r{number}, {own}when: {when}, then: {answer}}}\n")
    return "".join(lines)


def _done(decision: Decision | None) -> object:
    """Return all that a request meets; whether it is listed is another question."""
    if decision is None:
        return None
    passes = decision.verdict in {Verdict.ALLOW, Verdict.WATCH}
    verdict = Verdict.ALLOW if passes else decision.verdict
    return verdict, decision.hold_seconds, decision.redact_kinds, decision.headers


@settings(max_examples=most(400), deadline=None)
@given(rules, situations, heads, st.sampled_from(["watch", "enforce"]))
def test_watching_rules_change_nothing_for_any_request(
    wanted: list[tuple[str, str, str]], s: Situation, head: str, mode: str
) -> None:
    """Whatever a policy asks for, it does the very same once all that only watches is struck out:
    what is enforced is neither weakened nor hardened by a rule on trial.
    """
    full = policy(_written(wanted, watching=True, mode=mode) or "  []", mode=mode, head=head)
    bare = policy(_written(wanted, watching=False, mode=mode) or "  []", mode=mode, head=head)
    assert _done(full.decide(s)) == _done(bare.decide(s))
    early = full.decide_on_headers(on_headers(s))
    if early is not None and not s.degraded:
        assert _done(early) == _done(bare.decide(s))


def _file(text: str, **options: str) -> RulePolicy:
    return policy(text, **options)


@pytest.mark.parametrize("answer", ANSWERS)
@pytest.mark.parametrize(
    ("then", "verdict"), [("hold", "hold"), ("block", "block"), ("warn", "warn")]
)
def test_a_watching_rule_before_one_that_enforces_leaves_it_the_decision(
    answer: str, then: str, verdict: str
) -> None:
    """A rule on trial stands on record beside the rule that decides, whatever it would do."""
    trial = f"  - {{id: trial, mode: watch, when: {{findings: iban}}, then: {answer}}}\n"
    live = f"  - {{id: live, when: {{findings: iban}}, then: {then}}}\n"
    decision = _file(trial + live).decide(situation(found()))
    assert (decision.verdict, decision.rule) == (Verdict(verdict), "live")
    assert "Rule trial, which only watches, would have" in decision.reason
    stricter = ANSWERS.index(answer) > ANSWERS.index(then)
    assert decision.intended is (Verdict(answer) if stricter else None)
    assert decision.left is (then == "warn")


def test_a_watching_rule_stands_on_record_where_nothing_else_stops() -> None:
    """Where what follows lets the request pass, the record names the trial and its answer."""
    trial = "  - {id: trial, mode: watch, when: {findings: iban}, then: block}\n"
    for after in ("", "  - {id: fine, then: allow}\n", "  - {id: seen, then: watch}\n"):
        decision = _file(trial + after).decide(situation(found()))
        assert (decision.verdict, decision.rule) == (Verdict.WATCH, "trial")
        assert decision.intended is Verdict.BLOCK


def test_an_exception_is_no_trial_unless_it_says_so() -> None:
    """In a file that watches, an exception still lets pass what one enforced rule would stop."""
    live = "  - {id: live, mode: enforce, when: {findings: iban}, then: block}\n"
    fine = "  - {id: fine, when: {findings: iban}, then: allow}\n"
    trial = "  - {id: fine, mode: watch, when: {findings: iban}, then: allow}\n"
    given = situation(found())
    assert _file(fine + live, mode="watch").decide(given).verdict is Verdict.ALLOW
    assert _file(fine + live).decide(given).verdict is Verdict.ALLOW
    assert _file(trial + live, mode="watch").decide(given).verdict is Verdict.BLOCK
    assert _file(trial + live).decide(given).verdict is Verdict.BLOCK
    alone = _file(trial).decide(given)
    assert (alone.verdict, alone.rule) == (Verdict.ALLOW, "fine")


def test_a_trial_hides_no_block_from_an_exception_to_decryption() -> None:
    """What a rule blocks by its destination wins over `pass_through`, with a trial before it."""
    head = (
        "pass_through:\n  - {id: pinned, description: pinned, owner: it, until: 2027-01-31,"
        " hosts: [pinned.example]}"
    )
    trial = "  - {id: trial, mode: watch, when: {destination: {host: pinned.example}}, then: %s}\n"
    live = "  - {id: live, when: {destination: {host: pinned.example}}, then: block}\n"
    s = situation(destination=to("other", "unknown", host="pinned.example"))
    for answer in ANSWERS:
        decision = _file(trial % answer + live, head=head).pass_through(s)
        assert decision is not None
        assert (decision.verdict, decision.rule) == (Verdict.BLOCK, "live")
    watched = _file(trial % "block", head=head).pass_through(s)
    assert watched is not None
    assert (watched.verdict.passes, watched.intended) == (True, Verdict.BLOCK)


def test_a_large_body_is_read_whole_for_the_rule_that_enforces() -> None:
    """A trial that holds already keeps no later rule from reading a large body to its end."""
    trial = "  - {id: trial, mode: watch, when: {}, then: block}\n"
    whole = "  - {id: whole, inspect: whole, when: {findings: iban}, then: block}\n"
    s = on_headers(situation())
    assert _file(trial + whole).needs_whole(s)
    assert _file(trial + whole).decide_on_headers(s) is None
    assert not _file(trial + whole, mode="watch").needs_whole(s)
    early = _file(trial + whole, mode="watch").decide_on_headers(s)
    assert early is not None
    assert (early.verdict, early.intended) == (Verdict.WATCH, Verdict.BLOCK)


def test_each_of_a_destinations_names_is_judged_past_a_trial() -> None:
    """A trial takes no decision where a request names two hosts."""
    trial = "  - {id: trial, mode: watch, then: block}\n"
    live = "  - {id: live, when: {destination: {host: hidden.example}}, then: block}\n"
    where = to("other", "unknown", host="shown.example")
    other = replace(where, host="hidden.example")
    s = situation(destination=replace(where, other_names=(other,)))
    assert _file(trial + live).decide(s).rule == "live"
    shown = replace(where, other_names=(replace(other, in_doubt=False),))
    assert _file(trial + live).decide(situation(destination=shown)).rule == "live"


def test_what_is_asked_of_a_trial_is_told_as_if_it_were_enforced() -> None:
    """A replay says what the trial would do; it never says that enforced stops are gone."""
    for answer in ANSWERS:
        trial = f"  - {{id: trial, mode: watch, when: {{findings: iban}}, then: {answer}}}\n"
        decision, unsure = _file(trial + HELD).tell(situation(found()), 0)
        asked = decision.intended or decision.verdict
        stricter = ANSWERS.index(answer) >= ANSWERS.index("hold")
        assert (asked, unsure) == (Verdict(answer if stricter else "hold"), ())
        assert decision.rule == ("trial" if stricter else "held")


def test_a_contract_in_shadow_takes_no_decision() -> None:
    """A contract that only counts leaves the failure table its say."""
    contract = (
        "contracts:\n  - {id: c, script: /srv/jobs/sync.py, learnt: 2026-01-01T00:00:00Z, "
        "state: shadow, places: []}"
    )
    assert Contract.model_fields["state"].default == "shadow"
    head = f"failures: {{classifier: {{enforce: block}}}}\n{contract}"
    s = situation(degraded=("classifier: timed out",))
    asks = "  - {id: asks, when: {findings: iban}, on_error: skip, then: warn}\n"
    assert _file(asks, head=head).decide(s).verdict is Verdict.BLOCK


@pytest.mark.parametrize(
    ("expect", "passes"),
    [
        ("hold", True),
        ("block", False),
        ("{verdict: hold, rule: held}", True),
        ("{verdict: block, rule: held}", False),
        ("{verdict: block, rule: trial}", True),
        ("{verdict: hold, rule: trial}", False),
    ],
)
def test_cases_tell_what_is_done_and_what_a_trial_would_do(
    tmp_path: Path, expect: str, passes: bool
) -> None:
    """A test of a policy sees the enforced answer, and that of a trial where it is named."""
    trial = "  - {id: trial, mode: watch, when: {findings: iban}, then: block}\n"
    cases = tmp_path / "cases.yaml"
    cases.write_text(
        f"cases: [{{name: one, given: {{findings: [{{kind: iban}}]}}, expect: {expect}}}]\n"
    )
    (result,) = run_cases(policy(trial + HELD), cases)
    assert result.passed is passes, result.told


def test_only_what_decides_is_said_to_hide_the_rules_after_it() -> None:
    """`policy check` does not call a rule unreachable that a trial stands before."""
    trial = "  - {id: trial, mode: watch, description: d, then: block}\n"
    after = "  - {id: after, description: d, when: {findings: iban}, then: hold}\n"
    second = after.replace("id: after,", "id: second, mode: watch,")

    def told(rules: str) -> list[str]:
        model = parse(f"mode: enforce\nrules:\n{rules}".encode(), "test")
        return [rule for rule, words in advice(model, today=NOON.date()) if "reached" in words]

    assert told(trial + after + second) == ["second"]
    assert told(trial.replace("mode: watch, ", "") + after) == ["after"]
