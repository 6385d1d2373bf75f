"""A heavy value made once, when first needed, or ahead of it on a thread so that the event loop
does not stand still.
"""

from collections.abc import Callable
from threading import Lock, Thread

from core.duties import OWNER, Duty


class Lazy[T]:
    """Makes a value at most once. `begin` starts in the background, `get` waits for it or makes
    it.
    """

    __slots__ = ("_begun", "_lock", "_make", "_value")

    def __init__(self, make: Callable[[], T]) -> None:
        self._make = make
        self._lock = Lock()
        self._begun = False
        self._value: list[T] = []

    def begin(self) -> None:
        """Start making the value on a thread, unless that was done before. Errors show at `get`."""
        if not self._begun:
            self._begun = True
            # Whoever needs the value gets the error from `get`.
            body = OWNER.guarded(Duty.TABLES, self.get)
            Thread(target=body, name="load", daemon=True).start()

    def get(self) -> T:
        """Return the value. Raises what making it raises, each time anew."""
        if not self._value:
            with self._lock:
                if not self._value:
                    self._begun = True
                    self._value.append(self._make())
        return self._value[0]
