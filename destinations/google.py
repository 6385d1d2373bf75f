"""Google's clouds: a token names its Workspace domain or project, a path the bucket."""

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote

from core.classification import Category
from core.exchange import Exchange
from destinations.llm.provider import UPLOAD
from destinations.service import (
    NEVER,
    PUT_OR_POST,
    WRITE,
    Keys,
    Llm,
    LlmKind,
    Refusal,
    Service,
    TenantHeader,
    at,
)
from destinations.signals import (
    MAX_ID,
    Json,
    Request,
    Signal,
    assertion,
    claims,
    consumer,
    opaque,
    path_project,
    segment,
    text,
)

_SIGNED_BY = re.compile(r"X-Goog-Credential=([^&]+)", re.IGNORECASE)
_SERVICE_ACCOUNT = re.compile(r"@([a-z][a-z0-9-]{4,28}[a-z0-9])\.iam\.gserviceaccount\.com$")
_BUCKET = re.compile(r"/b/([^/?]+)")
_BUCKET_HOST = ".storage.googleapis.com"
_OF_NO_BUCKET = frozenset({"", "storage", "upload"})
_CONSUMER_DOMAINS = frozenset({"gmail.com", "googlemail.com"})

ALLOWED_DOMAINS = TenantHeader(
    name="X-GoogApps-Allowed-Domains", hosts=("google.com", "*.google.com")
)
ALLOWED_RESOURCES = TenantHeader(
    name="X-Goog-Allowed-Resources",
    hosts=(
        "*.google.com",
        "*.googleapis.com",
        "*.gcr.io",
        "gcr.io",
        "*.pkg.dev",
        "*.cloudfunctions.net",
        "*.run.app",
    ),
)


def identity(found: Mapping[str, Any]) -> Signal | None:
    """Return whose account the claims of an id token, or a user's information, name."""
    domain = found.get("hd")
    if isinstance(domain, str) and domain:
        domain = domain.lower()
        told = "Workspace domain in the id token"
        return Signal(domain[:MAX_ID], told, personal=False, domain=domain)
    email = found.get("email")
    if isinstance(email, str) and "@" in email:
        consumers = Signal(None, "id token without a Workspace domain", personal=True)
        return _project(email, "project of the service account") or consumers
    return None


def _project(service_account: str, evidence: str) -> Signal | None:
    match = _SERVICE_ACCOUNT.search(service_account)
    return Signal(match[1], evidence, personal=False) if match else None


def _bucket(request: Request) -> Signal | None:
    match = _SIGNED_BY.search(request.path)
    if match:
        account = unquote(match[1]).partition("/")[0]
        told = _project(account, "project of the signed URL's service account")
        if told is not None:
            return told
    project = request.headers.get("x-goog-user-project")
    if project:
        return Signal(project[:MAX_ID], "project named in the request")
    match = _BUCKET.search(request.path)
    if match:
        return Signal(unquote(match[1])[:MAX_ID], "bucket in the path")
    if request.host.endswith(_BUCKET_HOST) and not request.host.startswith("storage."):
        return Signal(request.host.removesuffix(_BUCKET_HOST), "bucket in the host name")
    name = segment(request.path)
    return Signal(name, "bucket in the path") if name not in _OF_NO_BUCKET else None


def _asserted(request: Request) -> Signal | None:
    return _service_account(request.body)


def _service_account(body: bytes) -> Signal | None:
    found = assertion(body)
    issuer = found.get("iss") if found else None
    if not isinstance(issuer, str):
        return None
    return _project(issuer, "project of the service account")


def _signed_in(exchange: Exchange, body: Json) -> Signal | None:
    issued = body.get("id_token")
    found = claims(issued) if isinstance(issued, str) else None
    if found is not None:
        return identity(found)
    asserted = assertion(exchange.body)
    if asserted is not None:
        return identity({"email": asserted.get("iss")})
    return identity(body)


def _drive(_exchange: Exchange, body: Json) -> Signal | None:
    email = text(body, "user", "emailAddress")
    if email is None or "@" not in email:
        return None
    domain = email.rpartition("@")[2].lower()
    if domain in _CONSUMER_DOMAINS:
        return Signal(domain, "domain of the drive's user", personal=True)
    return Signal(domain, "domain of the drive's user", domain=domain)


_REGION = r"[a-z0-9-]+"
_APIS = ("www.googleapis.com", "www.mtls.googleapis.com", "content.googleapis.com")
_DRIVE_WRITE = r"(?:POST|PUT|PATCH) /(?:upload|resumable)/|POST /drive/v\d/files|PATCH /drive/"

GOOGLE: tuple[Service, ...] = (
    Service(
        "google",
        "Google Gemini",
        Category.LLM,
        at("generativelanguage.googleapis.com"),
        UPLOAD,
        opaque,
        Refusal.GOOGLE,
        family="google",
        keys=Keys(
            domains=(
                "googleapis.com",
                "google.com",
                "run.app",
                "cloudfunctions.net",
                "firebaseio.com",
                "firebasedatabase.app",
                "gstatic.com",
            ),
            headers=("x-goog-api-key",),
            classes=(("AIza", "api-key"), ("ya29.", "oauth")),
        ),
        project_headers=("x-goog-user-project",),
        llm=Llm(kind=LlmKind.API, prices="google"),
    ),
    Service(
        "google-vertex",
        "Google Vertex AI",
        Category.LLM,
        at(
            "aiplatform.googleapis.com",
            rf"/{_REGION}-aiplatform\.googleapis\.com/",
            rf"/aiplatform\.{_REGION}\.rep\.googleapis\.com/",
        ),
        UPLOAD,
        path_project,
        Refusal.GOOGLE,
        family="google",
        llm=Llm(kind=LlmKind.CLOUD, prices="google"),
    ),
    Service(
        "gemini-web",
        "Gemini",
        Category.LLM,
        at("gemini.google.com", paths=r".*/(?:BardChatUi|upload)")
        + at(
            "aistudio.google.com",
            "alkalimakersuite-pa.clients6.google.com",
            paths=r".*\$rpc/google\.internal\.alkali",
        ),
        UPLOAD,
        opaque,
        Refusal.AS_ASKED,
        family="google",
        llm=Llm(kind=LlmKind.CONSUMER, prices=None),
    ),
    Service(
        "gemini-code-assist",
        "Gemini Code Assist",
        Category.LLM,
        at("cloudcode-pa.googleapis.com"),
        UPLOAD,
        opaque,
        Refusal.GOOGLE,
        family="google",
        llm=Llm(kind=LlmKind.CONSUMER, prices="google"),
    ),
    Service(
        "google-drive",
        "Google Drive",
        Category.CLOUD_STORAGE,
        at(*_APIS, paths=r"/(?:resumable/)?(?:upload/)?drive/"),
        _DRIVE_WRITE,
        opaque,
        Refusal.GOOGLE,
        family="google",
        learn=_drive,
        opens_sessions=True,
    ),
    Service(
        "google-cloud-storage",
        "Google Cloud Storage",
        Category.CLOUD_STORAGE,
        at(*_APIS, paths=r"/(?:resumable/)?(?:upload/)?storage/")
        + at(
            "storage.googleapis.com",
            "storage.mtls.googleapis.com",
            "*.storage.googleapis.com",
            "storage.cloud.google.com",
        ),
        PUT_OR_POST,
        _bucket,
        Refusal.GOOGLE,
        family="google",
        opens_sessions=True,
        tenant_headers=(ALLOWED_RESOURCES,),
    ),
    Service(
        "gmail",
        "Gmail",
        Category.MESSAGING,
        at(*_APIS, "gmail.googleapis.com", paths=r"/(?:upload/)?gmail/"),
        r"POST .*/(?:send|messages|drafts)",
        opaque,
        Refusal.GOOGLE,
        family="google",
    ),
    Service(
        "google-docs",
        "Google Docs",
        Category.CLOUD_STORAGE,
        at("sheets.googleapis.com", "docs.googleapis.com", "slides.googleapis.com"),
        PUT_OR_POST,
        opaque,
        Refusal.GOOGLE,
        family="google",
    ),
    Service(
        "google-photos",
        "Google Photos",
        Category.CLOUD_STORAGE,
        at("photoslibrary.googleapis.com"),
        r"POST .*(?:/uploads|batchCreate)",
        consumer,
        Refusal.GOOGLE,
    ),
    Service(
        "firebase-storage",
        "Firebase Storage",
        Category.CLOUD_STORAGE,
        at("firebasestorage.googleapis.com", "*.firebasestorage.app"),
        PUT_OR_POST,
        _bucket,
        Refusal.GOOGLE,
        family="google",
    ),
    Service(
        "bigquery",
        "BigQuery",
        Category.CLOUD_STORAGE,
        at("bigquery.googleapis.com"),
        PUT_OR_POST,
        path_project,
        Refusal.GOOGLE,
        family="google",
    ),
    Service(
        "google-login",
        "Google sign-in",
        Category.OTHER,
        at(
            "oauth2.googleapis.com",
            "accounts.google.com",
            "sts.googleapis.com",
            "openidconnect.googleapis.com",
        ),
        NEVER,
        _asserted,
        Refusal.AS_ASKED,
        family="google",
        learn=_signed_in,
        tenant_headers=(ALLOWED_DOMAINS,),
    ),
    Service(
        "google-chat",
        "Google Chat",
        Category.WEBHOOK,
        at("chat.googleapis.com", paths=r"/v1/spaces/[^/]+/messages"),
        WRITE,
        opaque,
        Refusal.GOOGLE,
        family="google",
    ),
)
