"""From portraits of the holders of a socket to an attribution (pure)."""

from collections.abc import Sequence
from dataclasses import replace

from attribution.facts import Ownership
from attribution.process_profile import Portrait
from core.attribution import Attribution, Certainty

_SHARED = "the socket is held by {count} processes; {which}"
_ONE_WAITS = "only this one was waiting on it"
_NOT_SEEN = "which of them sent is not known"


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
