"""A run whose `outgate run` went away without asking what the gate saw of it: killed, mostly; or
what a run left behind. What its program sent is on record as ever; that nobody saw its end, and
what was too short to be anybody's, would be told nowhere.
"""

from dataclasses import dataclass
from datetime import datetime

from core.attribution import unknown_sender
from core.ids import utc_now, uuid7
from core.observation import Kind, Observation, Seen
from core.vocabulary.short_connections import Places, short_connections

_LEFT_BEHIND = "what a run left behind, from the run's end to its own: nobody saw how it ended"
_KILLED = "`outgate run` ended before its program, or was killed: nobody saw how that ended"


@dataclass(frozen=True, slots=True, kw_only=True)
class LostRun:
    """One of them."""

    pid: int
    """Of `outgate run`."""
    began: datetime
    places: Places
    """Short connections of its time, nobody's."""
    left_behind: bool = False
    """It is what a run left behind that had itself ended well; `pid` is the gate's then."""

    def observation(self) -> Observation:
        """Return what the evidence keeps of it."""
        why = _LEFT_BEHIND if self.left_behind else _KILLED
        facts = {"exit_code": Seen(value=None, how=why)}
        if (short := short_connections(self.places)) is not None:
            facts["short_connections"] = short
        return Observation(
            id=uuid7(self.began),
            at=self.began,
            ended=utc_now(),
            kind=Kind.RUN,
            about="outgate run",
            sender=unknown_sender("none", why),
            facts=facts,
        )
