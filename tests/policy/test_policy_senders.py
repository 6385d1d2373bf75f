"""Who sends: proven, borrowed or unknown scripts, whom they work for, what they are made of."""

from dataclasses import replace

import pytest
from policy_samples import (
    BLOCK_BANK,
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
from core.findings import Finding
from core.situation import ScriptHistory, Volume
from core.vocabulary.packages import PackageState
from policy.loading import PolicyError


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
