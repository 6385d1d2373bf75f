"""What looks again and again is woken at the same moments."""

import pytest

from core.beats import until_beat


@pytest.mark.parametrize("every_s", [0.25, 1.0, 2.0, 60.0])
@pytest.mark.parametrize("now", [0.0, 0.1, 0.25, 59.999, 1e6 + 0.3, 123456.75])
def test_the_next_look_is_at_a_whole_multiple_and_never_at_once(now: float, every_s: float) -> None:
    """Nobody waits longer than asked for, nobody is asked again at once, and who looks every second
    looks when those look who look four times a second.
    """
    rest = until_beat(now, every_s)

    assert 0 < rest <= every_s
    patient = until_beat(now, every_s, every_s / 2)
    assert every_s / 2 <= patient < every_s * 1.5
    for one in (rest, patient):
        beats = (now + one) / every_s
        assert beats == pytest.approx(round(beats), abs=1e-6)
