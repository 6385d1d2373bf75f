"""One message of a WebSocket on its way through the gate."""

from dataclasses import dataclass, field

from core.exchange import Message
from proxy.transaction import Transaction


@dataclass(slots=True, kw_only=True)
class Passing:
    """One message on its way. Holds payload: never log it."""

    transaction: Transaction
    """Of the connection."""
    from_client: bool
    text: bool
    content: bytes = field(repr=False)
    dropped: bool = False
    before: list[bytes] = field(default_factory=list, repr=False)
    """Messages that go out ahead of it."""

    def told(self) -> Message:
        """Return it as a classifier reads it."""
        return Message(from_client=self.from_client, text=self.text, data=self.content)
