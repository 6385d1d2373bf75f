"""By how much a clock was set while something lasted, however often."""

from datetime import UTC, datetime, timedelta

import pytest

from core.clock_course import ClockCourse

_AT = datetime(2026, 11, 27, tzinfo=UTC)


@pytest.mark.parametrize(
    ("steps", "apart", "before"),
    [
        ((), 0, 0),
        ((0.01, -0.02), 0, 0),
        ((3600,), 3600, 0),
        ((-3600,), 3600, 3600),
        ((-7200, 7200), 7200, 7200),
        ((60, -90, 30), 90, 30),
    ],
)
def test_steps_are_told_by_how_far_times_are_apart(
    steps: tuple[float, ...], apart: float, before: float
) -> None:
    """Only a clock that was set back shows times of before."""
    clock = [_AT.timestamp(), 7.0]
    course = ClockCourse(lambda: clock[0], lambda: clock[1])
    for step in steps:
        clock[0], clock[1] = clock[0] + 100 + step, clock[1] + 100
        course.look()
    assert course.apart.total_seconds() == pytest.approx(apart, abs=1e-3)
    assert abs(course.earliest(_AT) - (_AT - timedelta(seconds=before))) < timedelta(seconds=0.001)
