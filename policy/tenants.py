"""Tenant restrictions: headers by which providers themselves refuse foreign accounts.

Each header goes to the provider's own hosts only, since it tells who the organisation is, and
replaces what a script may have set. Names and hosts stand in the catalogue of destinations;
sources: the providers' own documentation of network-level tenant restrictions.
"""

import base64
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from destinations import code_hosts, google, messaging, microsoft, stores, vendors
from destinations.llm import apis, applications
from destinations.service import TenantHeader
from policy.fields import Identifier, Listed, PartFault, Strict, refuse

type Ascii = Annotated[str, Field(pattern=r"^[\x21-\x7e]+$", max_length=200)]
type Guid = Annotated[str, Field(pattern=r"^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$")]


class Microsoft(Strict):
    """Which Microsoft tenants may be signed in to.

    Either a list of tenants, or a policy kept in Entra.
    """

    tenants: Listed[Ascii] | None = Field(None, description="Domains or tenant ids.")
    context: Guid | None = Field(None, description="The organisation's own tenant id.")
    policy: Annotated[str, Field(pattern=r"^[0-9a-fA-F-]{36}:[0-9a-fA-F-]{36}$")] | None = Field(
        None, description="tenant id:policy id, for tenant restrictions v2."
    )
    consumer_accounts: Literal["block"] | None = None

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.tenants and not self.context:
            words = "tenants need context: the organisation's own tenant id"
            refuse([PartFault(words, ("tenants",), at_key=True)])
        if self.policy and (self.tenants or self.consumer_accounts):
            words = "policy stands alone: it covers tenants and consumer accounts"
            refuse([PartFault(words, ("policy",), at_key=True)])
        if not (self.policy or self.tenants or self.consumer_accounts):
            raise ValueError("microsoft needs tenants, policy or consumer_accounts")
        return self


class GoogleWorkspace(Strict):
    """Which Workspace domains may be used; `consumer_accounts` among them admits private ones."""

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
    """Name of the section that asks for it."""
    hosts: tuple[str, ...]
    headers: tuple[tuple[str, str], ...]


def injections(wanted: TenantRestrictions) -> Iterator[Injection]:
    """Yield which headers go to which hosts."""
    if wanted.microsoft:
        yield from _microsoft(wanted.microsoft)
    if wanted.google_workspace:
        domains = ",".join(wanted.google_workspace.domains)
        yield _one("google_workspace", (google.ALLOWED_DOMAINS, domains))
    if wanted.google_cloud:
        yield _one("google_cloud", (google.ALLOWED_RESOURCES, _resources(wanted.google_cloud)))
    if wanted.dropbox:
        yield _one("dropbox", (stores.ALLOWED_TEAMS, ",".join(wanted.dropbox.teams)))
    if wanted.slack:
        requester = (messaging.REQUESTER, wanted.slack.requester)
        workspaces = (messaging.ALLOWED_WORKSPACES, ",".join(wanted.slack.workspaces))
        yield _one("slack", requester, workspaces)
    if wanted.github:
        enterprises = ", ".join(wanted.github.enterprises)
        yield _one("github", (code_hosts.ALLOWED_ENTERPRISES, enterprises))
    if wanted.chatgpt:
        yield _one("chatgpt", (applications.ALLOWED_WORKSPACE, wanted.chatgpt.workspace))
    if wanted.anthropic:
        organisations = ",".join(wanted.anthropic.organisations)
        yield _one("anthropic", (apis.ALLOWED_ORGANISATIONS, organisations))
    if wanted.webex:
        yield _one("webex", (vendors.ALLOWED_WEBEX_DOMAINS, ",".join(wanted.webex.domains)))


def _one(provider: str, *headers: tuple[TenantHeader, str]) -> Injection:
    """The first header says to which hosts: those with it go where it goes."""
    hosts = headers[0][0].hosts
    pairs = tuple((header.name, value) for header, value in headers)
    return Injection(provider=provider, hosts=hosts, headers=pairs)


def _microsoft(wanted: Microsoft) -> Iterator[Injection]:
    context = ((microsoft.RESTRICT_CONTEXT, wanted.context),) if wanted.context else ()
    if wanted.policy:
        yield _one("microsoft", (microsoft.RESTRICT_BY_POLICY, wanted.policy), *context)
    if wanted.tenants:
        tenants = ",".join(wanted.tenants)
        yield _one("microsoft", (microsoft.RESTRICT_TENANTS, tenants), *context)
    if wanted.consumer_accounts:
        yield _one("microsoft_consumer", (microsoft.RESTRICT_CONSUMERS, "restrict-msa"))


def _resources(wanted: GoogleCloud) -> str:
    document = {
        "resources": [f"organizations/{number}" for number in wanted.organisations],
        "options": "cloudStorageReadAllowed" if wanted.storage_reads else "strict",
    }
    compact = json.dumps(document, separators=(",", ":")).encode()
    return base64.urlsafe_b64encode(compact).decode("ascii")
