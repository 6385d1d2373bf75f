"""Providers of models that serve a country or region, and hosts of open models: id, name, hosts."""

from destinations.llm.provider import api
from destinations.service import LlmKind, Refusal, Service, at

_OPENAI, _AS_ASKED = Refusal.OPENAI, Refusal.AS_ASKED

_EUROPE: tuple[Service, ...] = (
    api(
        "ionos",
        "IONOS AI Model Hub",
        at(r"/(?:openai\.)?inference\.[a-z0-9-]+\.ionos\.com/"),
        _OPENAI,
    ),
    api(
        "stackit",
        "STACKIT AI Model Serving",
        at(r"/api\.openai-compat\.model-serving\.[a-z0-9-]+\.onstackit\.cloud/"),
        _OPENAI,
    ),
    api("telekom", "Telekom LLM Hub", at("llm-server.llmhub.t-systems.net"), _OPENAI),
    api("infomaniak", "Infomaniak AI", at("api.infomaniak.com", paths=r"/\d+/ai/"), _OPENAI),
    api("swisscom", "Swisscom AI", at("api.swisscom.com", paths=r"/layer/swiss-ai"), _OPENAI),
    api("mittwald", "mittwald AI Hosting", at("llm.aihosting.mittwald.de"), _OPENAI),
    api("academic-cloud", "Academic Cloud", at("chat-ai.academiccloud.de"), _OPENAI),
    api("regolo", "Regolo", at("api.regolo.ai"), _OPENAI),
    api("berget", "Berget AI", at("api.berget.ai"), _OPENAI),
    api("evroc", "evroc Think", at("models.think.evroc.com"), _OPENAI),
    api("nscale", "Nscale", at("inference.api.nscale.com"), _OPENAI),
    api("cortecs", "Cortecs", at("api.cortecs.ai"), _OPENAI, kind=LlmKind.GATEWAY),
    api("langdock", "Langdock", at("api.langdock.com"), _OPENAI, kind=LlmKind.GATEWAY),
    api("eden-ai", "Eden AI", at("api.edenai.run"), _AS_ASKED, kind=LlmKind.GATEWAY),
)

_ASIA: tuple[Service, ...] = (
    api("sarvam", "Sarvam", at("api.sarvam.ai"), _OPENAI),
    api("typhoon", "Typhoon", at("api.opentyphoon.ai"), _OPENAI),
    api("xiaomi", "Xiaomi MiMo", at("api.xiaomimimo.com"), _OPENAI),
    api("longcat", "LongCat", at("api.longcat.chat"), _OPENAI),
    api("iflytek", "iFlytek Spark", at("spark-api-open.xf-yun.com"), _OPENAI),
    api("sensenova", "SenseNova", at("api.sensenova.cn"), _OPENAI),
    api("ppio", "PPIO", at("api.ppinfra.com"), _OPENAI),
)

_OPEN_MODELS: tuple[Service, ...] = (
    api("chutes", "Chutes", at("llm.chutes.ai"), _OPENAI),
    api("featherless", "Featherless", at("api.featherless.ai"), _OPENAI),
    api("inference-net", "Inference.net", at("api.inference.net"), _OPENAI),
    api("parasail", "Parasail", at("api.parasail.io"), _OPENAI),
    api("friendli", "FriendliAI", at("api.friendli.ai"), _OPENAI),
    api("wandb-inference", "Weights & Biases Inference", at("api.inference.wandb.ai"), _OPENAI),
    api("vultr", "Vultr Inference", at("api.vultrinference.com"), _OPENAI),
    api("synthetic", "Synthetic", at("api.synthetic.new"), _OPENAI),
    api("clarifai", "Clarifai", at("api.clarifai.com"), _OPENAI),
    api("kluster", "kluster.ai", at("api.kluster.ai"), _OPENAI),
    api("atlas-cloud", "Atlas Cloud", at("api.atlascloud.ai"), _OPENAI),
    api("gmi-cloud", "GMI Cloud", at("api.gmi-serving.com"), _OPENAI),
    api(
        "nano-gpt",
        "NanoGPT",
        at("nano-gpt.com", paths=r"/api/"),
        _OPENAI,
        kind=LlmKind.GATEWAY,
    ),
)

REGIONAL: tuple[Service, ...] = (*_EUROPE, *_ASIA, *_OPEN_MODELS)
