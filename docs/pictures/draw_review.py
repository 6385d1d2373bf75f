"""`python docs/pictures/draw_review.py` draws docs/review.svg: the review over an invented day."""

import asyncio
import re
import sys
from datetime import UTC, datetime
from pathlib import Path

from tui.app import ReviewApp
from tui.evidence_acts import EvidenceActs, Verified
from tui.live_queue import Reviewer

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "fakes"))

from invented_day import sample_holds, sample_store  # noqa: E402

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
        verify=lambda: Verified(whole=True, words=()), export=lambda *_: 0, formats=()
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


def main() -> None:
    """Draw the picture anew where it is kept."""
    (ROOT / "docs" / "review.svg").write_text(asyncio.run(draw()), encoding="utf-8")


if __name__ == "__main__":
    main()
