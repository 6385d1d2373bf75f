"""Saved views on the disk: one file for all officers of this home, each with his or her own."""

import json
import os
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from app.home import Home
from core.errors import InputError
from core.review_ports import CaseStore
from core.text import printable
from tui.saved_views import (
    MOST,
    SavedView,
    Views,
    line_problem,
    name_problem,
    unknown_view,
    view_named,
    with_view,
)

_SCHEMA = "outgate.views/1"
_LARGEST = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptViews:
    """The views of one officer. Every method raises InputError."""

    path: Path
    who: str

    def read(self) -> Sequence[SavedView]:
        """Return them in their order; those that are none are left out."""
        mine = self._all().get(self.who)
        pairs = mine.items() if isinstance(mine, dict) else ()
        views = (SavedView(name=name, line=line) for name, line in pairs if _is_view(name, line))
        return tuple(views)[:MOST]

    def named(self, name: str) -> SavedView:
        """Return the view of this name."""
        views = self.read()
        found = view_named(views, name)
        if found is None:
            raise InputError(unknown_view(views, name), remedy="outgate views lists them.")
        return found

    def save(self, view: SavedView) -> None:
        """Keep a view, in place of one of the same name."""
        problem = name_problem(view.name) or line_problem(view.line)
        if problem is not None:
            raise InputError(problem)
        views = with_view(self.read(), view)
        if len(views) > MOST:
            raise InputError(f"There are {MOST} views already.", remedy="Forget one first.")
        self._write(views)

    def forget(self, name: str) -> None:
        """Forget a view."""
        gone = self.named(name)
        self._write([view for view in self.read() if view is not gone and view != gone])

    def _all(self) -> dict[str, Any]:
        try:
            if self.path.stat().st_size > _LARGEST:
                raise ValueError
            value = json.loads(self.path.read_text("utf-8"))
        except FileNotFoundError:
            return {}
        except OSError as error:
            raise InputError(
                f"The file of views {self.path} cannot be read: {error.strerror}."
            ) from None
        except (ValueError, RecursionError):
            value = None
        officers = value.get("officers") if isinstance(value, dict) else None
        if not isinstance(officers, dict) or value.get("schema") != _SCHEMA:
            raise InputError(
                f"The file of views {self.path} is damaged, or of a later version.",
                remedy="Mend it, or move it away: views are then saved anew.",
            )
        return officers

    def _write(self, views: Sequence[SavedView]) -> None:
        officers = self._all() | {self.who: {view.name: view.line for view in views}}
        text = json.dumps({"schema": _SCHEMA, "officers": officers}, ensure_ascii=False, indent=1)
        try:
            handle, draft = tempfile.mkstemp(dir=self.path.parent, prefix=".views-")
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                file.write(text + "\n")
            Path(draft).replace(self.path)
        except OSError as error:
            raise InputError(f"Views cannot be kept in {self.path}: {error.strerror}.") from None


def _is_view(name: object, line: object) -> bool:
    if not isinstance(name, str) or not isinstance(line, str):
        return False
    return name_problem(name) is None and line_problem(line) is None


def kept_views(home: Home, who: str) -> KeptViews:
    """Return the views of an officer."""
    return KeptViews(path=home.views, who=who)


def views_of(home: Home, who: str) -> Views:
    """Return what the review keeps views with."""
    kept = kept_views(home, who)
    return Views(read=kept.read, save=kept.save, forget=kept.forget)


def line_of(home: Home, who: Callable[[], str], view: str | None, words: str | None) -> str | None:
    """Return the filter that a view and words make together; None where there is neither. Raises
    InputError.
    """
    if view is None:
        return words
    kept = kept_views(home, who()).named(view).line
    return f"{kept} {words}" if words else kept


def checked(store: CaseStore, line: str) -> str:
    """Return a filter that is understood. Raises InputError."""
    from core.ids import utc_now
    from tui.case_names import understood

    parsed = understood(store, line, utc_now())
    if parsed.problem:
        raise InputError(parsed.problem, remedy="docs/review.md lists the words of filters.")
    return printable(line.strip())
