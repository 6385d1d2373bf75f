"""Heavy tables are loaded once, ahead of need, without holding up traffic."""

import pytest

from classifiers.llm.loading import Lazy


def test_made_once_and_only_when_needed() -> None:
    """What nobody needs is not loaded, and what is needed twice is loaded once."""
    made: list[int] = []

    def make() -> int:
        made.append(1)
        return 7

    lazy = Lazy(make)
    assert made == []
    lazy.begin()
    lazy.begin()
    assert (lazy.get(), lazy.get(), made) == (7, 7, [1])


def test_an_error_in_the_background_shows_where_the_value_is_needed() -> None:
    """A table that cannot be loaded is an error for whoever asks for it, not a silent gap."""

    def fail() -> int:
        raise ValueError("no table")

    lazy = Lazy(fail)
    lazy.begin()
    for _ in range(2):
        with pytest.raises(ValueError, match="no table"):
            lazy.get()
