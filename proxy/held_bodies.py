"""What the bodies that wait for their decisions take of memory, all together: so many clients there
may be, each with a body of its own.
"""

from core.budgets import INLINE_BYTES

MOST = 256 << 20


class HeldBodies:
    """The bodies that are held at the same time, in one gate. Of the event loop alone."""

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self.bytes = 0
        """What they are, together."""

    def share(self) -> "Share":
        """Return what one body may take of it."""
        return Share(self)

    def has_room(self, more: int) -> bool:
        """Return whether so many bytes more may be held."""
        return self.bytes + more <= self._most


class Share:
    """What one body takes. Given back by whoever lets the body go, or when nobody knows it."""

    __slots__ = ("_bytes", "_of")

    def __init__(self, of: HeldBodies) -> None:
        self._of, self._bytes = of, 0

    def grown(self, size: int) -> bool:
        """The body has so many bytes now; return whether all of it may be held."""
        fits = size <= INLINE_BYTES or self._of.has_room(size - self._bytes)
        if not fits and size > self._bytes:
            return False
        self._of.bytes += size - self._bytes
        self._bytes = size
        return True

    def give_back(self) -> None:
        """It is held no longer."""
        self._of.bytes -= self._bytes
        self._bytes = 0

    def __del__(self) -> None:
        self.give_back()
