"""Screens of tests are drawn when they are at rest, not at each step on the way there: no terminal
shows those.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from textual._compositor import Compositor
from textual._context import visible_screen_stack
from textual.app import App
from textual.strip import Strip


@contextmanager
def drawn_at_rest() -> Iterator[None]:
    """What is to be drawn again is noted as drawn; `lines_drawn` draws all of it."""

    def noted(
        compositor: Compositor, full: bool = False, screen_stack: Any = None, simplify: bool = False
    ) -> None:
        visible_screen_stack.set([] if screen_stack is None else screen_stack)
        compositor._dirty_regions.clear()

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Compositor, "render_update", noted)
        yield


def lines_drawn(app: App[Any]) -> list[Strip]:
    """Return the lines of the screen, over those that lie below it."""
    visible_screen_stack.set(list(app._background_screens))
    return app.screen._compositor.render_strips()
