"""Whose credential may go where: at its own hosts it is in use, at anybody else's it leaks."""

import re

import pytest
from catalogue_samples import met_at
from families import with_each

from classifiers.credentials.rules.own import own_rules
from classifiers.credentials.rules.rule import Rule
from destinations import SERVICES, Service, find
from destinations.credentials import (
    ISSUERS,
    KEY_CLASSES,
    KEY_HEADERS,
    is_own_host,
    organisation_in,
    project_in,
)
from destinations.vendors import VENDORS

ISSUING = tuple(service for service in (*SERVICES, *VENDORS) if service.keys.domains)
GATEWAYS = (
    "gateway.ai.cloudflare.com",
    "api.portkey.ai",
    "oai.helicone.ai",
    "ai-gateway.vercel.sh",
)
"""Their protocol is to hand on the key of the provider behind them."""


@with_each("service", ISSUING)
def test_a_key_is_in_use_at_its_own_hosts_only(service: Service) -> None:
    """Its own domains and all below them, however alike another's name is."""
    for name in (service.id, *service.aliases):
        for domain in service.keys.domains:
            assert domain == domain.lower().strip(".")
            assert is_own_host(name, domain) is True
            assert is_own_host(name, "a.b." + domain) is True
            for fake in (domain + ".evil.example", "evil" + domain, "evil-" + domain):
                assert is_own_host(name, fake) is not True, fake
        elsewhere = is_own_host(name, "collector.example")
        assert elsewhere is (None if service.keys.anywhere else False)


@with_each("service", ISSUING)
def test_a_key_at_the_service_itself_is_nobody_elses(service: Service) -> None:
    """Wherever the service is met, its own key belongs there."""
    for host, _ in met_at(service):
        assert is_own_host(service.id, host) is True, host


@with_each("service", ISSUING)
def test_keys_of_models_may_pass_a_gateway_and_others_may_not(service: Service) -> None:
    """A gateway in front of models is handed a model provider's key by design; any other key it
    should not see.
    """
    hands_on = service.llm is not None and service.llm.hands_on_keys
    for gateway in GATEWAYS:
        own = any(("." + gateway).endswith("." + domain) for domain in service.keys.domains)
        expected = own or (service.llm is not None and not hands_on)
        assert (is_own_host(service.id, gateway) is True) is expected, gateway


def test_a_guess_is_made_only_for_issuers_that_nobody_listed() -> None:
    """Where no entry says, a key in an authentication header is given the benefit of the doubt."""
    assert is_own_host("lichess", "lichess.org") is True
    assert is_own_host("lichess", "api.unknown.example") is None
    assert is_own_host("gitlab", "gitlab.corp.example") is None
    assert is_own_host("jwt", "jwt.example") is None
    assert is_own_host("openai", "api.unknown.example") is False


@with_each("rule", own_rules())
def test_every_rule_of_our_own_names_an_issuer_of_the_catalogue(rule: Rule) -> None:
    """A key whose form names its issuer is judged by that issuer's entry."""
    if rule.provider is not None:
        service = find(rule.provider)
        assert service is not None, rule.provider
        assert service.id == rule.provider
        assert service.keys.domains or service.keys.anywhere


def test_prefixes_are_tried_longest_first() -> None:
    """`sk-` says little where `sk-ant-api` says all."""
    assert list(KEY_CLASSES) == sorted(KEY_CLASSES, key=lambda p: (-len(p), p))
    pattern = re.compile("|".join(map(re.escape, KEY_CLASSES)))
    match = pattern.match("sk-ant-admin01-x")
    assert match is not None
    assert KEY_CLASSES[match[0]] == "admin"


def test_headers_are_written_as_they_are_looked_up() -> None:
    """Names of headers are lower case, and no header is two issuers' own."""
    headers = [h for service in (*SERVICES, *VENDORS) for h in service.keys.headers]
    named = [h for s in SERVICES for h in (*s.organisation_headers, *s.project_headers)]
    assert headers == [h.lower() for h in headers]
    assert named == [h.lower() for h in named]
    assert len(set(headers)) == len(headers) == len(KEY_HEADERS)
    assert len(set(named)) == len(named)


@pytest.mark.parametrize(
    ("headers", "organisation", "project"),
    [
        ({}, None, None),
        ({"openai-organization": "o", "openai-project": "p"}, "o", "p"),
        ({"anthropic-organization-id": "o", "anthropic-workspace-id": "w"}, "o", "w"),
        ({"x-hf-bill-to": "team"}, "team", None),
        ({"chatgpt-account-id": "ws"}, "ws", None),
        ({"x-goog-user-project": "p"}, None, "p"),
        ({"x-dashscope-workspace": "w"}, None, "w"),
        ({"openai-organization": "", "x-hf-bill-to": "team"}, "team", None),
    ],
)
def test_organisations_and_projects_are_read_from_the_providers_own_headers(
    headers: dict[str, str], organisation: str | None, project: str | None
) -> None:
    """Requests and answers are read by the same list, whichever provider is asked."""
    assert (organisation_in(headers), project_in(headers)) == (organisation, project)


def test_issuers_are_found_by_all_their_names() -> None:
    """A rule named after an older id of an issuer is judged by the same entry."""
    assert ISSUERS["new-relic"] == ISSUERS["newrelic"] == "newrelic"
    assert "sentry" not in ISSUERS
