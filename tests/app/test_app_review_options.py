"""The options of `outgate review`: none is passed over in silence."""

import pytest

from tests.app.conftest import Runs

TOGETHER = [
    ("--demo", "--commands"),
    ("--web", "--plain"),
    ("--web", "--commands"),
    ("--plain", "--commands"),
    ("--demo", "--read-only"),
    ("--demo", "--case", "3f9a1c02b7de"),
    ("--demo", "--view", "mine"),
    ("--demo", "--web", "--plain"),
    ("--port", "8123"),
    ("--tls",),
    ("--idle-minutes", "3"),
]


@pytest.mark.parametrize("options", TOGETHER, ids=" ".join)
def test_options_that_cannot_be_kept_are_refused(outgate: Runs, options: tuple[str, ...]) -> None:
    """Who asks for two things at once is told that only one can be had, before anything starts."""
    done = outgate("review", *options)
    assert done.code == 2
    assert any(option in done.err for option in options)
