"""Microsoft's clouds: a token names its tenant, a path or host the tenant or the account."""

import re
from collections.abc import Mapping
from typing import Any

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
    Json,
    Request,
    Signal,
    claims,
    consumer,
    first_label,
    opaque,
    path_owner,
    segment,
    text,
)

CONSUMER_TENANT = "9188040d-6c67-4c5b-b112-36a304b66dad"
"""The tenant of all personal Microsoft accounts."""
_CONSUMER_SIGN_IN = "login.live.com"
_SIGN_IN = ("login.microsoftonline.com", "login.microsoft.com", "login.windows.net")
_SIGNED_BY_TENANT = re.compile(r"[?&]sktid=([0-9a-fA-F-]{36})")
_TENANT = re.compile(r"[0-9a-z.-]{4,255}")
_OF_NO_TENANT = frozenset({"", "common", "organizations"})

RESTRICT_TENANTS = TenantHeader(name="Restrict-Access-To-Tenants", hosts=_SIGN_IN)
RESTRICT_CONTEXT = TenantHeader(
    name="Restrict-Access-Context", hosts=(*_SIGN_IN, _CONSUMER_SIGN_IN)
)
RESTRICT_BY_POLICY = TenantHeader(
    name="sec-Restrict-Tenant-Access-Policy", hosts=(*_SIGN_IN, _CONSUMER_SIGN_IN)
)
RESTRICT_CONSUMERS = TenantHeader(
    name="sec-Restrict-Tenant-Access-Policy", hosts=(_CONSUMER_SIGN_IN,)
)
"""The same name has another value, and another meaning, at the consumers' own sign-in."""


def tenant_in(found: Mapping[str, Any]) -> Signal | None:
    """Return the tenant that the claims of a token name, or None."""
    tenant = found.get("tid")
    if not isinstance(tenant, str) or len(tenant) != 36:
        return None
    tenant = tenant.lower()
    if tenant == CONSUMER_TENANT:
        return Signal(tenant, "consumer tenant id in the token", personal=True)
    return Signal(tenant, "tenant id in the token", personal=False)


def _tenant_of_token(request: Request) -> Signal | None:
    found = claims(request.bearer or "")
    return tenant_in(found) if found else None


def token(request: Request) -> Signal | None:
    """The tenant in the token. Tokens of consumers are often opaque, but not they alone."""
    told = _tenant_of_token(request)
    if told is None and request.bearer:
        return Signal(None, "opaque token: often a personal account, but no proof")
    return told


def tenant_or_resource(request: Request) -> Signal | None:
    """The tenant in the token, and the resource in the host name; that alone without a tenant."""
    resource = first_label(request.host)
    told = _tenant_of_token(request)
    if told is not None:
        return told._replace(also=resource)
    return Signal(resource, "account in the host name")


def _sign_in(request: Request) -> Signal | None:
    if request.host == _CONSUMER_SIGN_IN:
        return consumer(request)
    name = segment(request.path).lower()
    if name in {"consumers", CONSUMER_TENANT}:
        return Signal(CONSUMER_TENANT, "sign-in for consumer accounts", personal=True)
    if name in _OF_NO_TENANT or not _TENANT.fullmatch(name):
        return None
    domain = name if "." in name else None
    return Signal(name, "tenant in the sign-in path", personal=False, domain=domain)


def _sharepoint(request: Request) -> Signal | None:
    tenant = first_label(request.host).removesuffix("-my").removesuffix("-admin")
    return Signal(tenant, "tenant in the host name", personal=False)


def _storage(request: Request) -> Signal | None:
    match = _SIGNED_BY_TENANT.search(request.path)
    if match:
        return Signal(match[1].lower(), "tenant id in the signed URL", personal=False)
    told = _tenant_of_token(request)
    return told or Signal(first_label(request.host), "storage account in the host name")


def _devops(request: Request) -> Signal | None:
    return path_owner(request) or token(request)


def _signed_in(exchange: Exchange, body: Json) -> Signal | None:
    if exchange.host == _CONSUMER_SIGN_IN:
        return Signal(None, "signed in with a consumer account", personal=True)
    for key in ("id_token", "access_token"):
        issued = body.get(key)
        found = claims(issued) if isinstance(issued, str) else None
        told = tenant_in(found) if found else None
        if told is not None:
            return told._replace(evidence="tenant id in the token of the sign-in")
    return None


def _graph(exchange: Exchange, body: Json) -> Signal | None:
    path = exchange.path.partition("?")[0].rstrip("/")
    if body.get("driveType") == "personal":
        owner = text(body, "owner", "user", "id")
        return Signal(owner, "the drive is a personal one", personal=True)
    if path.endswith("/organization"):
        return _organisation(body)
    name = text(body, "userPrincipalName") if path.endswith("/me") else None
    if name and "@" in name:
        domain = name.rpartition("@")[2].lower()
        return Signal(domain, "domain of the user's sign-in name", domain=domain)
    return None


def _organisation(body: Json) -> Signal | None:
    listed = body.get("value")
    first = listed[0] if isinstance(listed, list) and listed else None
    tenant = text(first, "id") if isinstance(first, dict) else None
    return Signal(tenant, "organisation in the answer", personal=False) if tenant else None


_GRAPH_HOSTS = ("graph.microsoft.com", "graph.microsoft.us", "microsoftgraph.chinacloudapi.cn")
_VERSION = r"/(?:v1\.0|beta)/"
_DRIVES = r"(?:me/drives?\b|drives?\b|sites/|users/[^/]+/drive|groups/[^/]+/drive|shares/)"
_TO_DRIVES = r"PUT |POST .*/(?:createUploadSession|content|children)$|PATCH "
_MAIL = r"(?:me|users/[^/]+)/(?:sendMail|messages|mailFolders)"
_CHATS = r"(?:teams|chats|me/chats)"
_TO_SHAREPOINT = (
    r"PUT |PATCH |POST .*/"
    r"(?:[Aa]dd\b|AddUsingPath|createUploadSession|StartUpload|ContinueUpload|FinishUpload)"
)
_AZURE_MODELS = r"/(?:[\w.-]+/)*(?:openai|models|anthropic|voice-live|chat/completions)(?:/|$|\?)"
_KEY_DOMAINS = (
    "azure.com",
    "windows.net",
    "microsoftonline.com",
    "microsoft.com",
    "azure-api.net",
    "azurewebsites.net",
    "azure.net",
    "azure.cn",
    "azconfig.io",
    "office.com",
    "office365.com",
    "sharepoint.com",
    "live.com",
    "1drv.com",
    "botframework.com",
    "azure.us",
    "windows.com",
    "dynamics.com",
)

MICROSOFT: tuple[Service, ...] = (
    Service(
        "azure",
        "Azure OpenAI",
        Category.LLM,
        at(
            "*.openai.azure.com",
            "*.openai.azure.us",
            "*.services.ai.azure.com",
            "*.models.ai.azure.com",
            "models.inference.ai.azure.com",
            "*.inference.ml.azure.com",
        )
        + at(
            "*.cognitiveservices.azure.com",
            "*.api.cognitive.microsoft.com",
            "*.azure-api.net",
            paths=_AZURE_MODELS,
        ),
        UPLOAD,
        tenant_or_resource,
        Refusal.OPENAI,
        family="microsoft",
        keys=Keys(
            domains=_KEY_DOMAINS,
            headers=("api-key", "ocp-apim-subscription-key", "x-functions-key"),
        ),
        llm=Llm(kind=LlmKind.CLOUD, prices="azure", usage_on_request=True),
    ),
    Service(
        "m365-copilot",
        "Microsoft 365 Copilot",
        Category.LLM,
        at("substrate.office.com", paths=r"/m365Copilot/")
        + at("copilot.microsoft.com", "sydney.bing.com", paths=r"/(?:c/api/|sydney|turing/)"),
        UPLOAD,
        opaque,
        Refusal.AS_ASKED,
        family="microsoft",
        llm=Llm(kind=LlmKind.CONSUMER, prices=None),
    ),
    Service(
        "onedrive",
        "OneDrive",
        Category.CLOUD_STORAGE,
        at(*_GRAPH_HOSTS, paths=_VERSION + _DRIVES),
        _TO_DRIVES,
        token,
        Refusal.GRAPH,
        family="microsoft",
        learn=_graph,
        opens_sessions=True,
    ),
    Service(
        "outlook",
        "Outlook",
        Category.MESSAGING,
        at(*_GRAPH_HOSTS, paths=_VERSION + _MAIL),
        r"(?:POST|PATCH) ",
        token,
        Refusal.GRAPH,
        family="microsoft",
    ),
    Service(
        "microsoft-teams",
        "Microsoft Teams",
        Category.MESSAGING,
        at(*_GRAPH_HOSTS, paths=_VERSION + _CHATS),
        WRITE,
        token,
        Refusal.GRAPH,
        family="microsoft",
        keys=Keys(domains=("office.com", *_GRAPH_HOSTS)),
    ),
    Service(
        "microsoft-graph",
        "Microsoft Graph",
        Category.OTHER,
        at(*_GRAPH_HOSTS),
        NEVER,
        token,
        Refusal.GRAPH,
        family="microsoft",
        learn=_graph,
        opens_sessions=True,
    ),
    Service(
        "onedrive-personal",
        "OneDrive",
        Category.CLOUD_STORAGE,
        at(
            "api.onedrive.com",
            "*.files.1drv.com",
            "*.up.1drv.com",
            "my.microsoftpersonalcontent.com",
            "*.microsoftpersonalcontent.com",
            "onedrive.live.com",
            "*.storage.live.com",
        ),
        WRITE,
        consumer,
        Refusal.GRAPH,
        family="microsoft",
    ),
    Service(
        "microsoft-login",
        "Microsoft sign-in",
        Category.OTHER,
        at(*_SIGN_IN, "login.microsoftonline.us", _CONSUMER_SIGN_IN),
        NEVER,
        _sign_in,
        Refusal.AS_ASKED,
        family="microsoft",
        learn=_signed_in,
        tenant_headers=(RESTRICT_TENANTS, RESTRICT_CONTEXT, RESTRICT_BY_POLICY, RESTRICT_CONSUMERS),
    ),
    Service(
        "sharepoint",
        "SharePoint",
        Category.CLOUD_STORAGE,
        at("*.sharepoint.com", "*.sharepoint.us", "*.sharepoint.cn"),
        _TO_SHAREPOINT,
        _sharepoint,
        Refusal.GRAPH,
        family="microsoft",
        opens_sessions=True,
    ),
    Service(
        "azure-blob",
        "Azure Blob Storage",
        Category.CLOUD_STORAGE,
        at(
            "*.blob.core.windows.net",
            "*.dfs.core.windows.net",
            "*.file.core.windows.net",
            "*.blob.core.usgovcloudapi.net",
            "*.blob.core.chinacloudapi.cn",
        ),
        r"PUT |PATCH ",
        _storage,
        Refusal.OBJECT_STORE,
        family="microsoft",
    ),
    Service(
        "azure-queue",
        "Azure Queue Storage",
        Category.MESSAGING,
        at("*.queue.core.windows.net", "*.servicebus.windows.net"),
        PUT_OR_POST,
        _storage,
        Refusal.AS_ASKED,
        family="microsoft",
    ),
    Service(
        "power-automate",
        "Power Automate",
        Category.WEBHOOK,
        at("*.logic.azure.com", "*.powerplatform.com"),
        WRITE,
        opaque,
        Refusal.AS_ASKED,
    ),
    Service(
        "teams-webhook",
        "Microsoft Teams webhook",
        Category.WEBHOOK,
        at("*.webhook.office.com"),
        WRITE,
        opaque,
        Refusal.AS_ASKED,
        hidden=r"/(?:webhookb2|webhook)/(.+)",
    ),
    Service(
        "azure-devops",
        "Azure DevOps",
        Category.CODE_HOST,
        at("dev.azure.com", "*.visualstudio.com"),
        WRITE,
        _devops,
        Refusal.AS_ASKED,
        family="microsoft",
        keys=Keys(domains=("dev.azure.com", "visualstudio.com")),
    ),
)
