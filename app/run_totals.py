"""What a run's requests come to: how many, how much of them left, what was spent."""

from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any

from core.decision import Verdict
from core.fate import UNSTOPPED, Fate
from core.record import Record

_UNSENT = UNSTOPPED - {Fate.PAST}


def dollars(cost: str | None) -> Decimal | None:
    """Return a cost as a number; None where there is none, or it is none."""
    try:
        value = None if cost is None else Decimal(cost)
    except InvalidOperation:
        return None
    return value if value is not None and value.is_finite() else None


def totals_of(records: Sequence[Record]) -> dict[str, Any]:
    """Return the sums of all requests of a run, as `run --json` tells them."""

    def count(asked: Callable[[Record], object]) -> int:
        return sum(map(bool, map(asked, records)))

    llm = [record.llm for record in records if record.llm is not None]
    costs = [cost for call in llm if (cost := dollars(call.cost_usd)) is not None]
    return {
        "requests": len(records),
        "bytes_sent": sum(record.bytes_went for record in records),
        "bytes_at_least": not all(record.bytes_exact for record in records),
        "stopped": count(lambda record: record.stopped),
        "unsent": count(lambda record: record.fate in _UNSENT),
        "past": count(lambda record: record.fate is Fate.PAST),
        "with_findings": count(lambda record: record.findings),
        "blocked": count(lambda record: record.decision.verdict is Verdict.BLOCK),
        "llm_calls": len(llm),
        "input_tokens": _sum_of(call.input_tokens for call in llm),
        "output_tokens": _sum_of(call.output_tokens for call in llm),
        "cost_usd": f"{sum(costs):f}" if costs else None,
        "cost_left_out": sorted({words for call in llm for words in call.cost_left_out}),
    }


def _sum_of(amounts: Iterable[int | None]) -> int | None:
    """Return the sum; None of nothing."""
    told = list(amounts)
    return sum(amount or 0 for amount in told) if told else None
