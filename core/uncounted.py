"""What has to be counted where an answer does not say what it used, and what was counted."""

from dataclasses import dataclass
from typing import NamedTuple

from core.classification import LlmCall


@dataclass(frozen=True, slots=True, kw_only=True)
class Uncounted:
    """A call of a model with what was asked and answered. Holds payload: never log it."""

    call: LlmCall
    asked: bytes
    """Body of the request; nothing where not all of it is known."""
    sample: bytes
    """The beginning of the answer's events; nothing where none came yet."""
    seen: int
    """How many bytes of events went by in all."""

    def __repr__(self) -> str:
        return f"<Uncounted {len(self.asked)} + {len(self.sample)} bytes>"


class TokenCount(NamedTuple):
    """Estimated tokens, None where there was nothing to count; `band`: how far off they may be."""

    asked: int | None
    answered: int | None
    band: str | None
