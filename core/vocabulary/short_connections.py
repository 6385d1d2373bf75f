"""Connections past the gate that were over before it could be seen whose they were, as an
observation tells them.
"""

from collections.abc import Sequence

from core.observation import Seen
from core.text import printable
from core.vocabulary.sizes import number

_HOW = (
    "the kernel, of the whole machine: over before it could be seen whose they were, this program's"
    " or another's"
)
_NOT_HEARD = "nobody told of those that are shorter than half a second"
type Places = Sequence[tuple[str, int]] | None
"""Place and how often; None where some can have been missed."""


def place_and_times(place: str, count: int) -> str:
    """Return one of them in words."""
    shown = printable(place, 100)
    return shown if count == 1 else f"{shown} ({number(count)} times)"


def short_connections(places: Places) -> Seen | None:
    """Return what an observation says of those of one run; None: that there were none."""
    if places is None:
        return Seen(value=None, how=_NOT_HEARD)
    told = tuple(place_and_times(*one) for one in places)
    return Seen(value=told, how=_HOW) if told else None
