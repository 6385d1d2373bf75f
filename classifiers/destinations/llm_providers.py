"""The providers of language models that Outgate knows: hosts, kind, prices and whose-account headers. One entry each."""

import re
from dataclasses import dataclass
from enum import StrEnum

from classifiers.destinations.host_table import HostTable


class Kind(StrEnum):
    """What sort of provider it is."""

    API = "api"
    CLOUD = "cloud"
    GATEWAY = "gateway"
    CONSUMER = "consumer"
    SPEECH = "speech"
    LOCAL = "local"


@dataclass(frozen=True, slots=True)
class Provider:
    """One provider. Host patterns are those of `HostTable`."""

    id: str
    hosts: tuple[str, ...]
    kind: Kind = Kind.API
    paths: str | None = None
    """Regular expression that the start of the path must match, where the host also serves other things."""
    prices: str | None = None
    """Id of the provider in genai-prices; None when that table does not know it."""


_A, _C, _G, _W, _S = Kind.API, Kind.CLOUD, Kind.GATEWAY, Kind.CONSUMER, Kind.SPEECH
_REGION = r"[a-z0-9-]+"
_OPENAI_PATHS = (
    r"/(?:[\w.-]+/)*(?:chat/completions|completions|embeddings|responses|messages|models)\b"
)

PROVIDERS: tuple[Provider, ...] = (
    Provider("openai", ("api.openai.com", r"/(?:us|eu|au|ca|jp|in|sg|kr|gb|ae)\.api\.openai\.com/"), _A, None,
    "openai"),
    Provider(
        "azure",
        (
            "*.openai.azure.com", "*.openai.azure.us", "*.services.ai.azure.com", "*.models.ai.azure.com",
            "models.inference.ai.azure.com", "*.inference.ml.azure.com",
        ),
        _C, None, "azure",
    ),
    Provider(
        "azure",
        ("*.cognitiveservices.azure.com", "*.api.cognitive.microsoft.com", "*.azure-api.net"),
        _C, r"/(?:[\w.-]+/)*(?:openai|models|anthropic|voice-live|chat/completions)(?:/|$|\?)", "azure",
    ),
    Provider("anthropic", ("api.anthropic.com",), _A, None, "anthropic"),
    Provider("google", ("generativelanguage.googleapis.com",), _A, None, "google"),
    Provider(
        "google-vertex",
        ("aiplatform.googleapis.com", rf"/{_REGION}-aiplatform\.googleapis\.com/",
        r"/aiplatform\.[a-z0-9-]+\.rep\.googleapis\.com/"),
        _C, None, "google",
    ),
    Provider(
        "aws-bedrock",
        (
            rf"/bedrock-runtime(?:-fips)?\.{_REGION}\.(?:amazonaws\.com(?:\.cn)?|api\.aws)/",
            rf"/vpce-[a-z0-9-]+\.bedrock-runtime\.{_REGION}\.vpce\.amazonaws\.com/",
        ),
        _C, None, "aws",
    ),
    Provider("aws-bedrock-mantle", (rf"/bedrock-mantle\.{_REGION}\.api\.aws/",), _C, None, "aws"),
    Provider("aws-bedrock-agent", (rf"/bedrock-agent(?:core)?(?:-runtime)?\.{_REGION}\.amazonaws\.com/",), _C, None,
    "aws"),
    Provider("aws-sagemaker", (rf"/runtime\.sagemaker(?:-fips)?\.{_REGION}\.amazonaws\.com/",), _C),
    Provider("mistral", ("api.mistral.ai", "codestral.mistral.ai"), _A, None, "mistral"),
    Provider("cohere", ("api.cohere.com", "api.cohere.ai"), _A, None, "cohere"),
    Provider("groq", ("api.groq.com",), _A, None, "groq"),
    Provider("xai", ("api.x.ai", rf"/{_REGION}\.api\.x\.ai/"), _A, None, "x-ai"),
    Provider("openrouter", ("openrouter.ai",), _G, r"/api/", "openrouter"),
    Provider("deepseek", ("api.deepseek.com",), _A, None, "deepseek"),
    Provider("perplexity", ("api.perplexity.ai",), _A, None, "perplexity"),
    Provider("together", ("api.together.xyz", "api.together.ai"), _A, None, "together"),
    Provider("fireworks", ("api.fireworks.ai", "audio.fireworks.ai"), _A, None, "fireworks"),
    Provider("cerebras", ("api.cerebras.ai",), _A, None, "cerebras"),
    Provider("sambanova", ("api.sambanova.ai",), _A, None, "huggingface_sambanova"),
    Provider("nvidia-nim", ("integrate.api.nvidia.com", "ai.api.nvidia.com"), _A),
    Provider("huggingface", ("router.huggingface.co", "api-inference.huggingface.co",
    "*.endpoints.huggingface.cloud"), _A),
    Provider("replicate", ("api.replicate.com", r"/stream(?:ing-api)?(?:[.-][a-z0-9.-]+)?\.replicate\.(?:net|com)/"),
    _A),
    Provider(
        "databricks",
        ("*.cloud.databricks.com", "*.azuredatabricks.net", "*.gcp.databricks.com"),
        _C, r"/(?:serving-endpoints/|ai-gateway/|api/2\.0/serving-endpoints)", "databricks",
    ),
    Provider("snowflake", ("*.snowflakecomputing.com",), _C,
    r"/api/v2/(?:cortex|databases/[^/]+/schemas/[^/]+/agents)/"),
    Provider("watsonx", ("*.ml.cloud.ibm.com",), _C),
    Provider("oci", (rf"/(?:agent-runtime|inference)\.generativeai\.{_REGION}\.oci\.oraclecloud\.com/",), _C),
    Provider(
        "dashscope-qwen",
        (
            "dashscope.aliyuncs.com", "dashscope-intl.aliyuncs.com", "dashscope-us.aliyuncs.com",
            "coding.dashscope.aliyuncs.com", "coding-intl.dashscope.aliyuncs.com",
        ),
    ),
    Provider("moonshot-kimi", ("api.moonshot.ai", "api.moonshot.cn", "api.kimi.com"), _A, None, "moonshotai"),
    Provider("zhipu-zai", ("open.bigmodel.cn", "api.z.ai"), _A, None, "zai"),
    Provider("minimax", ("api.minimax.io", "api.minimaxi.com", "api.minimax.chat"), _A, None, "minimax"),
    Provider("baidu-qianfan", ("qianfan.baidubce.com",)),
    Provider("baidu-qianfan", ("aip.baidubce.com",), _A, r"/rpc/2\.0/ai_custom/"),
    Provider("volcengine-ark", (rf"/ark\.{_REGION}\.(?:volces|bytepluses)\.com/",)),
    Provider("tencent-hunyuan", ("api.hunyuan.cloud.tencent.com", "api.lkeap.cloud.tencent.com",
    "tokenhub.tencentmaas.com")),
    Provider("stepfun", ("api.stepfun.com", "api.stepfun.ai")),
    Provider("siliconflow", ("api.siliconflow.cn", "api.siliconflow.com")),
    Provider("lingyi-01ai", ("api.lingyiwanwu.com",)),
    Provider("baichuan", ("api.baichuan-ai.com",)),
    Provider("yandex-sber", ("llm.api.cloud.yandex.net", "gigachat.devices.sberbank.ru")),
    Provider("github-models", ("models.github.ai",)),
    Provider(
        "github-copilot",
        (
            "api.githubcopilot.com", r"/(?:api|proxy)\.(?:individual|business|enterprise)\.githubcopilot\.com/",
            "copilot-proxy.githubusercontent.com",
        ),
        _W, None, "github-copilot",
    ),
    Provider("cloudflare-workers-ai", ("api.cloudflare.com",), _C, r"/client/v4/accounts/[^/]+/ai/", "cloudflare"),
    Provider("cloudflare-ai-gateway", ("gateway.ai.cloudflare.com",), _G),
    Provider("vercel-ai-gateway", ("ai-gateway.vercel.sh",), _G),
    Provider("portkey", ("api.portkey.ai",), _G),
    Provider("helicone", ("ai-gateway.helicone.ai", "oai.helicone.ai", "anthropic.helicone.ai",
    "gateway.helicone.ai"), _G),
    Provider("requesty", ("router.requesty.ai",), _G),
    Provider("opencode-zen", ("opencode.ai",), _G, r"/zen/"),
    Provider("poe", ("api.poe.com",), _G),
    Provider("aimlapi", ("api.aimlapi.com",), _G),
    Provider("nous", ("inference-api.nousresearch.com",)),
    Provider("ai21", ("api.ai21.com",)),
    Provider("voyageai", ("api.voyageai.com",), _A, None, "voyageai"),
    Provider("jina", ("api.jina.ai", "deepsearch.jina.ai", "r.jina.ai", "s.jina.ai")),
    Provider("nomic", ("api-atlas.nomic.ai",)),
    Provider("mixedbread", ("api.mixedbread.com", "api.mixedbread.ai")),
    Provider("writer", ("api.writer.com",)),
    Provider("reka", ("api.reka.ai",)),
    Provider("aleph-alpha", ("api.aleph-alpha.com",)),
    Provider("upstage", ("api.upstage.ai",)),
    Provider("deepinfra", ("api.deepinfra.com",)),
    Provider("novita", ("api.novita.ai",), _A, None, "novita"),
    Provider("nebius", ("api.studio.nebius.ai", "api.studio.nebius.com", "api.tokenfactory.nebius.com"), _A, None,
    "huggingface_nebius"),
    Provider("hyperbolic", ("api.hyperbolic.xyz",), _A, None, "huggingface_hyperbolic"),
    Provider("lambda", ("api.lambda.ai",)),
    Provider("lambda", ("api.lambdalabs.com",), _A, _OPENAI_PATHS),
    Provider("crusoe", ("*.crusoecloud.com",), _A, _OPENAI_PATHS),
    Provider("baseten", ("inference.baseten.co", r"/model-[a-z0-9]+\.api\.baseten\.co/"), _A, None, "baseten"),
    Provider("modal", ("*.modal.run", "*.modal.direct"), _A, _OPENAI_PATHS, "modal"),
    Provider("runpod", ("api.runpod.ai",), _A, r"/v2/[^/]+/"),
    Provider("ovhcloud", ("oai.endpoints.kepler.ai.cloud.ovh.net", "*.endpoints.kepler.ai.cloud.ovh.net"), _C, None,
    "ovhcloud"),
    Provider("scaleway", ("api.scaleway.ai",), _C),
    Provider("digitalocean", ("inference.do-ai.run",), _C),
    Provider("heroku", ("us.inference.heroku.com", "eu.inference.heroku.com"), _C),
    Provider("meta-llama", ("api.llama.com", "api.meta.ai"), _A, None, "meta"),
    Provider("inception", ("api.inceptionlabs.ai",)),
    Provider("morph", ("api.morphllm.com",)),
    Provider("venice", ("api.venice.ai",)),
    Provider("arcee", ("api.arcee.ai", "conductor.arcee.ai", "models.arcee.ai"), _A, None, "arcee"),
    Provider("avian", ("api.avian.io",), _A, None, "avian"),
    Provider("elevenlabs", (r"/api(?:\.[a-z0-9-]+)*\.elevenlabs\.io/",), _S, None, "elevenlabs"),
    Provider("deepgram", ("api.deepgram.com", "agent.deepgram.com"), _S),
    Provider("assemblyai", ("api.assemblyai.com", "streaming.assemblyai.com", "llm-gateway.assemblyai.com"), _S),
    Provider("cartesia", ("api.cartesia.ai",), _S),
    Provider("stability", ("api.stability.ai",)),
    Provider("fal", ("fal.run", "queue.fal.run")),
    Provider("runway", ("api.dev.runwayml.com",)),
    Provider("black-forest-labs", ("api.bfl.ai",)),
    Provider("luma", ("api.lumalabs.ai",)),
    Provider("ollama-cloud", ("ollama.com",), _A, r"/(?:api/(?:chat|generate|embed|embeddings|show|tags)|v1/)"),
    Provider(
        "chatgpt-web",
        ("chatgpt.com", "chat.openai.com"),
        _W, r"/(?:backend-api|backend-anon)/(?:f/)?(?:conversation|codex|files|sentinel|lat|me)",
    ),
    Provider("claude-web", ("claude.ai",), _W, r"/api/(?:organizations/|[0-9a-f-]{36}/upload)"),
    Provider("gemini-web", ("gemini.google.com",), _W, r".*/(?:BardChatUi|upload)"),
    Provider("gemini-web", ("aistudio.google.com", "alkalimakersuite-pa.clients6.google.com"), _W,
    r".*\$rpc/google\.internal\.alkali"),
    Provider("gemini-code-assist", ("cloudcode-pa.googleapis.com",), _W, None, "google"),
    Provider("m365-copilot", ("substrate.office.com",), _W, r"/m365Copilot/"),
    Provider("m365-copilot", ("copilot.microsoft.com", "sydney.bing.com"), _W, r"/(?:c/api/|sydney|turing/)"),
    Provider("cursor", ("api2.cursor.sh", "api3.cursor.sh", "api4.cursor.sh", "*.api.cursor.sh"), _W,
    r"/(?:aiserver|agent)\.", "cursor"),
    Provider("windsurf-codeium", ("server.codeium.com", "inference.codeium.com", "server.self-serve.windsurf.com"),
    _W, r"/exa\."),
    Provider("perplexity-web", ("www.perplexity.ai",), _W, r"/rest/sse/perplexity_ask"),
    Provider("deepseek-web", ("chat.deepseek.com",), _W, r"/api/v0/(?:chat|file)"),
    Provider("mistral-web", ("chat.mistral.ai",), _W, r"/api/(?:chat|trpc)"),
    Provider("grok-web", ("grok.com",), _W, r"/rest/app-chat/"),
)  # fmt: skip

LOCAL_PORTS = {11434: Provider("ollama", (), Kind.LOCAL)}
"""Ports whose only known owner is one local model server."""

OBSERVABILITY_HOSTS: dict[str, str] = {
    "cloud.langfuse.com": "langfuse", "*.cloud.langfuse.com": "langfuse", "api.smith.langchain.com": "langsmith",
    "*.api.smith.langchain.com": "langsmith", "api.traceloop.com": "traceloop",
    "api-staging.traceloop.com": "traceloop",
    "api.traceloop.dev": "traceloop", "api.braintrust.dev": "braintrust", "api.honeyhive.ai": "honeyhive",
    "app.phoenix.arize.com": "arize", "otlp.arize.com": "arize", "*.arize.com": "arize",
    "logfire-us.pydantic.dev": "logfire", "logfire-eu.pydantic.dev": "logfire", "logfire-api.pydantic.dev": "logfire",
    "api.agentops.ai": "agentops", "otlp.agentops.ai": "agentops", "trace.wandb.ai": "weave",
    "llmobs-intake.datadoghq.com": "datadog-llm", "*.llmobs-intake.datadoghq.com": "datadog-llm",
    "telemetry.crewai.com": "crewai-telemetry", "api.helicone.ai": "helicone-log", "us.api.helicone.ai": "helicone-log",
    "api.comet.com": "comet-opik", "www.comet.com": "comet-opik", "os-api.agno.com": "agno-telemetry",
    "api.agno.com": "agno-telemetry", "api.parea.ai": "parea", "api.galileo.ai": "galileo",
    "api.literalai.com": "literal",
    "cloud.getliteral.ai": "literal", "cloud.trulens.org": "trulens", "api.langwatch.ai": "langwatch",
    "app.langwatch.ai": "langwatch", "api.promptlayer.com": "promptlayer", "app.lunary.ai": "lunary",
    "api.lunary.ai": "lunary",
}  # fmt: skip
"""Where traces of prompts and answers are sent on: not LLM calls, but the same text leaves."""

PRICES_ID: dict[str, str] = {p.id: p.prices for p in PROVIDERS if p.prices}


def _table() -> "HostTable[list[Provider]]":
    by_pattern: dict[str, list[Provider]] = {}
    for provider in PROVIDERS:
        for pattern in provider.hosts:
            by_pattern.setdefault(pattern, []).append(provider)
    return HostTable(by_pattern)


LLM_HOSTS = _table()
_PATHS: dict[str, re.Pattern[str]] = {p.paths: re.compile(p.paths) for p in PROVIDERS if p.paths}


def path_matches(provider: Provider, path: str) -> bool:
    """Return True when this path at the provider's host belongs to the provider."""
    return provider.paths is None or _PATHS[provider.paths].match(path) is not None
