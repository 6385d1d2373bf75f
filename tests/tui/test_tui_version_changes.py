"""What is to be read of a version of a script before it is approved."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.review import ReviewEvent, ScriptVersion, script_event
from tui.kept_code import Kept
from tui.script_view import ScriptReading
from tui.version_changes import LONGEST_LINE, MOST_LINES, base_of, changes

NOW = datetime(2026, 11, 20, 14, 14, tzinfo=UTC)
HASHES = ("aa" * 32, "bb" * 32, "cc" * 32)


def version(place: int) -> ScriptVersion:
    at = NOW - timedelta(days=place)
    return ScriptVersion(script="/srv/x.py", sha256=HASHES[place], first_at=at, last_at=at)


def reading(*approved: int, taken_back: tuple[int, ...] = ()) -> ScriptReading:
    """Three versions, the newest first; those approved, the last one named last."""
    said: dict[str | None, ReviewEvent] = {}
    for minute, place in enumerate((*approved, *taken_back)):
        at = NOW + timedelta(minutes=minute)
        approve = minute < len(approved)
        said[HASHES[place]] = script_event(
            version(place), approve=approve, who="ada", at=at, note="read"
        )
    versions = tuple(map(version, range(3)))
    return ScriptReading(path="/srv/x.py", cases=(), versions=versions, said=said, parts={})


@pytest.mark.parametrize(
    ("approved", "taken_back", "chosen", "base"),
    [
        ((), (), 0, None),
        ((1,), (), 0, 1),
        ((2,), (), 0, 2),
        ((1, 2), (), 0, 2),
        ((2, 1), (), 0, 1),
        ((0,), (), 2, 0),
        ((0,), (), 0, 1),
        ((2,), (), 2, None),
        ((2,), (2,), 0, None),
        ((1, 2), (2,), 0, 1),
    ],
)
def test_a_version_is_compared_with_the_one_approved_last(
    approved: tuple[int, ...], taken_back: tuple[int, ...], chosen: int, base: int | None
) -> None:
    """An approval that was taken back counts no more; an approved version is compared with the one
    before it.
    """
    found = base_of(reading(*approved, taken_back=taken_back), chosen)
    assert (found and found.sha256) == (None if base is None else HASHES[base])


def of(new: Kept, old: Kept | None, seen: ScriptReading | None = None) -> tuple[str, str, object]:
    seen = seen or reading(1)
    found = changes(seen, 0, new, None if old is None else version(1), old)
    return found.said, "\n".join(row.text for row in found.lines), found.unread


def test_only_what_changed_is_shown_with_what_stands_around_it() -> None:
    """New lines have a plus, those that are gone a minus; who approved the other one is said."""
    old = "\n".join(f"a{n}" for n in range(30))
    said, text, unread = of(Kept(text=old.replace("a20", "b20\nb21")), Kept(text=old))
    assert "+ b20" in text and "+ b21" in text and "- a20" in text
    assert "a17" in text and "a3\n" not in text and "… at line 18" in text
    assert "which ada approved" in said and "2 lines more, 1 line fewer" in said
    assert unread is None


def test_the_whole_is_shown_where_nothing_approved_can_be_compared() -> None:
    """The first version is read whole, and so is one whose predecessor was not kept."""
    for old, because in ((None, "No other version"), (Kept(why="gone"), "is not kept")):
        said, text, unread = of(Kept(text="x = 1\n"), old)
        assert because in said and "1 │ x = 1" in text and unread is None


def test_a_change_behind_a_mask_is_said() -> None:
    """Where no line differs, nobody is told that nothing changed."""
    said, text, unread = of(Kept(text="k = '••••'\n"), Kept(text="k = '••••'\n"))
    assert "masked" in said and text == "" and unread is None


LONG: Mapping[str, str] = {
    "a long line": "x" * (LONGEST_LINE + 1),
    "a line that tabs push out of sight": "\t" * (LONGEST_LINE // 3) + "evil()",
    "too many lines": "x\n" * (MOST_LINES + 1),
}


@pytest.mark.parametrize("text", LONG.values(), ids=LONG)
def test_what_is_not_shown_whole_counts_as_unread(text: str) -> None:
    """Nothing can hide behind the end of a line, or below the last one."""
    assert of(Kept(text=text), None)[2]
    assert of(Kept(text=text), Kept(text="y\n"))[2]
    assert of(Kept(why="The setting is off."), Kept(text="y\n"))[2] == "The setting is off."


def test_a_long_file_with_a_small_change_can_be_read() -> None:
    """The limit is for what is to be read, not for the file."""
    text = "x\n" * (MOST_LINES + 500)
    assert of(Kept(text=text + "y\n"), Kept(text=text))[2] is None


@given(st.text(max_size=300), st.text(max_size=300))
def test_any_two_sources_are_shown_inert(old: str, new: str) -> None:
    """A line is one line on the screen, and every line that is new stands there."""
    found = changes(reading(1), 0, Kept(text=new), version(1), Kept(text=old))
    assert not any({"\n", "\r", "\x1b", "\u202e"} & set(row.text) for row in found.lines)
