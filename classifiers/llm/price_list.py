"""The arithmetic of a price list: units times their prices, on the terms of the answer; what has no
price is named.
"""

from collections.abc import Iterator, Mapping
from copy import copy
from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple

from classifiers.llm.answer import units
from classifiers.llm.answer.usage import Usage

_KEYS = {
    units.IN_AUDIO: "input_audio_mtok",
    units.OUT_AUDIO: "output_audio_mtok",
    units.CACHED_AUDIO: "cache_audio_read_mtok",
    units.IN_IMAGE: "input_image_mtok",
    units.OUT_IMAGE: "output_image_mtok",
    units.CACHED_IMAGE: "cache_image_read_mtok",
    units.IN_VIDEO: "input_video_mtok",
    units.OUT_VIDEO: "output_video_mtok",
    units.HOUR_CACHE: "cache_write_1h_mtok",
    units.WEB: "web_searches_kcount",
    units.FILES: "storage_searches_kcount",
    units.RERANKS: "rerank_searches_kcount",
    units.CODE: "code_executions_kcount",
    units.SECONDS: "input_audio_hours",
}
"""Units that the package's price lists know, by the name of their price."""
_AS_TEXT = frozenset({units.IN_IMAGE, units.IN_VIDEO, units.CACHED_IMAGE})
"""What is billed at the price of text where a list has no other for it."""
_WORDS = {
    units.IN_AUDIO: "sound (priced as text)",
    units.OUT_AUDIO: "spoken answers (priced as text)",
    units.CACHED_AUDIO: "the price of cached sound",
    units.OUT_IMAGE: "pictures made (priced as text)",
    units.OUT_VIDEO: "films made (priced as text)",
    units.HOUR_CACHE: "caching for an hour (priced as for 5 minutes)",
    units.WEB: "web searches",
    units.FILES: "searches in files",
    units.RERANKS: "searches",
    units.CODE: "running of code",
    units.SECONDS: "seconds of sound",
    units.COMPACTION: "shortening of the conversation",
    units.IMAGES: "pictures made by a tool",
    units.OTHER_TOOLS: "tools of the provider",
    units.MAPS: "searches in maps",
    units.TRANSCRIPTS: "writing down what was said",
}
_TERMS = {
    units.TIER: "the price of the {} tier",
    units.SPEED: "the price of {} speed",
    units.REGION: "the surcharge of the region {}",
    units.PROCESSING: "the price of a {}",
}
_MORE: Mapping[str, Mapping[str, Decimal]] = {
    "gpt-4o-audio-preview": {
        "input_audio_mtok": Decimal(40),
        "output_audio_mtok": Decimal(80),
    },
    "gpt-4o-mini-audio-preview": {
        "input_audio_mtok": Decimal(10),
        "output_audio_mtok": Decimal(20),
    },
}
"""Prices that the package's list of OpenAI lacks, in US dollars a million tokens."""
_SAME_PRICE = frozenset({("groq", "flex")})
"""Tiers that cost what the ordinary one costs."""
_TOKENS = frozenset({"input_tokens", "output_tokens"})
_MILLION = 1_000_000
_ODD = "details that do not add up (priced without them)"


class Priced(NamedTuple):
    """A cost in US dollars, and in words what it leaves out."""

    dollars: Decimal
    left_out: tuple[str, ...]


def cost(owner: Any, model: Any, usage: Usage, at: datetime, count: int) -> Priced | None:
    """Return what an answer cost by this model's list of that day; `count`: so many like it make up
    `usage`.

    `owner` and `model` are of the price package, which ships no types for either.
    """
    own = any(model is one for one in owner.models)
    prices, unknown_terms = _on_terms(owner.id, model, usage.terms, at, own=own)
    known = {k: n for k, n in usage.units.items() if _price(prices, k) is not None}
    left_out = [*unknown_terms, *_unpriced(usage.units, prices), *_cached(usage, prices)]
    counts = {**_plain(usage), **known}
    if units.SECONDS in known:
        counts["audio_seconds"] = counts[units.SECONDS]
    sum_ = _sum(prices, counts, count)
    if sum_ is None and known:
        sum_, left_out = _sum(prices, _plain(usage), count), [*left_out, _ODD]
    return None if sum_ is None else Priced(sum_, tuple(dict.fromkeys(left_out)))


def _plain(usage: Usage) -> dict[str, int]:
    """Return the counts that every list prices: of tokens, as billed."""
    asked, answered = usage.total_input, usage.output
    told = {
        "input_tokens": usage.units.get(units.BILLED_INPUT, asked),
        "output_tokens": usage.units.get(units.BILLED_OUTPUT, answered),
        "cache_read_tokens": usage.cache_read,
        "cache_write_tokens": usage.cache_write,
    }
    return {name: number for name, number in told.items() if number is not None}


def _sum(prices: Any, counts: Mapping[str, int], count: int) -> Decimal | None:
    """Price one answer of average size, since a long one may be dearer by the token, and multiply.

    None where the counts contradict each other or the list has nothing for them.
    """
    if count == 1 and (short := sum_of_tokens(prices, counts)) is not None:
        return short
    from genai_prices import Usage as PricedUsage

    each = {k: n if count == 1 else Decimal(n) / count for k, n in counts.items()}
    try:
        total: Decimal = prices.calc_price(PricedUsage(**each))["total_price"]
    except (ValueError, LookupError, TypeError, ArithmeticError):
        return None
    return total * count


def sum_of_tokens(prices: Any, counts: Mapping[str, int]) -> Decimal | None:
    """Return what the package would for most answers, in a twentieth of its time: tokens in and
    out, each at one price. None for any other.
    """
    listed = prices.__dict__
    each = listed.get("input_mtok"), listed.get("output_mtok")
    if counts.keys() != _TOKENS or listed.get("requests_kcount") is not None:
        return None
    if type(each[0]) is not Decimal or type(each[1]) is not Decimal:
        return None  # none, or by steps of length
    sides = zip(("input_tokens", "output_tokens"), each, strict=True)
    return sum((price * counts[side] / _MILLION for side, price in sides), Decimal(0))


def _price(prices: Any, unit: str) -> Any:
    key = _KEYS.get(unit)
    return None if key is None else prices.__dict__.get(key)


def _unpriced(used: Mapping[str, int], prices: Any) -> Iterator[str]:
    for unit, number in used.items():
        if number and unit in _WORDS and unit not in _AS_TEXT and _price(prices, unit) is None:
            yield _WORDS[unit]


def _cached(usage: Usage, prices: Any) -> Iterator[str]:
    """Yield what a cache held or took of which the list has no price, unless it is not billed."""
    listed = prices.__dict__
    if units.BILLED_INPUT in usage.units or listed.get("input_mtok") is None:
        return
    if usage.cache_read and listed.get("cache_read_mtok") is None:
        yield "the price of what a cache held (priced as asked)"
    if usage.cache_write and listed.get("cache_write_mtok") is None:
        yield "keeping in a cache (priced as asked)"


def _on_terms(
    provider: str, model: Any, terms: Mapping[str, str], at: datetime, *, own: bool
) -> tuple[Any, list[str]]:
    """Return the list of that day on these terms, and which of them it does not know."""
    standard, more = model.get_prices(at), _MORE.get(model.id)
    if not terms and more is None:
        return standard, []
    prices = copy(standard)
    unknown = []
    for name, word in terms.items():
        if (provider, word) in _SAME_PRICE:
            continue
        found = _variant(model, name, word, at) if own or name == units.PROCESSING else None
        if found is None:
            unknown.append(_TERMS[name].format(word))
        else:
            told = {k: v for k, v in found.prices.__dict__.items() if v is not None}
            prices.__dict__.update(told)
    prices.__dict__.update(more or {})
    return prices, unknown


def _variant(model: Any, name: str, word: str, at: datetime) -> Any:
    """Return the prices of a tier. Its date is when the list learnt it: it held for as long as the
    latest ordinary price.
    """
    dated = isinstance(model.prices, list)
    latest = not dated or model.get_prices(at) is model.prices[-1].prices
    for one in model.price_variants or ():
        active = one.constraint is None or one.constraint.active(at)
        if one.when == {name: word} and (active or latest):
            return one
    return None
