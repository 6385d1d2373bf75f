"""Providers of models with an API of their own: id, name, hosts, shape of refusals, price table."""

from core.classification import Category
from destinations.llm.provider import OPENAI_PATHS, UPLOAD, api
from destinations.service import (
    Keys,
    Llm,
    LlmKind,
    Refusal,
    Service,
    Site,
    TenantHeader,
    at,
)
from destinations.signals import opaque

AS_ASKED, OPENAI, ANTHROPIC = Refusal.AS_ASKED, Refusal.OPENAI, Refusal.ANTHROPIC

ALLOWED_ORGANISATIONS = TenantHeader(
    name="anthropic-allowed-org-ids", hosts=("claude.ai", "api.anthropic.com")
)

_LARGE: tuple[Service, ...] = (
    Service(
        "openai",
        "OpenAI",
        Category.LLM,
        at("api.openai.com", r"/(?:us|eu|au|ca|jp|in|sg|kr|gb|ae)\.api\.openai\.com/"),
        UPLOAD,
        opaque,
        OPENAI,
        keys=Keys(
            domains=("api.openai.com", "chatgpt.com", "platform.openai.com", "auth.openai.com"),
            classes=(
                ("sk-proj-", "project"),
                ("sk-svcacct-", "service-account"),
                ("sk-admin-", "admin"),
                ("sk-", "legacy"),
            ),
        ),
        organisation_headers=("openai-organization",),
        project_headers=("openai-project",),
        llm=Llm(kind=LlmKind.API, prices="openai", usage_on_request=True),
    ),
    Service(
        "anthropic",
        "Anthropic",
        Category.LLM,
        at("api.anthropic.com"),
        UPLOAD,
        opaque,
        ANTHROPIC,
        keys=Keys(
            domains=("anthropic.com", "claude.ai", "claude.com"),
            headers=("x-api-key",),
            classes=(
                ("sk-ant-api", "api-key"),
                ("sk-ant-oat", "oauth"),
                ("sk-ant-admin", "admin"),
                ("sk-ant-sid", "session"),
            ),
        ),
        organisation_headers=("anthropic-organization-id",),
        project_headers=("anthropic-workspace-id",),
        tenant_headers=(ALLOWED_ORGANISATIONS,),
        llm=Llm(kind=LlmKind.API, prices="anthropic"),
    ),
)

_HOSTED: tuple[Service, ...] = (
    api("mistral", "Mistral", at("api.mistral.ai", "codestral.mistral.ai"), OPENAI, "mistral"),
    api("cohere", "Cohere", at("api.cohere.com", "api.cohere.ai"), AS_ASKED, "cohere"),
    api(
        "groq",
        "Groq",
        at("api.groq.com"),
        OPENAI,
        "groq",
        keys=Keys(domains=("groq.com",), classes=(("gsk_", "api-key"),)),
    ),
    api(
        "xai",
        "xAI",
        at("api.x.ai", r"/[a-z0-9-]+\.api\.x\.ai/"),
        OPENAI,
        "x-ai",
        keys=Keys(domains=("x.ai",), classes=(("xai-", "api-key"),)),
    ),
    api("deepseek", "DeepSeek", at("api.deepseek.com"), OPENAI, "deepseek"),
    api(
        "perplexity",
        "Perplexity",
        at("api.perplexity.ai"),
        OPENAI,
        "perplexity",
        keys=Keys(domains=("perplexity.ai",), classes=(("pplx-", "api-key"),)),
    ),
    api(
        "together",
        "Together AI",
        at("api.together.xyz", "api.together.ai", "api-inference.together.ai"),
        OPENAI,
        "together",
        keys=Keys(domains=("together.xyz", "together.ai")),
    ),
    api(
        "fireworks",
        "Fireworks AI",
        at("api.fireworks.ai", "audio.fireworks.ai"),
        OPENAI,
        "fireworks",
        keys=Keys(domains=("fireworks.ai",)),
    ),
    api(
        "cerebras",
        "Cerebras",
        at("api.cerebras.ai"),
        OPENAI,
        "cerebras",
        keys=Keys(domains=("cerebras.ai",)),
    ),
    api("sambanova", "SambaNova", at("api.sambanova.ai"), OPENAI, "huggingface_sambanova"),
    api(
        "nvidia-nim",
        "NVIDIA NIM",
        at("integrate.api.nvidia.com", "ai.api.nvidia.com"),
        OPENAI,
        keys=Keys(domains=("nvidia.com",), classes=(("nvapi-", "api-key"),)),
    ),
    api(
        "huggingface",
        "Hugging Face",
        at(
            "router.huggingface.co",
            "api-inference.huggingface.co",
            "*.endpoints.huggingface.cloud",
        ),
        OPENAI,
        keys=Keys(
            domains=("huggingface.co", "huggingface.cloud", "hf.co", "hf.space"),
            classes=(("hf_", "api-key"),),
        ),
        organisation_headers=("x-hf-bill-to",),
    ),
    api(
        "replicate",
        "Replicate",
        at(
            "api.replicate.com", r"/stream(?:ing-api)?(?:[.-][a-z0-9.-]+)?\.replicate\.(?:net|com)/"
        ),
        AS_ASKED,
        keys=Keys(domains=("replicate.com", "replicate.net"), classes=(("r8_", "api-key"),)),
    ),
    api(
        "dashscope-qwen",
        "Alibaba Qwen",
        at(
            "dashscope.aliyuncs.com",
            "dashscope-intl.aliyuncs.com",
            "dashscope-us.aliyuncs.com",
            "coding.dashscope.aliyuncs.com",
            "coding-intl.dashscope.aliyuncs.com",
        ),
        AS_ASKED,
        project_headers=("x-dashscope-workspace",),
    ),
    api(
        "moonshot-kimi",
        "Moonshot Kimi",
        at("api.moonshot.ai", "api.moonshot.cn", "api.kimi.com"),
        OPENAI,
        "moonshotai",
    ),
    api("zhipu-zai", "Zhipu Z.ai", at("open.bigmodel.cn", "api.z.ai"), OPENAI, "zai"),
    api(
        "minimax",
        "MiniMax",
        at("api.minimax.io", "api.minimaxi.com", "api.minimax.chat"),
        OPENAI,
        "minimax",
    ),
    api(
        "baidu-qianfan",
        "Baidu Qianfan",
        at("qianfan.baidubce.com") + at("aip.baidubce.com", paths=r"/rpc/2\.0/ai_custom/"),
        OPENAI,
    ),
    api(
        "volcengine-ark",
        "Volcengine Ark",
        at(r"/ark\.[a-z0-9-]+\.(?:volces|bytepluses)\.com/"),
        OPENAI,
    ),
    api(
        "tencent-hunyuan",
        "Tencent Hunyuan",
        at(
            "api.hunyuan.cloud.tencent.com",
            "api.lkeap.cloud.tencent.com",
            "tokenhub.tencentmaas.com",
        ),
        OPENAI,
    ),
    api("stepfun", "StepFun", at("api.stepfun.com", "api.stepfun.ai"), OPENAI),
    api("siliconflow", "SiliconFlow", at("api.siliconflow.cn", "api.siliconflow.com"), OPENAI),
    api("lingyi-01ai", "01.AI", at("api.lingyiwanwu.com"), OPENAI),
    api("baichuan", "Baichuan", at("api.baichuan-ai.com"), OPENAI),
    api(
        "yandex-sber",
        "Yandex or Sber models",
        at("llm.api.cloud.yandex.net", "gigachat.devices.sberbank.ru"),
        AS_ASKED,
    ),
    api("github-models", "GitHub Models", at("models.github.ai"), OPENAI, family="github"),
    api("nous", "Nous Research", at("inference-api.nousresearch.com"), OPENAI),
    api("ai21", "AI21", at("api.ai21.com"), AS_ASKED),
    api(
        "voyageai",
        "Voyage AI",
        at("api.voyageai.com"),
        AS_ASKED,
        "voyageai",
        keys=Keys(domains=("voyageai.com",)),
    ),
    api(
        "jina",
        "Jina AI",
        at("api.jina.ai", "deepsearch.jina.ai", "r.jina.ai", "s.jina.ai"),
        AS_ASKED,
        keys=Keys(domains=("jina.ai",)),
    ),
    api("nomic", "Nomic", at("api-atlas.nomic.ai"), AS_ASKED),
    api("mixedbread", "Mixedbread", at("api.mixedbread.com", "api.mixedbread.ai"), AS_ASKED),
    api("writer", "Writer", at("api.writer.com"), AS_ASKED),
    api("reka", "Reka", at("api.reka.ai"), AS_ASKED),
    api("aleph-alpha", "Aleph Alpha", at("api.aleph-alpha.com"), AS_ASKED),
    api("upstage", "Upstage", at("api.upstage.ai"), OPENAI),
    api("deepinfra", "DeepInfra", at("api.deepinfra.com"), OPENAI),
    api("novita", "Novita AI", at("api.novita.ai"), OPENAI, "novita"),
    api(
        "nebius",
        "Nebius",
        at("api.studio.nebius.ai", "api.studio.nebius.com", "api.tokenfactory.nebius.com"),
        OPENAI,
        "huggingface_nebius",
    ),
    api("hyperbolic", "Hyperbolic", at("api.hyperbolic.xyz"), OPENAI, "huggingface_hyperbolic"),
    api(
        "lambda",
        "Lambda",
        at("api.lambda.ai") + at("api.lambdalabs.com", paths=OPENAI_PATHS),
        OPENAI,
    ),
    api("crusoe", "Crusoe", at("*.crusoecloud.com", paths=OPENAI_PATHS), OPENAI),
    api(
        "baseten",
        "Baseten",
        at("inference.baseten.co", r"/model-[a-z0-9]+\.api\.baseten\.co/"),
        OPENAI,
        "baseten",
    ),
    api("modal", "Modal", at("*.modal.run", "*.modal.direct", paths=OPENAI_PATHS), OPENAI, "modal"),
    api("runpod", "Runpod", at("api.runpod.ai", paths=r"/v2/[^/]+/"), AS_ASKED),
    api("meta-llama", "Meta Llama", at("api.llama.com", "api.meta.ai"), OPENAI, "meta"),
    api("inception", "Inception", at("api.inceptionlabs.ai"), OPENAI),
    api("morph", "Morph", at("api.morphllm.com"), OPENAI),
    api("venice", "Venice", at("api.venice.ai"), OPENAI),
    api(
        "arcee",
        "Arcee AI",
        at("api.arcee.ai", "conductor.arcee.ai", "models.arcee.ai"),
        OPENAI,
        "arcee",
    ),
    api("avian", "Avian", at("api.avian.io"), OPENAI, "avian"),
)

_PICTURES: tuple[Service, ...] = (
    api("stability", "Stability AI", at("api.stability.ai"), AS_ASKED),
    api("fal", "fal", at("fal.run", "queue.fal.run"), AS_ASKED),
    api("runway", "Runway", at("api.dev.runwayml.com"), AS_ASKED),
    api("black-forest-labs", "Black Forest Labs", at("api.bfl.ai"), AS_ASKED),
    api("luma", "Luma", at("api.lumalabs.ai"), AS_ASKED),
)

_SPEECH: tuple[Service, ...] = (
    api(
        "elevenlabs",
        "ElevenLabs",
        at(r"/api(?:\.[a-z0-9-]+)*\.elevenlabs\.io/"),
        AS_ASKED,
        "elevenlabs",
        kind=LlmKind.SPEECH,
        keys=Keys(domains=("elevenlabs.io",), headers=("xi-api-key",)),
    ),
    api(
        "deepgram",
        "Deepgram",
        at("api.deepgram.com", "agent.deepgram.com"),
        AS_ASKED,
        kind=LlmKind.SPEECH,
    ),
    api(
        "assemblyai",
        "AssemblyAI",
        at("api.assemblyai.com", "streaming.assemblyai.com", "llm-gateway.assemblyai.com"),
        AS_ASKED,
        kind=LlmKind.SPEECH,
    ),
    api("cartesia", "Cartesia", at("api.cartesia.ai"), AS_ASKED, kind=LlmKind.SPEECH),
)

_OLLAMA: tuple[Service, ...] = (
    Service(
        "ollama-cloud",
        "Ollama Cloud",
        Category.LLM,
        at("ollama.com", paths=r"/(?:api/(?:chat|generate|embed|embeddings|show|tags)|v1/)"),
        UPLOAD,
        opaque,
        AS_ASKED,
        llm=Llm(kind=LlmKind.API, prices=None, streams_unasked=True),
    ),
    Service(
        "ollama",
        "Ollama",
        Category.LLM,
        (Site(port=11434),),
        UPLOAD,
        opaque,
        AS_ASKED,
        llm=Llm(kind=LlmKind.LOCAL, prices=None, streams_unasked=True),
    ),
)

APIS: tuple[Service, ...] = (*_LARGE, *_HOSTED, *_PICTURES, *_SPEECH, *_OLLAMA)
