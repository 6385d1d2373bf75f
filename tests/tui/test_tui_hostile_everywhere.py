"""Text of a payload is text on every screen, in every dialog and in a browser, whatever it is."""

import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from invented_day import finding, place, record, sender
from rich.cells import cell_len
from textual.pilot import Pilot

from app.desk_acts import acts_of
from app.home import Home
from app.settings import Settings
from core.classification import AccountKind, Category, LlmCall
from core.decision import Verdict
from core.invisible import is_invisible
from core.record import Record
from evidence.factory import open_evidence
from evidence.holds import HeldRequests
from evidence.store import Store
from tests.tui.conftest import NOW, Opens, Presses

PIECES = (
    *("[bold #fe0102]", "[/]", "[@click=app.quit]", "[link=http://evil.example]", "[/bold", "\\["),
    *(
        "\x1b[2J",
        "\x1b]52;c;eA==\x07",
        "\x1b]8;;http://evil.example\x1b\\",
        "\x9b31m",
        "\x00",
        "\r\n",
    ),
    *(
        "\u202e",
        "\u2066",
        "\u200b",
        "\ufe0f",
        "e\u0301\u0301\u0301",
        "漢字",
        "🙂",
        "│ Outcome ✓ allowed",
    ),
    *("<script>alert(1)</script>", "<img src=x onerror=alert(1)>"),
    *("$blocked", "{name}", "%s", "A" * 300, "'\""),
)
"""What steers widgets, terminals, browsers and readers."""
RED = (254, 1, 2)
SCREENS: Sequence[Sequence[str]] = (
    (), ("enter",), ("w",), ("escape", "c"), ("escape", "x", "down", "x", "c"),
    ("escape", "X", "m"), ("2",), ("escape", "s"), ("escape", "d"), ("escape", "p"),
    ("escape", "e"), ("escape", "slash", "u", "s", "e", "r", "colon"),
    ("escape", "question_mark"), ("escape", "h"), ("a",), ("escape", "b"), ("escape", "escape"),
    *(("2",), ("3",), ("p",), ("escape", "4"), ("5",), ("6",), ("7",), ("p",), ("escape", "8")),
    *(("9",), ("4", "enter"), ("n",), ("escape", "v")),
)  # fmt: skip
"""The keys that lead to each, from the one before."""


def hostile(bad: str, number: int, verdict: Verdict) -> Record:
    """Return a record with this text wherever a sender, a payload or a rule puts any."""
    made = record(
        NOW - timedelta(minutes=number),
        replace(sender(f"{bad}{number}.py", line=7), user=bad, reason=bad, started_by=bad),
        place(f"{bad}.example", None, Category.OTHER, AccountKind.PERSONAL, id=bad, path=f"/{bad}"),
        finding(bad, 3, bad, where=(bad,)),
        finding("iban", 40, bad, where=(bad,)),
        verdict=verdict,
        rule=bad,
        reason=bad,
        notes=(bad,),
        degraded=(bad,),
        hold_seconds=600.0 if verdict is Verdict.HOLD else None,
        hold_key="1" if verdict is Verdict.HOLD else None,
        llm=LlmCall(provider=bad, operation=bad, model=bad, tools=(bad,)),
    )
    return replace(made, id=f"0199a000-0000-7000-8000-{number:012d}")


def written(folder: Path, bad: str) -> Store:
    """Return a store with such records: two cases, and one that waits."""
    evidence = open_evidence(folder / "evidence.db")
    for number in (3, 2):
        evidence.writer.close_record(hostile(bad, number, Verdict.WATCH), lambda _: None)
    evidence.writer.open(hostile(bad, 1, Verdict.HOLD), lambda _: None)
    evidence.close()
    return Store(folder / "evidence.db", clock=lambda: NOW)


def is_inert(pilot: Pilot[int], keys: Sequence[str]) -> None:
    """Look at what is drawn: no control, no mark that turns or hides text, no colour, link or act
    of a payload's, and no line that is longer than the screen.
    """
    width = pilot.app.size.width
    for strip in pilot.app.screen._compositor.render_strips():
        text = "".join(segment.text for segment in strip)
        assert cell_len(text) == width, (keys, text)
        assert not [one for one in text if one < " " or "\x7f" <= one <= "\x9f"], (keys, text)
        assert not [one for one in text if is_invisible(one)], (keys, text)
        for segment in strip:
            style = segment.style
            if style is None:
                continue
            colour = None if style.color is None else style.color.triplet
            assert colour is None or tuple(colour) != RED, (keys, segment.text)
            assert style.link is None, (keys, segment.text)
            assert "@click" not in style.meta, (keys, segment.text)


@given(st.lists(st.sampled_from(PIECES), min_size=4, max_size=9))
@settings(
    max_examples=2,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
async def test_no_screen_reads_a_payload(opened: Opens, press: Presses, pieces: list[str]) -> None:
    """Every tab, page and dialog, over records that hold it in every field. A browser draws what
    this draws, and is told of nothing else.
    """
    folder = Path(tempfile.mkdtemp(prefix="outgate-hostile-"))
    store = written(folder, "".join(pieces))
    acts = acts_of(store, Home(folder), Settings(), watching=lambda: True, clock=lambda: NOW)
    holds = HeldRequests(store)
    try:
        async with opened(store, (120, 40), holds=holds, clock=lambda: NOW, acts=acts) as pilot:
            for keys in SCREENS:
                await press(pilot, *keys)
                is_inert(pilot, keys)
            assert pilot.app.is_running
    finally:
        store.close()
        shutil.rmtree(folder)
