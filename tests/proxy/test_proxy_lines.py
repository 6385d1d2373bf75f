"""How often a process is sampled for its line of code."""

from datetime import UTC, datetime

from core.attribution import Attribution, Certainty, ProcessRef, unknown_sender
from proxy.stack_sampling_budget import BURST, LineBudget


def sender(pid: int, start: int = 0) -> Attribution:
    process = ProcessRef(
        pid=pid, started_at=datetime(2026, 1, 1, 0, 0, start, tzinfo=UTC), name="python", exe=None
    )
    return Attribution(certainty=Certainty.EXACT, method="fake", process=process)


def test_the_first_requests_are_all_sampled_then_one_a_second() -> None:
    """A script's first findings all get their line; a flood of them gets one a second."""
    budget = LineBudget()
    allowed = [budget.allows(sender(1), n / 100) for n in range(300)]

    assert all(allowed[:BURST])
    assert sum(allowed) in {BURST + 2, BURST + 3}


def test_another_process_has_a_budget_of_its_own() -> None:
    """A flood from one process takes nothing from another, nor from a new process with the same
    pid."""
    budget = LineBudget()
    for _ in range(50):
        budget.allows(sender(1), 0.0)

    assert budget.allows(sender(2), 0.0)
    assert budget.allows(sender(1, start=9), 0.0)


def test_an_unknown_sender_is_not_sampled() -> None:
    """Nobody is sampled when it is not known who sends."""
    assert not LineBudget().allows(unknown_sender("none", "gone"), 0.0)
