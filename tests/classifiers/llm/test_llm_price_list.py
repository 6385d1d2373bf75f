"""Each unit at its own price and on its own terms; what has none is named, not passed over."""

from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import orjson
import pytest

from classifiers.llm import complete
from classifiers.llm.price_list import sum_of_tokens
from core.classification import CostBasis, LlmCall
from core.exchange import Answer, Exchange

M = Decimal(1_000_000)


def priced(
    provider: str,
    model: str,
    body: Mapping[str, Any],
    *,
    operation: str = "chat",
    at: datetime = datetime(2026, 11, 1, tzinfo=UTC),
) -> LlmCall:
    exchange = Exchange(
        id="x",
        at=at,
        scheme="https",
        host="api.example.com",
        port=443,
        method="POST",
        path="/v1/x",
    )
    headers = (("content-type", "application/json"),)
    answer = Answer(status=200, headers=headers, body=orjson.dumps(body))
    return complete(LlmCall(provider=provider, operation=operation, model=model), answer, exchange)


def chat(asked: int = 1000, answered: int = 100, **more: Any) -> dict[str, Any]:
    return {"usage": {"prompt_tokens": asked, "completion_tokens": answered, **more}}


CLAUDE_CACHE = {
    "input_tokens": 100,
    "output_tokens": 10,
    "cache_creation_input_tokens": 3000,
    "cache_creation": {"ephemeral_5m_input_tokens": 1000, "ephemeral_1h_input_tokens": 2000},
    "cache_read_input_tokens": 5000,
}
CLAUDE_COST = (100 * 3 + 10 * 15 + 1000 * Decimal("3.75") + 2000 * 6 + 5000 * Decimal("0.3")) / M
WEB = {"input_tokens": 100, "output_tokens": 10, "server_tool_use": {"web_search_requests": 3}}
SEARCHED = [
    {"type": "web_search_call", "action": {"type": "search", "query": "q"}},
    {"type": "web_search_call", "action": {"type": "open_page", "url": "https://x"}},
    {"type": "file_search_call"},
    {"type": "message"},
]


@pytest.mark.parametrize(
    ("provider", "model", "body", "cost"),
    [
        pytest.param("openai", "gpt-4o-mini", chat(), Decimal("0.00021"), id="plain"),
        pytest.param(
            "openai",
            "gpt-4o-audio-preview",
            chat(
                prompt_tokens_details={"audio_tokens": 600},
                completion_tokens_details={"audio_tokens": 80},
            ),
            (400 * Decimal("2.5") + 600 * 40 + 20 * 10 + 80 * 80) / M,
            id="sound in a chat",
        ),
        pytest.param(
            "openai",
            "gpt-realtime",
            {
                "usage": {
                    "input_tokens": 1000,
                    "output_tokens": 100,
                    "input_token_details": {
                        "text_tokens": 300,
                        "audio_tokens": 700,
                        "cached_tokens": 500,
                        "cached_tokens_details": {"text_tokens": 100, "audio_tokens": 400},
                    },
                    "output_token_details": {"text_tokens": 20, "audio_tokens": 80},
                }
            },
            (200 * 4 + 300 * 32 + 500 * Decimal("0.4") + 20 * 16 + 80 * 64) / M,
            id="a realtime answer with cached sound",
        ),
        pytest.param(
            "openai",
            "gpt-image-1",
            {
                "usage": {
                    "input_tokens": 400,
                    "output_tokens": 4000,
                    "input_tokens_details": {"text_tokens": 100, "image_tokens": 300},
                }
            },
            (100 * 5 + 300 * 10 + 4000 * 40) / M,
            id="a picture",
        ),
        pytest.param(
            "anthropic", "claude-sonnet-4-5", {"usage": CLAUDE_CACHE}, CLAUDE_COST, id="both caches"
        ),
        pytest.param(
            "anthropic",
            "claude-sonnet-4-5",
            {"usage": WEB},
            (100 * 3 + 10 * 15) / M + 3 * Decimal("0.01"),
            id="web searches",
        ),
        pytest.param(
            "anthropic",
            "claude-sonnet-4-5",
            {"usage": {"input_tokens": 100, "output_tokens": 10, "service_tier": "batch"}},
            (100 * 3 + 10 * 15) / M / 2,
            id="batch",
        ),
        pytest.param(
            "anthropic",
            "claude-sonnet-4-5",
            {
                "usage": {
                    "input_tokens": 1,
                    "output_tokens": 10,
                    "service_tier": "standard",
                    "inference_geo": "global",
                    "speed": "standard",
                }
            },
            (1 * 3 + 10 * 15) / M,
            id="ordinary terms",
        ),
        pytest.param(
            "openai",
            "gpt-5",
            chat() | {"service_tier": "flex"},
            (1000 * Decimal("0.625") + 100 * 5) / M,
            id="flex",
        ),
        pytest.param(
            "openai",
            "gpt-4.1",
            chat() | {"service_tier": "priority"},
            (1000 * Decimal("3.5") + 100 * 14) / M,
            id="priority",
        ),
        pytest.param(
            "openai",
            "gpt-4.1",
            chat() | {"service_tier": "default"},
            (1000 * 2 + 100 * 8) / M,
            id="default",
        ),
        pytest.param(
            "openai",
            "gpt-4.1",
            {"usage": {"input_tokens": 1000, "output_tokens": 100}, "output": SEARCHED},
            (1000 * 2 + 100 * 8) / M + Decimal("0.01") + Decimal("0.0025"),
            id="searches of the provider",
        ),
        pytest.param(
            "google",
            "gemini-2.5-flash",
            {
                "usageMetadata": {
                    "promptTokenCount": 1000,
                    "candidatesTokenCount": 100,
                    "promptTokensDetails": [
                        {"modality": "TEXT", "tokenCount": 200},
                        {"modality": "AUDIO", "tokenCount": 800},
                    ],
                }
            },
            (200 * Decimal("0.3") + 800 * 1 + 100 * Decimal("2.5")) / M,
            id="sound for Gemini",
        ),
        pytest.param(
            "google",
            "gemini-2.5-flash",
            {
                "usageMetadata": {"promptTokenCount": 1000, "candidatesTokenCount": 100},
                "candidates": [{"groundingMetadata": {"webSearchQueries": ["a", "b"]}}],
            },
            (1000 * Decimal("0.3") + 100 * Decimal("2.5")) / M + Decimal("0.035"),
            id="grounding of an older model, by prompt",
        ),
        pytest.param(
            "google",
            "gemini-3-pro-preview",
            {
                "modelVersion": "gemini-3-pro-preview",
                "usageMetadata": {"promptTokenCount": 1000, "candidatesTokenCount": 100},
                "candidates": [{"groundingMetadata": {"webSearchQueries": ["a", "b"]}}],
            },
            (1000 * 2 + 100 * 12) / M + 2 * Decimal("0.014"),
            id="grounding of a newer model, by query",
        ),
        pytest.param(
            "google",
            "gemini-2.5-flash-image",
            {
                "usageMetadata": {
                    "promptTokenCount": 10,
                    "candidatesTokenCount": 1300,
                    "candidatesTokensDetails": [
                        {"modality": "IMAGE", "tokenCount": 1290},
                        {"modality": "TEXT", "tokenCount": 10},
                    ],
                }
            },
            (10 * Decimal("0.3") + 1290 * 30 + 10 * Decimal("2.5")) / M,
            id="a picture of Gemini",
        ),
        pytest.param(
            "openai",
            "whisper-1",
            {"text": "hi", "usage": {"type": "duration", "seconds": 90}},
            Decimal("0.36") * 90 / 3600,
            id="seconds of sound",
        ),
        pytest.param(
            "cohere",
            "command-r",
            {
                "usage": {
                    "billed_units": {"input_tokens": 10, "output_tokens": 20},
                    "tokens": {"input_tokens": 500, "output_tokens": 20},
                }
            },
            (10 * Decimal("0.15") + 20 * Decimal("0.6")) / M,
            id="billed and read tokens",
        ),
    ],
)
def test_what_the_answer_states_is_priced(
    provider: str, model: str, body: dict[str, Any], cost: Decimal
) -> None:
    """The record's cost is what the provider's list asks for exactly what the answer states."""
    call = priced(provider, model, body)
    assert call.cost_basis is CostBasis.TABLE
    assert call.cost_left_out == ()
    assert Decimal(call.cost_usd or "0") == pytest.approx(cost, rel=Decimal("0.0001"))


@pytest.mark.parametrize(
    ("provider", "model", "body", "words"),
    [
        (
            "anthropic",
            "claude-sonnet-4-5",
            {"usage": {**WEB, "server_tool_use": {"code_execution_requests": 2}}},
            "running of code",
        ),
        (
            "anthropic",
            "claude-sonnet-4-5",
            {"usage": {"input_tokens": 1, "output_tokens": 1, "service_tier": "priority"}},
            "the price of the priority tier",
        ),
        (
            "anthropic",
            "claude-sonnet-4-5",
            {"usage": {"input_tokens": 1, "output_tokens": 1, "inference_geo": "us"}},
            "the surcharge of the region us",
        ),
        (
            "anthropic",
            "claude-sonnet-4-5",
            {
                "usage": {
                    "input_tokens": 1,
                    "output_tokens": 1,
                    "iterations": [
                        {"type": "compaction", "input_tokens": 9, "output_tokens": 1},
                        {"type": "message", "input_tokens": 1, "output_tokens": 1},
                    ],
                }
            },
            "shortening of the conversation",
        ),
        ("openai", "gpt-4o", chat() | {"service_tier": "scale"}, "the price of the scale tier"),
        (
            "openai",
            "gpt-4o",
            chat() | {"service_tier": "maria_lopez"},
            "the price of the other tier",
        ),
        (
            "openai",
            "gpt-4.1",
            chat() | {"output": [{"type": "code_interpreter_call"}]},
            "running of code",
        ),
        (
            "openai",
            "gpt-4.1",
            chat() | {"output": [{"type": "image_generation_call"}]},
            "pictures made by a tool",
        ),
        (
            "azure",
            "gpt-4o",
            chat() | {"service_tier": "priority"},
            "the price of the priority tier",
        ),
        (
            "deepseek",
            "deepseek-chat",
            chat(prompt_tokens_details={"audio_tokens": 5}),
            "sound (priced as text)",
        ),
        (
            "google",
            "gemini-2.5-flash",
            {
                "usageMetadata": {
                    "promptTokenCount": 9,
                    "candidatesTokenCount": 9,
                    "trafficType": "PROVISIONED_THROUGHPUT",
                }
            },
            "the price of the provisioned tier",
        ),
        (
            "google",
            "gemini-2.5-flash",
            {
                "usageMetadata": {"promptTokenCount": 9},
                "candidates": [
                    {"groundingMetadata": {"groundingChunks": [{"maps": {"uri": "x"}}]}}
                ],
            },
            "searches in maps",
        ),
        (
            "openai",
            "gpt-4o-audio-preview",
            chat(10, prompt_tokens_details={"audio_tokens": 600}),
            "details that do not add up (priced without them)",
        ),
    ],
)
def test_what_has_no_price_is_named(
    provider: str, model: str, body: dict[str, Any], words: str
) -> None:
    """Where the list has no price, the record says in words what its cost does not hold."""
    call = priced(provider, model, body)
    assert call.cost_basis is CostBasis.TABLE
    assert call.cost_left_out == (words,)


def test_a_longer_prompt_asks_its_own_price() -> None:
    """Some models cost more for every token of a long prompt; half a million short ones do not."""
    used = {"usage": {"input_tokens": 300_000, "output_tokens": 10}}
    assert Decimal(priced("anthropic", "claude-sonnet-4-5", used).cost_usd or "0") > Decimal("1.7")


def test_an_earlier_day_has_its_own_prices() -> None:
    """Claude Opus 4.6 asked more for long prompts until March 2026."""
    used = {"usage": {"input_tokens": 300_000, "output_tokens": 0}}
    early = priced("anthropic", "claude-opus-4-6", used, at=datetime(2026, 3, 1, tzinfo=UTC))
    late = priced("anthropic", "claude-opus-4-6", used, at=datetime(2026, 11, 1, tzinfo=UTC))
    assert (early.cost_usd, late.cost_usd) == ("3", "1.5")


def test_a_batch_of_an_earlier_day_is_priced_as_one() -> None:
    """The list learnt the price of batches later than the provider had it."""
    used = {"usage": {"input_tokens": 1_000_000, "output_tokens": 0, "service_tier": "batch"}}
    call = priced("anthropic", "claude-haiku-4-5", used, at=datetime(2026, 2, 1, tzinfo=UTC))
    assert (call.cost_usd, call.cost_left_out) == ("0.5", ())


def test_the_short_way_to_a_price_gives_what_the_package_gives() -> None:
    """No model of the list costs anything else by the short sum, to the last digit; what might is
    left to the package.
    """
    from genai_prices import Usage
    from genai_prices.data import providers

    counts = {"input_tokens": 123_457, "output_tokens": 7_919}
    at, short, differ = datetime(2026, 11, 1, tzinfo=UTC), 0, []
    for model in (model for owner in providers for model in owner.models):
        prices = model.get_prices(at)
        quick = sum_of_tokens(prices, counts)
        if quick is None:
            continue
        short += 1
        if quick != prices.calc_price(Usage(**counts))["total_price"]:
            differ.append(model.id)
    assert short > 500
    assert differ == []


@pytest.mark.parametrize(
    "counts",
    [{"input_tokens": 5}, {"input_tokens": 5, "output_tokens": 1, "cache_read_tokens": 2}, {}],
)
def test_other_counts_are_left_to_the_package(counts: dict[str, int]) -> None:
    """Cached tokens and single counts have their own prices."""
    from genai_prices.data import providers

    model = next(m for owner in providers if owner.id == "openai" for m in owner.models)
    assert sum_of_tokens(model.get_prices(datetime(2026, 11, 1, tzinfo=UTC)), counts) is None
