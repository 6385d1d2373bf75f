"""What `outgate run` says of connections past the gate that were over before anybody could see
whose they were; or that there may have been such.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from core.vocabulary.sizes import counted, number

if TYPE_CHECKING:
    from core.observation import Seen

_SHOWN = 5
_MISSED = "shorter than half a second can have been missed"


@dataclass(frozen=True, slots=True, kw_only=True)
class ShortConnections:
    """Those of the time of one run. `places`: None where some can have been missed; one without a
    name where a gate of many users does not tell it.
    """

    places: tuple[tuple[str, int], ...] | None = None

    @classmethod
    def read(cls, answer: Mapping[str, Any] | None) -> "ShortConnections":
        """Return what a gate told at the end of a run."""
        told = (answer or {}).get("short_connections")
        if not isinstance(told, list):
            return cls()
        pairs = (one for one in told if isinstance(one, list) and len(one) == 2)
        return cls(places=tuple((str(place), int(count)) for place, count in pairs))

    def sentences(self) -> Iterator[str]:
        """Yield what to say of them, a line each; nothing where there was none."""
        if not self.places:
            return
        from core.vocabulary.short_connections import place_and_times

        many = sum(count for _, count in self.places)
        named = [one for one in self.places if one[0]]
        shown = ": " * bool(named) + ", ".join(place_and_times(*one) for one in named[:_SHOWN])
        more = f", and {number(len(named) - _SHOWN)} more" if named[_SHOWN:] else ""
        were = "was" if many == 1 else "were"
        yield (
            f"{counted(many, 'short connection')} past Outgate {were} over before it could be seen"
            f" whose, this program's or another's{shown}{more}"
        )

    def missed(self) -> Iterator[str]:
        """Yield what to say, beside all that was seen, of what nobody can have seen."""
        if self.places is None:
            yield f"a connection past Outgate that was {_MISSED}"

    def nothing_seen(self) -> str:
        """Return what to say of a program of which no request and no connection was seen."""
        if self.places is None:
            return (
                "this program sent nothing through the gate, and no connection past it was seen"
                f" (one {_MISSED})"
            )
        if self.places:
            return "this program sent nothing through the gate"
        return "this program sent nothing through the gate, and no connection past it was seen"

    def fact(self) -> "Seen | None":
        """Return what the run's observation says of them; None: that there were none."""
        from core.vocabulary.short_connections import short_connections

        return short_connections(self.places)
