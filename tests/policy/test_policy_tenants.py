"""Tenant restrictions: the right header, for the right provider's hosts, and for nobody else's."""

import base64
import json
from dataclasses import replace

import pytest
from policy_samples import found, on_headers, policy, situation, to

from core.decision import Verdict
from policy.loading import PolicyError

ME = "11111111-2222-3333-4444-555555555555"
ALL = f"""
tenant_restrictions:
  microsoft: {{tenants: [example.com, example.org], context: {ME}, consumer_accounts: block}}
  google_workspace: {{domains: [example.com, consumer_accounts]}}
  google_cloud: {{organisations: [123456]}}
  dropbox: {{teams: [7, "8"]}}
  slack: {{requester: E1, workspaces: [T1, T2]}}
  github: {{enterprises: [55, "66"]}}
  chatgpt: {{workspace: ws-1}}
  anthropic: {{organisations: [{ME}]}}
  webex: {{domains: example.com}}
""".replace("[7, ", '["7", ')
MSA = ("sec-Restrict-Tenant-Access-Policy", "restrict-msa")
TENANTS = (
    ("Restrict-Access-To-Tenants", "example.com,example.org"),
    ("Restrict-Access-Context", ME),
)
CLOUD = (
    "X-Goog-Allowed-Resources",
    base64.urlsafe_b64encode(b'{"resources":["organizations/123456"],"options":"strict"}').decode(),
)
WORKSPACE = ("X-GoogApps-Allowed-Domains", "example.com,consumer_accounts")
GITHUB = ("sec-GitHub-allowed-enterprise", "55, 66")
SLACK = (("X-Slack-Allowed-Workspaces-Requester", "E1"), ("X-Slack-Allowed-Workspaces", "T1,T2"))


def headers_for(
    host: str, head: str = ALL, mode: str = "enforce", scheme: str = "https"
) -> tuple[tuple[str, str], ...]:
    """Return the headers that a request to this host gets."""
    given = situation(destination=to(None, host=host, scheme=scheme))
    return policy("  []", head=head, mode=mode).decide(given).headers


@pytest.mark.parametrize(
    ("host", "headers"),
    [
        ("login.microsoftonline.com", TENANTS),
        ("login.windows.net", TENANTS),
        ("login.live.com", (MSA,)),
        ("graph.microsoft.com", ()),
        ("login.microsoftonline.com.evil.example", ()),
        ("evil-login.microsoftonline.com", ()),
        ("google.com", (WORKSPACE,)),
        ("drive.google.com", (WORKSPACE, CLOUD)),
        ("storage.googleapis.com", (CLOUD,)),
        ("my.run.app", (CLOUD,)),
        ("notgoogle.com", ()),
        ("www.dropbox.com", (("X-Dropbox-allowed-Team-Ids", "7,8"),)),
        ("content.dropboxapi.com", ()),
        ("files.slack.com", SLACK),
        ("github.com", (GITHUB,)),
        ("api.github.com", (GITHUB,)),
        ("gist.github.com", ()),
        ("api.business.githubcopilot.com", (GITHUB,)),
        ("chatgpt.com", (("ChatGPT-Allowed-Workspace-Id", "ws-1"),)),
        ("api.anthropic.com", (("anthropic-allowed-org-ids", ME),)),
        ("claude.ai", (("anthropic-allowed-org-ids", ME),)),
        ("console.anthropic.com", ()),
        ("idbroker-eu.webex.com", (("CiscoSpark-Allowed-Domains", "example.com"),)),
        ("www.example.com", ()),
    ],
)
def test_each_provider_gets_its_own_header_and_no_other(
    host: str, headers: tuple[tuple[str, str], ...]
) -> None:
    """A provider learns which accounts are allowed; no other host learns who the organisation
    is.
    """
    assert headers_for(host) == headers


def test_nothing_is_sent_in_clear_or_in_watch_mode_or_to_a_doubtful_host() -> None:
    """The organisation's tenant ids go to the provider only, and only when enforcing."""
    assert headers_for("github.com", scheme="http") == ()
    assert headers_for("github.com", mode="watch") == ()
    given = situation(destination=to(None, host="github.com"))
    doubtful = replace(given, degraded=("destination: the request names another host inside",))
    assert policy("  []", head=ALL).decide(doubtful).headers == ()


def test_restrictions_let_nothing_pass_by_themselves() -> None:
    """A blocked request stays blocked, a watched one is still watched."""
    asked = policy("  - {id: bank, when: {findings: bank}, then: block}\n", head=ALL)
    given = situation(found(), destination=to(None, host="github.com"))
    assert asked.decide(given).verdict is Verdict.BLOCK
    assert asked.decide_on_headers(on_headers(given)) is None


def test_restrictions_of_version_two_cover_consumers_too() -> None:
    """Where the policy is kept in Entra, one value goes to all sign-in hosts."""
    head = f"tenant_restrictions: {{microsoft: {{policy: '{ME}:{ME}'}}}}"
    value = ("sec-Restrict-Tenant-Access-Policy", f"{ME}:{ME}")
    assert (
        headers_for("login.live.com", head) == headers_for("login.microsoft.com", head) == (value,)
    )


def test_reading_public_buckets_can_be_allowed() -> None:
    """Shared open data stays readable where the organisation wants that."""
    head = "tenant_restrictions: {google_cloud: {organisations: 1, storage_reads: true}}"
    (_, value), *_ = headers_for("storage.googleapis.com", head)
    assert json.loads(base64.urlsafe_b64decode(value))["options"] == "cloudStorageReadAllowed"


@pytest.mark.parametrize(
    ("section", "fault"),
    [
        ("{microsoft: {tenants: [a]}}", "tenants need context"),
        (
            f"{{microsoft: {{policy: '{ME}:{ME}', consumer_accounts: block}}}}",
            "policy stands alone",
        ),
        ("{microsoft: {}}", "microsoft needs"),
        ("{anthropic: {organisations: [org-1]}}", "organisations is not written as it should be"),
        ("{chatgpt: {workspace: 'a b'}}", "workspace is not written as it should be"),
        ("{githab: {}}", "did you mean “github”"),
        (f"{{github: {{enterprises: [{', '.join(map(str, range(1, 22)))}]}}}}", "enterprises"),
    ],
)
def test_a_slip_is_told(section: str, fault: str) -> None:
    """A malformed header would lock everybody out or in: it never gets that far."""
    with pytest.raises(PolicyError, match=fault):
        policy("  []", head=f"tenant_restrictions: {section}")
