"""How an exchange travels: what carries its body, its answer and its messages.

The parts that mitmproxy's layers and the gate's hooks share while an exchange is on its way. What
has happened to it stands in its state, never in whether one of these is there.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from core.decision import Decision
from core.exchange import Answer, Message
from core.ports import AnswerTap
from proxy.conversation import Conversation
from proxy.held_bodies import HeldBodies, Share


class BodyTap(Protocol):
    """What scans a body as it passes."""

    def take(self, chunk: bytes | None) -> bool:
        """Take the next bytes, None at the end; True when they must be scanned before more."""

    async def inspect(self) -> None:
        """Scan what has come."""

    def release(self) -> bytes:
        """Return what has been scanned and may go on."""

    def end(self) -> None:
        """The body is over."""

    def heard(self, untaken: int) -> None:
        """So many bytes of what has gone on are not taken by the far side yet."""

    def broken(self, untaken: int | None) -> None:
        """The way there has broken off with so many bytes on it; None: nobody knows how many."""

    def fail(self, error: BaseException) -> None:
        """It cannot be scanned: what has not left stays here."""


class KeptBody(Protocol):
    """What keeps a body until all of it was read, and then gives it out in pieces."""

    @property
    def ended(self) -> bool:
        """True when all of it has come."""

    @property
    def piece(self) -> bytes:
        """The piece that goes out next; nothing at the end."""

    def take(self, chunk: bytes | None) -> bool:
        """Take the next bytes, None at the end; True when enough waits to be written."""

    async def keep(self) -> None:
        """Write what waits."""

    async def judge(self) -> Decision:
        """Read the whole body; return the final decision."""

    async def next_piece(self) -> None:
        """Have the next piece ready. Raises DegradedError."""

    def close(self) -> None:
        """The request is over, however it ended."""


class Reader(Protocol):
    """What reads an answer as it passes."""

    @property
    def tap(self) -> AnswerTap | None:
        """What learns from it; None once that has failed."""

    @property
    def ended(self) -> bool:
        """Whether what came of the answer says itself that it is all."""

    @property
    def holds_changes(self) -> bool:
        """Whether values are to be put back into an answer that was held whole."""

    def message(self, message: Message) -> None:
        """Take one message of a WebSocket, either way."""

    def answer(self, content: bytes | None = None) -> Answer:
        """Return the answer for the record; `content`: of one that was held."""

    def restored(self, content: bytes) -> bytes:
        """Return the body of an answer that was held, with values put back."""


@dataclass(frozen=True, slots=True)
class HeldWhole:
    """The body waits in memory for the decision."""


@dataclass(frozen=True, slots=True)
class PastTap:
    """The body streams past a tap that can cut it."""

    tap: BodyTap


@dataclass(frozen=True, slots=True)
class Kept:
    """The body is kept on disk until all of it was read."""

    body: KeptBody


_HELD_WHOLE = HeldWhole()


@dataclass(slots=True)
class Travel:
    """What carries one exchange."""

    target: tuple[str, int] = ("", 0)
    """Host and port that are connected to, as the client has named them."""
    stated_size: int | None = None
    """How large the body is by the head of the request; None when it does not say."""
    hold_limit: int | None = None
    """How many bytes of the body are held before it must be decided on; None: no limit."""
    share: Share = field(default_factory=HeldBodies().share)
    """What its body takes of the memory for all that are held."""
    came: int = 0
    """How many bytes of a body have come that waits for the decision."""
    body: HeldWhole | PastTap | Kept = _HELD_WHOLE
    backlog: Callable[[], int] | None = None
    """Tells how many bytes of a body that goes out wait for the far side's HTTP/2 window."""
    unsent: Callable[[], int] | None = None
    """Tells how many bytes of it did not leave, where it goes by HTTP/2."""
    trailers: int = 0
    """How many headers came behind the body of the request; they do not leave."""
    reader: Reader | None = None
    late: bytes | None = None
    """What was held of an answer that was over before its request: the record waits for that."""
    conversation: Conversation | None = None
    """Of an exchange that has become a WebSocket."""

    def holds(self, limit: int, share: Share) -> None:
        """Its body is held up to this limit, and as long as its share may grow."""
        self.hold_limit, self.share = limit, share

    def outgrown(self, size: int) -> bool:
        """Return whether a body of this size is more than is held, of one request or of all."""
        if self.hold_limit is None:
            return False
        return size > self.hold_limit or not self.share.grown(size)

    def let_go(self) -> None:
        """It is over, and recorded: what reads and carries it, and knows it, is not needed."""
        self.share.give_back()
        self.reader = self.backlog = self.unsent = None
        if isinstance(self.body, PastTap):
            self.body = _HELD_WHOLE

    def discard(self) -> None:
        """Throw away a body that was kept."""
        if isinstance(self.body, Kept):
            self.body.body.close()
