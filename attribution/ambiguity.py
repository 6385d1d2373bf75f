"""From portraits of the holders of a socket to an attribution (pure)."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from attribution.facts import Ownership, ProcessFacts, Rest
from attribution.origins import adopts
from attribution.process_profile import Portrait
from core.attribution import Attribution, Certainty, ProcessRef

_JIFFY_S = 0.004
"""The kernel counts the time since data was sent in its ticks."""
_ACCEPTED_WITHIN_S = 0.5
"""So late a busy gate may accept a connection."""
_SHARED = "the socket is held by {count} processes; {which}"
_ONE_WAITS = "only this one was waiting on it"
_NOT_SEEN = "which of them sent is not known"
SHARED = "several processes held the connection at an earlier moment, so another one may have sent"
_OPENED = "another process or program opened the connection, so that one may have sent"
RESTED = "it did not run while data was sent over the connection, so another one has sent"
UNUSED = (
    "it was not seen to wait for an answer, so another one may have sent and let go of the "
    "connection"
)
GIVEN = (
    "its program was given the connection when it was loaded, or too much to be looked through, so "
    "what started it, or what it was before, may have sent"
)
LATER = (
    "it was started, or became this program, after the connection was opened, "
    "so another one may have sent"
)
_UNDATED = "when it became this program is not known, so another one may have sent before"


@dataclass(frozen=True, slots=True, kw_only=True)
class Use:
    """From when on a connection was used (Unix times)."""

    opened_at: float
    """When it was opened, or the gate took it where that is not known: a busy one does so later."""
    possible_at: float
    """When another program than the present one may have used it already."""


def use_of(ownership: Ownership, accepted_at: float, *, is_python: bool) -> Use:
    """Return since when the connection was in use.

    Data that is older than a program was sent by another one. And an interpreter opens no socket
    that outlives an exec: one that does was given to it.
    """
    opened, possible = accepted_at, accepted_at
    if ownership.opened_at is not None:
        opened = min(accepted_at, ownership.opened_at - _JIFFY_S)
    if ownership.sent_at is not None:
        possible = min(possible, ownership.sent_at - _JIFFY_S)
    if is_python and ownership.inheritable:
        possible = min(possible, accepted_at - _ACCEPTED_WITHIN_S)
    return Use(opened_at=opened, possible_at=possible)


def of_one(portrait: Portrait, ownership: Ownership, method: str) -> Attribution:
    """Return the attribution to the only holder."""
    reason = ownership.reason or portrait.reason
    return Attribution(
        certainty=Certainty.EXACT if reason is None else Certainty.LIKELY,
        method=method,
        reason=reason,
        process=portrait.ref,
        user=portrait.user,
        script=portrait.script,
        script_process=portrait.script_ref,
        ancestry=portrait.ancestry,
        script_candidates=portrait.script_candidates,
        started_by=portrait.started_by,
        is_python=portrait.is_python,
        socket=ownership.socket,
    )


def of_process(portrait: Portrait) -> Attribution:
    """Return who a living process is, whatever it sends."""
    return of_one(portrait, Ownership(pids=(portrait.facts.pid,)), "process")


def of_several(
    portraits: Sequence[Portrait], waiting: Sequence[Portrait], ownership: Ownership, method: str
) -> Attribution:
    """Name all holders. One of them is the sender only when it alone waits on the socket."""
    candidates = tuple(portrait.ref for portrait in portraits)
    if len(waiting) == 1:
        reason = _SHARED.format(count=len(candidates), which=_ONE_WAITS)
        one = of_one(waiting[0], ownership, method)
        return replace(one, certainty=Certainty.LIKELY, reason=reason, candidates=candidates)
    first = portraits[0]
    alike = all(p.script == first.script and p.is_python == first.is_python for p in portraits)
    return Attribution(
        certainty=Certainty.LIKELY,
        method=method,
        reason=_SHARED.format(count=len(candidates), which=_NOT_SEEN),
        user=first.user if all(p.user == first.user for p in portraits) else None,
        script=first.script if alike else None,
        is_python=first.is_python if alike else None,
        started_by=first.started_by if alike else None,
        candidates=candidates,
        socket=ownership.socket,
    )


def in_doubt(found: Attribution, reason: str | None) -> Attribution:
    """Return an attribution that is not certain for this reason; the very same without one."""
    if reason is None or found.certainty is Certainty.UNKNOWN:
        return found
    return replace(found, certainty=Certainty.LIKELY, reason=found.reason or reason)


def with_candidates(found: Attribution, beside: Iterable[ProcessRef]) -> Attribution:
    """Return the attribution with these as candidates, beside whom it names; the very same where
    nobody is known.
    """
    if found.certainty is Certainty.UNKNOWN:
        return found
    own = () if found.process is None else (found.process,)
    every = tuple(dict.fromkeys((*own, *found.candidates, *beside)))
    return replace(found, candidates=every) if len(every) > len(own) else found


def givers(
    child: ProcessFacts, ancestry: Iterable[ProcessRef], opened_at: float
) -> Iterator[ProcessRef]:
    """Yield the parents from which a process that is younger than a connection may have it: up to
    the first that was there when it was opened. Who takes in whose parents are gone gave nothing.
    """
    if child.born_at is None or child.born_at <= opened_at or child.adopted:
        return
    for parent in ancestry:
        if adopts(parent):
            return
        yield parent
        if parent.started_at is None or parent.started_at.timestamp() <= opened_at:
            return


def another_sender(
    sole: ProcessFacts, before: ProcessFacts | None, use: Use, others: Sequence[ProcessFacts]
) -> str | None:
    """Return why another than the only holder may have sent; None when that is not to be feared.

    `before`: who alone held the connection at the look before. `others`: who held it some ms ago,
    where they were several.
    """
    if any(not _is_same_program(other, sole) for other in others):
        return SHARED
    if before is not None:
        same = (before.pid, before.start) == (sole.pid, sole.start)
        return None if same and _is_same_program(before, sole) else _OPENED
    born = sole.born_at is not None and sole.born_at > use.opened_at
    until = sole.image_until
    loaded = until is not None and (sole.image_from or 0.0) > use.possible_at
    if born or loaded:
        return LATER
    return _UNDATED if sole.undated and until is not None and until > use.possible_at else None


def rested(before: Rest | None, ownership: Ownership) -> bool:
    """True when data was sent though the only holder did not run, from a moment on at which nothing
    was on its way.
    """
    now = ownership.rests
    if before is None or now is None or ownership.sent_at is None:
        return False
    return before.runs == now.runs and ownership.sent_at - _JIFFY_S > before.at


def _is_same_program(one: ProcessFacts, other: ProcessFacts) -> bool:
    if one.image or other.image:
        return one.image == other.image
    return one.exe == other.exe and one.argv == other.argv
