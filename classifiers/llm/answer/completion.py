"""Completes a call from what was read of its answer: tokens and where they come from, cost, model,
whose organisation.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import orjson

from classifiers.llm import estimate, prices
from classifiers.llm import operations as op
from classifiers.llm.answer.usage import Usage, fill, of_headers
from classifiers.payload import Payload
from core.classification import CostBasis, LlmCall, TokensBasis
from core.exchange import Answer, Exchange
from core.values import changed
from destinations.credentials import organisation_in, project_in

_INPUT_ONLY = frozenset({op.EMBEDDINGS, op.RERANK})
_ESTIMABLE = frozenset({op.CHAT, op.RESPONSES, op.COMPLETION, op.GENERATE, op.EMBEDDINGS})
CUT_OFF = "output cut off: at least this many"


@dataclass(frozen=True, slots=True, kw_only=True)
class Read:
    """What a tap read of one answer. Holds payload: never log it."""

    usage: Usage
    gateway: Usage
    """Counts of a gateway around the model: used for what the model does not state."""
    provisional: bool
    """True when the stream broke off after its first statement of usage."""
    model: str | None
    organisation: str | None
    sample: list[bytes]
    sample_of: int
    """Bytes that the sample was taken from."""

    def __repr__(self) -> str:
        return f"<Read {self.sample_of} bytes>"


def completed(
    call: LlmCall, answer: Answer, read: Read, exchange: Exchange | None, payload: Payload | None
) -> LlmCall:
    """Return the call with tokens, cost, model and organisation, each as sure as it is."""
    headers = dict(reversed(answer.headers))
    usage = fill(fill(read.usage, read.gateway), of_headers(headers) or Usage())
    if usage.empty and usage.only_total is not None and call.operation in _INPUT_ONLY:
        usage = replace(usage, input=usage.only_total)
    call = _learnt(call, headers, read)
    if not usage.empty:
        band = CUT_OFF if read.provisional else None
        basis = TokensBasis.ESTIMATED if read.provisional else TokensBasis.EXACT
        return _priced(_with(call, usage, basis, band), usage, read.model, exchange)
    guess = _estimated(call, answer, read, _request_json(exchange, payload))
    if guess is not None:
        call = _with(call, guess.usage, TokensBasis.ESTIMATED, guess.band)
        return _priced(call, guess.usage, read.model, exchange)
    return call if usage.stated_cost is None else _priced(call, usage, read.model, exchange)


def _learnt(call: LlmCall, headers: Mapping[str, str], read: Read) -> LlmCall:
    return changed(
        call,
        model=call.model or read.model or headers.get("x-ms-deployment-name"),
        organisation=organisation_in(headers) or read.organisation or call.organisation,
        project=project_in(headers) or call.project,
    )


def _estimated(
    call: LlmCall, answer: Answer, read: Read, body: object
) -> "estimate.Estimate | None":
    if answer.status is None or not 200 <= answer.status < 300 or call.operation not in _ESTIMABLE:
        return None
    return estimate.of_exchange(call, body, b"".join(read.sample), read.sample_of)


def _request_json(exchange: Exchange | None, payload: Payload | None) -> object:
    """The request's JSON: from the payload, or parsed now, since few answers need an estimate."""
    if payload is not None:
        return payload.json
    if exchange is None or not exchange.complete:
        return None
    try:
        return orjson.loads(exchange.body)
    except orjson.JSONDecodeError:
        return None


def _priced(
    call: LlmCall, usage: Usage, answered: str | None, exchange: Exchange | None
) -> LlmCall:
    if usage.stated_cost is not None:
        return changed(
            call, cost_usd=prices.dollars(usage.stated_cost), cost_basis=CostBasis.STATED
        )
    if prices.is_local(call.provider, exchange):
        return changed(call, cost_usd="0", cost_basis=CostBasis.LOCAL)
    if usage.empty:
        return call
    cost = prices.from_table(
        call.provider, answered, call.model, usage, None if exchange is None else exchange.at
    )
    return call if cost is None else replace(call, cost_usd=cost, cost_basis=CostBasis.TABLE)


def _with(call: LlmCall, usage: Usage, basis: TokensBasis, band: str | None) -> LlmCall:
    return changed(
        call,
        input_tokens=usage.input,
        output_tokens=usage.output,
        cache_read_tokens=usage.cache_read,
        cache_write_tokens=usage.cache_write,
        reasoning_tokens=usage.reasoning,
        tokens_basis=basis,
        tokens_band=band,
    )
