"""What redaction gives: a body without the values, and how to put them back into the answer."""

from dataclasses import dataclass, field

from core.errors import DegradedError


@dataclass(frozen=True, slots=True, kw_only=True)
class Redacted:
    """A redacted request. Holds values until the answer is over: its repr shows counts only."""

    body: bytes = field(repr=False)
    headers: tuple[tuple[str, str], ...] = field(repr=False)
    """Headers to set; an empty value means: remove."""
    values: dict[str, str] = field(repr=False)
    """Placeholder → the value that it stands for."""

    @property
    def count(self) -> int:
        """How many distinct values were replaced."""
        return len(self.values)


class CannotRedactError(DegradedError):
    """The values cannot be replaced faithfully; the rule's `on_error` applies. Never half a
    redaction.
    """

    def __init__(self, why: str) -> None:
        super().__init__("redaction", why)
