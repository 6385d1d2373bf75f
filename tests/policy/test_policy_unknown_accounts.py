"""Uploads to accounts that nobody could name: an answer of their own, and small pieces add up."""

from dataclasses import replace

import pytest
from policy_samples import (
    ALLOW_JOB,
    BLOCK_BANK,
    found,
    on_headers,
    policy,
    sender,
    situation,
    to,
)

from core.situation import Situation, Volume

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
    more = replace(given_, volume=replace(given_.volume, day_exact=False))
    assert asked.decide(more).rule == "on_unknown_account"
    assert not policy("  []", head="on_unknown_account: block").asks_past
