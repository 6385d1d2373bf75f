"""What an answer itself says that it cost, in US dollars: in its usage, beside it, or in a header
of a gateway.
"""

import math
from collections.abc import Mapping
from typing import Any

Json = Mapping[str, Any]

_FRACTIONS = (("cost_in_usd_ticks", 1e10), ("cost_in_nano_usd", 1e9))
"""Fields that state whole parts of a dollar, and how many make one."""
_MOST = 1e6
"""No answer costs a million dollars: a larger number is no price."""
_LONGEST = 40
_AMOUNTS = ("total_cost", "total", "cost", "usd", "total_cost_usd")
_IN_USAGE = ("cost", "cost_usd", "total_cost", "estimated_cost", "total_cost_usd", "costDollars")
_USAGE_COSTS = frozenset((*[name for name, _ in _FRACTIONS], *_IN_USAGE))
_NOT_THE_PRICE = frozenset(
    (
        "ratelimit limit remaining budget original discount margin markup time per max min"
        " saved savings reset spend key input output prompt completion cents credits before"
        " character characters token tokens unit units point points credit query"
    ).split()
)
"""Words in the names of headers that tell another amount than that of this answer."""
_CACHES = (
    "cf-aig-cache-status",
    "helicone-cache",
    "x-portkey-cache-status",
    "x-litellm-cache-hit",
    "x-gateway-cache-status",
)


def of_usage(values: Json) -> float | None:
    """Return the cost that a `usage` object states, or None."""
    if _USAGE_COSTS.isdisjoint(values):
        return None
    for name, unit in _FRACTIONS:
        if name in values and (told := amount(values[name], _MOST * unit)) is not None:
            return told / unit
    cost = _first(values, _IN_USAGE)
    if cost is None or values.get("is_byok") is not True:
        return cost
    # With a key of one's own the gateway states its fee; what the provider bills stands apart.
    details = values.get("cost_details")
    own = amount(details.get("upstream_inference_cost")) if isinstance(details, dict) else None
    return cost + (own or 0.0)


def of_answer(answer: Json) -> float | None:
    """Return the cost that stands beside the usage: of a gateway around the model, or None."""
    for holder in _metadata(answer):
        gateway = holder.get("gateway")
        if isinstance(gateway, dict) and (cost := amount(gateway.get("cost"))) is not None:
            return cost
    for key in ("response_cost", "cost", "cost_usd", "total_cost"):
        if key in answer and (cost := _amount_in(answer[key])) is not None:
            return cost
    status = answer.get("inference_status")
    return amount(status.get("cost")) if isinstance(status, dict) else None


def _metadata(answer: Json) -> list[Json]:
    """Return where gateways tell what they did: beside the answer, in a message, in a piece."""
    holders: list[object] = [answer]
    choices = answer.get("choices")
    if isinstance(choices, list) and choices and isinstance(choices[-1], dict):
        holders += (choices[-1], choices[-1].get("message"), choices[-1].get("delta"))
    named = ("provider_metadata", "providerMetadata")
    found = [h.get(key) for h in holders if isinstance(h, dict) for key in named]
    return [one for one in found if isinstance(one, dict)]


def of_headers(headers: Mapping[str, str], *, streamed: bool) -> float | None:
    """Return the cost that a gateway states in a header of its answer, or None.

    The head of a stream is sent before anything is known: there a nothing states nothing.
    """
    for name, text in headers.items():
        if _tells_cost(name) and (cost := amount(text)) is not None and (cost or not streamed):
            return cost
    return None


def _tells_cost(name: str) -> bool:
    if "cost" not in name:
        return False
    words = name.replace("_", "-").split("-")
    while words and words[-1] in {"usd", "dollars"}:
        words.pop()
    return bool(words) and words[-1] == "cost" and _NOT_THE_PRICE.isdisjoint(words)


def from_cache(headers: Mapping[str, str]) -> bool:
    """Return True when a gateway gave an answer that it had kept: no model was asked."""
    for name in _CACHES:
        if headers.get(name, "").strip().lower() in {"hit", "semantic hit", "true"}:
            return True
    return False


def _first(values: Json, names: tuple[str, ...]) -> float | None:
    for name in names:
        if name in values and (cost := _amount_in(values[name])) is not None:
            return cost
    return None


def _amount_in(value: object) -> float | None:
    if isinstance(value, dict):
        return next((c for key in _AMOUNTS if (c := amount(value.get(key))) is not None), None)
    return amount(value)


def amount(value: object, most: float = _MOST) -> float | None:
    """Return an amount of money, or None for what cannot be one."""
    if value is None:
        return None
    if isinstance(value, str):
        try:
            value = float(value) if len(value) <= _LONGEST else None
        except ValueError:
            return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if math.isfinite(value) and 0 <= value < most else None
