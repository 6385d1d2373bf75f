"""One action of a screen, as a value."""

from dataclasses import dataclass

from core.rights import Deed


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
