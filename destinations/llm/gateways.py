"""Gateways in front of models of several providers. Some hand on the provider's own key."""

from core.classification import Category
from destinations.llm.clouds import cloudflare_account
from destinations.llm.provider import UPLOAD, api
from destinations.service import Keys, Llm, LlmKind, Refusal, Service, Site, at
from destinations.signals import Reader, opaque

GATEWAY, AS_ASKED, OPENAI = LlmKind.GATEWAY, Refusal.AS_ASKED, Refusal.OPENAI


def _handing_on(
    service_id: str,
    name: str,
    sites: tuple[Site, ...],
    account: Reader,
    *,
    domain: str,
    headers: tuple[str, ...] = (),
) -> Service:
    return Service(
        service_id,
        name,
        Category.LLM,
        sites,
        UPLOAD,
        account,
        AS_ASKED,
        keys=Keys(domains=(domain,), headers=headers),
        llm=Llm(kind=GATEWAY, prices=None, hands_on_keys=True),
    )


GATEWAYS: tuple[Service, ...] = (
    _handing_on(
        "cloudflare-ai-gateway",
        "Cloudflare AI Gateway",
        at("gateway.ai.cloudflare.com"),
        cloudflare_account,
        domain="gateway.ai.cloudflare.com",
    ),
    _handing_on(
        "vercel-ai-gateway",
        "Vercel AI Gateway",
        at("ai-gateway.vercel.sh"),
        opaque,
        domain="ai-gateway.vercel.sh",
    ),
    _handing_on(
        "portkey",
        "Portkey",
        at("api.portkey.ai"),
        opaque,
        domain="api.portkey.ai",
        headers=("x-portkey-api-key",),
    ),
    _handing_on(
        "helicone",
        "Helicone",
        at(
            "ai-gateway.helicone.ai",
            "oai.helicone.ai",
            "anthropic.helicone.ai",
            "gateway.helicone.ai",
        ),
        opaque,
        domain="helicone.ai",
        headers=("helicone-auth",),
    ),
    api(
        "openrouter",
        "OpenRouter",
        at("openrouter.ai", paths=r"/api/"),
        OPENAI,
        "openrouter",
        kind=GATEWAY,
        keys=Keys(domains=("openrouter.ai",), classes=(("sk-or-v1-", "api-key"),)),
    ),
    api("requesty", "Requesty", at("router.requesty.ai"), OPENAI, kind=GATEWAY),
    api("opencode-zen", "OpenCode Zen", at("opencode.ai", paths=r"/zen/"), AS_ASKED, kind=GATEWAY),
    api("poe", "Poe", at("api.poe.com"), OPENAI, kind=GATEWAY),
    api("aimlapi", "AI/ML API", at("api.aimlapi.com"), OPENAI, kind=GATEWAY),
)
