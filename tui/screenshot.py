"""Development only: `python -m tui.screenshot OUT.svg` draws the review over an invented day, for the README."""

import asyncio
import re
import sys
from datetime import UTC, datetime
from pathlib import Path

from tui.app import ReviewApp
from tui.evidence_acts import EvidenceActs, Verified
from tui.live_queue import Reviewer
from tui.sample import sample_holds, sample_store

AT = datetime(2026, 11, 20, 14, 14, tzinfo=UTC)
SIZE = (140, 36)


async def draw(size: tuple[int, int] = SIZE) -> str:
    """Return the review's first screen as SVG."""
    reviewer = Reviewer(
        who="privacy officer", clock=lambda: AT, zone=UTC, watching=lambda: True, poll_seconds=None
    )
    store = sample_store(AT)
    for waiting in sample_holds(AT):
        store.hold(waiting)
    acts = EvidenceActs(
        verify=lambda: Verified(whole=True, words=()), export=lambda *_: 0, formats=("csv",)
    )
    app = ReviewApp(store, reviewer, store, "", acts)
    async with app.run_test(size=size) as pilot:
        for _ in range(4):
            await app.workers.wait_for_complete()
            await pilot.pause()
        return self_contained(app.export_screenshot(title="outgate review"))


def self_contained(svg: str) -> str:
    """Return the SVG without fonts from elsewhere: a picture must fetch nothing."""
    without = re.sub(r"@font-face\s*\{[^{}]*\}", "", svg)
    spaced = without.replace("<svg ", '<svg xml:space="preserve" ', 1)
    return spaced.replace(
        "Fira Code, monospace", "ui-monospace, Menlo, Consolas, 'DejaVu Sans Mono', monospace"
    )


def main(arguments: list[str]) -> int:
    """Write the SVG to the file named."""
    if len(arguments) != 1:
        sys.stderr.write("Use: python -m tui.screenshot OUT.svg\n")
        return 2
    Path(arguments[0]).write_text(asyncio.run(draw()), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
