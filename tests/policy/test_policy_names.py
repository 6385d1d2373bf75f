"""A destination that goes by several names: refused by any of them, trusted by none alone."""

import json
from dataclasses import replace
from typing import Any

import pytest
from policy_samples import found, on_headers, policy, record, situation, to

from core.classification import Category, Destination
from core.decision import Verdict
from core.record import Record
from core.situation import Situation, situation_of

DOUBT = ("destination: the request names another host or port inside",)
BLOCK_BANK = "  - {id: bank, when: {findings: bank}, then: block}\n"


def at(host: str, *others: Destination, **more: Any) -> Destination:
    return replace(to(None, **more), host=host, other_names=others)


def other(host: str, *, in_doubt: bool = True, **more: Any) -> Destination:
    return replace(to(None, **more), host=host, named_by="Host header", in_doubt=in_doubt)


def going(where: Destination, *findings: Any) -> Situation:
    degraded = DOUBT if where.contradicted else ()
    return situation(*findings, destination=where, degraded=degraded)


FRONTED = going(at("good.example", other("evil.example")))


@pytest.mark.parametrize(
    ("when", "verdict"),
    [
        ("{destination: {host: evil.example}}", "block"),
        ("{destination: {host: good.example}}", "block"),
        ("{destination: {host: '*.example'}}", "block"),
        ("{destination: {host: other.example}}", "watch"),
        ("{not: {destination: {host: good.example}}}", "block"),
        ("{not: {destination: {host: '*.example'}}}", "watch"),
        ("{all: [{destination: {host: evil.example}}, {destination: {port: 443}}]}", "block"),
        ("{destination: {host: evil.example, port: 8443}}", "watch"),
    ],
)
@pytest.mark.parametrize("then", ["block", "hold"])
def test_a_rule_that_refuses_needs_one_name(when: str, verdict: str, then: str) -> None:
    """A rule against a host holds by whichever name the request gives, in any order; else the
    request is listed, for it contradicts itself."""
    asked = policy(f"  - {{id: r, when: {when}, then: {then}}}\n")
    turned = going(at("evil.example", other("good.example")))
    for given in (FRONTED, turned):
        wanted = then if verdict == "block" else "watch"
        if "not" in when and "good" in when and given is turned:
            wanted = then
        assert asked.decide(given).verdict.value == wanted
        early = asked.decide_on_headers(on_headers(given))
        assert early is None if wanted == "hold" else early is not None


@pytest.mark.parametrize(
    ("host", "others", "rule"),
    [
        ("a.corp.example", (), "own"),
        ("a.corp.example", ("b.corp.example",), "own"),
        ("a.corp.example", ("evil.example",), "bank"),
        ("evil.example", ("a.corp.example",), "bank"),
        ("a.corp.example", ("b.corp.example", "evil.example"), "bank"),
    ],
)
def test_a_rule_that_lets_pass_needs_all_names(
    host: str, others: tuple[str, ...], rule: str
) -> None:
    """Trust in a host is no trust in another that is named beside it."""
    own = "  - {id: own, when: {destination: {host: '*.corp.example'}}, then: allow}\n"
    asked = policy(own + BLOCK_BANK)
    given = going(at(host, *map(other, others)), found())
    assert asked.decide(given).rule == rule


@pytest.mark.parametrize(
    "when",
    [
        "{destination: {service: dropbox}}",
        "{destination: {category: cloud_storage}}",
        "{destination: {account: personal}}",
        "{destination: {port: 8443}}",
        "{llm: {provider: openai}}",
    ],
)
def test_what_stands_behind_another_name_counts(when: str) -> None:
    """Service, category, account, port and provider are those of every name."""
    asked = policy(f"  - {{id: r, when: {when}, then: block}}\n")
    store = replace(to("dropbox", "personal"), port=8443, in_doubt=True)
    model = replace(to("openai"), category=Category.LLM, in_doubt=True)
    given = going(at("good.example", model if "llm" in when else store))
    assert asked.decide(given).verdict is Verdict.BLOCK
    assert asked.decide(going(at("good.example"))).verdict is Verdict.ALLOW


def test_headers_are_set_only_where_all_names_ask_for_them() -> None:
    """Who the organisation is does not go to a host that is only named beside the provider's."""
    sets = "  - {id: h, when: {destination: {host: good.example}}, then: {headers: {X-T: acme}}}\n"
    assert policy(sets).decide(going(at("good.example"))).headers == (("X-T", "acme"),)
    assert policy(sets).decide(FRONTED).headers == ()
    both = going(at("good.example", other("good.example", port=8443)))
    assert policy(sets).decide(both).headers == (("X-T", "acme"),)


@pytest.mark.parametrize(
    ("rules", "verdict"),
    [
        ("  - {id: r, when: {destination: {host: 10.0.0.5}}, then: block}\n", "block"),
        ("  - {id: r, when: {destination: {host: 0x0a.5}}, then: block}\n", "block"),
        ("  - {id: r, when: {destination: {network: private}}, then: block}\n", "block"),
        ("  - {id: r, when: {not: {destination: {host: app.example}}}, then: block}\n", "allow"),
        (
            (
                "  - {id: a, when: {destination: {host: app.example}}, then: allow}\n"
                "  - {id: r, then: block}\n"
            ),
            "allow",
        ),
        ("  - {id: r, when: {destination: {host: 10.0.0.6}}, then: block}\n", "allow"),
    ],
)
def test_an_address_that_a_certificate_vouches_for_is_refused_but_not_doubted(
    rules: str, verdict: str
) -> None:
    """A client that connects to an address and names its host in the handshake contradicts nothing;
    a rule against the address still holds."""
    shown = other("10.0.0.5", in_doubt=False)
    given = going(replace(at("app.example", shown), address="10.0.0.5"))
    assert policy(rules).decide(given).verdict.value == verdict


def test_unmatched_contradictions_are_not_clean() -> None:
    """In watch mode a request that names two hosts is listed even where no rule speaks of
    either.
    """
    assert policy("  []", mode="watch").decide(FRONTED).verdict is Verdict.WATCH
    assert policy("  []", mode="watch").decide(going(at("good.example"))).verdict is Verdict.ALLOW


def test_a_replay_judges_by_every_name() -> None:
    """The record holds the other names, so that a new rule can be tried on them."""
    stored = json.loads(json.dumps(record(FRONTED).to_json()))
    [name] = stored["destination"]["other_names"]
    assert (name["host"], name["named_by"], name["in_doubt"]) == (
        "evil.example",
        "Host header",
        True,
    )
    again = Record.from_json(stored)
    assert again.destination == FRONTED.destination
    asked = policy("  - {id: r, when: {destination: {host: evil.example}}, then: block}\n")
    told, _ = asked.tell(situation_of(again), 0)
    assert told.rule == "r"


GROUPS = {
    "loopback": tuple(
        (
            "127.0.0.1 127.8.8.8 0.0.0.0 ::1 localhost db.localhost ::ffff:127.0.0.1"
            " 64:ff9b::7f00:1 2002:7f00:1::"
        ).split()
    ),
    "private": tuple(
        (
            "10.1.2.3 172.31.0.1 192.168.0.9 100.64.0.1 fd12::1 fec0::1 ::ffff:10.0.0.1"
            " 64:ff9b::10.0.0.1"
        ).split()
    ),
    "link_local": ("169.254.1.1", "fe80::1", "169.254.169.254"),
    "metadata": tuple(
        (
            "169.254.169.254 fd00:ec2::254 metadata.google.internal 100.100.100.200 168.63.129.16"
            " 169.254.170.2 ::ffff:169.254.169.254 0xA9FEA9FE metadata.google.internal."
        ).split()
    ),
}
OUTSIDE = tuple(
    (
        "8.8.8.8 172.32.0.1 100.128.0.1 169.255.0.1 2606:4700::1111 11.0.0.1 192.169.0.1"
        " 2001:db8::1 168.63.129.17"
    ).split()
)


@pytest.mark.parametrize(("group", "host"), [(g, h) for g, hosts in GROUPS.items() for h in hosts])
def test_groups_of_addresses(group: str, host: str) -> None:
    """A rule names inside addresses by one word, whether they are written or led to by a name."""
    asked = policy(f"  - {{id: r, when: {{destination: {{network: {group}}}}}, then: block}}\n")
    assert asked.asks_address
    assert asked.decide(going(at(host))).rule == "r"
    if ":" in host or host[0].isdigit():
        led = replace(at("inside.example"), address=host)
        assert asked.decide(going(led)).rule == "r"


@pytest.mark.parametrize("host", OUTSIDE)
def test_addresses_of_the_internet_are_in_no_group(host: str) -> None:
    """What is reached over the internet is not inside."""
    groups = ", ".join(GROUPS)
    asked = policy(f"  - {{id: r, when: {{destination: {{network: [{groups}]}}}}, then: block}}\n")
    assert asked.decide(going(at(host))).rule is None
    assert asked.decide(going(replace(at("a.example"), address=host))).rule is None


@pytest.mark.parametrize(("more", "verdict"), [("", "block"), (", on_error: skip", "allow")])
def test_a_name_of_which_nobody_knows_where_it_leads_is_no_outside(more: str, verdict: str) -> None:
    """Where no address is known, `on_error` answers."""
    asked = policy(
        f"  - {{id: r, when: {{destination: {{network: private}}}}, then: block{more}}}\n"
    )
    assert asked.decide(going(at("a.example"))).verdict.value == verdict


@pytest.mark.parametrize(
    "spelling",
    ["127.0.0.1", "0x7f000001", "0177.0.0.1", "2130706433", "127.1", "[::ffff:127.0.0.1]"],
)
def test_a_rule_means_the_host_however_it_spells_it(spelling: str) -> None:
    """Addresses in rules may be spelt in any way."""
    asked = policy(f"  - {{id: r, when: {{destination: {{host: '{spelling}'}}}}, then: block}}\n")
    assert asked.decide(going(at("127.0.0.1"))).rule == "r"
    assert asked.decide(going(at("127.0.0.2"))).rule is None


@pytest.mark.parametrize(
    "spelling", ["münchen.example", "MÜNCHEN.example.", "xn--mnchen-3ya.example"]
)
def test_a_rule_means_a_name_in_any_script(spelling: str) -> None:
    """Letters of other scripts and their ASCII form are one name, below wildcards as well."""
    for pattern, host in (
        (spelling, "xn--mnchen-3ya.example"),
        (f"*.{spelling}", "a.xn--mnchen-3ya.example"),
    ):
        asked = policy(
            f"  - {{id: r, when: {{destination: {{host: '{pattern}'}}}}, then: block}}\n"
        )
        assert asked.decide(going(at(host))).rule == "r"
