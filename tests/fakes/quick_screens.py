"""Screens that keep tests waiting for nothing: when one is at rest, and style sheets read once.

A screen is at rest when nothing in its loop is ready to run and nothing is due soon. Textual's own
pilot takes a process for idle that used little of the processor for 20 ms: it waits
two or three times that long after each key, and under load cannot tell waiting from resting.
"""

import asyncio
import time
from collections.abc import Hashable, Iterator
from contextlib import contextmanager

import pytest
from textual.css.model import RuleSet
from textual.css.stylesheet import Stylesheet

SOON_S = 1 / 50
"""What is due within this is waited for: a screen draws what changed within a sixtieth of a
second.
"""
TURNS = 3
"""In which nothing may have been ready."""


async def at_rest(min_sleep: float = 0, max_sleep: float = 1) -> None:
    """Return when the loop has nothing to do, or after `max_sleep` seconds in which it never
    rested; takes the place of `textual._wait.wait_for_idle`.
    """
    loop = asyncio.get_running_loop()
    assert isinstance(loop, asyncio.BaseEventLoop)
    end, quiet = time.monotonic() + max_sleep, 0
    while quiet < TURNS and time.monotonic() < end:
        await asyncio.sleep(0)
        due = _next_due(loop)
        if loop._ready:  # type: ignore[attr-defined]
            quiet = 0
        elif due is not None:
            await asyncio.sleep(max(0.0, due - loop.time()))
            quiet = 0
        else:
            quiet += 1


def _next_due(loop: asyncio.BaseEventLoop) -> float | None:
    """Return when the first of what is planned soon is due, by the loop's clock."""
    planned = (one for one in loop._scheduled if not one.cancelled())  # type: ignore[attr-defined]
    first = min((one.when() for one in planned), default=None)
    return first if first is not None and first <= loop.time() + SOON_S else None


@contextmanager
def styles_read_once() -> Iterator[None]:
    """The same style sheets with the same colours give the same rules in each test: Textual keeps
    64 of them, of one screen, and has more.
    """
    read = Stylesheet._parse_rules
    kept: dict[tuple[Hashable, ...], list[RuleSet]] = {}

    def parse(sheet: Stylesheet, *told: Hashable, **named: Hashable) -> list[RuleSet]:
        key = (told, *sorted(named.items()), *sheet._variables.items())
        if key not in kept:
            kept[key] = read(sheet, *told, **named)  # type: ignore[arg-type]
        return kept[key]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Stylesheet, "_parse_rules", parse)
        yield
