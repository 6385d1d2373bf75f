"""What the bodies that wait for their decisions take of memory, all together: so many clients there
may be, each with a body of its own. No sender takes more than it leaves free for others.
"""

from collections import Counter

from core.attribution import Attribution
from core.budgets import INLINE_BYTES

MOST = 256 << 20

type Sender = tuple[str | None, str | None]
"""A user, and the script or program that sends."""
NOBODY: Sender = (None, None)


def sender_of(known: Attribution) -> Sender:
    """Return whose share a body takes; all of whom nothing is known have one together."""
    if known.script is not None:
        return known.user, known.script.path or known.script.name
    return known.user, None if known.process is None else known.process.exe


class HeldBodies:
    """The bodies that are held at the same time, in one gate. Of the event loop alone."""

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self.bytes = 0
        """What they are, together."""

        self._of: Counter[Sender] = Counter()
        """What they are by their senders."""

    def share(self, sender: Sender = NOBODY) -> "Share":
        """Return what one body of this sender may take of it."""
        return Share(self, sender)

    def has_room(self, sender: Sender, more: int) -> bool:
        """Return whether so many bytes more of a sender may be held: it leaves as much free as it
        takes, so that one alone has half, and each of many the same.
        """
        return self._of[sender] + more <= self._most - self.bytes

    def take(self, sender: Sender, more: int) -> None:
        """So many bytes more of this sender are held, or fewer."""
        self.bytes += more
        self._of[sender] += more
        if not self._of[sender]:
            del self._of[sender]


class Share:
    """What one body takes. Given back by whoever lets the body go, or when nobody knows it."""

    __slots__ = ("_bytes", "_of", "_sender")

    def __init__(self, of: HeldBodies, sender: Sender) -> None:
        self._of, self._sender, self._bytes = of, sender, 0

    def belongs_to(self, sender: Sender) -> None:
        """It is known whose it is."""
        self._of.take(self._sender, -self._bytes)
        self._sender = sender
        self._of.take(sender, self._bytes)

    def grown(self, size: int) -> bool:
        """The body has so many bytes now; return whether all of it may be held."""
        more = size - self._bytes
        if size > INLINE_BYTES and more > 0 and not self._of.has_room(self._sender, more):
            return False
        self._of.take(self._sender, more)
        self._bytes = size
        return True

    def give_back(self) -> None:
        """It is held no longer."""
        self._of.take(self._sender, -self._bytes)
        self._bytes = 0

    def __del__(self) -> None:
        self.give_back()
