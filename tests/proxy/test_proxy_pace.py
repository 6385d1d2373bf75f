"""How soon it is asked again whether a connection has begun."""

import pytest

from proxy.pace import Pace


@pytest.mark.parametrize(
    ("quiet_s", "followed", "at_rest"),
    [(0, 0.03, 0.25), (4.9, 0.03, 0.25), (5, 0.06, 0.25), (29.9, 0.06, 0.25), (31, 0.12, 0.5)],
)
def test_the_longer_nothing_began_the_later_it_is_asked(
    quiet_s: float, followed: float, at_rest: float
) -> None:
    """And at once closely again when something did, or a run begins."""
    now = [100.0]
    pace = Pace(lambda: now[0])
    now[0] += quiet_s
    assert pace.followed(0.03) == pytest.approx(followed)
    assert pace.at_rest(0.25) == at_rest
    pace.runs(0)
    assert pace.followed(0.03) == pytest.approx(followed), "no run has begun"
    pace.runs(1)
    assert (pace.followed(0.03), pace.at_rest(0.25)) == (0.03, 0.25)
    now[0] += 100
    assert pace.at_rest(60.0) == 60.0, "who asks less often goes on to"
    pace.news()
    assert pace.followed(0.03) == 0.03
