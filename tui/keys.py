"""Every key of the review, once: by the action that it does, wherever that can be done.

Names, help and footer of an action are the screen's own; its key is not.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """The keys of an action."""

    shown: str
    """As a person reads the first."""
    names: tuple[str, ...]
    """As Textual calls all of them."""


def _key(shown: str, *names: str) -> Key:
    return Key(shown=shown, names=names)


KEYS: Mapping[str, Key] = MappingProxyType(
    {
        "down": _key("↓", "down", "j"),
        "up": _key("↑", "up", "k"),
        "page_down": _key("PgDn", "pagedown"),
        "page_up": _key("PgUp", "pageup"),
        "top": _key("g", "home", "g"),
        "bottom": _key("G", "end", "G"),
        "held": _key("h", "h"),
        "release": _key("a", "a"),
        "refuse": _key("b", "b"),
        "close": _key("c", "c"),
        "mark": _key("x", "x"),
        "mark_down": _key("Shift+↓", "shift+down"),
        "unmark_all": _key("X", "X"),
        "mark_shown": _key("*", "asterisk"),
        "order": _key("o", "o"),
        "older": _key(".", "full_stop"),
        "newer": _key(",", "comma"),
        "filter": _key("/", "slash"),
        "why": _key("w", "w"),
        "read": _key("Enter", "enter"),
        "undo": _key("u", "u"),
        "script": _key("s", "s"),
        "changes": _key("d", "d"),
        "passport": _key("p", "p"),
        "rule": _key("m", "m"),
        "export": _key("e", "e"),
        "verify": _key("v", "v"),
        "back": _key("Esc", "escape"),
        "theme": _key("t", "t"),
        "help": _key("?", "question_mark", "f1"),
        "quit": _key("q", "q"),
        "view_next": _key("]", "right_square_bracket"),
        "view_before": _key("[", "left_square_bracket"),
        "view_save": _key("n", "n"),
        "view_forget": _key("N", "N"),
        "review": _key("1", "1"),
        "overview": _key("2", "2"),
        "scripts": _key("3", "3"),
        "destinations": _key("4", "4"),
        "llm": _key("5", "5"),
        "users": _key("6", "6"),
        "rules": _key("7", "7"),
        "evidence": _key("8", "8"),
        "health": _key("9", "9"),
        "cases": _key("Enter", "enter"),
        "switch": _key("t", "t"),
        "approve": _key("a", "a"),
        "withdraw": _key("b", "b"),
        "take": _key("T", "T"),
        "assign": _key("A", "A"),
        "comment": _key("C", "C"),
    }
)
"""By the action's id. A screen that leaves by further keys names those itself."""
