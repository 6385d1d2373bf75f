"""When what looks again and again looks next: all at the same moments, so that a gate with nothing
to do is woken once for all of them. Pure.
"""


def until_beat(now: float, every_s: float, least_s: float = 0.0) -> float:
    """Return how many seconds after `now` the next whole multiple of `every_s` is that leaves so
    many seconds at least: what takes long on a busy machine must not be begun again at once. None
    for who looks without a pause.
    """
    if not every_s:
        return 0.0
    rest = every_s - now % every_s
    return rest if rest >= least_s else rest + every_s
