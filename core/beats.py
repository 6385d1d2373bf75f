"""When what looks again and again looks next: all at the same moments, so that a gate with nothing
to do is woken once for all of them. Pure.
"""


def until_beat(now: float, every_s: float) -> float:
    """Return how many seconds after `now` the next whole multiple of `every_s` is: more than none,
    and no more than `every_s`.
    """
    return every_s - now % every_s
