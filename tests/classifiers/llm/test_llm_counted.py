"""What an answer used is counted once, however often it is given."""

from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from llm_streams import named, sse

from classifiers.llm import Counted, UsageTap
from classifiers.llm.answer.counted import Bill
from classifiers.llm.answer.usage import Usage
from core.classification import CostBasis, LlmCall, TokensBasis
from core.exchange import Answer, Exchange

HOSTS = {
    "openai": "api.openai.com",
    "anthropic": "api.anthropic.com",
    "google": "generativelanguage.googleapis.com",
}
MODELS = {"openai": "gpt-4o-mini", "anthropic": "claude-sonnet-4-5", "google": "gemini-2.5-flash"}


def given_again(
    memory: Counted,
    body: object,
    *,
    provider: str = "openai",
    path: str = "/v1/responses",
    method: str = "GET",
    operation: str = "responses",
    headers: Mapping[str, str] | None = None,
    kind: str = "application/json",
) -> LlmCall:
    """Return the call of one answer, as the gate completes it."""
    exchange = Exchange(
        id="x",
        at=datetime(2026, 11, 1, tzinfo=UTC),
        scheme="https",
        host=HOSTS[provider],
        port=443,
        method=method,
        path=path,
    )
    data = body if isinstance(body, bytes) else orjson.dumps(body)
    answer = Answer(
        status=200,
        headers=(("content-type", kind), *(headers or {}).items()),
        body=data,
        body_bytes=len(data),
    )
    call = LlmCall(provider=provider, operation=operation, model=MODELS[provider])
    return UsageTap(call, answer, exchange, counted=memory).finish(answer)


def response(id_: str, status: str = "completed", tokens: int = 100) -> dict[str, Any]:
    used = {"input_tokens": tokens, "output_tokens": 10} if status == "completed" else None
    return {
        "id": id_,
        "object": "response",
        "status": status,
        "model": "gpt-4o-mini",
        "usage": used,
    }


def spent(calls: list[LlmCall]) -> tuple[int, int, Decimal]:
    """Return what an auditor adds up over the records."""
    return (
        sum(call.input_tokens or 0 for call in calls),
        sum(call.output_tokens or 0 for call in calls),
        sum((Decimal(call.cost_usd or "0") for call in calls), Decimal(0)),
    )


def test_polling_a_background_response_counts_it_once() -> None:
    """However often a script asks whether its answer is there, it is paid for once."""
    memory = Counted()
    asked = given_again(memory, response("resp_a1", "queued"), method="POST")
    waiting = [given_again(memory, response("resp_a1", "in_progress")) for _ in range(3)]
    there = [given_again(memory, response("resp_a1")) for _ in range(3)]
    assert [call.tokens_basis for call in (asked, *waiting)] == [TokensBasis.UNKNOWN] * 4
    assert (there[0].input_tokens, there[0].output_tokens) == (100, 10)
    for call in there[1:]:
        assert call.tokens_basis is TokensBasis.COUNTED
        assert call.cost_basis is CostBasis.COUNTED
        assert (call.input_tokens, call.output_tokens, call.cost_usd) == (None, None, None)
        assert call.response_id == "resp_a1"
        assert call.evidence == ("given-again",)
    assert spent([asked, *waiting, *there]) == (100, 10, Decimal(there[0].cost_usd or "0"))


def test_other_answers_are_counted_each() -> None:
    """Answers with other ids, of other providers or without an id are answers of their own."""
    memory = Counted()
    calls = [
        given_again(memory, response("resp_a1")),
        given_again(memory, response("resp_a2")),
        given_again(memory, response("resp_a1"), provider="anthropic"),
    ]
    unnamed = {"usage": {"prompt_tokens": 100, "completion_tokens": 10}}
    calls += [given_again(memory, unnamed, method="POST", operation="chat") for _ in range(2)]
    assert spent(calls)[:2] == (500, 50)


def test_a_retry_that_gives_the_same_answer_is_no_second_one() -> None:
    """A client that asks again and gets the kept answer of its first try was billed once."""
    memory = Counted()
    body = {"id": "chatcmpl-77", "usage": {"prompt_tokens": 9, "completion_tokens": 4}}
    calls = [given_again(memory, body, method="POST", operation="chat") for _ in range(2)]
    assert spent(calls)[:2] == (9, 4)


def test_a_refused_try_uses_nothing() -> None:
    """What the provider refused is not in the account."""
    memory = Counted()
    exchange = Exchange(
        id="x",
        at=datetime(2026, 11, 1, tzinfo=UTC),
        scheme="https",
        host="api.openai.com",
        port=443,
        method="POST",
        path="/v1/responses",
        body=b'{"input":"hello"}',
        body_bytes=17,
    )
    answer = Answer(
        status=529,
        headers=(("content-type", "application/json"),),
        body=b'{"error":{"type":"overloaded"}}',
    )
    call = LlmCall(provider="openai", operation="responses", model="gpt-4o-mini")
    done = UsageTap(call, answer, exchange, counted=memory).finish(answer)
    assert (done.input_tokens, done.cost_usd) == (None, None)


def test_a_resumed_stream_brings_the_rest() -> None:
    """A stream that broke off counts what was stated; when it is resumed, only what is new."""
    memory = Counted()
    begun = {
        "id": "msg_01",
        "model": "claude-sonnet-4-5",
        "usage": {"input_tokens": 50, "output_tokens": 1},
    }
    start = named({"type": "message_start", "message": begun})
    end = named({"type": "message_delta", "delta": {}, "usage": {"output_tokens": 40}})
    first = given_again(
        memory,
        start,
        provider="anthropic",
        method="POST",
        operation="chat",
        kind="text/event-stream",
    )
    again = given_again(
        memory,
        start + end,
        provider="anthropic",
        method="POST",
        operation="chat",
        kind="text/event-stream",
    )
    third = given_again(
        memory,
        start + end,
        provider="anthropic",
        method="POST",
        operation="chat",
        kind="text/event-stream",
    )
    assert spent([first, again, third])[:2] == (50, 40)
    assert third.tokens_basis is TokensBasis.COUNTED
    assert "what an earlier record counts of this answer" in again.cost_left_out


def test_a_stream_read_again_from_its_middle_adds_nothing() -> None:
    """A background response is streamed, and read to its end a second time: one answer."""
    memory = Counted()
    end = sse({"type": "response.completed", "response": response("resp_s9")})
    start = sse({"type": "response.created", "response": response("resp_s9", "in_progress")})
    calls = [
        given_again(memory, start + end, method="POST", kind="text/event-stream"),
        given_again(memory, end, kind="text/event-stream"),
    ]
    assert spent(calls)[:2] == (100, 10)


def test_a_run_and_its_steps_are_one_account() -> None:
    """What an assistant's run states holds its steps."""
    memory = Counted()
    used = {"prompt_tokens": 30, "completion_tokens": 3}
    step = {
        "id": "step_1",
        "object": "thread.run.step",
        "run_id": "run_1",
        "status": "completed",
        "usage": used,
    }
    run = {"id": "run_1", "object": "thread.run", "status": "completed", "usage": used}
    path = "/v1/threads/thread_1/runs/run_1"
    calls = [given_again(memory, one, path=path) for one in (run, step, run)]
    assert spent(calls)[:2] == (30, 3)


def rows(count: int, wrap: str) -> bytes:
    """Return the results of a batch, as OpenAI, Anthropic or Google write them."""
    made = []
    for n in range(count):
        if wrap == "openai":
            body = {
                "id": f"chatcmpl-{n}",
                "model": "gpt-4o-mini",
                "usage": {"prompt_tokens": 1000, "completion_tokens": 100},
            }
            made.append(
                {
                    "id": f"batch_req_{n}",
                    "custom_id": f"r{n}",
                    "response": {"status_code": 200, "body": body},
                }
            )
        elif wrap == "anthropic":
            used = {"input_tokens": 1000, "output_tokens": 100, "service_tier": "batch"}
            message = {"id": f"msg_{n}", "model": "claude-sonnet-4-5", "usage": used}
            made.append({"custom_id": f"r{n}", "result": {"type": "succeeded", "message": message}})
        else:
            used = {"promptTokenCount": 1000, "candidatesTokenCount": 100}
            made.append(
                {
                    "key": f"r{n}",
                    "response": {"usageMetadata": used, "modelVersion": "gemini-2.5-flash"},
                }
            )
    return b"".join(orjson.dumps(row) + b"\n" for row in made)


DOWNLOADS = {
    "openai": ("/v1/files/file-9x/content", "application/octet-stream"),
    "anthropic": ("/v1/messages/batches/msgbatch_9/results", "application/x-jsonl"),
    "google": ("/v1beta/files/abc:download", "application/octet-stream"),
}
# 50 rows of 1,000 and 100 tokens at half the ordinary price
HALF = {
    "openai": Decimal(50) * (1000 * Decimal("0.15") + 100 * Decimal("0.6")) / 2_000_000,
    "anthropic": Decimal(50) * (1000 * Decimal(3) + 100 * Decimal(15)) / 2_000_000,
    "google": Decimal(50) * (1000 * Decimal("0.3") + 100 * Decimal("2.5")) / 2_000_000,
}


@pytest.mark.parametrize("provider", DOWNLOADS)
def test_the_results_of_a_batch_are_added_up_at_its_price(provider: str) -> None:
    """Every row is an answer, at half the price; a second download is none."""
    memory = Counted()
    path, kind = DOWNLOADS[provider]
    body = rows(50, provider)
    first = given_again(memory, body, provider=provider, path=path, operation="files", kind=kind)
    assert (first.input_tokens, first.output_tokens) == (50_000, 5_000)
    assert first.tokens_basis is TokensBasis.EXACT
    assert first.tier == "batch"
    assert Decimal(first.cost_usd or "0") == HALF[provider]
    assert first.cost_left_out == ()
    if provider != "google":
        again = given_again(
            memory, body, provider=provider, path=path, operation="files", kind=kind
        )
        assert again.tokens_basis is TokensBasis.COUNTED


def test_a_batch_and_the_file_of_its_results_are_one_account() -> None:
    """OpenAI states a batch's usage in the batch and again in its results."""
    memory = Counted()
    batch = {
        "id": "batch_1",
        "object": "batch",
        "status": "completed",
        "output_file_id": "file-9x",
        "usage": {"input_tokens": 50_000, "output_tokens": 5_000, "total_tokens": 55_000},
    }
    calls = [given_again(memory, batch, path="/v1/batches/batch_1") for _ in range(2)]
    calls.append(
        given_again(memory, rows(50, "openai"), path="/v1/files/file-9x/content", operation="files")
    )
    assert spent(calls)[:2] == (50_000, 5_000)


@pytest.mark.parametrize(
    "header",
    [
        {"cf-aig-cache-status": "HIT"},
        {"x-portkey-cache-status": "SEMANTIC HIT"},
        {"helicone-cache": "HIT"},
        {"x-litellm-cache-hit": "True"},
    ],
)
def test_an_answer_from_a_gateways_cache_used_nothing(header: dict[str, str]) -> None:
    """No model was asked: nothing is billed."""
    body = {"id": "chatcmpl-1", "usage": {"prompt_tokens": 9, "completion_tokens": 4}}
    hit = given_again(Counted(), body, method="POST", headers=header)
    assert (hit.tokens_basis, hit.cost_usd) == (TokensBasis.COUNTED, None)
    assert "gateway-cache" in hit.evidence
    miss = dict.fromkeys(header, "MISS")
    assert given_again(Counted(), body, method="POST", headers=miss).input_tokens == 9


COUNTS = st.integers(0, 1000)


@given(st.lists(st.tuples(st.sampled_from("abc"), COUNTS, COUNTS), max_size=40))
def test_the_sum_is_that_of_the_largest_statement_of_each_answer(
    said: list[tuple[str, int, int]],
) -> None:
    """In any order of statements nothing is counted twice and nothing that was stated is lost."""
    memory = Counted()
    most: dict[str, tuple[int, int]] = {}
    asked = answered = 0
    for name, tokens, more in said:
        high = most.get(name, (0, 0))
        stated = (max(tokens, high[0]), max(more, high[1]))  # what is stated grows
        most[name] = stated
        left = memory.new("p", name, Bill(Usage(input=stated[0], output=stated[1]), None))
        if left is not None:
            asked, answered = asked + (left.usage.input or 0), answered + (left.usage.output or 0)
    assert (asked, answered) == (
        sum(pair[0] for pair in most.values()),
        sum(pair[1] for pair in most.values()),
    )
