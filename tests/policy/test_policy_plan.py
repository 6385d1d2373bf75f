"""The fast way to ask rules gives what asking each rule by itself gives, on rules and requests made at random."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any, Literal

from hypothesis import given, settings
from hypothesis import strategies as st
from policy_samples import NOON, found, llm, policy, sender, situation, to

from core.attribution import Certainty
from core.findings import Confidence
from core.situation import ScriptHistory, Situation, Volume
from policy.compiling import compile_policy
from policy.conditions import compile_when
from policy.decide import RulePolicy
from policy.plan import CompiledRule
from policy.rules import PolicyModel
from policy.unknowns import DESTINATION

_KINDS = st.sampled_from(
    ["iban", "email", "secret", "bank", "anything", "not_inspected", "personal_data"]
)
_SMALL = st.integers(1, 4)


def _some(**fields: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    """One of these, mostly; two now and then: rules that ask for much never hold."""
    one = st.one_of([value.map(lambda v, name=name: {name: v}) for name, value in fields.items()])
    return st.one_of(one, one, st.tuples(one, one).map(lambda two: two[0] | two[1]))


def _sections() -> st.SearchStrategy[dict[str, Any]]:
    hours = st.fixed_dictionaries(
        {
            "zone": st.sampled_from(["UTC", "Asia/Tokyo"]),
            "hours": st.sampled_from(["08:00-18:00", "22:00-06:00"]),
        }
    )
    return _some(
        volume=_some(
            request_bytes_at_least=_SMALL,
            hour_bytes_at_least=_SMALL,
            day_bytes_at_least=_SMALL,
            day_tokens_at_least=_SMALL,
            day_cost_usd_at_least=_SMALL,
        ),
        findings=_some(
            kinds=st.lists(_KINDS, min_size=1, max_size=2),
            certainty=st.sampled_from(["possible", "likely", "certain"]),
            count_at_least=_SMALL,
            distinct_at_least=_SMALL,
            records_at_least=_SMALL,
            subjects_at_least=_SMALL,
            detectors=st.sampled_from(["iban", "aws-*"]),
            test_data=st.booleans(),
        ),
        script=_some(
            path=st.sampled_from(["/srv/jobs/*", "/home/*"]),
            approved=st.booleans(),
            changed_since_approval=st.booleans(),
            newer_than_days=_SMALL,
            imports=st.sampled_from(["torch", "boto3"]),
            owner=st.sampled_from(["ann", "bob"]),
        ),
        destination=_some(
            account=st.sampled_from(["personal", "corporate", "unknown"]),
            upload=st.booleans(),
            host=st.just("*.example"),
            path=st.sampled_from(["/upload", "/other"]),
            country=st.sampled_from(["US", "unknown"]),
        ),
        llm=_some(model=st.sampled_from(["gpt-*", "claude*"]), key=st.sampled_from(["known", "unknown"]), attachments=st.booleans()),
        time=st.one_of(st.fixed_dictionaries({"within": hours}), st.fixed_dictionaries({"outside": hours})),
        attribution=st.sampled_from(["exact", "unknown"]),
    )  # fmt: skip


def _conditions() -> st.SearchStrategy[dict[str, Any]]:
    inner = _sections()
    nested = _some(
        any=st.lists(inner, min_size=1, max_size=2),
        all=st.lists(inner, min_size=1, max_size=2),
        **{"not": inner},
    )
    return st.one_of(
        inner, inner, nested, st.tuples(inner, nested).map(lambda two: {**two[0], **two[1]})
    )


_THEN = st.sampled_from(
    ["allow", "watch", "warn", "hold", "redact", "block", {"headers": {"X-A": "1"}}]
)
_RULES = st.lists(
    st.fixed_dictionaries(
        {"when": _conditions(), "then": _THEN},
        optional={
            "on_error": st.sampled_from(["allow", "watch", "hold", "block", "skip"]),
            "mode": st.sampled_from(["watch", "enforce"]),
            "until": st.sampled_from([NOON.date(), NOON.date() - timedelta(days=1)]),
        },
    ),
    max_size=12,
)


@st.composite
def _situations(draw: st.DrawFn) -> Situation:
    few = st.integers(0, 5)
    findings = draw(
        st.lists(
            st.builds(
                found,
                st.sampled_from(["iban", "email", "secret", "not_inspected"]),
                st.integers(1, 5),
                records=st.none() | few,
                subjects=st.none() | few,
                confidence=st.sampled_from(list(Confidence)),
                test_data=st.booleans(),
            ),
            max_size=3,
        )
    )
    return situation(
        *findings,
        now=NOON + timedelta(hours=draw(st.integers(0, 30))),
        request_bytes=draw(few),
        sender=draw(
            st.sampled_from(
                [sender(), sender("/home/ann/x.py", version={"owner": "ann"}), sender(None), sender(certainty=Certainty.LIKELY)]
            )
        ),
        destination=to(
            None,
            draw(st.sampled_from(["personal", "unknown"])),
            upload=draw(st.booleans()),
            country=draw(st.sampled_from([None, "US", "unknown"])),
        ),
        llm=draw(st.sampled_from([None, llm(), llm(key_fingerprint="00112233aabbccdd")])),
        degraded=tuple(draw(st.lists(st.sampled_from(["names: late", "classifier: late", "accounts: no", "destination: two"]), max_size=2))),
        headers_only=draw(st.booleans()),
        history=ScriptHistory(
            first_seen=draw(st.sampled_from([None, NOON, NOON - timedelta(days=2)])),
            approved=draw(st.sampled_from([None, True, False])),
            changed_since_approval=draw(st.booleans()),
            imports=draw(st.sampled_from([frozenset(), frozenset({"torch"})])),
        ),
        volume=Volume(bytes_hour=draw(few), bytes_day=draw(few), tokens_day=draw(few), cost_day_usd=draw(few)),
    )  # fmt: skip


class OneByOne(RulePolicy):
    """Asks every condition of every rule, in order, and remembers nothing."""

    model: PolicyModel

    def _holding(
        self, s: Situation, missing: int
    ) -> Iterator[tuple[CompiledRule, Literal[True] | None]]:
        written = [rule for rule in self.model.rules if rule.enabled]
        for rule, compiled in zip(written, self.rules, strict=True):
            answers = [
                c.test(s, missing)
                for c in compile_when(rule.when, self.organisation.key_fingerprints)
            ]
            expired = compiled.expires is not None and s.now >= compiled.expires
            doubted = missing & DESTINATION and compiled.trusts_destination
            if False not in answers and not expired and not doubted:
                yield compiled, None if None in answers else True


@settings(max_examples=150, deadline=None)
@given(
    _RULES, st.lists(_situations(), min_size=1, max_size=4), st.sampled_from(["watch", "enforce"])
)
def test_a_plan_decides_as_asking_every_rule_would(
    rules: list[dict[str, Any]], asked: list[Situation], mode: str
) -> None:
    """Verdict, rule, reason and headers are the same, also for the second request that shares a plan with the first."""
    for number, rule in enumerate(rules):
        rule["id"] = f"r{number}"
    model = PolicyModel.model_validate(
        {"mode": mode, "rules": rules, "organisation": {"key_fingerprints": "00112233aabbccdd"}}
    )
    fast, plain = compile_policy(model, "v"), compile_policy(model, "v")
    plain.__class__ = OneByOne
    plain.model = model  # type: ignore[attr-defined]
    for one in (*asked, *(replace(s, request_bytes=s.request_bytes + 2) for s in asked)):
        assert fast.decide(one) == plain.decide(one)
        assert fast.decide_on_headers(one) == plain.decide_on_headers(one)
        assert fast.pass_through(one) == plain.pass_through(one)


def test_random_rules_are_not_all_alike() -> None:
    """The comparison above means something: rules made like this hold for some requests and not for others."""
    verdicts = set()

    @settings(max_examples=60, deadline=None, database=None, derandomize=True)
    @given(_RULES, _situations())
    def collect(rules: list[dict[str, Any]], one: Situation) -> None:
        for number, rule in enumerate(rules):
            rule["id"] = f"r{number}"
        decision = compile_policy(
            PolicyModel.model_validate({"mode": "enforce", "rules": rules}), "v"
        ).decide(one)
        verdicts.add((decision.rule is not None, decision.verdict))

    collect()
    assert len(verdicts) >= 5


def test_thresholds_are_reached_exactly() -> None:
    """“At least 3” begins with 3, for each of many rules on the same counter."""
    rules = "".join(
        f"  - {{id: r{n}, when: {{volume: {{request_bytes_at_least: {n}}}}}, then: block}}\n"
        for n in (5, 3, 9)
    )
    decided = [
        policy(rules).decide(situation(request_bytes=size)).rule for size in (2, 3, 4, 5, 8, 9)
    ]
    assert decided == [None, "r3", "r3", "r5", "r5", "r5"]
