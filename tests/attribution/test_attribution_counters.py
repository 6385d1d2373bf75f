"""Coverage in numbers."""

from attribution.counters import Counters
from core.attribution import unknown_sender


def test_reasons_that_are_known_are_counted_on_however_many_there_are() -> None:
    """A flood of different reasons takes nothing from the count of the common one, and no more
    memory.
    """
    counters = Counters()
    for number in range(1000):
        counters.sender(unknown_sender("none", "gone"), "by_search", again=False)
        counters.sender(unknown_sender("none", f"reason {number}"), "by_search", again=False)

    reasons = counters.to_json()["reasons"]
    assert isinstance(reasons, dict)
    assert reasons["gone"] == 1000
    assert len(counters._reasons) == 200
