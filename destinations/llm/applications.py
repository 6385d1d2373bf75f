"""Applications for people, with a model behind them: chats on the web, assistants in editors."""

import re

from core.classification import AccountKind, Category
from destinations.llm.provider import UPLOAD
from destinations.service import Llm, LlmKind, Refusal, Service, Site, TenantHeader, at
from destinations.signals import MAX_ID, Reader, Request, Signal, opaque

_UUID = r"[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}"
_CLAUDE_ORGANISATION = re.compile(rf"/api/(?:organizations/)?({_UUID})/")
_COPILOT_PLAN = re.compile(r"(?:api|proxy)\.(individual|business|enterprise)\.githubcopilot\.com")
_WORKSPACE = "chatgpt-account-id"

ALLOWED_WORKSPACE = TenantHeader(
    name="ChatGPT-Allowed-Workspace-Id",
    hosts=("chatgpt.com", "chat.openai.com", "*.openai.com"),
)


def _chatgpt(request: Request) -> Signal | None:
    if request.path.startswith("/backend-anon/"):
        return Signal(None, "used without an account", nature=AccountKind.ANONYMOUS)
    workspace = request.headers.get(_WORKSPACE)
    return Signal(workspace[:MAX_ID], "workspace named in the request") if workspace else None


def _claude(request: Request) -> Signal | None:
    match = _CLAUDE_ORGANISATION.match(request.path)
    return Signal(match[1].lower(), "organisation id in the path") if match else None


def _copilot(request: Request) -> Signal | None:
    plan = _COPILOT_PLAN.fullmatch(request.host)
    if plan is None:
        return None
    return Signal(None, f"host of the {plan[1]} plan", personal=plan[1] == "individual")


def _application(
    service_id: str,
    name: str,
    sites: tuple[Site, ...],
    account: Reader = opaque,
    *,
    refusal: Refusal = Refusal.AS_ASKED,
    prices: str | None = None,
    family: str | None = None,
    aliases: tuple[str, ...] = (),
    organisation_headers: tuple[str, ...] = (),
    tenant_headers: tuple[TenantHeader, ...] = (),
) -> Service:
    return Service(
        service_id,
        name,
        Category.LLM,
        sites,
        UPLOAD,
        account,
        refusal,
        family=family,
        aliases=aliases,
        organisation_headers=organisation_headers,
        tenant_headers=tenant_headers,
        llm=Llm(kind=LlmKind.CONSUMER, prices=prices),
    )


APPLICATIONS: tuple[Service, ...] = (
    _application(
        "chatgpt-web",
        "ChatGPT",
        at(
            "chatgpt.com",
            "chat.openai.com",
            paths=r"/(?:backend-api|backend-anon)/(?:f/)?"
            r"(?:conversation|codex|files|sentinel|lat|me)",
        ),
        _chatgpt,
        family="openai",
        aliases=("chatgpt",),
        organisation_headers=(_WORKSPACE,),
        tenant_headers=(ALLOWED_WORKSPACE,),
    ),
    _application(
        "claude-web",
        "Claude",
        at("claude.ai", paths=r"/api/(?:organizations/|[0-9a-f-]{36}/upload)"),
        _claude,
        family="anthropic",
    ),
    _application(
        "github-copilot",
        "GitHub Copilot",
        at(
            "api.githubcopilot.com",
            r"/(?:api|proxy)\.(?:individual|business|enterprise)\.githubcopilot\.com/",
            "copilot-proxy.githubusercontent.com",
        ),
        _copilot,
        refusal=Refusal.OPENAI,
        prices="github-copilot",
        family="github",
    ),
    _application(
        "cursor",
        "Cursor",
        at(
            "api2.cursor.sh",
            "api3.cursor.sh",
            "api4.cursor.sh",
            "*.api.cursor.sh",
            paths=r"/(?:aiserver|agent)\.",
        ),
        prices="cursor",
    ),
    _application(
        "windsurf-codeium",
        "Windsurf",
        at(
            "server.codeium.com",
            "inference.codeium.com",
            "server.self-serve.windsurf.com",
            paths=r"/exa\.",
        ),
    ),
    _application(
        "perplexity-web",
        "Perplexity",
        at("www.perplexity.ai", paths=r"/rest/sse/perplexity_ask"),
    ),
    _application(
        "deepseek-web",
        "DeepSeek chat",
        at("chat.deepseek.com", paths=r"/api/v0/(?:chat|file)"),
    ),
    _application(
        "mistral-web",
        "Mistral Le Chat",
        at("chat.mistral.ai", paths=r"/api/(?:chat|trpc)"),
    ),
    _application("grok-web", "Grok", at("grok.com", paths=r"/rest/app-chat/")),
)
