"""Copies of frozen values."""

from dataclasses import replace

from core.classification import CostBasis, LlmCall
from core.values import changed


def test_it_equals_what_the_library_gives() -> None:
    """A changed copy equals the library's own, and the original stays as it was."""
    call = LlmCall(provider="openai", operation="chat", tools=("a",))
    copy = changed(call, cost_usd="1", cost_basis=CostBasis.STATED)

    assert copy == replace(call, cost_usd="1", cost_basis=CostBasis.STATED)
    assert call.cost_usd is None
    assert hash(copy) == hash(replace(call, cost_usd="1", cost_basis=CostBasis.STATED))
