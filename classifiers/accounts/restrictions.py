"""Tenant-restriction headers: which provider honours which header at which host, as data."""

import base64
from collections.abc import Mapping
from typing import NamedTuple

import orjson

from classifiers.llm.hosts import HostTable


class Restriction(NamedTuple):
    """One header of one provider: where it goes, and from which settings its value is made."""

    provider: str
    header: str
    hosts: tuple[str, ...]
    setting: str
    """Name of the setting that must be there; its text is the value unless `form` says otherwise."""
    form: str = "plain"
    separator: str = ","


_ENTRA = ("login.microsoftonline.com", "login.microsoft.com", "login.windows.net")
_GOOGLE_CLOUD = (
    "*.google.com",
    "*.googleapis.com",
    "*.gcr.io",
    "gcr.io",
    "*.pkg.dev",
    "*.cloudfunctions.net",
    "*.run.app",
)

RESTRICTIONS: tuple[Restriction, ...] = (
    Restriction("microsoft", "restrict-access-to-tenants", _ENTRA, "microsoft_tenants"),
    Restriction("microsoft", "restrict-access-context", _ENTRA, "microsoft_own_tenant"),
    Restriction("microsoft", "sec-restrict-tenant-access-policy", _ENTRA, "microsoft_policy"),
    Restriction("microsoft", "sec-restrict-tenant-access-policy", ("login.live.com",), "microsoft_block_consumers",
    "consumer"),
    Restriction("google", "x-googapps-allowed-domains", ("google.com", "*.google.com"), "google_domains"),
    Restriction("google", "x-goog-allowed-resources", _GOOGLE_CLOUD, "google_organizations", "resources"),
    Restriction("dropbox", "x-dropbox-allowed-team-ids", ("dropbox.com", "*.dropbox.com"), "dropbox_teams"),
    Restriction("slack", "x-slack-allowed-workspaces-requester", ("slack.com", "*.slack.com"), "slack_own"),
    Restriction("slack", "x-slack-allowed-workspaces", ("slack.com", "*.slack.com"), "slack_workspaces"),
    Restriction(
        "github", "sec-github-allowed-enterprise", ("github.com", "api.github.com", "*.githubcopilot.com"),
        "github_enterprises",
        separator=", ",
    ),
    Restriction("openai", "chatgpt-allowed-workspace-id", ("chatgpt.com", "chat.openai.com", "*.openai.com"),
    "chatgpt_workspaces"),
    Restriction("anthropic", "anthropic-allowed-org-ids", ("claude.ai", "api.anthropic.com"),
    "anthropic_organizations"),
    Restriction(
        "webex", "ciscospark-allowed-domains", (r"/(?:idbroker|identity)[a-z0-9-]*\.webex\.com/", "atlas-a.wbx2.com"),
        "webex_domains"
    ),
    Restriction("youtube", "youtube-restrict", ("www.youtube.com", "m.youtube.com", "youtubei.googleapis.com",
    "youtube.googleapis.com"), "youtube"),
)  # fmt: skip
"""Header names in lower case: HTTP/2 knows no other, and HTTP/1.1 does not care."""

SETTINGS: frozenset[str] = frozenset(r.setting for r in RESTRICTIONS)


def restriction_headers(host: str, settings: Mapping[str, object]) -> tuple[tuple[str, str], ...]:
    """Return the headers to set (overwrite, never append) on requests to this host.

    `settings` maps the names in `SETTINGS` to a text, a list of texts, or true. Other hosts get none: the headers tell
    who the organisation is. A value that could break out of a header line is left out.
    """
    headers: dict[str, str] = {}
    for restriction in _TABLE.find(host) or ():
        value = settings.get(restriction.setting)
        if value:
            text = _value(restriction, value)
            if text and text.isascii() and text.isprintable():
                headers[restriction.header] = text
    return tuple(headers.items())


def _value(restriction: Restriction, value: object) -> str:
    items = (
        [str(v).strip() for v in value] if isinstance(value, list | tuple | set | frozenset) else [str(value).strip()]
    )
    if isinstance(value, set | frozenset):
        items.sort()
    if restriction.form == "consumer":
        return "restrict-msa"
    if restriction.form == "resources":
        resources = [item if item.startswith("organizations/") else f"organizations/{item}" for item in items]
        return base64.urlsafe_b64encode(orjson.dumps({"resources": resources, "options": "strict"})).decode()
    return restriction.separator.join(items)


class _AllMatches:
    """Several restrictions may own one host through different patterns."""

    def __init__(self) -> None:
        self._tables = [(HostTable(dict.fromkeys(r.hosts, r)), r) for r in RESTRICTIONS]
        self._cache: dict[str, tuple[Restriction, ...]] = {}

    def find(self, host: str) -> tuple[Restriction, ...]:
        found = self._cache.get(host)
        if found is None:
            if len(self._cache) > 4096:
                self._cache.clear()
            found = self._cache[host] = tuple(r for table, r in self._tables if table.find(host) is not None)
        return found


_TABLE = _AllMatches()
