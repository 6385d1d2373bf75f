"""Accounts of models' answers, held against what each provider's own fields state."""

import gzip
from datetime import UTC, datetime

import orjson
import pytest
from llm_documented import ANSWERS, Documented
from llm_streams import aws, named, ndjson, sse

from classifiers.llm.answer import stated_cost, units
from classifiers.llm.answer.counted import Counted
from classifiers.llm.answer.tap import UsageTap
from classifiers.llm.request.recognise import recognise
from core.classification import LlmCall, TokensBasis
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


def _told(one: Documented, size: int, *, packed: bool = False) -> LlmCall:
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
        body=orjson.dumps(_ASKED),
    )
    call = recognise(asked, None) or LlmCall(provider=None, operation="chat")
    tap = UsageTap(call, answer, asked)
    sent = gzip.compress(body) if packed else body
    for at in range(0, len(sent), size):
        tap.feed(sent[at : at + size])
    return tap.finish(answer)


@pytest.mark.parametrize("one", ANSWERS, ids=[a.name for a in ANSWERS])
@pytest.mark.parametrize("size", [5, 1 << 20])
@pytest.mark.parametrize("packed", [False, True], ids=["plain", "gzip"])
def test_an_account_is_what_the_answer_states(one: Documented, size: int, packed: bool) -> None:
    """Tokens, caches, thoughts and stated costs are those of the provider's fields."""
    call = _told(one, size, packed=packed)
    assert (call.input_tokens, call.output_tokens) == (one.asked, one.answered)
    assert (call.cache_read_tokens, call.cache_write_tokens) == (one.cache_read, one.cache_write)
    assert call.reasoning_tokens == one.reasoning
    assert call.tokens_basis is TokensBasis.EXACT
    if one.cost is not None:
        assert call.cost_usd == one.cost


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
