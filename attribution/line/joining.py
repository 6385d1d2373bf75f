"""A line seen from outside joined with what the sender's own beacon says of the request (pure).

The beacon's word alone is LIKELY. It makes certain what was seen from outside too, and makes it
doubtful where it differs.
"""

from collections.abc import Sequence
from dataclasses import replace

from attribution.beacon.claims import RequestClaim
from attribution.line.frames import Program, is_library
from core.attribution import Certainty, CodeLine

_TOGETHER_NS = 1_000_000_000
"""Requests alike that were sent within this time may arrive in another order."""
_MOST_PLACES = 8


def joined(
    seen: CodeLine | None, claims: Sequence[RequestClaim], program: Program
) -> CodeLine | None:
    """Return the line of a request. `claims`: those of requests like this one, the newest first."""
    places = _places(claims, program)
    if not places:
        return seen
    if seen is None:
        return _claimed(places)
    if not any(_is_same(seen, place) for place in places):
        also = tuple(f"its own beacon says {_shown(place)}" for place in places)
        return replace(seen, certainty=Certainty.LIKELY, stack=(*seen.stack, *also))
    single = not any(frame.startswith("thread ") for frame in seen.stack)
    return replace(seen, certainty=Certainty.EXACT) if single and len(places) == 1 else seen


def _places(claims: Sequence[RequestClaim], program: Program) -> list[RequestClaim]:
    """Return one claim for each line that may be meant, the newest first."""
    own = [claim for claim in claims if not is_library(claim.file, program)]
    near = [claim for claim in own if own[0].at_ns - claim.at_ns <= _TOGETHER_NS]
    return list({(c.file, c.line, c.function): c for c in near}.values())[:_MOST_PLACES]


def _claimed(places: Sequence[RequestClaim]) -> CodeLine:
    first = places[0]
    return CodeLine(
        file=first.file,
        line=first.line,
        function=first.function,
        certainty=Certainty.LIKELY,
        stack=tuple(_shown(place) for place in places),
    )


def _is_same(seen: CodeLine, place: RequestClaim) -> bool:
    """A function may send in one line and wait for the answer in the next: one function is one
    answer.
    """
    return seen.file == place.file and (
        seen.line == place.line or _bare(seen.function) == _bare(place.function)
    )


def _bare(function: str) -> str:
    return function.rpartition(".")[2]


def _shown(place: RequestClaim) -> str:
    return f"{place.file}:{place.line} {place.function}"
