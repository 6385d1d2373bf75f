"""Every way in which an exchange may end, and how much of it left: what every sum, screen and
export is held against.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from core.decision import HoldOutcome, Verdict
from core.fate import (
    ANSWERED_EARLY_NOTE,
    AT_LEAST_NOTE,
    BROKEN_OFF_NOTE,
    NO_ANSWER_NOTE,
    TUNNEL,
    UNFINISHED_NOTE,
    UNREACHED_NOTE,
    left_more,
)
from core.findings import not_inspected
from core.record import Record

BYTES = 7_654_321
"""Of each request, but for one past the gate: nobody counted it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """How one exchange ended, and what has to be said of it everywhere."""

    delivery: str
    """The word of `core.fate.Delivery`."""
    went: bool = False
    exact: bool = True
    """Its bytes are all that left."""
    stopped: bool = False
    verdict: Verdict = Verdict.WATCH
    hold: HoldOutcome | None = None
    notes: tuple[str, ...] = ()
    stage: str = ""
    """Of a tunnel that came to no inspection."""
    status: int | None = None
    bytes: int = BYTES
    held: bool = False
    """All of it had been read before any of it left."""

    @property
    def read_whole(self) -> bool:
        """It was seen to its end."""
        in_part = self.delivery == "cut" or any(left_more([note]) for note in self.notes)
        return not self.stage and (self.held or not in_part)

    @property
    def bytes_went(self) -> int:
        """So many left, at least."""
        return self.bytes if self.went else 0

    def of(self, record: Record) -> Record:
        """Return the record, ended so."""
        decision = replace(
            record.decision,
            verdict=self.verdict,
            intended=None,
            hold_key="held" if self.hold else None,
            hold_outcome=self.hold,
            degraded=(f"{self.stage}: made up",) if self.stage else (),
        )
        least = (
            ()
            if self.held
            else tuple(not_inspected(note, "gate") for note in self.notes if left_more([note]))
        )
        return replace(
            record,
            request=replace(
                record.request,
                bytes=self.bytes,
                complete=bool(self.stage) or self.read_whole,
                method=TUNNEL if self.stage else "POST",
            ),
            response=replace(record.response, status=self.status),
            findings=(*record.findings, *least),
            decision=decision,
            notes=self.notes,
            llm=None if self.stage else record.llm,
        )


def _cut(note: str) -> Ending:
    return Ending(delivery="cut", went=True, stopped=True, verdict=Verdict.BLOCK, notes=(note,))


ENDINGS: Mapping[str, Ending] = {
    "not reached": Ending(delivery="not_sent", notes=(UNREACHED_NOTE,)),
    "unfinished": Ending(delivery="not_sent", notes=(UNFINISHED_NOTE,)),
    "certificate not trusted": Ending(delivery="not_sent", stage="tls", bytes=0),
    "no HTTP": Ending(delivery="refused", stopped=True, stage="protocol", bytes=0),
    "blocked": Ending(delivery="refused", stopped=True, verdict=Verdict.BLOCK),
    "hold refused": Ending(
        delivery="refused", stopped=True, verdict=Verdict.HOLD, hold=HoldOutcome.REFUSED
    ),
    "upload cut": _cut(f"cut after {BYTES:,} bytes had left"),
    "message refused": _cut(
        f"a message of 9 bytes was refused and the connection ended; {BYTES:,} bytes had left"
    ),
    "too large a message": _cut(
        "what was too large to be held was refused and the connection ended"
    ),
    "another protocol": _cut("it was ended when it turned out what it speaks"),
    "kept body unreadable": _cut("the kept body could not be read back"),
    "no answer": Ending(delivery="sent", went=True, notes=(NO_ANSWER_NOTE,)),
    "gate killed": Ending(delivery="sent", went=True, exact=False, notes=(AT_LEAST_NOTE,)),
    "delivered": Ending(delivery="delivered", went=True, status=200),
    "hold released": Ending(
        delivery="delivered",
        went=True,
        status=200,
        verdict=Verdict.HOLD,
        hold=HoldOutcome.APPROVED,
    ),
    "redacted": Ending(delivery="delivered", went=True, status=200, verdict=Verdict.REDACT),
    "past the gate": Ending(
        delivery="past", went=True, exact=False, stage="bypass", verdict=Verdict.ALLOW, bytes=0
    ),
    "reset unanswered": Ending(
        delivery="sent", went=True, exact=False, notes=(NO_ANSWER_NOTE, BROKEN_OFF_NOTE), held=True
    ),
    "reset with nothing taken": Ending(
        delivery="sent",
        went=True,
        exact=False,
        held=True,
        bytes=0,
        notes=(NO_ANSWER_NOTE, BROKEN_OFF_NOTE),
    ),
    "answered before its end": Ending(
        delivery="delivered", went=True, exact=False, status=200, notes=(ANSWERED_EARLY_NOTE,)
    ),
}


def ended(
    make_record: Callable[..., Record], name: str, number: int = 0, **changes: object
) -> Record:
    """Return a made-up record that ended so, of a script and a host of its own."""
    plain = name.replace(" ", "-")
    given = {"script": f"/srv/{plain}.py", "host": f"{plain}.example", "service": None, **changes}
    return ENDINGS[name].of(make_record(number, **given))
