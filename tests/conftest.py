"""What holds for every test: examples take as long as the machine lets them, so none has a
deadline.
"""

from collections.abc import Iterator

import pytest
from hypothesis import settings

from core.duties import OWNER

settings.register_profile("house", deadline=None)
settings.load_profile("house")


@pytest.fixture(autouse=True)
def nothing_has_ended() -> Iterator[None]:
    """Each test is a process of its own as far as the owner of threads and tasks knows."""
    OWNER.forget()
    yield
    OWNER.forget()
