"""What became of an exchange that the verdict does not tell: it never reached an inspection, or
never its destination; and whether it left. Pure.
"""

from collections.abc import Iterable, Mapping
from enum import StrEnum
from types import MappingProxyType


class Fate(StrEnum):
    """Why a verdict does not say what happened."""

    PAST = "past"
    """It went past the gate: what it sent, nobody knows."""
    UNTRUSTED = "untrusted"
    """The client did not accept the gate's certificate, and sent nothing."""
    FOREIGN = "foreign"
    """It was no HTTP, and was refused."""
    UNREACHED = "unreached"
    """It was let out, and the destination could not be reached."""
    UNFINISHED = "unfinished"
    """It ended before it could be let out: nothing of it left."""


class Delivery(StrEnum):
    """Did it leave? The one answer; `Record.delivery` gives it."""

    NOT_SENT = "not_sent"
    """Nobody stopped it, and nothing of it left."""
    REFUSED = "refused"
    """The gate stopped it before anything of it left."""
    CUT = "cut"
    """The gate stopped it after a part of it had left: as many bytes as its record tells."""
    SENT = "sent"
    """It was let out; no answer is known."""
    DELIVERED = "delivered"
    """It was let out, and its destination answered."""
    PAST = "past"
    """It went past the gate: what it sent, nobody knows."""

    @property
    def went(self) -> bool:
        """Whether anything of it may have left the machine."""
        return self not in _STAYED


_STAYED = frozenset({Delivery.NOT_SENT, Delivery.REFUSED})

UNSTOPPED = frozenset({Fate.PAST, Fate.UNTRUSTED, Fate.UNREACHED, Fate.UNFINISHED})
"""What did not leave through the gate, and was not stopped by it."""

UNANSWERED = "direct"
"""First word of the stage of what asked for a connection past the gate, and had no answer."""
NOT_FOUND = "name"
"""First word of the stage of a name that was asked for in a seal, and could not be found."""
DATAGRAMS = "datagrams"
"""First word of the stage of datagrams that were sent in a seal, and went nowhere."""
HALF_HEAD = "head"
"""First word of the stage of a request whose client left in the middle of its head."""
_BY_STAGE: Mapping[str, Fate] = MappingProxyType(
    {
        "bypass": Fate.PAST,
        "tls": Fate.UNTRUSTED,
        "protocol": Fate.FOREIGN,
        UNANSWERED: Fate.UNREACHED,
        NOT_FOUND: Fate.UNREACHED,
        DATAGRAMS: Fate.FOREIGN,
        HALF_HEAD: Fate.UNFINISHED,
    }
)
"""First word of the stage that such a record's decision names as not done."""
TUNNEL = "CONNECT"
"""The one method that says something of what became of it."""
WANTS_CERTIFICATE = "the destination: it wants a certificate of the client (mTLS)"
"""Note of an exchange that only the program's own certificate would have made work."""
BAD_CERTIFICATE = "the destination: its certificate "
"""First words of a note of a certificate that cannot be verified."""
UNTRUSTED_SERVER = f"{BAD_CERTIFICATE}is signed by nobody that is trusted here"
"""Note of a server that only an authority of the organisation's own would vouch for."""
PROXYS_FAULT = "the proxy behind the gate: "
"""First words of a note of a cause that is not the destination's."""
CUT_OFF = "cut after"
"""First words of the note of a large body that was stopped while it passed: the bytes of its record
had left. So they had where one of the notes below stands."""
MESSAGE_REFUSED = "was refused and the connection ended"
"""In the note of a WebSocket that ended because of a message."""
MESSAGE_TOO_LARGE = f"what was too large to be held {MESSAGE_REFUSED}"
SPOKE_OTHERWISE = "it was ended when it turned out what it speaks"
NOT_READ_BACK = "the kept body could not be read back"
NO_ANSWER_NOTE = "no answer came"
LEFT_NOTE = "the client left before an answer came"
CUT_NOTE = "the exchange broke off before the answer ended"
LEFT_EARLY_NOTE = "the client left before that"
"""Beside CUT_NOTE, where it was the client's own end: many read no further than they need."""
UNWAITED_NOTE = "the destination: the client left while there was no connection to it yet"
"""Beside UNREACHED_NOTE: the handshake there took longer than the client waited."""
UNREACHED_NOTE = "the destination could not be reached: nothing was sent"
UNFINISHED_NOTE = "it ended before it could leave: nothing was sent"
_MORE = "more of it may have left than its record says"
AT_LEAST_NOTE = f"{_MORE}: the gate was ended before it could say"
"""Of what left in pieces when its gate was killed: its bytes, and what was found, are what the gate
had written down by then.
"""
ANSWERED_EARLY_NOTE = f"{_MORE}: its answer had ended before it had"
"""Of a large body whose server did not wait for its end: its bytes, and what was found, are what
had gone by when the answer was over.
"""
BROKEN_OFF_NOTE = f"{_MORE}: the connection there broke off"
"""Of a body on whose way a connection was reset: its bytes are what the far side is known to have
taken.
"""
_AT_LEAST = frozenset({AT_LEAST_NOTE, ANSWERED_EARLY_NOTE, BROKEN_OFF_NOTE})
FAULT_NOTE = "the gate failed before the exchange ended, reference {}"
STOPPED_NOTE = "the gate stopped before the exchange ended"
"""Of what was under way when the gate was told to stop, or was killed."""


def left_more(notes: Iterable[str]) -> bool:
    """Return whether more of an exchange may have left than its record tells."""
    return not _AT_LEAST.isdisjoint(notes)


def was_cut(notes: Iterable[str]) -> bool:
    """Return whether the notes of an exchange that was stopped say that a part of it had left."""
    return any(
        note.startswith(CUT_OFF) or MESSAGE_REFUSED in note or note in _CUT_SHORT for note in notes
    )


_CUT_SHORT = frozenset({SPOKE_OTHERWISE, NOT_READ_BACK})


def fate_of(method: str, stages: Iterable[str], notes: Iterable[str]) -> Fate | None:
    """Return what became of an exchange, from what its record says; None where its verdict tells
    it.

    `stages`: those that failed, as `stage: why`.
    """
    if method == TUNNEL:
        for stage in stages:
            if (fate := _BY_STAGE.get(stage.partition(":")[0])) is not None:
                return fate
    return next((fate for note in notes if (fate := _BY_NOTE.get(note)) is not None), None)


_BY_NOTE: Mapping[str, Fate] = MappingProxyType(
    {UNREACHED_NOTE: Fate.UNREACHED, UNFINISHED_NOTE: Fate.UNFINISHED}
)
