"""What a rule asks of the gate: to redact, to read a body whole, to wait for a person."""

import pytest
from policy_samples import (
    ALLOW_JOB,
    BLOCK_BANK,
    found,
    on_headers,
    policy,
    situation,
    to,
)

from core.situation import Situation


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
