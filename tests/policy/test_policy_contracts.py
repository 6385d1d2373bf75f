"""Contracts: exactly what one script may send, in shadow or enforced."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from policy_samples import found, policy, sender, situation, to

from core.decision import Verdict
from core.findings import Confidence
from core.situation import Situation, Volume
from habits.amounts import Amount
from habits.baseline import Baseline, PlaceHabits
from habits.calendar import Calendar
from habits.contract import contract_of
from policy.contracts import Contract, breaches, sentences
from policy.decide import RulePolicy

MORNING = datetime(2026, 11, 18, 7, 30, tzinfo=UTC)
"""A Wednesday."""
PATH, VERSION = "/srv/jobs/report.py", "a" * 64
PLACES = """
      - {to: dropbox, accounts: [team-1], kinds: [iban], request_bytes_at_most: 10 kB, day_bytes_at_most: 20 kB, day_requests_at_most: 5}
      - {to: api.partner.example, kinds: []}
"""
HEAD = """
contracts:
  - id: report
    script: /srv/jobs/report.py
    version: {version}
    learnt: 2026-11-01T00:00:00Z
    state: {state}
    hours: {{zone: UTC, days: [mon, tue, wed], at: ["06:00-09:00", "23:00-01:00"]}}
    places: {places}
"""
RULES = "  - {id: rest, when: {}, then: allow}\n"


def locked(state: str = "enforced", version: str = VERSION, rules: str = RULES) -> RulePolicy:
    head = HEAD.format(state=state, version=version, places=PLACES)
    return policy(rules, mode="watch", head=head)


def asked(*findings: Any, **more: Any) -> Situation:
    values: dict[str, Any] = {
        "now": MORNING,
        "sender": sender(PATH, sha256=VERSION),
        "destination": to("dropbox", account_id="team-1"),
    }
    return situation(*findings, **(values | more))


PARTNER = to(None, host="api.partner.example")


@pytest.mark.parametrize(
    ("situation", "why"),
    [
        (asked(), None),
        (asked(found("iban")), None),
        (asked(destination=PARTNER), None),
        (asked(now=MORNING.replace(hour=23, minute=10)), None),
        (asked(now=MORNING.replace(hour=0, minute=59)), None),
        (asked(sender=sender("/srv/jobs/other.py"), destination=to("openai")), None),
        (asked(found("email", test_data=True)), None),
        (asked(found("email", confidence=Confidence.POSSIBLE)), None),
        (asked(destination=to("openai")), "it may not send to OpenAI"),
        (asked(destination=to("dropbox", account_id="me")), "it may not use account me of Dropbox"),
        (asked(destination=to("dropbox")), "it may not use an unknown account of Dropbox"),
        (asked(found("email")), "it may not send e-mail addresses there"),
        (asked(found("iban"), destination=PARTNER), "it may not send bank account numbers there"),
        (asked(request_bytes=10_001), "it may send 10.0 kB at once, and this is 10.0 kB"),
        (
            asked(volume=Volume(bytes_day=19_000)),
            "it may send 20.0 kB a day there, and this makes 21.0 kB",
        ),
        (
            asked(volume=Volume(requests_day=5)),
            "it may send 5 requests a day there, and this is number 6",
        ),
        (asked(now=MORNING.replace(hour=9)), "it may send on Mondays, Tuesdays and Wednesdays"),
        (asked(now=MORNING.replace(day=19)), "it may send on Mondays, Tuesdays and Wednesdays"),
        (asked(sender=sender(PATH, sha256="b" * 64)), "it has changed since it was locked"),
        (asked(sender=sender(PATH)), "it has changed since it was locked"),
    ],
)
def test_what_is_outside_is_stopped_and_says_why(situation: Situation, why: str | None) -> None:
    """Exactly what the sentences allow passes, whatever mode the file is in; another script is not
    concerned."""
    decision = locked().decide(situation)
    assert (decision.verdict is Verdict.BLOCK) is (why is not None)
    if why is not None:
        assert decision.rule == "report"
        assert why in decision.reason
        assert decision.reason.endswith("so it breaks the contract of report.py.")


@pytest.mark.parametrize(
    ("volume", "told"),
    [
        (Volume(bytes_day=19_000, day_exact=False), "this makes 21.0 kB"),
        (Volume(requests_day=5, day_exact=False), "this is number 6"),
        (
            Volume(day_exact=False),
            "20.0 kB and 5 requests a day there, and not all that it had sent there was counted",
        ),
    ],
)
def test_what_may_be_more_is_not_taken_for_within_the_contract(volume: Volume, told: str) -> None:
    """Sums of a day of which not all was counted: what is outside already is, and of the rest
    nobody can tell.
    """
    decision = locked().decide(asked(volume=volume))
    assert (decision.verdict, decision.rule) == (Verdict.BLOCK, "report")
    assert told in decision.reason


def test_a_contract_of_what_was_not_all_counted_says_so() -> None:
    """Where it was learnt, and in each reason that a size gives."""
    learnt = [Amount(median=5, spread=1, largest=9, seen=3, exact=exact) for exact in (True, False)]
    for usual in learnt:
        there = PlaceHabits(
            name="dropbox", named=True, accounts=frozenset(), kinds=frozenset(), requests=3, days=3,
            bytes=15, request_bytes=learnt[0], day_bytes=usual, day_requests=None,
        )  # fmt: skip
        baseline = Baseline(
            script=PATH, since=MORNING.date(), until=MORNING.date(), days=3, requests=3, hours=None,
            learning=None, places={"dropbox": there}, kinds=frozenset(), request_bytes=learnt[0],
        )  # fmt: skip
        entry = contract_of(baseline, None, MORNING, Calendar(), "")
        assert entry["places"][0].get("not_all_counted", False) is not usual.exact
        contract = Contract.model_validate(entry)
        said = "\n".join(sentences(contract))
        assert ("not all was counted" in said) is not usual.exact
        broken = breaches(contract, asked(request_bytes=1_000_000))
        assert [("not all was counted" in why) for why in broken] == [not usual.exact] * 2


def test_a_place_without_a_limit_a_day_asks_for_no_sums() -> None:
    """A contract that says nothing of days is kept, whatever was counted."""
    volume = Volume(hour_exact=False, day_exact=False)
    assert locked().decide(asked(destination=PARTNER, volume=volume)).verdict is not Verdict.BLOCK


def test_in_shadow_nothing_is_stopped_and_no_rule_passed_over() -> None:
    """A contract in shadow decides only where no rule does: it lets nothing pass."""
    outside = asked(destination=to("openai"))
    shadow = locked("shadow", rules="  - {id: none, when: {llm: {}}, then: block}\n")
    decision = shadow.decide(outside)
    assert decision.verdict is Verdict.WATCH
    assert decision.intended is Verdict.BLOCK
    assert locked("shadow").decide(outside).rule == "rest"
    assert shadow.decide(asked()).rule is None


def test_an_enforced_contract_only_ever_stops() -> None:
    """What is in a contract is still judged by all other rules."""
    strict = "  - {id: no-iban, when: {findings: {kinds: iban}}, then: block, mode: enforce}\n"
    assert locked(rules=strict).decide(asked(found("iban"))).rule == "no-iban"


def test_before_the_body_a_stranger_is_stopped_already() -> None:
    """Nothing is uploaded to a place outside of the contract."""
    early = asked(destination=to("openai"), headers_only=True, request_bytes=0)
    decided = locked().decide_on_headers(early)
    assert decided is not None
    assert decided.verdict is Verdict.BLOCK
    assert locked().decide_on_headers(asked(headers_only=True)) is None


def test_what_could_not_be_read_is_stopped() -> None:
    """A locked script sends nothing that nobody could look into."""
    late = asked(degraded=("tables: late",))
    assert locked().decide(late).verdict is Verdict.BLOCK
    other = replace(late, sender=sender("/srv/jobs/other.py"))
    assert locked().decide(other).rule == "rest"


def test_without_a_version_every_version_is_held_to_it() -> None:
    """A contract for any version outlives a change of the script."""
    anyone = locked(version="null")
    assert anyone.decide(asked(sender=sender(PATH, sha256="b" * 64))).rule == "rest"
    assert anyone.decide(asked(destination=to("openai"))).rule == "report"


def test_a_contract_is_told_in_sentences() -> None:
    """An officer signs what reads as sentences."""
    contract = Contract.model_validate(
        {
            "id": "c",
            "script": PATH,
            "version": VERSION,
            "learnt": MORNING,
            "places": [
                {
                    "to": "dropbox",
                    "accounts": ["team-1", "team-2"],
                    "kinds": ["iban", "person"],
                    "request_bytes_at_most": "10 kB",
                    "day_requests_at_most": 1,
                },
                {"to": "x\x1b[31m.example"},
            ],
            "hours": {"days": ["mon", "sun"], "at": ["06:00-09:00"]},
        }
    )
    told = list(sentences(contract))
    assert told[0] == (
        f"{PATH}, version aaaaaaaaaaaa, may send on Mondays and Sundays at 06:00-09:00, and"
        " nothing else:"
    )
    assert told[1] == (
        "  to Dropbox, accounts team-1 and team-2: bank account numbers and names of people; at"
        " most 10.0 kB at once and 1 request a day"
    )
    assert "\x1b" not in told[2]
    assert told[2].endswith("no personal data and no secrets")
    assert told[-1].startswith("In shadow")
    assert breaches(contract, asked(destination=to("openai"))) != []


@pytest.mark.parametrize(
    "wrong",
    [
        {"state": "soon"},
        {"version": "abc"},
        {"hours": {"at": ["25:00-26:00"]}},
        {"hours": {"at": ["06:00-09:00"], "zone": "Nowhere"}},
        {"places": [{"to": "x", "kinds": ["ibann"]}]},
        {"until": "2027-01-01"},
    ],
)
def test_a_contract_that_says_nothing_sensible_is_refused(wrong: dict[str, Any]) -> None:
    """A slip is told, not read as a promise; and no contract ends by time."""
    right = {"id": "c", "script": "/a", "learnt": MORNING, "places": []}
    Contract.model_validate(right)
    with pytest.raises(ValueError, match="validation error"):
        Contract.model_validate(right | wrong)
