"""What the queue says of a case beside its figures, in words that filters take, too."""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

from core.review import OWN

PROBABLY, NOT_CERTAIN = "probably", "≈"
UNKNOWN_SENDER = "unknown sender"
EXPIRED_UNSEEN = "expired unseen"
APPROVED_SINCE = "approved, run again"
REFUSED_SINCE = "refused later"
ASKED_FOR = "asked for by"
CAME_BACK = "came back"
UNREAD = "could not all be read"
NOTHING_KNOWN = "nothing known"
BY_THE_SENDER = f"by {OWN}"


class State(StrEnum):
    """What a row says of its case, and no column holds."""

    LIKELY = "likely"
    """The sender of its newest record is likely, and not certain."""
    UNNAMED = "unnamed"
    """Nobody knows the sender."""
    EXPIRED_UNSEEN = "expired unseen"
    """Its newest record was held, and nobody has answered yet."""
    APPROVED_SINCE = "approved since"
    """The same, and somebody approved it for the next run."""
    REFUSED_SINCE = "refused since"
    """The same, and somebody refused it."""
    ASKED_FOR = "asked for"
    """Somebody asked that its newest record may pass; a second person has not confirmed it."""
    UNREAD = "unread"
    """Nothing was found in it, and not all of it could be read."""
    PARTLY_UNREAD = "partly unread"
    """Not all of it could be read, whatever was found in the rest."""
    NOTHING_KNOWN = "nothing known"
    """All of it was read, and nothing was found."""
    NOTHING_LEFT = "nothing left"
    FIRST_TIME = "first time"
    """All of it happened on one day."""


STATES: Mapping[str, State] = MappingProxyType(
    {
        PROBABLY: State.LIKELY,
        "likely": State.LIKELY,
        NOT_CERTAIN: State.LIKELY,
        UNKNOWN_SENDER: State.UNNAMED,
        EXPIRED_UNSEEN: State.EXPIRED_UNSEEN,
        "unseen": State.EXPIRED_UNSEEN,
        APPROVED_SINCE: State.APPROVED_SINCE,
        REFUSED_SINCE: State.REFUSED_SINCE,
        ASKED_FOR: State.ASKED_FOR,
        "asked for": State.ASKED_FOR,
        UNREAD: State.UNREAD,
        "unread": State.PARTLY_UNREAD,
        "not checked": State.PARTLY_UNREAD,
        "not fully checked": State.PARTLY_UNREAD,
        "part of it could not be read": State.PARTLY_UNREAD,
        NOTHING_KNOWN: State.NOTHING_KNOWN,
        "nothing known was found": State.NOTHING_KNOWN,
        "nothing has left": State.NOTHING_LEFT,
        "for the first time": State.FIRST_TIME,
        "first time": State.FIRST_TIME,
    }
)
"""Words of the screen, and what each says of a case."""
