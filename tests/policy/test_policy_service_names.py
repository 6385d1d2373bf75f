"""Services in a policy: named by any id of theirs, and told to an analyst by their proper name."""

import pytest
from families import with_each
from policy_samples import llm, policy, situation, to

from core.classification import AccountKind
from core.decision import Verdict
from destinations import SERVICES, Service
from destinations.service import TenantHeader
from destinations.vendors import VENDORS
from policy.loading import load_bytes
from policy.tenants import TenantRestrictions, injections
from policy.wording import place

ME = "11111111-2222-3333-4444-555555555555"


@pytest.mark.parametrize("written", ["s3", "S3", "aws-s3", "[dropbox, s3]"])
def test_a_rule_may_name_a_service_by_any_of_its_ids(written: str) -> None:
    """A rule written for `s3` holds for what records call `aws-s3`, and for nothing else."""
    rules = f"  - {{id: buckets, when: {{destination: {{service: {written}}}}}, then: block}}\n"
    decide = policy(rules).decide
    assert decide(situation(destination=to("aws-s3"))).verdict is Verdict.BLOCK
    assert decide(situation(destination=to("wasabi"))).verdict is Verdict.ALLOW


def test_a_rule_may_name_a_provider_of_models_by_any_of_its_ids() -> None:
    """The same holds for providers; a pattern stays a pattern."""
    rules = "  - {id: chats, when: {llm: {provider: [chatgpt, aws-*]}}, then: block}\n"
    decide = policy(rules).decide
    for provider, verdict in (
        ("chatgpt-web", Verdict.BLOCK),
        ("aws-bedrock", Verdict.BLOCK),
        ("openai", Verdict.ALLOW),
    ):
        assert decide(situation(llm=llm(provider=provider))).verdict is verdict


def test_accounts_listed_under_two_names_of_a_service_are_all_its_own() -> None:
    """An organisation does not lose half of its accounts because it wrote one service by two
    names.
    """
    text = b"organisation: {accounts: {s3: ['1'], aws-s3: ['2'], New-Relic: ['3']}}\nrules: []\n"
    accounts = load_bytes(text, "test").organisation.accounts
    assert accounts == {"aws-s3": {"1", "2"}, "newrelic": {"3"}}


@with_each("service", SERVICES)
def test_reasons_say_the_proper_name(service: Service) -> None:
    """An analyst reads in a refusal the name that the officer reads on the screen."""
    where = to(service.id, AccountKind.UNKNOWN.value, category=service.category, upload=False)
    assert place(where).startswith(service.name)


def every_restriction() -> TenantRestrictions:
    sections: dict[str, object] = {
        "microsoft": {"tenants": ["a"], "context": ME, "consumer_accounts": "block"},
        "google_workspace": {"domains": ["a"]},
        "google_cloud": {"organisations": ["1"]},
        "dropbox": {"teams": ["a"]},
        "slack": {"requester": "a", "workspaces": ["b"]},
        "github": {"enterprises": ["1"]},
        "chatgpt": {"workspace": "a"},
        "anthropic": {"organisations": [ME]},
        "webex": {"domains": ["a"]},
    }
    assert set(sections) == set(TenantRestrictions.model_fields)
    return TenantRestrictions.model_validate(sections)


def test_every_tenant_header_of_the_catalogue_can_be_asked_for() -> None:
    """A header that an entry names is no dead knowledge: some section of a policy sets it, at its
    hosts and no others.
    """
    by_policy = TenantRestrictions.model_validate(
        {"microsoft": {"policy": f"{ME}:{ME}", "context": ME}}
    )
    asked = [*injections(every_restriction()), *injections(by_policy)]
    sent = {(name, host) for one in asked for name, _ in one.headers for host in one.hosts}

    known: list[TenantHeader] = [h for s in (*SERVICES, *VENDORS) for h in s.tenant_headers]
    assert sent == {(header.name, host) for header in known for host in header.hosts}
