"""Reads from one request whose account of a service it uses. Evidence, not proof: no signature is checked here."""

import base64
import binascii
import re
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple
from urllib.parse import parse_qs, unquote

import orjson

CONSUMER_TENANT = "9188040d-6c67-4c5b-b112-36a304b66dad"
"""The tenant of all personal Microsoft accounts."""
_AWS_CREDENTIAL = re.compile(r"Credential=([A-Z0-9]{16,32})(?:/|%2F)")
_AWS_QUERY = re.compile(r"X-Amz-Credential=([A-Z0-9]{16,32})(?:/|%2F)", re.IGNORECASE)
_GCS_CREDENTIAL = re.compile(r"X-Goog-Credential=([^&]+)", re.IGNORECASE)
_SERVICE_ACCOUNT = re.compile(r"@([a-z][a-z0-9-]{4,28}[a-z0-9])\.iam\.gserviceaccount\.com$")
_S3_HOST = re.compile(r"^(.+)\.s3(?:[.-]|$)")
_SKTID = re.compile(r"[?&]sktid=([0-9a-fA-F-]{36})")
_OWNER_IN_PATH = re.compile(r"/(?:repos|orgs|users)/([^/?]+)")
_PROJECT_IN_PATH = re.compile(r"/projects/([^/?]+)")
_TELEGRAM_BOT = re.compile(r"/(?:file/)?bot(\d+):")
_MAX_FORM = 64 * 1024


class Signal(NamedTuple):
    """What a request tells of the account."""

    id: str | None
    evidence: str
    personal: bool | None = None
    """True when the account is a consumer's, False when it is an organisation's, None when this does not tell."""
    domain: str | None = None
    """The organisation's domain, where the account is known by it."""
    also: str | None = None
    """A second id that makes the account the organisation's when it lists it, such as a bucket."""


class Request(NamedTuple):
    """What readers look at. Holds payload: never log it."""

    host: str
    path: str
    headers: Mapping[str, str]
    body: bytes

    def __repr__(self) -> str:
        return f"<Request {len(self.headers)} headers, {len(self.body)} bytes>"

    @property
    def bearer(self) -> str | None:
        """The bearer token, or None."""
        value = self.headers.get("authorization", "")
        return value[7:].strip() if value[:7].lower() == "bearer " else None


Reader = Callable[[Request], Signal | None]


def claims(token: str) -> dict[str, Any] | None:
    """Return the claims of a JWT (unverified), or None when it is no JWT."""
    parts = token.split(".")
    if len(parts) != 3 or not token.startswith("eyJ") or len(token) > 32_768:
        return None
    try:
        found = orjson.loads(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
    except (binascii.Error, ValueError):
        return None
    return found if isinstance(found, dict) else None


def aws_account(key_id: str) -> str | None:
    """Return the 12-digit account that an AWS access key id encodes (keys issued since about 2019), or None."""
    if len(key_id) != 20 or not key_id.startswith(("AKIA", "ASIA", "AIDA", "AROA")):
        return None
    try:
        raw = base64.b32decode(key_id[4:])
    except (binascii.Error, ValueError):
        return None
    number = (int.from_bytes(raw[:6]) & 0x7FFFFFFFFF80) >> 7
    return f"{number:012d}" if 0 < number < 10**12 else None


def microsoft_tenant(found: Mapping[str, Any]) -> Signal | None:
    """Return the signal in the claims of a Microsoft token."""
    tenant = found.get("tid")
    if not isinstance(tenant, str) or len(tenant) != 36:
        return None
    tenant = tenant.lower()
    if tenant == CONSUMER_TENANT:
        return Signal(tenant, "consumer tenant id in the token", personal=True)
    return Signal(tenant, "tenant id in the token", personal=False)


def google_identity(found: Mapping[str, Any]) -> Signal | None:
    """Return the signal in the claims of a Google id token or user info."""
    domain = found.get("hd")
    if isinstance(domain, str) and domain:
        return Signal(
            domain.lower()[:200],
            "Workspace domain in the id token",
            personal=False,
            domain=domain.lower(),
        )
    email = found.get("email")
    if isinstance(email, str) and "@" in email:
        project = _SERVICE_ACCOUNT.search(email)
        if project:
            return Signal(project[1], "project of the service account", personal=False)
        return Signal(None, "id token without a Workspace domain", personal=True)
    return None


def _microsoft_token(request: Request) -> Signal | None:
    token = request.bearer
    found = claims(token) if token else None
    return microsoft_tenant(found) if found else None


def _microsoft_tenant_path(request: Request) -> Signal | None:
    tenant = request.path.split("?")[0].split("/")[1:2]
    name = tenant[0].lower() if tenant else ""
    if name == "consumers" or name == CONSUMER_TENANT:
        return Signal(CONSUMER_TENANT, "sign-in for consumer accounts", personal=True)
    if name in {"", "common", "organizations"} or not re.fullmatch(r"[0-9a-z.-]{4,255}", name):
        return None
    return Signal(
        name, "tenant in the sign-in path", personal=False, domain=name if "." in name else None
    )


def _sharepoint_host(request: Request) -> Signal | None:
    label = request.host.split(".")[0]
    return Signal(
        label.removesuffix("-my").removesuffix("-admin"), "tenant in the host name", personal=False
    )


def _azure_storage(request: Request) -> Signal | None:
    match = _SKTID.search(request.path)
    if match:
        return Signal(match[1].lower(), "tenant id in the signed URL", personal=False)
    found = _microsoft_token(request)
    return found or Signal(request.host.split(".")[0], "storage account in the host name")


def _gcs_request(request: Request) -> Signal | None:
    match = _GCS_CREDENTIAL.search(request.path)
    if match and (project := _SERVICE_ACCOUNT.search(unquote(match[1]).split("/")[0])):
        return Signal(project[1], "project of the signed URL's service account", personal=False)
    project_header = request.headers.get("x-goog-user-project")
    if project_header:
        return Signal(project_header[:200], "project named in the request")
    bucket = re.search(r"/b/([^/?]+)", request.path)
    if bucket:
        return Signal(unquote(bucket[1])[:200], "bucket in the path")
    if request.host.endswith(".storage.googleapis.com") and not request.host.startswith("storage."):
        return Signal(
            request.host.removesuffix(".storage.googleapis.com"), "bucket in the host name"
        )
    name = request.path.split("?")[0].split("/")[1:2]
    return (
        Signal(unquote(name[0])[:200], "bucket in the path")
        if name and name[0] not in {"", "storage", "upload"}
        else None
    )


def _google_project(request: Request) -> Signal | None:
    match = _PROJECT_IN_PATH.search(request.path)
    return Signal(match[1][:200], "project in the path", personal=False) if match else None


def _google_assertion(request: Request) -> Signal | None:
    if b"assertion=" not in request.body[:_MAX_FORM]:
        return None
    form = parse_qs(request.body[:_MAX_FORM].decode("ascii", "replace"))
    found = claims(form.get("assertion", [""])[0])
    issuer = found.get("iss") if found else None
    project = _SERVICE_ACCOUNT.search(issuer) if isinstance(issuer, str) else None
    return Signal(project[1], "project of the service account", personal=False) if project else None


def _aws_caller(request: Request) -> Signal | None:
    match = _AWS_CREDENTIAL.search(request.headers.get("authorization", "")) or _AWS_QUERY.search(
        request.path
    )
    account = aws_account(match[1]) if match else None
    return Signal(account, "account id in the access key id", personal=False) if account else None


def _s3_request(request: Request) -> Signal | None:
    caller = _aws_caller(request)
    match = _S3_HOST.match(request.host)
    name = request.path.split("?")[0].split("/")[1:2]
    bucket = match[1] if match else unquote(name[0])[:200] if name and name[0] else None
    if caller is not None:
        return caller._replace(also=bucket)
    return (
        Signal(bucket, "bucket in the host name" if match else "bucket in the path")
        if bucket
        else None
    )


def _dropbox_request(request: Request) -> Signal | None:
    member = request.headers.get("dropbox-api-select-user") or request.headers.get(
        "dropbox-api-select-admin"
    )
    return Signal(None, "team app acting for a member", personal=False) if member else None


def _box_request(request: Request) -> Signal | None:
    if b"assertion=" not in request.body[:_MAX_FORM]:
        return None
    form = parse_qs(request.body[:_MAX_FORM].decode("ascii", "replace"))
    found = claims(form.get("assertion", [""])[0])
    if found and found.get("box_sub_type") == "enterprise" and isinstance(found.get("sub"), str):
        return Signal(found["sub"][:200], "enterprise id in the sign-in assertion", personal=False)
    return None


def _host_label(request: Request) -> Signal | None:
    return Signal(request.host.split(".")[0], "account in the host name")


def _first_segment(request: Request) -> Signal | None:
    name = request.path.split("?")[0].split("/")[1:2]
    return (
        Signal(unquote(name[0])[:200], "owner in the path")
        if name and name[0] and name[0] != "api"
        else None
    )


def _github_path(request: Request) -> Signal | None:
    match = _OWNER_IN_PATH.match(request.path)
    if match:
        return Signal(match[1].lower()[:100], "owner in the path")
    if not request.host.startswith("api."):
        parts = request.path.split("?")[0].split("/")
        if len(parts) > 2 and parts[1] and parts[1] not in {"login", "settings", "repos"}:
            return Signal(parts[1].lower()[:100], "owner in the path")
    return None


def _gitlab_path(request: Request) -> Signal | None:
    match = re.match(r"/api/v4/(?:projects|groups)/([^/?]+)", request.path)
    if match:
        owner = unquote(match[1]).split("/")[0]
        return None if owner.isdecimal() else Signal(owner[:100], "group in the path")
    return _first_segment(request)


def _bitbucket_path(request: Request) -> Signal | None:
    match = re.match(r"/2\.0/(?:repositories|workspaces)/([^/?]+)", request.path)
    return Signal(match[1][:100], "workspace in the path") if match else _first_segment(request)


def _huggingface_path(request: Request) -> Signal | None:
    match = re.match(r"/(?:api/)?(?:models/|datasets/|spaces/)?([\w.-]+)/[\w.-]+", request.path)
    return (
        Signal(match[1][:100], "owner in the path")
        if match and match[1] not in {"api", "repos"}
        else None
    )


def _telegram_bot(request: Request) -> Signal | None:
    match = _TELEGRAM_BOT.match(request.path)
    return Signal(match[1], "bot id in the path") if match else None


def _slack_webhook(request: Request) -> Signal | None:
    match = re.match(r"/(?:services|workflows|triggers)/([TE][A-Z0-9]{6,14})/", request.path)
    return Signal(match[1], "workspace in the webhook's path") if match else None


def _discord_webhook(request: Request) -> Signal | None:
    match = re.search(r"/webhooks/(\d{5,25})", request.path)
    return Signal(match[1], "webhook id in the path") if match else None


def _twilio_account(request: Request) -> Signal | None:
    match = re.search(r"/Accounts/(AC[0-9a-f]{32})", request.path)
    return Signal(match[1], "account id in the path") if match else None


def _bound_only(_request: Request) -> Signal | None:
    return None


READERS: dict[str, Reader] = {
    "microsoft_token": _microsoft_token,
    "microsoft_tenant_path": _microsoft_tenant_path,
    "sharepoint_host": _sharepoint_host,
    "azure_storage": _azure_storage,
    "gcs_request": _gcs_request,
    "google_project": _google_project,
    "google_assertion": _google_assertion,
    "aws_caller": _aws_caller,
    "s3_request": _s3_request,
    "dropbox_request": _dropbox_request,
    "box_request": _box_request,
    "host_label": _host_label,
    "first_segment": _first_segment,
    "github_path": _github_path,
    "gitlab_path": _gitlab_path,
    "bitbucket_path": _bitbucket_path,
    "huggingface_path": _huggingface_path,
    "telegram_bot": _telegram_bot,
    "slack_webhook": _slack_webhook,
    "discord_webhook": _discord_webhook,
    "twilio_account": _twilio_account,
    "bound_only": _bound_only,
}
