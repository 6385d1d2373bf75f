"""Completes a call from what was read of its answer: tokens and where they come from, cost, model,
whose organisation. What an earlier record counts is not counted again.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from functools import reduce
from typing import NamedTuple

import orjson

from classifiers.llm import estimate, prices
from classifiers.llm import operations as op
from classifiers.llm.answer import stated_cost, units
from classifiers.llm.answer.counted import Bill, Counted
from classifiers.llm.answer.families import of_headers
from classifiers.llm.answer.ledger import Ledger, Part
from classifiers.llm.answer.usage import NOTHING, Usage, fill, total
from classifiers.payload import Payload
from core.classification import CostBasis, LlmCall, TokensBasis
from core.exchange import Answer, Exchange
from core.uncounted import TokenCount, Uncounted
from core.values import changed, quick
from destinations.credentials import organisation_in, project_in

_INPUT_ONLY = frozenset({op.EMBEDDINGS, op.RERANK})
_ESTIMABLE = frozenset({op.CHAT, op.RESPONSES, op.COMPLETION, op.GENERATE, op.EMBEDDINGS})
CUT_OFF = "output cut off: at least this many"
GIVEN_AGAIN = "given-again"
"""Evidence that an earlier record counts this answer."""
FROM_CACHE = "gateway-cache"
"""Evidence that a gateway answered from what it had kept."""
_CONTINUED = "what an earlier record counts of this answer"


class Seen(NamedTuple):
    """The answer's head, and the request where it is at hand."""

    answer: Answer
    exchange: Exchange | None
    payload: Payload | None


@quick
@dataclass(frozen=True, slots=True, kw_only=True)
class Read:
    """What a tap read of one answer. Holds payload: never log it."""

    ledger: Ledger
    sample: list[bytes]
    sample_of: int
    """Bytes that the sample was taken from."""
    streamed: bool
    told: TokenCount | None = None
    """What others have counted; None: it is counted here, where the answer does not say it."""

    def __repr__(self) -> str:
        return f"<Read {self.sample_of} bytes>"


class _Account(NamedTuple):
    """What the answer used, how that is known, and what it cost."""

    usage: Usage
    basis: TokensBasis
    band: str | None
    cost: "_Cost"


class _Cost(NamedTuple):
    dollars: Decimal | None = None
    basis: CostBasis = CostBasis.UNKNOWN
    left_out: tuple[str, ...] = ()


def uncounted(call: LlmCall, seen: Seen, read: Read) -> Uncounted | None:
    """Return what must be counted to know what was used; None where it is said, or is no matter."""
    if read.ledger.parts() or not _is_unsaid(read.ledger.usage):
        return None  # whatever else states it
    headers, exchange = dict(reversed(seen.answer.headers)), seen.exchange
    if not _is_unsaid(_stated(call, headers, read)):
        return None
    if not _is_estimable(call, seen, read):
        return None
    call = _learnt(call, headers, read.ledger, exchange)
    asked = exchange.body if exchange is not None and exchange.complete else b""
    return Uncounted(call=call, asked=asked, sample=b"".join(read.sample), seen=read.sample_of)


def completed(call: LlmCall, seen: Seen, read: Read, counted: Counted) -> LlmCall:
    """Return the call with tokens, cost, model and organisation, each as sure as it is."""
    headers = dict(reversed(seen.answer.headers))
    call = _learnt(call, headers, read.ledger, seen.exchange)
    account = _account(call, headers, seen, read)
    if account is None:
        return call
    if stated_cost.from_cache(headers):
        return _counted_before(call, FROM_CACHE)
    if call.response_id is None:
        return _with(call, account)
    bill = Bill(account.usage, account.cost.dollars)
    left = counted.new(_place(call, seen.exchange), call.response_id, bill)
    if left is None:
        return _counted_before(call, GIVEN_AGAIN)
    if left is bill:
        return _with(call, account)
    cost = account.cost._replace(dollars=left.cost, left_out=(*account.cost.left_out, _CONTINUED))
    return _with(call, account._replace(usage=left.usage, cost=cost))


def _learnt(
    call: LlmCall, headers: Mapping[str, str], ledger: Ledger, exchange: Exchange | None
) -> LlmCall:
    return changed(
        call,
        model=call.model or ledger.model or headers.get("x-ms-deployment-name"),
        organisation=organisation_in(headers) or ledger.organisation or call.organisation,
        project=project_in(headers) or call.project,
        response_id=_downloaded(exchange) or ledger.answer_id,
    )


def _downloaded(exchange: Exchange | None) -> str | None:
    """Return the id of the file or batch whose results are downloaded: of all its rows, each time
    anew.
    """
    steps = [] if exchange is None else exchange.path.partition("?")[0].split("/")
    if len(steps) < 3 or steps[-1] not in {"content", "results"}:
        return None
    return steps[-2][:200] if steps[-3] in {"files", "batches"} else None


def _account(call: LlmCall, headers: Mapping[str, str], seen: Seen, read: Read) -> _Account | None:
    """Return what the answer used and cost; None where neither is known."""
    ledger, usage = read.ledger, _stated(call, headers, read)
    parts = list(ledger.parts())
    basis, band = TokensBasis.EXACT, None
    if not _is_unsaid(usage):
        parts.append(Part(ledger.model, usage, 1))
        if ledger.provisional:
            basis, band = TokensBasis.ESTIMATED, CUT_OFF
    elif not parts and (guess := _estimated(call, seen, read)) is not None:
        guessed = Usage(input=guess.asked, output=guess.answered, stated_cost=usage.stated_cost)
        parts = [Part(ledger.model, guessed, 1)]
        basis, band = TokensBasis.ESTIMATED, guess.band
    elif not parts and usage.stated_cost is None:
        return None
    whole = reduce(total, (part.usage for part in parts)) if parts else NOTHING
    if whole.only_total is not None:
        whole = changed(whole, only_total=None)  # of several it says nothing
    if usage.stated_cost is not None:
        whole = replace(whole, stated_cost=usage.stated_cost)
    if whole.empty:
        basis = TokensBasis.UNKNOWN
    return _Account(whole, basis, band, _cost(call, parts, whole, seen.exchange))


def _is_unsaid(usage: Usage) -> bool:
    """Return True where an answer states nothing of what it used."""
    return usage.empty and not usage.units


def _stated(call: LlmCall, headers: Mapping[str, str], read: Read) -> Usage:
    """Return the usage and the cost that the answer states, in its body or its headers."""
    ledger = read.ledger
    usage = fill(fill(ledger.usage, ledger.gateway), of_headers(headers) or NOTHING)
    if usage.empty and usage.only_total is not None and call.operation in _INPUT_ONLY:
        usage = replace(usage, input=usage.only_total)
    stated = stated_cost.of_headers(headers, streamed=read.streamed)
    return usage if stated is None else replace(usage, stated_cost=stated)


def _cost(call: LlmCall, parts: list[Part], whole: Usage, exchange: Exchange | None) -> _Cost:
    if whole.stated_cost is not None:
        return _Cost(Decimal(str(whole.stated_cost)), CostBasis.STATED)
    if prices.is_local(call.provider, exchange):
        return _Cost(Decimal(0), CostBasis.LOCAL)
    at: datetime | None = None if exchange is None else exchange.at
    dollars, left_out, priced = Decimal(0), dict[str, None](), False
    for part in parts:
        one = prices.from_table(call.provider, part.model, call.model, part.usage, at, part.number)
        if one is None:
            return _Cost()
        dollars, priced = dollars + one.dollars, True
        left_out.update(dict.fromkeys(one.left_out))
    return _Cost(dollars, CostBasis.TABLE, tuple(left_out)) if priced else _Cost()


def _place(call: LlmCall, exchange: Exchange | None) -> str:
    """Return who gives the ids: two providers may give the same."""
    return call.provider or ("" if exchange is None else f"{exchange.host}:{exchange.port}")


def _is_estimable(call: LlmCall, seen: Seen, read: Read) -> bool:
    answer, exchange = seen.answer, seen.exchange
    if answer.status is None or not 200 <= answer.status < 300 or call.operation not in _ESTIMABLE:
        return False
    return not read.ledger.pending and (exchange is None or exchange.method == "POST")


def _estimated(call: LlmCall, seen: Seen, read: Read) -> TokenCount | None:
    """Return what was counted; None where there was nothing."""
    if not _is_estimable(call, seen, read):
        return None
    found = read.told
    if found is None:
        body = _request_json(seen.exchange, seen.payload)
        found = estimate.of_exchange(call, body, b"".join(read.sample), read.sample_of)
    return None if found.asked is None and found.answered is None else found


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


def _counted_before(call: LlmCall, why: str) -> LlmCall:
    return changed(
        call,
        tokens_basis=TokensBasis.COUNTED,
        cost_basis=CostBasis.COUNTED,
        evidence=(*call.evidence, why),
    )


def _with(call: LlmCall, account: _Account) -> LlmCall:
    usage, cost = account.usage, account.cost
    terms = usage.terms
    tier = terms.get(units.TIER) or terms.get(units.PROCESSING) or terms.get(units.SPEED)
    return changed(
        call,
        input_tokens=usage.input,
        output_tokens=usage.output,
        cache_read_tokens=usage.cache_read,
        cache_write_tokens=usage.cache_write,
        reasoning_tokens=usage.reasoning,
        tokens_basis=account.basis,
        tokens_band=account.band,
        cost_usd=None if cost.dollars is None else prices.dollars(cost.dollars),
        cost_basis=cost.basis,
        cost_left_out=cost.left_out,
        tier=tier,
    )
