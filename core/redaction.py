"""What redaction gives: a body without the values, and how to put them back into the answer."""

from dataclasses import dataclass, field
from typing import NamedTuple

from core.errors import DegradedError
from core.exchange import Exchange


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


class Spelled(NamedTuple):
    """A value to be replaced. Never log it."""

    kind: str
    value: str
    """Without spaces and signs, as it is counted."""
    spelled: str
    """As it stands in the request."""

    def __repr__(self) -> str:
        return f"<Spelled {self.kind}>"


@dataclass(frozen=True, slots=True, kw_only=True)
class RedactionTask:
    """What a worker is asked: which values of these kinds the request holds; and, when each has its
    placeholder, the body without them. Holds payload: its repr shows no value.
    """

    exchange: Exchange = field(repr=False)
    kinds: frozenset[str]
    marks: dict[str, str] | None = field(default=None, repr=False)
    """Value as it is spelled → its placeholder; None asks for the values."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RedactionStep:
    """What a worker answers: one of these."""

    values: tuple[Spelled, ...] = field(default=(), repr=False)
    redacted: Redacted | None = None
    refused: str | None = None
    """Why it cannot be done, in words of ours."""
