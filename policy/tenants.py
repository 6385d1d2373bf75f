"""Tenant restrictions: headers by which a provider itself refuses accounts that are not the organisation's.

Each header goes to the provider's own hosts only, since it tells who the organisation is, and replaces what a script
may have set. Sources: the providers' own documentation of network-level tenant restrictions.
"""

import base64
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from policy.fields import Identifier, Listed, Strict

type Ascii = Annotated[str, Field(pattern=r"^[\x21-\x7e]+$", max_length=200)]
type Guid = Annotated[str, Field(pattern=r"^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$")]

_SIGN_IN = ("login.microsoftonline.com", "login.microsoft.com", "login.windows.net")
_CONSUMER = ("login.live.com",)
_GOOGLE_CLOUD = (
    "*.google.com",
    "*.googleapis.com",
    "*.gcr.io",
    "gcr.io",
    "*.pkg.dev",
    "*.cloudfunctions.net",
    "*.run.app",
)
_WEBEX = ("idbroker*.webex.com", "identity*.webex.com", "atlas-a.wbx2.com")


class Microsoft(Strict):
    """Which Microsoft tenants may be signed in to. Either a list of tenants, or a policy kept in Entra."""

    tenants: Listed[Ascii] | None = Field(None, description="Domains or tenant ids.")
    context: Guid | None = Field(None, description="The organisation's own tenant id.")
    policy: Annotated[str, Field(pattern=r"^[0-9a-fA-F-]{36}:[0-9a-fA-F-]{36}$")] | None = Field(
        None, description="tenant id:policy id, for tenant restrictions v2."
    )
    consumer_accounts: Literal["block"] | None = None

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.tenants and not self.context:
            raise ValueError("tenants need context: the organisation's own tenant id")
        if self.policy and (self.tenants or self.consumer_accounts):
            raise ValueError("policy stands alone: it covers tenants and consumer accounts")
        if not (self.policy or self.tenants or self.consumer_accounts):
            raise ValueError("microsoft needs tenants, policy or consumer_accounts")
        return self


class GoogleWorkspace(Strict):
    """Which Workspace domains may be used; `consumer_accounts` among them lets private accounts in."""

    domains: Listed[Ascii]


class GoogleCloud(Strict):
    """Which Google Cloud organisations may be reached."""

    organisations: Listed[Identifier]
    storage_reads: bool = Field(False, description="Allow reading Cloud Storage of others.")


class Dropbox(Strict):
    """Which Dropbox teams may be used."""

    teams: Listed[Ascii]


class Slack(Strict):
    """Which Slack workspaces may be used."""

    requester: Ascii
    workspaces: Listed[Ascii]


class GitHub(Strict):
    """Which GitHub enterprises with managed users may be used."""

    enterprises: Annotated[Listed[Identifier], Field(max_length=20)]


class ChatGpt(Strict):
    """Which ChatGPT workspace may be used (the web application, not API keys)."""

    workspace: Ascii


class Anthropic(Strict):
    """Which Anthropic organisations may be used, by web, API key or sign-in."""

    organisations: Listed[Guid]


class Webex(Strict):
    """Which e-mail domains may sign in to Webex."""

    domains: Listed[Ascii]


class TenantRestrictions(Strict):
    """Headers that make providers refuse foreign accounts."""

    microsoft: Microsoft | None = None
    google_workspace: GoogleWorkspace | None = None
    google_cloud: GoogleCloud | None = None
    dropbox: Dropbox | None = None
    slack: Slack | None = None
    github: GitHub | None = None
    chatgpt: ChatGpt | None = None
    anthropic: Anthropic | None = None
    webex: Webex | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Injection:
    """Headers for some hosts of one provider."""

    provider: str
    hosts: tuple[str, ...]
    headers: tuple[tuple[str, str], ...]


def injections(wanted: TenantRestrictions) -> Iterator[Injection]:
    """Yield which headers go to which hosts."""
    if wanted.microsoft:
        yield from _microsoft(wanted.microsoft)
    if wanted.google_workspace:
        value = ",".join(wanted.google_workspace.domains)
        yield _one(
            "google_workspace", ("google.com", "*.google.com"), "X-GoogApps-Allowed-Domains", value
        )
    if wanted.google_cloud:
        yield _one(
            "google_cloud",
            _GOOGLE_CLOUD,
            "X-Goog-Allowed-Resources",
            _resources(wanted.google_cloud),
        )
    if wanted.dropbox:
        value = ",".join(wanted.dropbox.teams)
        yield _one("dropbox", ("dropbox.com", "*.dropbox.com"), "X-Dropbox-allowed-Team-Ids", value)
    if wanted.slack:
        yield Injection(
            provider="slack",
            hosts=("slack.com", "*.slack.com"),
            headers=(
                ("X-Slack-Allowed-Workspaces-Requester", wanted.slack.requester),
                ("X-Slack-Allowed-Workspaces", ",".join(wanted.slack.workspaces)),
            ),
        )
    if wanted.github:
        hosts = ("github.com", "api.github.com", "*.githubcopilot.com")
        yield _one(
            "github", hosts, "sec-GitHub-allowed-enterprise", ", ".join(wanted.github.enterprises)
        )
    if wanted.chatgpt:
        hosts = ("chatgpt.com", "chat.openai.com", "*.openai.com")
        yield _one("chatgpt", hosts, "ChatGPT-Allowed-Workspace-Id", wanted.chatgpt.workspace)
    if wanted.anthropic:
        value = ",".join(wanted.anthropic.organisations)
        yield _one(
            "anthropic", ("claude.ai", "api.anthropic.com"), "anthropic-allowed-org-ids", value
        )
    if wanted.webex:
        yield _one("webex", _WEBEX, "CiscoSpark-Allowed-Domains", ",".join(wanted.webex.domains))


def _one(provider: str, hosts: tuple[str, ...], name: str, value: str) -> Injection:
    return Injection(provider=provider, hosts=hosts, headers=((name, value),))


def _microsoft(wanted: Microsoft) -> Iterator[Injection]:
    """One header name has another value on the consumer host."""
    context = (("Restrict-Access-Context", wanted.context),) if wanted.context else ()
    if wanted.policy:
        headers = (("sec-Restrict-Tenant-Access-Policy", wanted.policy), *context)
        yield Injection(provider="microsoft", hosts=(*_SIGN_IN, *_CONSUMER), headers=headers)
    if wanted.tenants:
        headers = (("Restrict-Access-To-Tenants", ",".join(wanted.tenants)), *context)
        yield Injection(provider="microsoft", hosts=_SIGN_IN, headers=headers)
    if wanted.consumer_accounts:
        yield _one(
            "microsoft_consumer", _CONSUMER, "sec-Restrict-Tenant-Access-Policy", "restrict-msa"
        )


def _resources(wanted: GoogleCloud) -> str:
    document = {
        "resources": [f"organizations/{number}" for number in wanted.organisations],
        "options": "cloudStorageReadAllowed" if wanted.storage_reads else "strict",
    }
    return base64.urlsafe_b64encode(json.dumps(document, separators=(",", ":")).encode()).decode(
        "ascii"
    )
