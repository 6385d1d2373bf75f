"""One action of a screen, as a value."""

from dataclasses import dataclass, replace

from core.rights import Deed
from tui.keys import KEYS


@dataclass(frozen=True, slots=True, kw_only=True)
class ScreenAction:
    """One thing a person can do on one screen: its method `do_<id>`, or that of one of its parts,
    does it.
    """

    id: str
    keys: tuple[str, ...]
    """Textual's key names; the first is shown."""
    shown: str
    """The key as a person reads it."""
    name: str
    help: str
    short: str = ""
    """One or two words for the footer; empty: not in the footer."""
    deed: Deed | None = None
    """What a person needs a role for to do it; None where whoever may look may do it."""
    rank: int = 50
    """How soon a narrow screen drops it from the footer: the highest first."""


def action(
    id_: str,
    name: str,
    told: str,
    *,
    short: str = "",
    deed: Deed | None = None,
    rank: int = 50,
    also: tuple[str, ...] = (),
    shown: str | None = None,
) -> ScreenAction:
    """Return an action with its keys from the one table; `also` are further ones on this screen,
    and `shown` stands for two keys at once. Raises KeyError for an action without a key.
    """
    key = KEYS[id_]
    return ScreenAction(
        id=id_,
        keys=key.names + also,
        shown=shown or key.shown,
        name=name,
        help=told,
        short=short,
        deed=deed,
        rank=rank,
    )


PAGE_UP = action("page_up", "Page up", "Move one page up.")
HELP = action("help", "Help", "Show every key and what it does.")


def in_footer(one: ScreenAction, short: str, rank: int) -> ScreenAction:
    """Return the action with a word for the footer."""
    return replace(one, short=short, rank=rank)
