"""Saved views: filters with a name, kept for each officer. Pure."""

import difflib
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from core.case_words import MAX_LENGTH
from core.text import printable

LONGEST_NAME = 30
MOST = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedView:
    """One of them."""

    name: str
    line: str
    """The words of the filter; days such as `7d` go with the time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Views:
    """Keeps the views of one officer. Each call may block on the disk; raises OutgateError."""

    read: Callable[[], Sequence[SavedView]]
    save: Callable[[SavedView], None]
    """In place of one of the same name."""
    forget: Callable[[str], None]


def name_problem(name: str) -> str | None:
    """Return what is wrong with a name, in words; None where nothing is."""
    if not name.strip():
        return "A view needs a name."
    if len(name) > LONGEST_NAME:
        return f"A name has at most {LONGEST_NAME} characters."
    if printable(name) != name:
        return "A name holds letters, digits and spaces, and nothing that is invisible."
    return None


def line_problem(line: str) -> str | None:
    """Return why these words cannot be kept, whatever they mean; None where they can."""
    if not line.strip():
        return "A view without words shows all open cases: that needs no view."
    if len(line) > MAX_LENGTH:
        return f"A filter has at most {MAX_LENGTH} characters."
    return None


def view_named(views: Sequence[SavedView], name: str) -> SavedView | None:
    """Return the view of this name; capitals count for nothing."""
    wanted = name.strip().casefold()
    return next((view for view in views if view.name.casefold() == wanted), None)


def unknown_view(views: Sequence[SavedView], name: str) -> str:
    """Return what to say of a name that no view has, with the nearest."""
    said = f"There is no view “{printable(name, 40)}”."
    if not views:
        return f"{said} None is saved yet."
    folded = {view.name.casefold(): view.name for view in views}
    near = difflib.get_close_matches(name.strip().casefold(), folded, n=1, cutoff=0.0)
    return f"{said} The nearest is “{folded[near[0]]}”." if near else said


def with_view(views: Sequence[SavedView], view: SavedView) -> tuple[SavedView, ...]:
    """Return the views with this one in the place of that of the same name, else at the end."""
    known = view_named(views, view.name)
    if known is None:
        return (*views, view)
    return tuple(view if one is known else one for one in views)
