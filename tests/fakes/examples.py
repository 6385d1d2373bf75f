"""How many examples a property is tried with: all in the profile `thorough`, a share in others."""

from hypothesis import settings

WHOLE = 100
"""Examples of a property that states no number of its own, in the profile `thorough`."""
SHARES = {"house": 25, "thorough": WHOLE}
"""Examples of such a property by profile: `pytest --hypothesis-profile=thorough`."""


def most(count: int) -> int:
    """Return how many of `count` examples are tried in the profile that is loaded."""
    return max(10, count * settings().max_examples // WHOLE)
