"""What is told to people, and what tells it. No notice holds anything of a payload."""

from dataclasses import asdict, dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol

from core.errors import OutgateError
from core.ids import rfc3339
from core.text import printable

SCHEMA = "outgate.notice/1"
_LONGEST = 400


class About(StrEnum):
    """What people can be told of."""

    HELD = "held"
    HIGH_RISK = "high-risk"
    EVIDENCE = "evidence"
    TRIAL = "trial"


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """One thing to tell: names of scripts, places and kinds, never values."""

    id: str
    about: About
    at: str
    """RFC 3339."""
    title: str
    text: str
    command: str
    """What opens exactly this in a terminal; no shell reads anything into it."""

    def to_json(self) -> dict[str, Any]:
        """Return it as it is kept, and as a web hook gets it."""
        return {"schema": SCHEMA, **asdict(self)}

    @classmethod
    def from_json(cls, value: Any) -> "Notice":
        """Return a kept notice. Raises ValueError, KeyError, TypeError."""
        fields = {name: str(value[name]) for name in cls.__slots__}
        return cls(**{**fields, "about": About(fields["about"])})  # type: ignore[arg-type]

    def lines(self) -> str:
        """Return text and command, each on its line."""
        return f"{self.text}\n{self.command}" if self.command else self.text


def notice(
    about: About, id_: str, at: datetime, title: str, text: str, command: str = ""
) -> Notice:
    """Return a notice whose texts are harmless to show and of one line."""
    return Notice(
        id=id_,
        about=about,
        at=rfc3339(at),
        title=printable(title, 160),
        text=printable(text, _LONGEST),
        command=command,
    )


class PartlyDeliveredError(OutgateError):
    """It was taken, and some of those whom it was for were refused: it is not told again."""


class Channel(Protocol):
    """A way to people."""

    def tell(self, one: Notice) -> None:
        """Return once it was taken. Raises NotDeliveredError where it may not have been, and
        PartlyDeliveredError where somebody has it, and somebody cannot have it.
        """
