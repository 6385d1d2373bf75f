"""What the inspection says of an exchange; the hooks apply it to the flow."""

from dataclasses import dataclass

from core.decision import Decision
from core.redaction import Redacted
from core.values import quick


@quick
@dataclass(frozen=True, slots=True, kw_only=True)
class Pass:
    """It goes out."""

    headers: tuple[tuple[str, str], ...] = ()
    """To set on the request."""
    redacted: Redacted | None = None
    """The body and headers that go out in place of its own."""
    streams: bool = False
    """Its body goes on past a tap."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Refuse:
    """The client gets a refusal."""

    decision: Decision
    reference: str
    service: str | None
    """Whose shape of an error it has."""


@dataclass(frozen=True, slots=True)
class Wait:
    """Nothing can be said before more of it is there."""


type Outcome = Pass | Refuse | Wait
WAIT = Wait()
