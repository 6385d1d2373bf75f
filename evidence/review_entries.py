"""A review event as it is stored: what is hashed, and how it is read back."""

from dataclasses import dataclass
from typing import Any

import orjson

from core.discreet import note_shown
from core.ids import rfc3339
from core.json_fields import Fields, by_word
from core.review import Action, Disposition, ReviewEvent
from core.text import printable
from evidence.scopes import scope_json, scope_of

SCHEMA = "outgate.review/1"
SCRIPT_ACTS = frozenset({Action.APPROVE_SCRIPT, Action.WITHDRAW_SCRIPT, Action.ASK_APPROVE_SCRIPT})
"""Acts about a version of a script, not about a case."""
_NOTE_LIMIT = 4000
_ACTION = by_word(Action)
_DISPOSITION = by_word(Disposition)
_LACKS = frozenset({"record_id", "hold_key", "role", "channel", "own", "records", "scope"})
"""What the first review events do not hold."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredReview:
    """A review event with what was known when it was written."""

    event: ReviewEvent
    up_to: int
    """The newest entry of the chain of records at that time."""
    script: str
    """Sender of the case's newest record, or of the request or version that it is about."""
    sha256: str | None
    hold_key: str | None = None
    head: bytes = b""
    """Hash of that newest entry; nothing in events of earlier versions."""
    own: bool | None = None
    """Whether the reviewer is the user whose script or process it is about."""

    def to_json(self) -> dict[str, Any]:
        """Return what is hashed."""
        event = self.event
        return {
            "schema": SCHEMA,
            "id": event.id,
            "at": rfc3339(event.at),
            "case_key": event.case_key,
            "action": event.action.value,
            "who": printable(event.who, 200),
            "disposition": None if event.disposition is None else event.disposition.value,
            "note": printable(note_shown(event.note), _NOTE_LIMIT),
            "record_id": event.record_id,
            "hold_key": self.hold_key,
            "up_to": self.up_to,
            "script": {"path": self.script, "sha256": self.sha256},
            "role": None if event.role is None else printable(event.role, 200),
            "channel": event.channel,
            "own": self.own,
            "records": self.head.hex() or None,
            "scope": None if event.scope is None else scope_json(event.scope),
        }


def review_of(text: bytes | str) -> StoredReview:
    """Return the review event in a stored text.

    Raises ValueError, which says why without any value.
    """
    try:
        fields = Fields(orjson.loads(text), "review", _LACKS)
    except orjson.JSONDecodeError:
        raise ValueError("its text is damaged") from None
    if fields.text("schema") != SCHEMA:
        raise fields.wrong("schema")
    action = fields.word("action", _ACTION)
    script = fields.part("script", lambda value: Fields(value, "script"))
    path, sha256 = script.text("path"), script.text_or_none("sha256")
    about_script = action in SCRIPT_ACTS
    event = ReviewEvent(
        id=fields.text("id"),
        at=fields.time("at"),
        case_key=fields.text("case_key"),
        action=action,
        who=fields.text("who"),
        disposition=fields.word_or_none("disposition", _DISPOSITION),
        note=fields.text("note"),
        record_id=fields.text_or_none("record_id"),
        script=path if about_script else None,
        script_sha256=sha256 if about_script else None,
        role=fields.text_or_none("role"),
        channel=fields.text_or_none("channel"),
        own=fields.flag_or_none("own"),
        scope=fields.part_or_none("scope", scope_of),
    )
    return StoredReview(
        event=event,
        up_to=fields.whole("up_to"),
        script=path,
        sha256=sha256,
        hold_key=fields.text_or_none("hold_key"),
        head=fields.hash_or_none("records") or b"",
        own=event.own,
    )
