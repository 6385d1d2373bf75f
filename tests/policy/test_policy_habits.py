"""Rules that ask whether a request is unlike its script: they decide, wait, or say why not."""

from dataclasses import replace

import pytest
from policy_samples import NOON, policy, situation

from core.classification import AccountKind
from core.decision import Verdict
from core.habits import NEVER_SEEN, Habits, Sending, ToldHabits
from core.situation import ScriptHistory, Situation, Volume
from core.vocabulary.habits import Unusual
from policy.reads import sending_of

RULES = """
  - {id: unlike, when: {unusual: [hours, kind]}, then: block}
  - {id: rest, when: {}, then: watch}
"""


def of(habits: Habits | None, **more: object) -> Situation:
    asked = situation(history=ScriptHistory(habits=habits))
    return replace(asked, **more)  # type: ignore[arg-type]


def told(*words: Unusual) -> ToldHabits:
    return ToldHabits(words=frozenset(words))


@pytest.mark.parametrize(
    ("habits", "rule"),
    [
        (told(Unusual.HOURS), "unlike"),
        (told(Unusual.KIND, Unusual.VOLUME), "unlike"),
        (told(Unusual.VOLUME), "rest"),
        (told(), "rest"),
        (NEVER_SEEN, "rest"),
        (None, "unlike"),
    ],
)
def test_a_rule_decides_where_habits_are_known(habits: Habits | None, rule: str) -> None:
    """While habits are learnt the next rules decide; where nobody can tell them, on_error does."""
    assert policy(RULES).decide(of(habits)).rule == rule


@pytest.mark.parametrize("on_error", ["allow", "hold", "block", "skip"])
def test_learning_is_no_failure(on_error: str) -> None:
    """Whatever a rule answers to failures, a new script is not stopped for being new."""
    rules = f"  - {{id: unlike, when: {{unusual: hours}}, then: block, on_error: {on_error}}}\n"
    decision = policy(rules).decide(of(NEVER_SEEN))
    assert decision.verdict is Verdict.ALLOW
    assert decision.rule is None
    assert "Not judged by unlike" in decision.reason
    assert "learning, day 1 of 14" in decision.reason


def test_another_failure_is_answered_while_habits_are_learnt() -> None:
    """That a script is new hides nothing else: what could not be read still stops a rule's kind."""
    rules = (
        "  - {id: both, when: {any: [{unusual: hours}, {findings: {kinds: iban}}]}, then: block}\n"
    )
    late = of(NEVER_SEEN, degraded=("tables: late",))
    assert policy(rules).decide(late).rule == "both"
    assert policy(rules).decide(of(NEVER_SEEN)).rule is None
    narrow = "  - {id: both, when: {unusual: hours, findings: {kinds: iban}}, then: block}\n"
    assert policy(narrow).decide(late).rule is None


def test_the_reason_says_what_is_unusual() -> None:
    """Who is refused reads what the script never does."""
    reason = policy(RULES).decide(of(told(Unusual.HOURS))).reason
    assert "unusual for this script (its hours is unusual)" in reason


def test_before_the_body_only_what_is_in_it_is_open() -> None:
    """An unusual hour stops a request at its headers; a kind of data waits for the body."""
    early = of(told(Unusual.HOURS), headers_only=True)
    hours = policy("  - {id: h, when: {unusual: hours}, then: block}\n")
    kind = policy("  - {id: k, when: {unusual: kind}, then: block}\n")
    decided = hours.decide_on_headers(early)
    assert decided is not None
    assert decided.rule == "h"
    assert kind.decide_on_headers(early) is None


def test_learning_scripts_are_not_made_to_wait() -> None:
    """A request of a new script is decided at its headers where no other rule needs its body."""
    kind = policy("  - {id: k, when: {unusual: kind}, then: block}\n")
    decided = kind.decide_on_headers(of(NEVER_SEEN, headers_only=True))
    assert decided is not None
    assert decided.verdict is Verdict.ALLOW


def test_habits_look_at_what_a_request_is() -> None:
    """Published examples are no kind of data, and the day's sums are those before it."""
    s = of(told(), volume=Volume(bytes_day=5, requests_day=2))
    assert sending_of(s) == Sending(
        at=NOON,
        place="dropbox",
        named=True,
        account=(AccountKind.UNKNOWN, None),
        bytes=2000,
        bytes_day=5,
        requests_day=2,
    )


@pytest.mark.parametrize(
    ("written", "volume", "holds"),
    [
        ("{hour: 5}", Volume(requests_hour=4), True),
        ("{hour: 5}", Volume(requests_hour=3, requests_day=900), False),
        ("{day: 900}", Volume(requests_day=899), True),
        ("{day: 900, hour: 5}", Volume(requests_day=899, requests_hour=1), False),
    ],
)
def test_so_many_requests_are_counted_with_this_one(
    written: str, volume: Volume, holds: bool
) -> None:
    """The fifth of at least five an hour is stopped, the fourth is not."""
    rules = f"  - {{id: many, when: {{requests_per: {written}}}, then: block}}\n"
    decision = policy(rules).decide(of(None, volume=volume))
    assert (decision.rule == "many") is holds


LEAST = {"hour_exact": False, "day_exact": False}


@pytest.mark.parametrize(
    ("when", "volume", "verdict"),
    [
        ("requests_per: {hour: 5}", Volume(requests_hour=4, **LEAST), "block"),
        ("requests_per: {hour: 5}", Volume(requests_hour=3, **LEAST), "warn"),
        ("requests_per: {hour: 5}", Volume(requests_hour=3, day_exact=False), "allow"),
        ("requests_per: {day: 5}", Volume(day_exact=False), "warn"),
        ("volume: {day_bytes_at_least: 1 GB}", Volume(bytes_day=10**9, **LEAST), "block"),
        ("volume: {day_bytes_at_least: 1 GB}", Volume(bytes_day=9, **LEAST), "warn"),
        ("volume: {hour_bytes_at_least: 1 GB}", Volume(**LEAST), "warn"),
        ("volume: {hour_bytes_at_least: 1 GB}", Volume(day_exact=False), "allow"),
        ("volume: {request_bytes_at_least: 1 GB}", Volume(**LEAST), "allow"),
        ("volume: {day_tokens_at_least: 5}", Volume(**LEAST), "warn"),
        ("volume: {day_cost_usd_at_least: 5}", Volume(**LEAST), "warn"),
        ("unusual: volume", Volume(**LEAST), "warn"),
        ("unusual: hours", Volume(**LEAST), "allow"),
    ],
)
def test_a_sum_that_is_the_least_is_no_answer_where_it_is_less(
    when: str, volume: Volume, verdict: str
) -> None:
    """Of what went past the gate nobody knows how much it was: what is enough already is enough,
    and of the rest on_error answers.
    """
    rules = f"  - {{id: r, when: {{{when}}}, then: block, on_error: warn}}\n"
    rules += "  - {id: rest, when: {}, then: allow}\n"
    decision = policy(rules).decide(of(told(), volume=volume))
    assert decision.verdict == verdict
    assert ("how much it had sent there before" in decision.reason) is (verdict == "warn")


@pytest.mark.parametrize(
    ("written", "cpu", "memory", "rule"),
    [
        ("{cpu_seconds_at_least: 60}", 60.0, 0, "much"),
        ("{cpu_seconds_at_least: 60}", 59.9, 10**12, None),
        ("{memory_at_least: 2 GB}", 0.0, 2 * 10**9, "much"),
        ("{memory_at_least: 2 GB, cpu_seconds_at_least: 60}", 0.0, 2 * 10**9, None),
        ("{memory_at_least: 2 GB}", None, None, "much"),
    ],
)
def test_what_a_process_uses_decides(
    written: str, cpu: float | None, memory: int | None, rule: str | None
) -> None:
    """A runaway script is told; of a process that is gone, on_error answers."""
    rules = f"  - {{id: much, when: {{resources: {written}}}, then: block}}\n"
    history = ScriptHistory(habits=told(), cpu_seconds=cpu, memory_bytes=memory)
    decision = policy(rules).decide(situation(history=history))
    assert decision.rule == rule
    assert ("what its process uses" in decision.reason) is (cpu is None)
