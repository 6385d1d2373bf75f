"""Accounts of models' answers, held against what each provider's own fields state."""

import gzip
from datetime import UTC, datetime
from decimal import Decimal
from operator import mul
from typing import NamedTuple

import orjson
import pytest
from families import with_each
from llm_documented import ANSWERS, Documented
from llm_streams import aws, named, ndjson, sse

from classifiers.decoding import INLINE, decode
from classifiers.llm.answer import stated_cost, units
from classifiers.llm.answer.counted import Counted
from classifiers.llm.answer.tap import UsageTap
from classifiers.llm.request.recognise import recognise
from core.classification import CostBasis, LlmCall, TokensBasis
from core.exchange import Answer, Exchange

_FRAMES = {"sse": sse, "named": named, "ndjson": ndjson, "aws": aws}
_TYPES = {"ndjson": "application/x-ndjson", "aws": "application/vnd.amazon.eventstream"}
_ASKED = {
    "model": "gpt-4o",
    "messages": [{"role": "user", "content": "Hi"}],
    "prompt": "Hi",
    "input": "Hi",
    "max_tokens": 9,
}


def _bytes_of(one: Documented) -> tuple[bytes, str]:
    if not isinstance(one.answer, list):
        return orjson.dumps(one.answer), "application/json"
    return _FRAMES[one.framing](*one.answer), _TYPES.get(one.framing, "text/event-stream")


def _of_model(one: Documented, model: str) -> Documented:
    """The same answer, of a model that has a price."""
    told = orjson.dumps(one.answer).replace(b"some-model", model.encode())
    return one._replace(answer=orjson.loads(told))


def _told(one: Documented, size: int, *, packed: bool = False, model: str = "gpt-4o") -> LlmCall:
    body, kind = _bytes_of(one)
    more = (("content-encoding", "gzip"),) if packed else ()
    answer = Answer(status=200, headers=(("content-type", kind), *more))
    local = one.host == "localhost"
    asked = Exchange(
        id="x",
        at=datetime(2026, 1, 2, tzinfo=UTC),
        scheme="http" if local else "https",
        host=one.host,
        port=11434 if local else 443,
        method="POST",
        path=one.path,
        headers=(("content-type", "application/json"),),
        body=orjson.dumps({**_ASKED, "model": model}),
    )
    call = recognise(asked, decode(asked, INLINE)) or LlmCall(provider=None, operation="chat")
    tap = UsageTap(call, answer, asked)
    sent = gzip.compress(body) if packed else body
    for at in range(0, len(sent), size):
        tap.feed(sent[at : at + size])
    return tap.finish(answer)


@with_each("one", ANSWERS)
@with_each("size", [5, 1 << 20])
@with_each("packed", [False, True])
def test_an_account_is_what_the_answer_states(one: Documented, size: int, packed: bool) -> None:
    """Tokens, caches, thoughts and stated costs are those of the provider's fields."""
    call = _told(one, size, packed=packed)
    assert (call.input_tokens, call.output_tokens) == (one.asked, one.answered)
    assert (call.cache_read_tokens, call.cache_write_tokens) == (one.cache_read, one.cache_write)
    assert call.reasoning_tokens == one.reasoning
    assert call.tokens_basis is TokensBasis.EXACT
    if one.cost is not None:
        assert call.cost_usd == one.cost


class Price(NamedTuple):
    """What the list that we hold has for a model on that day, in dollars a million tokens."""

    model: str
    asked: str
    answered: str = "0"
    cached: str = "0"
    written: str = "0"
    beside: bool = False
    """True where what a cache held is told beside what was asked, and is no part of it."""
    more: str = "0"
    """Dollars for what is no token, or dearer: a search, a cache for an hour."""
    billed: int | None = None
    """Tokens asked that are billed, where the provider says so."""


PRICES = {
    "openai chat": Price("gpt-4o", "2.5", "10", "1.25"),
    "openai responses": Price("gpt-5", "1.25", "10", "0.125"),
    "openai embeddings": Price("text-embedding-3-small", "0.02"),
    "azure chat, streamed with options": Price("gpt-4o", "2.5", "10", "1.25"),
    "xai chat: what was thought stands beside what was said": Price("grok-4", "3", "15", "0.75"),
    "deepseek": Price("deepseek-chat", "0.135", "0.55", "0.035"),
    "mistral": Price("mistral-medium-latest", "0.4", "2", "0.04"),
    "mistral's agents, streamed": Price("mistral-medium-latest", "0.4", "2"),
    "moonshot, streamed": Price("kimi-k2-0905-preview", "0.6", "2.5", "0.15"),
    "groq, streamed": Price("llama-3.3-70b-versatile", "0.59", "0.79"),
    "anthropic": Price("claude-sonnet-4-5", "3", "15", "0.3", "3.75", True, "0.000225"),
    "anthropic, streamed": Price("claude-sonnet-4-5", "3", "15", "0.3", "3.75", True, "0.01"),
    "gemini": Price("gemini-2.5-flash", "0.3", "2.5", "0.03"),
    "gemini interactions": Price("gemini-3-flash-preview", "0.5", "3", "0.05"),
    "bedrock converse": Price("amazon.nova-lite-v1:0", "0.06", "0.24", "0.015", "0.06", True),
    "bedrock converse, streamed": Price("amazon.nova-lite-v1:0", "0.06", "0.24"),
    "bedrock invoke, llama": Price("meta.llama3-8b-instruct-v1:0", "0.3", "0.6"),
    "bedrock invoke, titan": Price("amazon.titan-text-express-v1", "0.2", "0.6"),
    "cohere 2": Price("command-r-plus-08-2024", "2.5", "10", billed=5),
    "cohere 2, streamed": Price("command-r-plus-08-2024", "2.5", "10", billed=3),
    "cohere 1, streamed": Price("command-r-plus-08-2024", "2.5", "10", billed=4),
    "voyage": Price("voyage-3.5", "0.06"),
}


@pytest.mark.parametrize("one", [a for a in ANSWERS if a.name in PRICES], ids=lambda a: a.name)
def test_a_cost_is_what_the_providers_prices_come_to(one: Documented) -> None:
    """Each token is billed once, at its own price, wherever its provider counts it."""
    price = PRICES[one.name]
    call = _told(_of_model(one, price.model), 1 << 20, model=price.model)
    read, kept = one.cache_read or 0, one.cache_write or 0
    plain = (one.asked or 0) - (0 if price.beside else read + kept)
    plain = plain if price.billed is None else price.billed
    counts = (plain, read, kept, one.answered or 0)
    each = (price.asked, price.cached, price.written, price.answered)
    sum_ = sum(map(mul, counts, map(Decimal, each)), Decimal(0)) / 1_000_000

    assert call.cost_basis is CostBasis.TABLE
    assert Decimal(call.cost_usd or "NaN") == sum_ + Decimal(price.more)


@pytest.mark.parametrize(
    ("name", "model", "words"),
    [
        ("mistral", "mistral-large-latest", "the price of what a cache held (priced as asked)"),
        ("bedrock converse", "amazon.nova-lite-v1:0", "keeping in a cache (priced as asked)"),
    ],
)
def test_a_cache_without_a_price_is_named(name: str, model: str, words: str) -> None:
    """Where a list has no price for what a cache held, the record says how it was priced."""
    [one] = [answer for answer in ANSWERS if answer.name == name]
    assert _told(_of_model(one, model), 1 << 20, model=model).cost_left_out == (words,)


def test_what_is_counted_in_letters_is_no_price() -> None:
    """Headers that count letters or tokens of an answer state no dollars."""
    for name in ("character-cost", "x-token-cost", "x-credit-cost", "x-units-cost"):
        assert stated_cost.of_headers({name: "12"}, streamed=False) is None
    assert stated_cost.of_headers({"x-litellm-response-cost": "0.2"}, streamed=False) == 0.2


def test_an_account_that_is_looked_up_later_is_counted_once() -> None:
    """OpenRouter tells again, under the answer's id, what it cost: it costs that once."""
    counted = Counted()
    used = {"prompt_tokens": 5, "completion_tokens": 2, "cost": 0.5}
    first = {"id": "gen-1", "model": "m", "usage": used}
    again = {"data": {"id": "gen-1", "model": "m", "total_cost": 0.5, "tokens_prompt": 5}}
    costs = []
    for method, path, told in (
        ("POST", "/api/v1/chat/completions", first),
        ("GET", "/api/v1/generation?id=gen-1", again),
    ):
        asked = Exchange(
            id="x",
            at=datetime(2026, 1, 2, tzinfo=UTC),
            scheme="https",
            host="openrouter.ai",
            port=443,
            method=method,
            path=path,
        )
        answer = Answer(status=200, headers=(("content-type", "application/json"),))
        call = LlmCall(provider="openrouter", operation="chat", model="m")
        tap = UsageTap(call, answer, asked, counted=counted)
        tap.feed(orjson.dumps(told))
        costs.append(tap.finish(answer).cost_usd)
    assert costs == ["0.5", None]


def test_tools_that_a_provider_bills_apart_are_units() -> None:
    """Searches and sources that a usage states are no part of a price by tokens."""
    stated = {"num_search_queries": 3, "num_sources_used": 2, "connectors": {"web_search": 1}}
    found = units.of_usage(stated)
    assert (found[units.WEB], found[units.OTHER_TOOLS]) == (4, 2)
