"""What cannot be read, by kind: what it is called, and whether text may stand in it."""

from collections.abc import Iterable, Mapping
from enum import StrEnum
from types import MappingProxyType

from core.findings import NOT_INSPECTED, Finding


class UnreadKind(StrEnum):
    """What a part that was not read is, told by its structure and never by its name alone."""

    PICTURE = "picture"
    SOUND = "sound"
    FILM = "film"
    FONT = "font"
    WEIGHTS = "weights"
    """Numbers with a fraction: of a model, of an embedding."""
    SEALED = "sealed"
    """What a language model's service has sealed for itself, on its way back to it."""
    ENCRYPTED = "encrypted"
    """What says of itself that it is encrypted: an archive, a document, a message."""
    CONTENT = "content"
    """Anything else: broken, unknown, too much, too deep, or nobody had time for it."""


TEXTLESS = frozenset(
    {
        UnreadKind.PICTURE,
        UnreadKind.SOUND,
        UnreadKind.FILM,
        UnreadKind.FONT,
        UnreadKind.WEIGHTS,
        UnreadKind.SEALED,
    }
)
"""What holds no text once the texts in it were read, or none of the sender's. Everything else may
hold any."""

WORDS: Mapping[UnreadKind, tuple[str, str]] = MappingProxyType(
    {
        UnreadKind.PICTURE: ("picture", "pictures"),
        UnreadKind.SOUND: ("sound recording", "sound recordings"),
        UnreadKind.FILM: ("film", "films"),
        UnreadKind.FONT: ("font", "fonts"),
        UnreadKind.WEIGHTS: ("series of numbers", "series of numbers"),
        UnreadKind.SEALED: ("part sealed by the service", "parts sealed by the service"),
        UnreadKind.ENCRYPTED: ("encrypted part", "encrypted parts"),
        UnreadKind.CONTENT: ("part that could not be read", "parts that could not be read"),
    }
)
"""For one, and for several."""


def unread_kinds(findings: Iterable[Finding]) -> frozenset[UnreadKind]:
    """Return what was not read; early records, which do not say what, tell of content."""
    return frozenset(_kind_of(f) for f in findings if f.kind == NOT_INSPECTED)


def _kind_of(finding: Finding) -> UnreadKind:
    try:
        return UnreadKind(finding.unread or UnreadKind.CONTENT)
    except ValueError:
        return UnreadKind.CONTENT


def unread_text(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Return what says that something was not read in which text may stand."""
    return tuple(f for f in findings if f.kind == NOT_INSPECTED and _kind_of(f) not in TEXTLESS)
