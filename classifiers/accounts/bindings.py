"""What answers told of accounts, kept for later requests: token → account, upload session → account. Never a token itself."""

import re
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from threading import Lock
from typing import Any
from urllib.parse import parse_qs

import orjson

from classifiers.accounts.judge import judge
from classifiers.accounts.models import FAMILIES
from classifiers.accounts.services import service_at
from classifiers.accounts.signals import Signal, claims, google_identity, microsoft_tenant
from classifiers.llm.identity import credential
from core.classification import Account, Destination
from core.exchange import Answer, Exchange
from core.fingerprint import Fingerprinter
from core.organisation import Organisation

MAX_BINDINGS = 10_000
_MAX_BODY = 256 * 1024
_UPLOAD_ID = re.compile(r"[?&]upload_id=([^&]+)")
_NO_ORGANISATION = Organisation()
Json = Mapping[str, Any]


class Bindings:
    """A bounded memory from keyed fingerprints of tokens and upload sessions to account signals.

    Safe to call from several threads. The least recently used binding is dropped first.
    """

    __slots__ = ("_fingerprinter", "_limit", "_lock", "_signals")

    def __init__(self, fingerprinter: Fingerprinter, limit: int = MAX_BINDINGS) -> None:
        self._fingerprinter = fingerprinter
        self._limit = limit
        self._lock = Lock()
        self._signals: OrderedDict[str, Signal] = OrderedDict()

    def __len__(self) -> int:
        return len(self._signals)

    def __repr__(self) -> str:
        return f"<Bindings {len(self._signals)}>"

    def fingerprint(self, token: str) -> str:
        """Return the fingerprint under which the organisation lists its own keys."""
        return self._fingerprinter.of("secret", token)

    def of_token(self, token: str) -> Signal | None:
        """Return what was learnt of this token."""
        return self._get(self._fingerprinter.of("binding-token", token))

    def of_session(self, host: str, path: str) -> Signal | None:
        """Return the account that opened this upload session."""
        return self._get(self._fingerprinter.of("binding-session", _session_key(host, path)))

    def bind_token(self, token: str, signal: Signal) -> None:
        """Remember the account of a token."""
        self._put(self._fingerprinter.of("binding-token", token), signal)

    def bind_session(self, url: str, signal: Signal) -> None:
        """Remember which account opened an upload session."""
        rest = url.partition("://")[2]
        host, slash, path = rest.partition("/")
        if slash:
            key = _session_key(host.partition(":")[0].lower(), "/" + path)
            self._put(self._fingerprinter.of("binding-session", key), signal)

    def _get(self, key: str) -> Signal | None:
        with self._lock:
            found = self._signals.get(key)
            if found is not None:
                self._signals.move_to_end(key)
            return found

    def _put(self, key: str, signal: Signal) -> None:
        with self._lock:
            self._signals[key] = signal
            self._signals.move_to_end(key)
            while len(self._signals) > self._limit:
                self._signals.popitem(last=False)

    def learn(
        self,
        exchange: Exchange,
        answer: Answer,
        destination: Destination,
        organisation: Organisation = _NO_ORGANISATION,
    ) -> Account | None:
        """Learn from an answer; return the account when the answer told more than the request, else None.

        Only what the service itself states in a successful answer binds a token.
        """
        if answer.status is None or not 200 <= answer.status < 400:
            return None
        headers = dict(reversed(exchange.headers))
        token = credential(headers, exchange.path)
        service = destination.service or ""
        learnt = self._learnt(service, exchange, answer, token)
        opened = learnt or _signal_of(destination.account)
        for url in _session_urls(answer):
            host, _, path = url.partition("://")[2].partition("/")
            if opened is not None and service_at(host.lower(), "/" + path) is not None:
                self.bind_session(url, opened)
        return None if learnt is None else judge(learnt, service, _family(exchange, service), organisation)

    def _learnt(self, service: str, exchange: Exchange, answer: Answer, token: str | None) -> Signal | None:
        stated = _from_headers(answer)
        if stated is None:
            learner = _LEARNERS.get(service)
            body = _json(answer) if learner is not None else None
            if learner is None or body is None:
                return None
            stated = learner(exchange, body)
            issued = body.get("access_token")
            if stated is not None and isinstance(issued, str) and issued:
                self.bind_token(issued, stated)
                return stated
        if stated is not None and token:
            self.bind_token(token, stated)
        return stated


def _family(exchange: Exchange, service: str) -> str | None:
    if service in FAMILIES:
        return FAMILIES[service]
    found = service_at(exchange.host, exchange.path)
    return found.family if found else None


def _session_key(host: str, path: str) -> str:
    match = _UPLOAD_ID.search(path)
    return f"upload_id:{match[1]}" if match else f"{host}{path.partition('?')[0]}"


def _signal_of(account: Account) -> Signal | None:
    if account.id is None and account.kind.value == "unknown":
        return None
    personal = True if account.kind.value == "personal" else False if account.kind.value == "other_tenant" else None
    return Signal(account.id, "upload session opened with: " + (account.evidence or "that account"), personal)


def _from_headers(answer: Answer) -> Signal | None:
    for name in ("openai-organization", "anthropic-organization-id"):
        value = answer.header(name)
        if value:
            return Signal(value[:200], "organisation named in the answer", personal=False)
    return None


def _json(answer: Answer) -> Json | None:
    if (
        not answer.body
        or len(answer.body) > _MAX_BODY
        or answer.header("content-encoding") not in {None, "identity", ""}
    ):
        return None
    try:
        found = orjson.loads(answer.body)
    except orjson.JSONDecodeError:
        return None
    return found if isinstance(found, dict) else None


def _session_urls(answer: Answer) -> Iterator[str]:
    """Yield the upload session URLs that an answer hands out."""
    location = answer.header("location")
    if location and ("upload_id=" in location or "upload" in location.lower()):
        yield location
    body = _json(answer)
    for key in ("uploadUrl", "upload_url", "session_endpoints"):
        value = body.get(key) if body else None
        if isinstance(value, str):
            yield value
        elif isinstance(value, dict):
            yield from (v for v in value.values() if isinstance(v, str))


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
        return Signal(_text(body, "owner", "user", "id"), "the drive is a personal one", personal=True)
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
        domain, "domain of the drive's user", personal=True if personal else None, domain=None if personal else domain
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
        _text(body, "bot", "workspace_id") or _text(body, "workspace_id") or _text(body, "bot", "workspace_name")
    )
    return Signal(workspace, "workspace in the answer", personal=False) if workspace else None


def _github(exchange: Exchange, body: Json) -> Signal | None:
    if exchange.path.partition("?")[0].rstrip("/") == "/user":
        login = _text(body, "login")
    else:
        login = _text(body, "owner", "login") if exchange.path.startswith("/gists") else None
    return Signal(login.lower(), "login in the answer") if login else None


_LEARNERS: dict[str, Callable[[Exchange, Json], Signal | None]] = {
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
