"""How long what was found for a connection stands without a look at all processes."""

import pytest

from attribution.ambiguity import rested
from attribution.facts import Ownership, ProcessFacts, Rest
from attribution.found import Found
from core.attribution import unknown_sender

_RAN = (b"1 2 3",)


def _found(**more: object) -> Found:
    values = {"attribution": unknown_sender("x", "y"), "searched_at": 100.0} | more
    sole = ProcessFacts(pid=7, start=1)
    return Found(**{"sole": sole} | values)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("found", "now", "due"),
    [
        (_found(), 100.5, False),
        (_found(), 101.5, True),
        (_found(), 99.0, True),
        (_found(is_first=True), 100.0, True),
        (_found(sole=None), 100.0, True),
        (_found(rests=Rest(at=100.0, runs=_RAN)), 100.5, True),
        (_found(rests=Rest(at=100.0, runs=(b"1 2 2",))), 100.5, False),
    ],
)
def test_when_all_processes_are_looked_at_again(found: Found, now: float, due: bool) -> None:
    """At the first request, once a second, after a clock that went back, and where the one that
    waits did not run.
    """
    assert found.is_due(now, lambda _, runs: runs != _RAN) is due


@pytest.mark.parametrize(
    ("before", "runs", "sent_at", "another"),
    [
        (Rest(at=100.0, runs=_RAN), _RAN, 100.5, True),
        (Rest(at=100.0, runs=_RAN), _RAN, 99.0, False),
        (Rest(at=100.0, runs=_RAN), _RAN, None, False),
        (Rest(at=100.0, runs=_RAN), (b"2 2 4",), 100.5, False),
        (None, _RAN, 100.5, False),
    ],
)
def test_who_did_not_run_has_not_sent(
    before: Rest | None, runs: tuple[bytes, ...], sent_at: float | None, another: bool
) -> None:
    """Only where data was sent after a moment at which nothing was on its way."""
    now = Ownership(pids=(7,), sent_at=sent_at, rests=Rest(at=101.0, runs=runs))
    assert rested(before, now) is another


@pytest.mark.parametrize(
    ("found", "now", "ages"),
    [
        (_found(), 100.5, False),
        (_found(), 100.8, True),
        (_found(), 101.1, False),
        (_found(), 99.0, False),
        (_found(is_first=True), 100.8, False),
        (_found(sole=None), 100.8, False),
    ],
)
def test_when_a_look_beside_a_request_spares_another_one_the_wait(
    found: Found, now: float, ages: bool
) -> None:
    """Shortly before it is due, and where looks of this kind are made."""
    assert found.ages(now) is ages
