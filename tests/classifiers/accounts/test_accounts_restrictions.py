"""Tenant-restriction headers go to the hosts that honour them, and to no other."""

import base64

import orjson
import pytest

from classifiers.accounts import restriction_headers
from classifiers.accounts.restrictions import RESTRICTIONS, SETTINGS

SETTINGS_ALL: dict[str, object] = {
    "microsoft_tenants": ["example.com", "11111111-2222-4333-8444-555555555555"],
    "microsoft_own_tenant": "11111111-2222-4333-8444-555555555555",
    "microsoft_block_consumers": True,
    "google_domains": ["example.com", "example.org"],
    "google_organizations": ["123456"],
    "dropbox_teams": "12345",
    "slack_own": "E0OWN",
    "slack_workspaces": ["T0ONE", "T0TWO"],
    "github_enterprises": ["7", "8"],
    "chatgpt_workspaces": "ws-1",
    "anthropic_organizations": ["a-1", "a-2"],
    "webex_domains": ["example.com"],
    "youtube": "Strict",
}


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("login.microsoftonline.com", {"restrict-access-to-tenants": "example.com,11111111-2222-4333-8444-555555555555", "restrict-access-context": "11111111-2222-4333-8444-555555555555"}),
        ("login.live.com", {"sec-restrict-tenant-access-policy": "restrict-msa"}),
        ("graph.microsoft.com", {}),
        ("drive.google.com", {"x-googapps-allowed-domains": "example.com,example.org", "x-goog-allowed-resources": "*"}),
        ("storage.googleapis.com", {"x-goog-allowed-resources": "*"}),
        ("www.dropbox.com", {"x-dropbox-allowed-team-ids": "12345"}),
        ("content.dropboxapi.com", {}),
        ("files.slack.com", {"x-slack-allowed-workspaces-requester": "E0OWN", "x-slack-allowed-workspaces": "T0ONE,T0TWO"}),
        ("api.github.com", {"sec-github-allowed-enterprise": "7, 8"}),
        ("gist.github.com", {}),
        ("chatgpt.com", {"chatgpt-allowed-workspace-id": "ws-1"}),
        ("claude.ai", {"anthropic-allowed-org-ids": "a-1,a-2"}),
        ("api.anthropic.com", {"anthropic-allowed-org-ids": "a-1,a-2"}),
        ("idbroker-b-us.webex.com", {"ciscospark-allowed-domains": "example.com"}),
        ("example.com", {}),
    ],
)  # fmt: skip
def test_headers_by_host(host: str, expected: dict[str, str]) -> None:
    """Each provider's sign-in or data hosts get exactly the header that the provider enforces there."""
    got = dict(restriction_headers(host, SETTINGS_ALL))
    assert got.keys() == expected.keys()
    assert all(expected[name] in {"*", value} for name, value in got.items())


@pytest.mark.parametrize("restriction", RESTRICTIONS, ids=lambda r: f"{r.header}-{r.setting}")
def test_no_other_host_learns_the_tenant(restriction: object) -> None:
    """A look-alike host never receives a header: it would tell who the organisation is."""
    for pattern in restriction.hosts:  # type: ignore[attr-defined]
        if pattern.startswith("/"):
            continue
        host = pattern.removeprefix("*.")
        domain = ".".join(host.split(".")[-2:])
        for fake in (f"{host}.evil.example", f"evil-{domain}", f"a.x{domain}", f"{host}-evil.example", f"{host}.evil"):
            names = {name for name, _ in restriction_headers(fake, SETTINGS_ALL)}
            assert not names, fake


def test_google_resources_are_what_google_documents() -> None:
    """The organisation-restriction header is the documented JSON in URL-safe base64."""
    value = dict(restriction_headers("storage.googleapis.com", {"google_organizations": ["123"]}))[
        "x-goog-allowed-resources"
    ]
    assert orjson.loads(base64.urlsafe_b64decode(value)) == {"resources": ["organizations/123"], "options": "strict"}


def test_nothing_is_sent_without_a_setting() -> None:
    """An organisation that configured nothing has no header added to its traffic."""
    assert not [h for h in ("claude.ai", "login.live.com", "slack.com") if restriction_headers(h, {})]
    assert set(SETTINGS_ALL) | {"microsoft_policy"} == SETTINGS


@pytest.mark.parametrize("value", ["a\r\nx-evil: 1", "a\nb", "ä", ["ok", "a\r\nb"]])
def test_a_value_cannot_break_out_of_its_header(value: object) -> None:
    """A setting with a line break or non-ASCII text adds no header instead of two."""
    assert restriction_headers("claude.ai", {"anthropic_organizations": value}) == ()
