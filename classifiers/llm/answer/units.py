"""What an answer states beside plain tokens that has a price of its own: sound, pictures, caches of
an hour, searches; and the terms that change every price, such as the tier.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from classifiers.llm.answer.counts import count_of
from classifiers.llm.one_of import one_of

Json = Mapping[str, Any]

IN_AUDIO, IN_IMAGE, IN_VIDEO = "input_audio_tokens", "input_image_tokens", "input_video_tokens"
OUT_AUDIO, OUT_IMAGE, OUT_VIDEO = (
    "output_audio_tokens",
    "output_image_tokens",
    "output_video_tokens",
)
CACHED_AUDIO, CACHED_IMAGE = "cache_audio_read_tokens", "cache_image_read_tokens"
HOUR_CACHE = "cache_write_1h_tokens"
WEB, FILES, RERANKS = "web_searches", "storage_searches", "rerank_searches"
CODE, SECONDS, COMPACTION = "code_executions", "input_audio_seconds", "compaction_tokens"
BILLED_INPUT, BILLED_OUTPUT = "billed_input_tokens", "billed_output_tokens"
"""What is billed where that is less than what was read: Cohere adds words of its own."""
IMAGES, OTHER_TOOLS, MAPS = "generated_images", "other_server_tools", "map_searches"
TRANSCRIPTS = "transcripts"

TIER, SPEED, REGION, PROCESSING = "service_tier", "speed", "region", "processing"
BATCH = "batch"
_ORDINARY = frozenset(
    (
        "",
        "default",
        "standard",
        "auto",
        "on_demand",
        "on_demand_standard",
        "global",
        "not_available",
    )
)
"""Words of providers for no particular terms."""
_TOLD = frozenset(
    (
        "flex priority fast batch scale provisioned reserved performance economy turbo us eu ultra"
        " dedicated"
    ).split()
)
"""Words of providers that are shown; whoever answers could write anything else there."""
OTHER = "other"
_TRAFFIC = {
    "ON_DEMAND_PRIORITY": "priority",
    "ON_DEMAND_FLEX": "flex",
    "PROVISIONED_THROUGHPUT": "provisioned",
}
_MODALITIES = {
    "audio": (IN_AUDIO, OUT_AUDIO),
    "image": (IN_IMAGE, OUT_IMAGE),
    "video": (IN_VIDEO, OUT_VIDEO),
}
_COUNTED_APART = {f"{word}_tokens": names for word, names in _MODALITIES.items()}
_INPUT_DETAILS = (
    "prompt_tokens_details",
    "input_tokens_details",
    "prompt_token_details",
    "input_token_details",
)
_OUTPUT_DETAILS = (
    "completion_tokens_details",
    "output_tokens_details",
    "completion_token_details",
    "output_token_details",
)
_SERVER_TOOLS = {
    "web_search_requests": WEB,
    "webSearchRequests": WEB,
    "code_execution_requests": CODE,
    "web_search": WEB,
    "SERVER_SIDE_TOOL_WEB_SEARCH": WEB,
    "SERVER_SIDE_TOOL_X_SEARCH": OTHER_TOOLS,
    "SERVER_SIDE_TOOL_CODE_EXECUTION": CODE,
}
_CONNECTORS = {"web_search": WEB, "web_search_premium": WEB, "code_interpreter": CODE}
_FREE_TOOLS = frozenset({"web_fetch_requests"})
_CALLS = {
    "web_search_call": WEB,
    "file_search_call": FILES,
    "code_interpreter_call": CODE,
    "image_generation_call": IMAGES,
}
_FREE_ACTIONS = frozenset({"open_page", "find_in_page", "find"})
"""What a web search tool does with a page that it has found is not billed."""
_MOST_ITEMS = 2_000
_MAX_WORD = 40


_ASKED = {word: names[0] for word, names in _MODALITIES.items()}
_ANSWERED = {word: names[1] for word, names in _MODALITIES.items()}
_CACHED = {"audio": CACHED_AUDIO, "image": CACHED_IMAGE}
_BY_MODALITY = (
    ("promptTokensDetails", _ASKED),
    ("toolUsePromptTokensDetails", _ASKED),
    ("prompt_tokens_details", _ASKED),
    ("candidatesTokensDetails", _ANSWERED),
    ("responseTokensDetails", _ANSWERED),
    ("candidates_tokens_details", _ANSWERED),
    ("cacheTokensDetails", _CACHED),
    ("cache_tokens_details", _CACHED),
)


_APART = frozenset(
    (
        *_INPUT_DETAILS,
        *_OUTPUT_DETAILS,
        *[key for key, _ in _BY_MODALITY],
        *("cache_creation", "cacheDetails", "iterations", "seconds", "prompt_audio_seconds"),
        *("num_search_queries", "num_sources_used", "connectors", "billed_units"),
        *("server_tool_use", "server_side_tool_usage_details"),
    )
)
"""All names that `_stated` looks for."""
_TERMS = frozenset("service_tier serviceTier speed inference_geo trafficType traffic_type".split())
"""All names that `terms_of` looks for."""


def of_usage(values: Json) -> dict[str, int]:
    """Return the units that a `usage` object of any family states, without those of none."""
    found: dict[str, int] = {}
    if _APART.isdisjoint(values):
        return found
    for name, count in _stated(values):
        if count:
            found[name] = found.get(name, 0) + count
    return found


def _stated(values: Json) -> Iterator[tuple[str, int]]:
    for groups, side in ((_INPUT_DETAILS, 0), (_OUTPUT_DETAILS, 1)):
        inner = next((values[g] for g in groups if isinstance(values.get(g), dict)), None)
        if inner is not None:
            yield from _modalities(inner, side)
    yield from _google(values)
    yield from _caches(values)
    yield from _tools(values)
    yield SECONDS, _number(values.get("seconds")) or _number(values.get("prompt_audio_seconds"))


def _modalities(details: Json, side: int) -> Iterator[tuple[str, int]]:
    for key, names in _COUNTED_APART.items():
        if key in details:
            yield names[side], _number(details[key])
    cached = details.get("cached_tokens_details")
    if isinstance(cached, dict):
        yield CACHED_AUDIO, _number(cached.get("audio_tokens"))
        yield CACHED_IMAGE, _number(cached.get("image_tokens"))


def _google(values: Json) -> Iterator[tuple[str, int]]:
    """Google lists its tokens by modality, each list of one direction."""
    for key, names in _BY_MODALITY:
        if key in values:
            yield from _listed(values[key], names)


def _listed(values: object, names: Mapping[str, str]) -> Iterator[tuple[str, int]]:
    for one in values[:20] if isinstance(values, list) else ():
        if isinstance(one, dict) and (name := names.get(str(one.get("modality")).lower())):
            yield name, _number(one.get("tokenCount", one.get("token_count")))


def _caches(values: Json) -> Iterator[tuple[str, int]]:
    inner = values.get("prompt_tokens_details")
    told = inner.get("cache_creation_token_details") if isinstance(inner, dict) else None
    created = values.get("cache_creation", told)
    if isinstance(created, dict):
        yield HOUR_CACHE, _number(created.get("ephemeral_1h_input_tokens"))
    details = values.get("cacheDetails")
    for one in details[:20] if isinstance(details, list) else ():
        if isinstance(one, dict) and one.get("ttl") == "1h":
            yield HOUR_CACHE, _number(one.get("inputTokens"))
    steps = values.get("iterations")
    for one in steps[:200] if isinstance(steps, list) else ():
        if isinstance(one, dict) and one.get("type") == "compaction":
            yield COMPACTION, _number(one.get("input_tokens")) + _number(one.get("output_tokens"))


def _tools(values: Json) -> Iterator[tuple[str, int]]:
    yield WEB, _number(values.get("num_search_queries"))
    yield OTHER_TOOLS, _number(values.get("num_sources_used"))
    connectors = values.get("connectors")
    if isinstance(connectors, dict):
        for key, value in list(connectors.items())[:50]:
            yield _CONNECTORS.get(key, OTHER_TOOLS), _number(value)
    used = values.get("server_tool_use", values.get("server_side_tool_usage_details"))
    if isinstance(used, dict):
        for key, value in list(used.items())[:50]:
            if key not in _FREE_TOOLS:
                yield _SERVER_TOOLS.get(key, OTHER_TOOLS), _number(value)
    elif isinstance(used, list):
        yield OTHER_TOOLS, len(used)
    billed = values.get("billed_units")
    if isinstance(billed, dict):
        yield RERANKS, _number(billed.get("search_units"))
        yield BILLED_INPUT, _number(billed.get("input_tokens"))
        yield BILLED_OUTPUT, _number(billed.get("output_tokens"))


def of_answer(answer: Json) -> dict[str, int]:
    """Return the provider's tools that an answer shows as used, where no count states them."""
    found: dict[str, int] = {}
    output = answer.get("output")
    for item in output[:_MOST_ITEMS] if isinstance(output, list) else ():
        name = _CALLS.get(str(item.get("type"))) if isinstance(item, dict) else None
        if name is not None and not _free(item):
            found[name] = found.get(name, 0) + 1
    found.update(_grounded(answer))
    return found


def _free(item: Json) -> bool:
    action = item.get("action")
    return isinstance(action, dict) and one_of(action.get("type"), _FREE_ACTIONS)


def _grounded(answer: Json) -> dict[str, int]:
    """Google bills the queries of its newer models one by one, those of older ones by prompt."""
    queries = maps = 0
    candidates = answer.get("candidates")
    if not isinstance(candidates, list):
        return {}
    for one in candidates[:20]:
        ground = one.get("groundingMetadata") if isinstance(one, dict) else None
        if isinstance(ground, dict):
            asked = ground.get("webSearchQueries")
            queries += len(asked) if isinstance(asked, list) else 0
            chunks = ground.get("groundingChunks")
            maps += isinstance(chunks, list) and any(
                "maps" in c for c in chunks if isinstance(c, dict)
            )
    newer = str(answer.get("modelVersion", "")).startswith(("gemini-3", "models/gemini-3"))
    searched = queries if newer else min(queries, 1)
    return {name: count for name, count in ((WEB, searched), (MAPS, int(maps))) if count}


def terms_of(answer: Json) -> dict[str, str]:
    """Return the terms that an answer or its `usage` states, as far as they change prices."""
    if _TERMS.isdisjoint(answer):
        return {}
    stated = {
        TIER: answer.get("service_tier", answer.get("serviceTier")),
        SPEED: answer.get("speed"),
        REGION: answer.get("inference_geo"),
    }
    traffic = answer.get("trafficType", answer.get("traffic_type"))
    if isinstance(traffic, str):
        stated[TIER] = _TRAFFIC.get(traffic, stated[TIER])
    found = {
        name: word
        for name, told in stated.items()
        if told is not None and (word := _word(told)) is not None
    }
    if found.get(TIER) == BATCH:
        del found[TIER]
        found[PROCESSING] = BATCH
    return found


def _word(told: object) -> str | None:
    if isinstance(told, dict):
        told = told.get("type")
    if not isinstance(told, str) or len(told) > _MAX_WORD:
        return None
    word = told.lower().removeprefix("service_tier_")
    if word in _ORDINARY:
        return None
    return word if word in _TOLD else OTHER


def _number(value: object) -> int:
    return count_of(value) or 0
