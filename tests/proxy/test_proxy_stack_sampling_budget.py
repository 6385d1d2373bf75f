"""How much of a process's time goes into its lines of code."""

from datetime import UTC, datetime

from core.attribution import Attribution, Certainty, ProcessRef, unknown_sender
from proxy.stack_sampling_budget import BURST_S, LEAST_S, SHARE, LineBudget


def sender(pid: int, start: int = 0) -> Attribution:
    process = ProcessRef(
        pid=pid, started_at=datetime(2026, 1, 1, 0, 0, start, tzinfo=UTC), name="python", exe=None
    )
    return Attribution(certainty=Certainty.EXACT, method="fake", process=process)


def asked(budget: LineBudget, requests: int, every_s: float, cost_s: float) -> int:
    """Return for how many of these requests the line was asked."""
    found = 0
    for number in range(requests):
        if budget.allows(sender(1), number * every_s):
            budget.spent(sender(1), cost_s)
            found += 1
    return found


def test_every_request_of_an_ordinary_script_gets_its_line() -> None:
    """A script that sends a few requests a second has the line of each asked for, however long it
    runs.
    """
    assert asked(LineBudget(), 5_000, every_s=0.2, cost_s=0.02) == 5_000


def test_a_flood_is_kept_waiting_for_no_more_than_its_share() -> None:
    """A flood of requests has its first lines, and is then held up for a share of its time only."""
    found = asked(LineBudget(), 30_000, every_s=0.001, cost_s=0.02)

    assert BURST_S + 30 * SHARE - 0.1 < found * 0.02 < BURST_S + 30 * SHARE + 0.1


def test_quick_looks_are_no_licence_for_hundreds_of_them() -> None:
    """However little a request waits for it, a flood is not looked at more often than is told."""
    found = asked(LineBudget(), 30_000, every_s=0.001, cost_s=0.001)

    most = (BURST_S + 30 * SHARE) / LEAST_S
    assert most - 10 < found < most + 10


def test_another_process_has_a_budget_of_its_own() -> None:
    """A flood from one process takes nothing from another, nor from a new process with the same
    pid."""
    budget = LineBudget()
    budget.allows(sender(1), 0.0)
    budget.spent(sender(1), 60)

    assert not budget.allows(sender(1), 0.1)
    assert budget.allows(sender(2), 0.1)
    assert budget.allows(sender(1, start=9), 0.1)
    assert budget.allows(sender(1), 60.0)  # what one look has cost is not held against it for ever


def test_an_unknown_sender_is_not_sampled() -> None:
    """Nobody is sampled when it is not known who sends."""
    assert not LineBudget().allows(unknown_sender("none", "gone"), 0.0)
