"""What an answer says that it cost stands before any table; other amounts beside it do not."""

from datetime import UTC, datetime
from typing import Any

import orjson
import pytest
from llm_streams import sse

from classifiers.llm import UsageTap
from classifiers.llm.answer import stated_cost
from core.classification import CostBasis, LlmCall
from core.exchange import Answer, Exchange

TOKENS = {"prompt_tokens": 1000, "completion_tokens": 100}


def answered(
    body: bytes | dict[str, Any], *headers: tuple[str, str], kind: str = "application/json"
) -> LlmCall:
    exchange = Exchange(
        id="x",
        at=datetime(2026, 11, 1, tzinfo=UTC),
        scheme="https",
        host="api.openai.com",
        port=443,
        method="POST",
        path="/v1/chat/completions",
    )
    data = body if isinstance(body, bytes) else orjson.dumps(body)
    answer = Answer(status=200, headers=(("content-type", kind), *headers), body=data)
    call = LlmCall(provider="openai", operation="chat", model="gpt-4o-mini")
    return UsageTap(call, answer, exchange).finish(answer)


@pytest.mark.parametrize(
    ("body", "cost"),
    [
        ({"usage": {**TOKENS, "cost": 0.0012}}, "0.0012"),
        ({"usage": {**TOKENS, "cost": "0.0012"}}, "0.0012"),
        ({"usage": {**TOKENS, "cost": {"total_cost": 0.0012, "input_tokens_cost": 1}}}, "0.0012"),
        ({"usage": {**TOKENS, "cost_usd": 0.0012}}, "0.0012"),
        ({"usage": {**TOKENS, "estimated_cost": 0.0012}}, "0.0012"),
        ({"usage": {**TOKENS, "cost_in_usd_ticks": 12_000_000}}, "0.0012"),
        ({"usage": {**TOKENS, "cost_in_nano_usd": 1_200_000}}, "0.0012"),
        ({"usage": TOKENS, "response_cost": 0.0012}, "0.0012"),
        ({"usage": TOKENS, "cost": 0.0012}, "0.0012"),
        ({"usage": TOKENS, "inference_status": {"cost": 0.0012}}, "0.0012"),
        (
            {
                "usage": TOKENS,
                "choices": [{"message": {"provider_metadata": {"gateway": {"cost": "0.0012"}}}}],
            },
            "0.0012",
        ),
        ({"usage": TOKENS, "providerMetadata": {"gateway": {"cost": "0.0012"}}}, "0.0012"),
        (
            {
                "usage": {
                    **TOKENS,
                    "cost": 0.0002,
                    "is_byok": True,
                    "cost_details": {"upstream_inference_cost": 0.001},
                }
            },
            "0.0012",
        ),
        (
            {
                "usage": {
                    **TOKENS,
                    "cost": 0.0012,
                    "is_byok": False,
                    "cost_details": {"upstream_inference_cost": 0.001},
                }
            },
            "0.0012",
        ),
        ({"usage": {**TOKENS, "cost": 0}}, "0"),
    ],
)
def test_a_cost_in_the_body_is_the_cost(body: dict[str, Any], cost: str) -> None:
    """Whichever way a provider or gateway writes what it bills, the record holds that amount."""
    call = answered(body)
    assert (call.cost_usd, call.cost_basis) == (cost, CostBasis.STATED)


@pytest.mark.parametrize(
    "cost", [-1, True, "free", "nan", "inf", 1e9, None, [], {"total": "x"}, "1" * 60, {"cost": -3}]
)
def test_what_cannot_be_a_cost_is_none(cost: object) -> None:
    """An amount that no answer can cost is not believed: the table answers."""
    call = answered({"usage": {**TOKENS, "cost": cost}})
    assert (call.cost_usd, call.cost_basis) == ("0.00021", CostBasis.TABLE)


@pytest.mark.parametrize(
    "name",
    [
        "x-litellm-response-cost",
        "x-portkey-cost",
        "x-portkey-cost-usd",
        "helicone-cost",
        "x-helicone-cost-usd",
        "cf-aig-cost",
        "cf-aig-cost-usd",
        "x-request-cost-usd",
        "x-cost-usd",
        "x-usage-cost",
        "x-nr-request-cost",
        "x-total-cost",
    ],
)
def test_a_cost_in_a_gateways_header_is_the_cost(name: str) -> None:
    """Gateways state in a header what they bill for the call."""
    call = answered({"usage": TOKENS}, (name, "0.0042"))
    assert (call.cost_usd, call.cost_basis) == ("0.0042", CostBasis.STATED)


@pytest.mark.parametrize(
    "name",
    [
        "x-litellm-response-cost-original",
        "x-litellm-response-cost-discount-amount",
        "x-litellm-response-cost-margin-amount",
        "x-ratelimit-tokens-query-cost",
        "x-litellm-key-max-cost",
        "x-remaining-cost",
        "req-cost-time",
        "x-input-cost",
        "x-cost-center",
        "cf-aig-cost-before",
        "x-input-cost-per-token",
        "x-saved-cost",
    ],
)
def test_other_amounts_in_headers_are_not_the_cost(name: str) -> None:
    """Discounts, limits, times and parts of a cost are not what the call cost."""
    call = answered({"usage": TOKENS}, (name, "0.0042"))
    assert (call.cost_usd, call.cost_basis) == ("0.00021", CostBasis.TABLE)


def test_a_nothing_in_the_head_of_a_stream_states_nothing() -> None:
    """The head of a stream is written before the answer: a 0 there is no price."""
    body = sse({"choices": [], "usage": TOKENS})
    stream = answered(body, ("x-litellm-response-cost", "0.0"), kind="text/event-stream")
    assert (stream.cost_usd, stream.cost_basis) == ("0.00021", CostBasis.TABLE)
    whole = answered({"usage": TOKENS}, ("x-litellm-response-cost", "0.0"))
    assert (whole.cost_usd, whole.cost_basis) == ("0", CostBasis.STATED)


def test_the_last_event_of_a_stream_may_state_the_cost_alone() -> None:
    """Some gateways send what a stream cost behind its usage, in an event of its own."""
    meta = {"delta": {"provider_metadata": {"gateway": {"cost": "0.0042"}}}}
    for events in (
        ({"usage": TOKENS}, {"choices": [meta]}),
        ({"choices": [meta]}, {"usage": TOKENS}),
    ):
        call = answered(sse(*events), kind="text/event-stream")
        assert (call.cost_usd, call.cost_basis) == ("0.0042", CostBasis.STATED)
        assert (call.input_tokens, call.output_tokens) == (1000, 100)


def test_a_stated_cost_needs_no_tokens() -> None:
    """A gateway that bills a picture states no token: its cost is known all the same."""
    call = answered({"data": [{"url": "https://x"}]}, ("x-litellm-response-cost", "0.04"))
    assert (call.cost_usd, call.cost_basis, call.input_tokens) == ("0.04", CostBasis.STATED, None)


def test_a_kept_answer_is_told_by_its_header() -> None:
    """Only a hit is one."""
    assert stated_cost.from_cache({"cf-aig-cache-status": "HIT"})
    assert not stated_cost.from_cache({"cf-aig-cache-status": "MISS", "x-cache": "HIT"})
