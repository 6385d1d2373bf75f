"""Runs the parts of a classification, so that one that fails is named and stops no other."""

from collections.abc import Callable

from classifiers.attempts import IncompleteError
from classifiers.hits import Hit
from core.classification import Classification
from core.findings import CLASSIFIER, Finding, not_inspected


class Stages:
    """Runs stages so that one that fails is named in the record and stops none of the others."""

    def __init__(
        self, progress: Callable[[Classification], None] | None = None, *, tally: bool = False
    ) -> None:
        self.tally = tally
        self.failed: list[str] = []
        self.progress = progress

    def run[T](self, name: str, stage: Callable[[], T]) -> T | None:
        try:
            return stage()
        except Exception as error:  # noqa: BLE001 - boundary: a bug in a detector degrades the record, it never passes unseen
            self.failed.append(f"{name}: {type(error).__name__}")
            return None

    def hits(self, name: str, stage: Callable[[], list[Hit]]) -> list[Hit]:
        """Return what a stage finds, or what it had found when it failed."""
        try:
            return stage()
        except IncompleteError as error:
            self.failed.append(f"{name}: {error.kind}")
            return error.hits
        except Exception as error:  # noqa: BLE001 - boundary: as in `run`
            self.failed.append(f"{name}: {type(error).__name__}")
            return []

    def unread(self) -> list[Finding]:
        """Return what was not looked for, or not to the end."""
        return [not_inspected(f"a detector failed ({name})", CLASSIFIER) for name in self.failed]
