"""What a detector found until one of its steps failed: that is kept, and the failure told."""

from collections.abc import Callable, Iterable

from classifiers.hits import Hit


class IncompleteError(Exception):
    """A step of a detector failed; the others' hits are here. Its text quotes nothing."""

    def __init__(self, hits: list[Hit], cause: Exception) -> None:
        super().__init__(type(cause).__name__)
        self.hits = hits
        self.kind = type(cause).__name__
        """The class of the first failure."""


class Attempts:
    """The steps of one detection: one that fails costs no other what it finds."""

    __slots__ = ("_failed",)

    def __init__(self) -> None:
        self._failed: Exception | None = None

    def each[T](self, make: Callable[[], Iterable[T]]) -> list[T]:
        """Return what a step gives, or what it gave before it failed."""
        found: list[T] = []
        try:
            for one in make():
                found.append(one)  # noqa: PERF402 - what came before a failure is kept
        except Exception as error:  # noqa: BLE001 - boundary: told by `done`
            self.failed(error)
        return found

    def failed(self, error: Exception) -> None:
        """A step failed."""
        self._failed = self._failed or error

    def done(self, hits: list[Hit]) -> list[Hit]:
        """Return the hits. Raises IncompleteError, which has them, where a step failed."""
        if self._failed is not None:
            raise IncompleteError(hits, self._failed)
        return hits
