"""A WebSocket on its way: its messages, and how it ends.

Shared by its layers and its inspection.
"""

from collections.abc import Callable
from dataclasses import dataclass

from core.ports import MessageRestorer

POLICY_VIOLATION, MESSAGE_TOO_BIG, GOING_AWAY, ABNORMAL = 1008, 1009, 1001, 1006
"""Close codes of RFC 6455, 7.4.1."""
_REASON_BYTES = 123

HeldBack = Callable[[], list[tuple[bytes, bool]]]
"""Returns messages, each with whether it is text."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """With what a gate ends a connection."""

    code: int
    reason: str


@dataclass(slots=True, kw_only=True)
class Conversation:
    """One WebSocket. Its parts are written by the layers or by the inspection, never by both."""

    ending: Ending | None = None
    """The connection ends with this once the message in hand is dealt with; the first stands."""
    too_big: str = ""
    """Layers: why the connection ends for the size of something, if so."""
    client_gone: bool = False
    """Layers: the client has hung up."""
    closing_words: int = 0
    """Layers: how many bytes of words the client's closing had; they do not leave."""
    misspoke: int = 0
    """Layers: the close code for what the client sent last, where that was no WebSocket message."""
    unfinished: int = 0
    """Layers: bytes of a message of the client's that never ended; they do not leave."""
    waiting: bool = False
    """Inspection: a message waits for a person."""
    held_back: HeldBack | None = None
    """Inspection: gives the end of an answer's text that was held back, as messages of its own."""
    restorer: MessageRestorer | None = None
    """Inspection: puts values back into the server's messages, once some were replaced."""
    apart: int = 0
    """Inspection: messages that have records of their own."""
    apart_bytes: int = 0
    """Inspection: of those that left."""

    def end(self, reason: str, code: int = POLICY_VIOLATION) -> None:
        """End the connection; the client reads as much of the reason as there is room for."""
        if self.ending is None:
            short = reason.encode()[:_REASON_BYTES].decode("utf-8", "ignore")
            self.ending = Ending(code=code, reason=short)

    def end_for_size(self, why: str) -> None:
        """End the connection, for something is too large."""
        if self.ending is None:
            self.too_big = why
        self.end(f"Blocked by Outgate: {why}", MESSAGE_TOO_BIG)

    @property
    def broken_off(self) -> bool:
        """True when nothing may go on: the connection ends, or its client has gone."""
        return self.ending is not None or self.client_gone
