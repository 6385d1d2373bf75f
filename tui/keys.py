"""Every key of the review, once: by the action that it does, wherever that can be done.

Names, help and footer of an action are the screen's own; its key is not.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """The keys of an action."""

    action: str
    shown: str
    """As a person reads the first."""
    names: tuple[str, ...]
    """As Textual calls all of them."""


def _key(action: str, shown: str, *names: str) -> Key:
    return Key(action=action, shown=shown, names=names)


_ROWS = (
    _key("down", "↓", "down", "j"),
    _key("up", "↑", "up", "k"),
    _key("page_down", "PgDn", "pagedown"),
    _key("page_up", "PgUp", "pageup"),
    _key("top", "g", "home", "g"),
    _key("bottom", "G", "end", "G"),
    _key("held", "h", "h"),
    _key("release", "a", "a"),
    _key("refuse", "b", "b"),
    _key("close", "c", "c"),
    _key("mark", "x", "x"),
    _key("mark_down", "Shift+↓", "shift+down"),
    _key("unmark_all", "X", "X"),
    _key("mark_shown", "*", "asterisk"),
    _key("order", "o", "o"),
    _key("older", ".", "full_stop"),
    _key("newer", ",", "comma"),
    _key("filter", "/", "slash"),
    _key("why", "w", "w"),
    _key("read", "Enter", "enter"),
    _key("undo", "u", "u"),
    _key("script", "s", "s"),
    _key("changes", "d", "d"),
    _key("passport", "p", "p"),
    _key("rule", "m", "m"),
    _key("export", "e", "e"),
    _key("verify", "v", "v"),
    _key("back", "Esc", "escape"),
    _key("theme", "t", "t"),
    _key("help", "?", "question_mark", "f1"),
    _key("quit", "q", "q"),
    _key("view_next", "]", "right_square_bracket"),
    _key("view_before", "[", "left_square_bracket"),
    _key("view_save", "n", "n"),
    _key("view_forget", "N", "N"),
    _key("review", "1", "1"),
    _key("overview", "2", "2"),
    _key("scripts", "3", "3"),
    _key("destinations", "4", "4"),
    _key("llm", "5", "5"),
    _key("users", "6", "6"),
    _key("rules", "7", "7"),
    _key("evidence", "8", "8"),
    _key("health", "9", "9"),
    _key("cases", "Enter", "enter"),
    _key("switch", "t", "t"),
    _key("approve", "a", "a"),
    _key("withdraw", "b", "b"),
    _key("take", "T", "T"),
    _key("assign", "A", "A"),
    _key("comment", "C", "C"),
)
KEYS: Mapping[str, Key] = MappingProxyType({row.action: row for row in _ROWS})
"""By the action's id. A screen that leaves by further keys names those itself."""
