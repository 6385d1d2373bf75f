"""What answers tell of accounts, one function per service: sign-in, `/me` and the like."""

from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import parse_qs

from classifiers.destinations.signals import Signal, claims, google_identity, microsoft_tenant
from core.exchange import Exchange

Json = Mapping[str, Any]


def _text(body: Json, *keys: str) -> str | None:
    value: object = body
    for key in keys:
        value = value.get(key) if isinstance(value, dict) else None
    return value[:200] if isinstance(value, str) and value else None


def _microsoft_sign_in(exchange: Exchange, body: Json) -> Signal | None:
    if exchange.host == "login.live.com":
        return Signal(None, "signed in with a consumer account", personal=True)
    for key in ("id_token", "access_token"):
        token = body.get(key)
        found = claims(token) if isinstance(token, str) else None
        if found and (signal := microsoft_tenant(found)):
            return signal._replace(evidence="tenant id in the token of the sign-in")
    return None


def _graph(exchange: Exchange, body: Json) -> Signal | None:
    path = exchange.path.partition("?")[0].rstrip("/")
    if body.get("driveType") == "personal":
        return Signal(
            _text(body, "owner", "user", "id"), "the drive is a personal one", personal=True
        )
    if path.endswith("/organization") and isinstance(body.get("value"), list) and body["value"]:
        tenant = _text(body["value"][0], "id") if isinstance(body["value"][0], dict) else None
        return Signal(tenant, "organisation in the answer", personal=False) if tenant else None
    name = _text(body, "userPrincipalName") if path.endswith("/me") else None
    if name and "@" in name:
        domain = name.rpartition("@")[2].lower()
        return Signal(domain, "domain of the user's sign-in name", domain=domain)
    return None


def _google_sign_in(exchange: Exchange, body: Json) -> Signal | None:
    token = body.get("id_token")
    found = claims(token) if isinstance(token, str) else None
    if found is not None:
        return google_identity(found)
    if b"assertion=" in exchange.body[:65536]:
        form = parse_qs(exchange.body[:65536].decode("ascii", "replace"))
        asserted = claims(form.get("assertion", [""])[0])
        issuer = asserted.get("iss") if asserted else None
        return google_identity({"email": issuer}) if isinstance(issuer, str) else None
    return google_identity(body) if "email" in body or "hd" in body else None


def _google_drive(_exchange: Exchange, body: Json) -> Signal | None:
    email = _text(body, "user", "emailAddress")
    if email is None or "@" not in email:
        return None
    domain = email.rpartition("@")[2].lower()
    personal = domain in {"gmail.com", "googlemail.com"}
    return Signal(
        domain,
        "domain of the drive's user",
        personal=True if personal else None,
        domain=None if personal else domain,
    )


def _dropbox(_exchange: Exchange, body: Json) -> Signal | None:
    team = _text(body, "team", "id") or _text(body, "team_id")
    if team:
        return Signal(team, "team in the account's answer", personal=False)
    kind = _text(body, "account_type", ".tag")
    if kind in {"basic", "pro"}:
        return Signal(_text(body, "account_id"), f"{kind} account without a team", personal=True)
    return None


def _box(_exchange: Exchange, body: Json) -> Signal | None:
    enterprise = _text(body, "enterprise", "id")
    if enterprise:
        return Signal(enterprise, "enterprise in the account's answer", personal=False)
    if body.get("type") == "user" and "enterprise" in body and body["enterprise"] is None:
        return Signal(_text(body, "id"), "user without an enterprise", personal=True)
    return None


def _slack(_exchange: Exchange, body: Json) -> Signal | None:
    team = _text(body, "team_id") or _text(body, "team", "id")
    return Signal(team, "workspace in the answer", personal=False) if team else None


def _notion(_exchange: Exchange, body: Json) -> Signal | None:
    workspace = (
        _text(body, "bot", "workspace_id")
        or _text(body, "workspace_id")
        or _text(body, "bot", "workspace_name")
    )
    return Signal(workspace, "workspace in the answer", personal=False) if workspace else None


def _github(exchange: Exchange, body: Json) -> Signal | None:
    if exchange.path.partition("?")[0].rstrip("/") == "/user":
        login = _text(body, "login")
    else:
        login = _text(body, "owner", "login") if exchange.path.startswith("/gists") else None
    return Signal(login.lower(), "login in the answer") if login else None


LEARNERS: dict[str, Callable[[Exchange, Json], Signal | None]] = {
    "microsoft-login": _microsoft_sign_in,
    "microsoft-graph": _graph,
    "onedrive": _graph,
    "google-login": _google_sign_in,
    "google-drive": _google_drive,
    "dropbox": _dropbox,
    "box": _box,
    "slack": _slack,
    "notion": _notion,
    "github": _github,
    "github-gist": _github,
}
"""Service id → what its answers tell. Adding one is one entry."""
