"""Hosts of source code: a path names the owner, an answer the user."""

import re
from urllib.parse import unquote

from core.classification import Category
from core.exchange import Exchange
from destinations.service import WRITE, Keys, Refusal, Service, TenantHeader, at
from destinations.signals import Json, Request, Signal, opaque, path_owner, text

CODE, AS_ASKED = Category.CODE_HOST, Refusal.AS_ASKED

ALLOWED_ENTERPRISES = TenantHeader(
    name="sec-GitHub-allowed-enterprise",
    hosts=("github.com", "api.github.com", "*.githubcopilot.com"),
)

_MAX_OWNER = 100
_GITHUB_OWNER = re.compile(r"/(?:repos|orgs|users)/([^/?]+)")
_GITHUB_PAGE = re.compile(r"/([^/?]+)/")
_NO_GITHUB_OWNER = frozenset({"login", "settings", "repos"})
_GITLAB_GROUP = re.compile(r"/api/v4/(?:projects|groups)/([^/?]+)")
_BITBUCKET_WORKSPACE = re.compile(r"/2\.0/(?:repositories|workspaces)/([^/?]+)")


def _github_owner(request: Request) -> Signal | None:
    match = _GITHUB_OWNER.match(request.path)
    if match is None and not request.host.startswith("api."):
        match = _GITHUB_PAGE.match(request.path)
        if match is not None and match[1] in _NO_GITHUB_OWNER:
            return None
    return Signal(match[1].lower()[:_MAX_OWNER], "owner in the path") if match else None


def _github_user(exchange: Exchange, body: Json) -> Signal | None:
    login = None
    if exchange.path.partition("?")[0].rstrip("/") == "/user":
        login = text(body, "login")
    elif exchange.path.startswith("/gists"):
        login = text(body, "owner", "login")
    return Signal(login.lower(), "login in the answer") if login else None


def _gitlab_group(request: Request) -> Signal | None:
    match = _GITLAB_GROUP.match(request.path)
    if match is None:
        return path_owner(request)
    owner = unquote(match[1]).partition("/")[0]
    return None if owner.isdecimal() else Signal(owner[:_MAX_OWNER], "group in the path")


def _bitbucket_workspace(request: Request) -> Signal | None:
    match = _BITBUCKET_WORKSPACE.match(request.path)
    if match is None:
        return path_owner(request)
    return Signal(match[1][:_MAX_OWNER], "workspace in the path")


_GITHUB_HOSTS = (
    "api.github.com",
    "uploads.github.com",
    "github.com",
    "raw.githubusercontent.com",
    "codeload.github.com",
    "objects.githubusercontent.com",
)
_TO_GITHUB = (
    r"(?:PUT|PATCH) |POST .*/(?:git-receive-pack|contents/|git/(?:blobs|trees|commits|refs|tags)"
    r"|releases|issues|pulls|comments|assets|graphql|repos|actions/secrets)"
)
_GITHUB_KEYS = Keys(
    domains=(
        "github.com",
        "githubusercontent.com",
        "github.ai",
        "githubcopilot.com",
        "ghe.com",
        "models.inference.ai.azure.com",
    ),
    headers=("x-github-token",),
    classes=(
        ("github_pat_", "personal-token"),
        ("ghp_", "personal-token"),
        ("gho_", "oauth"),
        ("ghu_", "oauth"),
        ("ghs_", "service-account"),
    ),
)
_GITLAB_KEYS = Keys(anywhere=True, headers=("private-token", "job-token", "deploy-token"))

CODE_HOSTS: tuple[Service, ...] = (
    Service(
        "github-gist",
        "GitHub Gist",
        CODE,
        at("api.github.com", paths=r"/gists(?:/|$|\?)") + at("gist.github.com"),
        WRITE,
        opaque,
        AS_ASKED,
        family="github",
        learn=_github_user,
    ),
    Service(
        "github",
        "GitHub",
        CODE,
        at(*_GITHUB_HOSTS),
        _TO_GITHUB,
        _github_owner,
        AS_ASKED,
        family="github",
        learn=_github_user,
        keys=_GITHUB_KEYS,
        tenant_headers=(ALLOWED_ENTERPRISES,),
    ),
    Service(
        "gitlab",
        "GitLab",
        CODE,
        at("gitlab.com"),
        WRITE,
        _gitlab_group,
        AS_ASKED,
        keys=_GITLAB_KEYS,
    ),
    Service(
        "bitbucket",
        "Bitbucket",
        CODE,
        at("bitbucket.org", "api.bitbucket.org"),
        WRITE,
        _bitbucket_workspace,
        AS_ASKED,
        keys=Keys(anywhere=True),
    ),
    Service("codeberg", "Codeberg", CODE, at("codeberg.org"), WRITE, path_owner, AS_ASKED),
    Service(
        "sourcehut", "SourceHut", CODE, at("git.sr.ht", "paste.sr.ht"), WRITE, opaque, AS_ASKED
    ),
)
