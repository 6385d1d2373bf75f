"""The picture of the review in the README."""

import importlib.util
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


async def test_the_picture_shows_the_review_as_it_is() -> None:
    """Who decides by the README's picture sees today's screen; `docs/pictures/draw_review.py` draws
    it anew.
    """
    tool = ROOT / "docs" / "pictures" / "draw_review.py"
    spec = importlib.util.spec_from_file_location("draw_review", tool)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)

    assert await module.draw() == (ROOT / "docs" / "review.svg").read_text(encoding="utf-8")
