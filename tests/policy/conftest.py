"""Policy tests ask about requests that are drawn once, before a test draws examples of its own."""

import pytest
from policy_strategies import samples


@pytest.fixture(scope="session", autouse=True)
def drawn_before() -> None:
    """Hypothesis takes no drawing within a drawing."""
    samples()
