"""The life of one exchange as a table: its states, what may happen in each, and what follows.

Theory of operation
-------------------
A transaction (`proxy/transaction.py`) is in one state at a time. What happens to it is an event,
and `ROWS` says in which states an event is legal and which state follows. Everything that affects
a life stands here; docs/transaction.md is drawn from it (`python -m proxy.drawing`), and
tests/proxy/test_proxy_life_cycle.py holds the page and all orders of events to it.

Evidence is not a state of its own, for it goes on beside the exchange: a request leaves while its
journal entry is on the way to the disk. So each row names the *proof* that it needs, and by which
kinds of decision it may be taken: what a rule has redacted cannot leave as it came, what a person
was to see cannot leave unseen, and what is refused cannot leave at all.

Rows lead from `closed` to itself because the outside world does not wait for a record: the answer
of a server may be over while the client still uploads, and then the upload is still read, and still
cut; and the gate itself may fail on the way of an answer whose record is closed.
"""

from enum import IntEnum, StrEnum
from typing import NamedTuple

from core.decision import Decision, Verdict
from core.errors import OutgateError


class State(StrEnum):
    """Where an exchange is in its life."""

    OPEN = "open"
    DECIDED = "decided"
    KEPT = "kept"
    HELD = "held"
    WAITING = "waiting"
    REDACTED = "redacted"
    JOURNALLED = "journalled"
    PASSING = "passing"
    ANSWERING = "answering"
    STREAMING = "streaming"
    CONVERSING = "conversing"
    REFUSED = "refused"
    CUT = "cut"
    FAILED = "failed"
    OBSERVED = "observed"
    CLOSED = "closed"
    ANSWERED_HERE = "answered here"
    ABANDONED = "abandoned"


class Event(StrEnum):
    """What happens to an exchange; each is a method of the transaction."""

    ANSWER_HERE = "answer_here"
    DECIDE = "decide"
    FALL_BACK = "fall_back"
    KEEP = "keep"
    READ = "read"
    HOLD = "hold"
    RECALL = "recall"
    WAIT = "wait"
    HEAR = "hear"
    REDACT = "redact"
    JOURNAL = "journal"
    PASS_ON = "pass_on"  # noqa: S105 - no password
    REVISE = "revise"
    ANSWER = "answer"
    STREAM = "stream"
    CONVERSE = "converse"
    REFUSE = "refuse"
    CUT = "cut"
    FAIL = "fail"
    DESCRIBE = "describe"
    OBSERVE = "observe"
    ABANDON = "abandon"
    CLOSE = "close"
    DELIVER = "deliver"


class Proof(IntEnum):
    """What there is of evidence, from the least to the most."""

    LOST = -1
    """The writer said that it cannot be had."""
    NONE = 0
    HANDED = 1
    """It is in the outbox: durable before the client can have its answer, if the gate lives."""
    DURABLE = 2
    """It is in the file and survives the gate."""


class Way(StrEnum):
    """What a decision says of the way out."""

    OUT = "out"
    """As it is: allowed, or released by a person."""
    CHANGED = "changed"
    """With values replaced."""
    ASKED = "asked"
    """Not before a person has said yes."""
    SHUT = "shut"
    """None."""


ANY_WAY = frozenset(Way)


class Row(NamedTuple):
    """One event."""

    event: Event
    origins: tuple[State, ...]
    to: State | None
    """None: the state stays as it is."""
    means: str
    needs: Proof = Proof.NONE
    by: frozenset[Way] = ANY_WAY


class Step(NamedTuple):
    """What an event in one state needs, and leads to."""

    to: State
    needs: Proof
    by: frozenset[Way]


_S, _E = State, Event
_HANDED, _DURABLE = Proof.HANDED, Proof.DURABLE
_OUT, _CHANGED, _ASKED = frozenset({Way.OUT}), frozenset({Way.CHANGED}), frozenset({Way.ASKED})
_LETS_OUT = _OUT | _CHANGED
_NOT_OUT = ANY_WAY - _LETS_OUT
_LEAVING = (_S.PASSING, _S.ANSWERING, _S.STREAMING, _S.CONVERSING)
_ENDING = (_S.REFUSED, _S.CUT, _S.FAILED, _S.OBSERVED, _S.ABANDONED)
NOT_OUT = (_S.OPEN, _S.DECIDED, _S.KEPT, _S.HELD, _S.WAITING, _S.REDACTED, _S.JOURNALLED)
"""Nothing of it has left, and it is not refused."""
_ALIVE = (*NOT_OUT, *_LEAVING)

ROWS = (
    Row(_E.ANSWER_HERE, (_S.OPEN,), _S.ANSWERED_HERE, "it asks for the gate's own health"),
    Row(_E.DECIDE, (_S.OPEN,), _S.DECIDED, "policy has decided"),
    Row(_E.FALL_BACK, (_S.DECIDED,), None, "it cannot be redacted or held as the rule asks"),
    Row(_E.KEEP, (_S.DECIDED,), _S.KEPT, "its body is read before any of it leaves"),
    Row(_E.READ, (_S.KEPT,), _S.DECIDED, "the kept body is read"),
    Row(_E.HOLD, (_S.DECIDED,), _S.HELD, "a person has to say yes", by=_ASKED),
    Row(_E.RECALL, (_S.HELD,), _S.DECIDED, "a person has said yes to its like lately"),
    Row(_E.WAIT, (_S.HELD,), _S.WAITING, "it waits where a person can see it", _DURABLE),
    Row(_E.HEAR, (_S.WAITING,), _S.DECIDED, "a person has answered, or nobody in time"),
    Row(_E.REDACT, (_S.DECIDED,), _S.REDACTED, "values are replaced by placeholders", by=_CHANGED),
    Row(_E.JOURNAL, (_S.DECIDED,), _S.JOURNALLED, "its evidence is handed over", by=_OUT),
    Row(_E.JOURNAL, (_S.REDACTED,), _S.JOURNALLED, "its evidence is handed over", by=_CHANGED),
    Row(_E.JOURNAL, (_S.HELD, _S.JOURNALLED, *_LEAVING), None, "it goes on to the writer"),
    Row(_E.PASS_ON, (_S.JOURNALLED,), _S.PASSING, "it leaves", _HANDED, by=_LETS_OUT),
    Row(_E.REVISE, _LEAVING, None, "more of it was read, and it may go on", by=_LETS_OUT),
    Row(_E.REVISE, (_S.KEPT, _S.FAILED, _S.CLOSED), None, "more of it was read, and decided on"),
    Row(_E.ANSWER, (_S.PASSING,), _S.ANSWERING, "the head of an answer is there"),
    Row(_E.STREAM, (_S.ANSWERING,), _S.STREAMING, "the answer streams to the client", _DURABLE),
    Row(_E.CONVERSE, (_S.ANSWERING,), _S.CONVERSING, "it becomes a WebSocket", _DURABLE),
    Row(_E.REFUSE, (_S.DECIDED,), _S.REFUSED, "nothing of it leaves", by=_NOT_OUT),
    Row(_E.CUT, _LEAVING, _S.CUT, "what has not left stays here"),
    Row(_E.CUT, (_S.DECIDED,), _S.CUT, "its connection ended before it could leave"),
    Row(_E.CUT, (_S.FAILED, _S.CLOSED), None, "the rest of an upload stays here, too"),
    Row(_E.FAIL, (*_ALIVE, *_ENDING), _S.FAILED, "the gate itself failed: the client is refused"),
    Row(_E.FAIL, (_S.CLOSED,), None, "it failed on the answer: the same"),
    Row(_E.DESCRIBE, (_S.FAILED, _S.ABANDONED), None, "what is known of it, if it ended before"),
    Row(_E.OBSERVE, (_S.DECIDED,), _S.OBSERVED, "it never came to the gate, and is only told"),
    Row(_E.ABANDON, NOT_OUT, _S.ABANDONED, "its client left before that, or the gate stops"),
    Row(_E.CLOSE, (*_LEAVING, *_ENDING), _S.CLOSED, "its record is handed over"),
    Row(_E.DELIVER, (_S.CLOSED,), None, "the client has its answer, or its refusal", _DURABLE),
)

STEPS: dict[Event, dict[State, Step]] = {event: {} for event in Event}
"""Event → state → the step; what is missing is refused."""
for _row in ROWS:
    for _origin in _row.origins:
        STEPS[_row.event][_origin] = Step(_row.to or _origin, _row.needs, _row.by)

ENDS = frozenset({State.CLOSED, State.ANSWERED_HERE})
"""Nothing is expected any more."""


class OrderError(OutgateError):
    """A fault in the gate itself: a step was taken out of order. The guard of the hooks refuses."""


def way_of(decision: Decision) -> Way:
    """Return what a decision says of the way out."""
    if decision.left:
        return Way.CHANGED if decision.verdict is Verdict.REDACT else Way.OUT
    asked = decision.verdict is Verdict.HOLD and decision.hold_outcome is None
    return Way.ASKED if asked else Way.SHUT


def out_of_order(event: Event, state: State, why: str = "") -> OrderError:
    """Return the error that names what was asked for, and in which state."""
    wanted = " or ".join(sorted({step.to for step in STEPS[event].values()}))
    reason = f": {why}" if why else ""
    return OrderError(f"An exchange cannot go from {state} by {event} to {wanted}{reason}.")
