"""Policy tests ask about requests that are drawn once, before a test draws examples of its own."""

import pytest
from policy_strategies import known, samples


@pytest.fixture(scope="module", autouse=True)
def drawn_before(request: pytest.FixtureRequest) -> None:
    """Hypothesis takes no drawing within a drawing. Drawing takes more than a second: it is done
    where a file asks for these requests.
    """
    if any(getattr(request.module, one.__name__, None) is one for one in (samples, known)):
        samples()
